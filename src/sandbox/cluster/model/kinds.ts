import type * as apps from 'kubernetes-types/apps/v1.js';
import type * as batch from 'kubernetes-types/batch/v1.js';
import type * as coordination from 'kubernetes-types/coordination/v1.js';
import type * as core from 'kubernetes-types/core/v1.js';
import type * as discovery from 'kubernetes-types/discovery/v1.js';
import type * as policy from 'kubernetes-types/policy/v1.js';
import type * as scheduling from 'kubernetes-types/scheduling/v1.js';
import type * as storage from 'kubernetes-types/storage/v1.js';
import type { KindRef, KubeObject } from '../../../operator/kube/object.js';
import { apiVersionOf } from '../../../operator/kube/paths.js';

/** The built-in kinds that the sandbox's cluster works on, as they come out of its stores. */
export interface Pod extends KubeObject { spec: core.PodSpec; status: core.PodStatus }
export interface Node extends KubeObject { spec: core.NodeSpec; status: core.NodeStatus }
export interface ReplicaSet extends KubeObject { spec: apps.ReplicaSetSpec; status: Partial<apps.ReplicaSetStatus> }
export interface ReplicationController extends KubeObject { spec: core.ReplicationControllerSpec; status: Partial<core.ReplicationControllerStatus> }
export interface Deployment extends KubeObject { spec: apps.DeploymentSpec; status: apps.DeploymentStatus }
export interface StatefulSet extends KubeObject { spec: apps.StatefulSetSpec; status: Partial<apps.StatefulSetStatus> }
export interface DaemonSet extends KubeObject { spec: apps.DaemonSetSpec; status: Partial<apps.DaemonSetStatus> }
export interface ControllerRevision extends KubeObject { data: { spec: { template: core.PodTemplateSpec } }; revision: number }
export interface Job extends KubeObject { spec: batch.JobSpec; status: batch.JobStatus }
export interface CronJob extends KubeObject { spec: batch.CronJobSpec; status: batch.CronJobStatus }
export interface PodDisruptionBudget extends KubeObject { spec: policy.PodDisruptionBudgetSpec; status: Partial<policy.PodDisruptionBudgetStatus> }
export interface PersistentVolumeClaim extends KubeObject { spec: core.PersistentVolumeClaimSpec; status: core.PersistentVolumeClaimStatus }
export interface PersistentVolume extends KubeObject { spec: core.PersistentVolumeSpec; status: core.PersistentVolumeStatus }
export interface StorageClass extends KubeObject, Omit<storage.StorageClass, 'apiVersion' | 'kind' | 'metadata'> {}
export interface VolumeAttachment extends KubeObject { spec: storage.VolumeAttachmentSpec; status: Partial<storage.VolumeAttachmentStatus> }
export interface CSINode extends KubeObject { spec: storage.CSINodeSpec }
export interface Service extends KubeObject { spec: core.ServiceSpec }
export interface Endpoints extends KubeObject { subsets?: core.EndpointSubset[] }
export interface EndpointSlice extends KubeObject { addressType: string; ports?: discovery.EndpointPort[]; endpoints?: discovery.Endpoint[] }
export interface Lease extends KubeObject { spec: coordination.LeaseSpec }
export interface Secret extends KubeObject { data?: Record<string, string> }
export interface ConfigMap extends KubeObject { data?: Record<string, string>; binaryData?: Record<string, string> }
export interface PriorityClass extends KubeObject, Omit<scheduling.PriorityClass, 'apiVersion' | 'kind' | 'metadata'> {}

const kind = (group: string, version: string, name: string, plural: string, namespaced = true): KindRef => ({ group, version, kind: name, plural, namespaced });

export const POD = kind('', 'v1', 'Pod', 'pods');
export const NODE = kind('', 'v1', 'Node', 'nodes', false);
export const SECRET = kind('', 'v1', 'Secret', 'secrets');
export const CONFIG_MAP = kind('', 'v1', 'ConfigMap', 'configmaps');
export const EVENT = kind('', 'v1', 'Event', 'events');
export const PERSISTENT_VOLUME_CLAIM = kind('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const PERSISTENT_VOLUME = kind('', 'v1', 'PersistentVolume', 'persistentvolumes', false);
export const REPLICA_SET = kind('apps', 'v1', 'ReplicaSet', 'replicasets');
export const REPLICATION_CONTROLLER = kind('', 'v1', 'ReplicationController', 'replicationcontrollers');
export const DEPLOYMENT = kind('apps', 'v1', 'Deployment', 'deployments');
export const STATEFUL_SET = kind('apps', 'v1', 'StatefulSet', 'statefulsets');
export const DAEMON_SET = kind('apps', 'v1', 'DaemonSet', 'daemonsets');
export const CONTROLLER_REVISION = kind('apps', 'v1', 'ControllerRevision', 'controllerrevisions');
export const JOB = kind('batch', 'v1', 'Job', 'jobs');
export const CRON_JOB = kind('batch', 'v1', 'CronJob', 'cronjobs');
export const POD_DISRUPTION_BUDGET = kind('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const STORAGE_CLASS = kind('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', false);
export const VOLUME_ATTACHMENT = kind('storage.k8s.io', 'v1', 'VolumeAttachment', 'volumeattachments', false);
export const CSI_NODE = kind('storage.k8s.io', 'v1', 'CSINode', 'csinodes', false);
export const LEASE = kind('coordination.k8s.io', 'v1', 'Lease', 'leases');
export const NAMESPACE = kind('', 'v1', 'Namespace', 'namespaces', false);
export const SERVICE = kind('', 'v1', 'Service', 'services');
export const ENDPOINTS = kind('', 'v1', 'Endpoints', 'endpoints');
export const ENDPOINT_SLICE = kind('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices');
export const CSI_DRIVER = kind('storage.k8s.io', 'v1', 'CSIDriver', 'csidrivers', false);
const SERVICE_CIDR = kind('networking.k8s.io', 'v1', 'ServiceCIDR', 'servicecidrs', false);

const SEEDABLE = [NAMESPACE, SERVICE_CIDR, SERVICE, SECRET, CONFIG_MAP, POD, NODE, STORAGE_CLASS, CSI_DRIVER, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, DEPLOYMENT, STATEFUL_SET, DAEMON_SET, JOB, CRON_JOB, POD_DISRUPTION_BUDGET];

/** The kind of a manifest that a cluster may be born with. Throws a TypeError for others. */
export function seedKind({ apiVersion, kind: name }: Pick<KubeObject, 'apiVersion' | 'kind'>): KindRef {
  const found = SEEDABLE.find((known) => known.kind === name && apiVersionOf(known) === apiVersion);
  if (!found) throw new TypeError(`a cluster cannot be seeded with ${apiVersion} ${name}; only with ${SEEDABLE.map((known) => known.kind).join(', ')}`);
  return found;
}
