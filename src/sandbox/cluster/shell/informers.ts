import type { KubeObject } from '../../../operator/kube/object.js';
import * as kinds from '../model/kinds.js';
import { claimNames, controllerOf } from '../model/pods.js';
import { Informer } from './informer.js';

/** The index of objects by the uid of the controller that owns them. */
export const BY_OWNER = 'owner';
/** The index of objects by their namespace. */
export const BY_NAMESPACE = 'namespace';
/** The index of objects without a controller by their namespace. */
export const ORPHANS = 'orphans';
/** The index of pods by the node they are bound to. */
export const BY_NODE = 'node';
/** The index of pods by `namespace/claim` of the volumes they use. */
export const BY_CLAIM = 'claim';
/** The index of volume attachments by the volume. */
export const BY_VOLUME = 'volume';

/** The index of endpoint slices by `namespace/service`. */
export const BY_SERVICE = 'service';
/** Says which service an endpoint slice is of. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

const byOwner = { name: BY_OWNER, values: (object: KubeObject) => [controllerOf(object)?.uid] };
const orphans = { name: ORPHANS, values: (object: KubeObject) => [controllerOf(object) ? undefined : object.metadata.namespace] };
const byNamespace = { name: BY_NAMESPACE, values: ({ metadata }: KubeObject) => [metadata.namespace] };

/** One informer for each kind that the cluster's components look at. */
export function createInformers() {
  return {
    pods: new Informer<kinds.Pod>(kinds.POD, [
      byOwner,
      byNamespace,
      orphans,
      { name: BY_NODE, values: ({ spec }) => [spec.nodeName] },
      { name: BY_CLAIM, values: (pod) => claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`) },
    ]),
    nodes: new Informer<kinds.Node>(kinds.NODE),
    replicaSets: new Informer<kinds.ReplicaSet>(kinds.REPLICA_SET, [byOwner, byNamespace, orphans]),
    replicationControllers: new Informer<kinds.ReplicationController>(kinds.REPLICATION_CONTROLLER, [byOwner, byNamespace]),
    deployments: new Informer<kinds.Deployment>(kinds.DEPLOYMENT, [byNamespace]),
    statefulSets: new Informer<kinds.StatefulSet>(kinds.STATEFUL_SET, [byNamespace]),
    daemonSets: new Informer<kinds.DaemonSet>(kinds.DAEMON_SET),
    controllerRevisions: new Informer<kinds.ControllerRevision>(kinds.CONTROLLER_REVISION, [byOwner]),
    jobs: new Informer<kinds.Job>(kinds.JOB, [byOwner]),
    cronJobs: new Informer<kinds.CronJob>(kinds.CRON_JOB),
    disruptionBudgets: new Informer<kinds.PodDisruptionBudget>(kinds.POD_DISRUPTION_BUDGET, [byNamespace]),
    claims: new Informer<kinds.PersistentVolumeClaim>(kinds.PERSISTENT_VOLUME_CLAIM),
    volumes: new Informer<kinds.PersistentVolume>(kinds.PERSISTENT_VOLUME),
    storageClasses: new Informer<kinds.StorageClass>(kinds.STORAGE_CLASS),
    attachments: new Informer<kinds.VolumeAttachment>(kinds.VOLUME_ATTACHMENT, [{ name: BY_VOLUME, values: ({ spec }) => [spec.source.persistentVolumeName] }]),
    csiNodes: new Informer<kinds.CSINode>(kinds.CSI_NODE),
    leases: new Informer<kinds.Lease>(kinds.LEASE, [], 'kube-node-lease'),
    services: new Informer<kinds.Service>(kinds.SERVICE, [byNamespace]),
    endpoints: new Informer<kinds.Endpoints>(kinds.ENDPOINTS),
    endpointSlices: new Informer<kinds.EndpointSlice>(kinds.ENDPOINT_SLICE, [{ name: BY_SERVICE, values: ({ metadata }) => [`${metadata.namespace}/${metadata.labels[SERVICE_NAME_LABEL]}`] }]),
    secrets: new Informer<kinds.Secret>(kinds.SECRET),
    configMaps: new Informer<kinds.ConfigMap>(kinds.CONFIG_MAP),
  };
}

export type Informers = ReturnType<typeof createInformers>;
