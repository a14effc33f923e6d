import type { NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import type { ObjectLookup } from '../../src/scheduling/index.js';

const ZONE = 'topology.kubernetes.io/zone';

export const SCENARIO_NAMESPACES = ['default', 'other'];

const inZone = (key: string, ...values: string[]): NodeSelectorTerm => ({ matchExpressions: [{ key, operator: 'In', values }] });
const volume = (name: string, claim: string, source: object, ...nodeSelectorTerms: NodeSelectorTerm[]): PersistentVolume => ({
  apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name }, status: { phase: 'Bound' },
  spec: { capacity: { storage: '1Gi' as never }, accessModes: ['ReadWriteOnce'], claimRef: { name: claim }, ...source, nodeAffinity: { required: { nodeSelectorTerms } } },
});

/** A volume of a CSI driver in one zone, and one from before there were such, whose copies are in two. */
const volumesIn = (namespace: string): PersistentVolume[] => [
  volume(`volume-b-${namespace}`, 'bound-b', { csi: { driver: 'ebs.csi.aws.com', volumeHandle: `vol-b-${namespace}` } }, inZone('topology.ebs.csi.aws.com/zone', 'zone-b')),
  volume(`volume-legacy-${namespace}`, 'legacy', { awsElasticBlockStore: { volumeID: `vol-legacy-${namespace}` } }, inZone('failure-domain.beta.kubernetes.io/zone', 'zone-a'), inZone(ZONE, 'zone-c')),
];

/** A claim as the API server has it. */
export const volumeClaim = (namespace: string, name: string, spec: { volumeName?: string; storageClassName?: string }, metadata: object = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, uid: `uid-${namespace}-${name}`, ...(spec.volumeName ? { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } } : {}), ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' as never } }, ...spec }, status: { phase: spec.volumeName ? 'Bound' : 'Pending' },
});

const claimsIn = (namespace: string): PersistentVolumeClaim[] => [
  volumeClaim(namespace, 'bound-b', { volumeName: `volume-b-${namespace}`, storageClassName: 'zonal' }), volumeClaim(namespace, 'anywhere', { storageClassName: 'plain' }),
  volumeClaim(namespace, 'allowed-ac', { storageClassName: 'zonal' }), volumeClaim(namespace, 'legacy', { volumeName: `volume-legacy-${namespace}`, storageClassName: '' }),
];

const storageClass = (name: string, provisioner: string, rest: Partial<StorageClass> = {}): StorageClass =>
  ({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name }, provisioner, volumeBindingMode: 'WaitForFirstConsumer', ...rest });

/** What pods of scenarios mount; there is no claim `missing`. */
export const SCENARIO_STORAGE = {
  persistentVolumeClaims: SCENARIO_NAMESPACES.flatMap(claimsIn),
  persistentVolumes: SCENARIO_NAMESPACES.flatMap(volumesIn),
  storageClasses: [storageClass('plain', 'ebs.csi.aws.com'), storageClass('zonal', 'kubernetes.io/aws-ebs', { allowedTopologies: [{ matchLabelExpressions: [{ key: ZONE, values: ['zone-a', 'zone-c'] }] }] })],
};

export const SCENARIO_LOOKUP: ObjectLookup = {
  persistentVolumeClaim: (namespace, name) => SCENARIO_STORAGE.persistentVolumeClaims.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  persistentVolume: (name) => SCENARIO_STORAGE.persistentVolumes.find(({ metadata }) => metadata?.name === name),
  storageClass: (name) => SCENARIO_STORAGE.storageClasses.find(({ metadata }) => metadata?.name === name),
};
