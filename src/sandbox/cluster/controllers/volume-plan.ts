import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../model/kinds.js';
import { REGION_LABEL, ZONE_LABEL } from '../../../api/labels.js';
import { quantityValue } from '../../../api/quantity.js';
import { selects } from '../model/selectors.js';
import { BY_VOLUME } from '../shell/informers.js';
import type { Informers } from '../shell/informers.js';

export const BIND_COMPLETED_ANNOTATION = 'pv.kubernetes.io/bind-completed';
export const BOUND_BY_CONTROLLER_ANNOTATION = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY_ANNOTATION = 'pv.kubernetes.io/provisioned-by';
export const STORAGE_PROVISIONER_ANNOTATION = 'volume.kubernetes.io/storage-provisioner';

/** The driver of EBS volumes, the one provisioner that a sandbox has. */
export const EBS_DRIVER = 'ebs.csi.aws.com';
/** Keeps a volume's object until the volume itself is deleted. */
export const PROVISIONER_FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';
const DEFAULT_CLASS_ANNOTATION = 'storageclass.kubernetes.io/is-default-class';

/** The class that claims without one get: the youngest of those marked default. */
export const defaultClass = (classes: readonly StorageClass[]): StorageClass | undefined =>
  classes
    .filter(({ metadata }) => metadata.annotations[DEFAULT_CLASS_ANNOTATION] === 'true')
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) || a.metadata.name.localeCompare(b.metadata.name))[0];

const capacityOf = ({ spec }: PersistentVolume): number => quantityValue((spec.capacity?.['storage'] ?? 0) as string | number);

const requestOf = ({ spec }: PersistentVolumeClaim): number => quantityValue((spec.resources?.requests?.['storage'] ?? 0) as string | number);

const isClaimedBy = ({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean =>
  spec.claimRef?.name === metadata.name && spec.claimRef.namespace === metadata.namespace && (!spec.claimRef.uid || spec.claimRef.uid === metadata.uid);

/** The smallest volume that suits a claim: one reserved for it first, then free ones of its class, size, modes and labels. */
export function matchingVolume(claim: PersistentVolumeClaim, volumes: readonly PersistentVolume[]): PersistentVolume | undefined {
  const reserved = volumes.find((volume) => isClaimedBy(volume, claim));
  if (reserved) return reserved;
  const { spec } = claim;
  return volumes
    .filter(({ spec: offered, status, metadata }) =>
      !offered.claimRef && !metadata.deletionTimestamp && status.phase !== 'Released' && status.phase !== 'Failed'
      && (!spec.volumeName || spec.volumeName === metadata.name)
      && (offered.storageClassName ?? '') === (spec.storageClassName ?? '')
      && (offered.volumeMode ?? 'Filesystem') === (spec.volumeMode ?? 'Filesystem')
      && (spec.accessModes ?? []).every((mode) => offered.accessModes?.includes(mode))
      && (!spec.selector || selects(spec.selector, metadata.labels)))
    .filter((volume) => capacityOf(volume) >= requestOf(claim))
    .sort((a, b) => capacityOf(a) - capacityOf(b))[0];
}

/** The claim that a volume belongs to, while there is one. */
export function claimOf({ spec: { claimRef } }: PersistentVolume, { claims }: Pick<Informers, 'claims'>): PersistentVolumeClaim | undefined {
  const claim = claimRef && claims.get(`${claimRef.namespace}/${claimRef.name}`);
  return claim && (!claimRef.uid || claim.metadata.uid === claimRef.uid) ? claim : undefined;
}

/** Whether a volume must not go yet: its claim is bound, or a node has it attached. */
export const isUsed = (volume: PersistentVolume, informers: Pick<Informers, 'claims' | 'attachments'>): boolean =>
  claimOf(volume, informers)?.status.phase === 'Bound' || informers.attachments.find(BY_VOLUME, volume.metadata.name).length > 0;

/** EBS volumes come in whole GiB. */
export const volumeGiB = (claim: PersistentVolumeClaim): number => Math.max(1, Math.ceil(requestOf(claim) / 2 ** 30));

/** The volume that the EBS driver makes for a claim, in the zone of the node that was selected for it (or in a given one). */
export function provisionedVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, placement: { zone: string; region: string }, volumeHandle: string): object {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  return {
    metadata: {
      name: `pvc-${uid}`,
      labels: { [ZONE_LABEL]: placement.zone, [REGION_LABEL]: placement.region },
      annotations: { [PROVISIONED_BY_ANNOTATION]: storageClass.provisioner },
      finalizers: [PROVISIONER_FINALIZER],
    },
    spec: {
      capacity: { storage: `${volumeGiB(claim)}Gi` },
      accessModes: claim.spec.accessModes ?? ['ReadWriteOnce'],
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion },
      csi: {
        driver: storageClass.provisioner,
        fsType: storageClass.parameters?.['csi.storage.k8s.io/fstype'] ?? 'ext4',
        volumeHandle,
        volumeAttributes: { 'storage.kubernetes.io/csiProvisionerIdentity': storageClass.provisioner },
      },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE_LABEL, operator: 'In', values: [placement.zone] }] }] } },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
      ...(storageClass.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
    },
  };
}

/** Where a node is, as far as its labels tell. */
export function placementOf(node: Node): { zone: string; region: string } | undefined {
  const zone = node.metadata.labels[ZONE_LABEL];
  return zone === undefined ? undefined : { zone, region: node.metadata.labels[REGION_LABEL] ?? zone.slice(0, -1) };
}

/** The zones that a class allows; undefined: any. */
export const allowedZones = ({ allowedTopologies }: StorageClass): string[] | undefined =>
  allowedTopologies?.flatMap(({ matchLabelExpressions = [] }) => matchLabelExpressions.filter(({ key }) => key === ZONE_LABEL || key === 'topology.ebs.csi.aws.com/zone').flatMap(({ values }) => values));
