import type { NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from 'kubernetes-types/core/v1.js';
import { HOSTNAME_LABEL } from '../api/labels.js';
import type { Requirement, RequirementOperator } from '../api/requirement.js';
import { Requirements } from '../api/requirements.js';
import type { ObjectLookup } from './snapshot.js';

const EBS_DRIVER = 'ebs.csi.aws.com';

/** Provisioners that moved to CSI drivers under another name. */
const CSI_NAMES: Readonly<Record<string, string>> = {
  'kubernetes.io/aws-ebs': EBS_DRIVER,
  'kubernetes.io/gce-pd': 'pd.csi.storage.gke.io',
  'kubernetes.io/azure-disk': 'disk.csi.azure.com',
  'kubernetes.io/azure-file': 'file.csi.azure.com',
  'kubernetes.io/cinder': 'cinder.csi.openstack.org',
  'kubernetes.io/vsphere-volume': 'csi.vsphere.vmware.com',
  'kubernetes.io/portworx-volume': 'pxd.portworx.com',
};

/** An object that a pod's volume needs is not there. */
export class VolumeNotFound extends Error {
  readonly reason = 'VolumeNotFound';
  constructor(readonly kind: string, readonly object: string) {
    super(`${kind} "${object}" not found`);
  }
}

/** The name of the claim behind a pod's volume; undefined for volumes without one. */
export const claimName = (pod: Pod, volume: Volume): string | undefined =>
  volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata?.name}-${volume.name}` : undefined);

/** What is known of a pod's volume: its claim, or for an ephemeral one that was not made yet, the claim's template. */
interface VolumeClaim {
  readonly id: string;
  readonly volumeName: string | undefined;
  readonly storageClassName: string | undefined;
}

export function volumeClaim(pod: Pod, volume: Volume, lookup: ObjectLookup): VolumeClaim | undefined {
  const name = claimName(pod, volume);
  if (name === undefined) return undefined;
  const namespace = pod.metadata?.namespace ?? 'default';
  const claim: PersistentVolumeClaim | undefined = lookup.persistentVolumeClaim(namespace, name);
  if (claim === undefined && volume.ephemeral === undefined) throw new VolumeNotFound('persistentvolumeclaims', name);
  const spec = claim?.spec ?? volume.ephemeral?.volumeClaimTemplate?.spec;
  return { id: `${namespace}/${name}`, volumeName: spec?.volumeName || undefined, storageClassName: spec?.storageClassName || undefined };
}

const requirementsOf = (term: NodeSelectorTerm): Requirement[] =>
  (term.matchExpressions ?? []).map(({ key, operator, values }) => ({ key, operator: operator as RequirementOperator, ...(values ? { values } : {}) }));

function ofPersistentVolume(volume: PersistentVolume): Requirement[][] {
  const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const isOfOneHost = volume.spec?.local !== undefined || volume.spec?.hostPath !== undefined;
  return terms.map((term) => requirementsOf(term).filter(({ key }) => !isOfOneHost || key !== HOSTNAME_LABEL));
}

/** Where a claim's volume is or can be made: one list of requirements for each possibility; none when it can be anywhere. */
function ofClaim({ volumeName, storageClassName }: VolumeClaim, lookup: ObjectLookup): Requirement[][] {
  if (volumeName !== undefined) {
    const volume = lookup.persistentVolume(volumeName);
    if (volume === undefined) throw new VolumeNotFound('persistentvolumes', volumeName);
    return ofPersistentVolume(volume);
  }
  if (storageClassName === undefined) return [];
  const storageClass = lookup.storageClass(storageClassName);
  if (storageClass === undefined) throw new VolumeNotFound('storageclasses.storage.k8s.io', storageClassName);
  return (storageClass.allowedTopologies ?? [])
    .map((term) => (term.matchLabelExpressions ?? []).map(({ key, values }) => ({ key, operator: 'In' as const, values })));
}

/**
 * What a pod's volumes ask of its node: alternatives, of which one must hold. Those of several volumes are combined, keeping the
 * combinations that can hold together; when none can, all are kept, so that placing fails with a message that names them
 * (karpenter-core §4.12). Throws {@link VolumeNotFound}.
 */
export function volumeAlternatives(pod: Pod, lookup: ObjectLookup): Requirement[][] {
  let combined: Requirement[][] = [[]];
  for (const volume of pod.spec?.volumes ?? []) {
    const claim = volumeClaim(pod, volume, lookup);
    const alternatives = claim ? ofClaim(claim, lookup) : [];
    if (alternatives.length === 0) continue;
    const product = combined.flatMap((left) => alternatives.map((right) => ({ left, right })));
    const possible = product.filter(({ left, right }) => Requirements.of(...left).intersects(Requirements.of(...right)));
    combined = (possible.length > 0 ? possible : product).map(({ left, right }) => [...left, ...right]);
  }
  return combined;
}

/** A volume that counts against the number that a driver can attach to one node. */
export interface AttachedVolume {
  readonly driver: string;
  readonly id: string;
}

/** The volumes of a pod that a CSI driver attaches. Claims that are missing or of an unknown class do not count. */
export function attachedVolumes(pod: Pod, lookup: ObjectLookup): AttachedVolume[] {
  const attached: AttachedVolume[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    const name = claimName(pod, volume);
    if (name === undefined) continue;
    if (volume.ephemeral === undefined && lookup.persistentVolumeClaim(pod.metadata?.namespace ?? 'default', name) === undefined) continue;
    const claim = volumeClaim(pod, volume, lookup) as VolumeClaim;
    const driver = driverOf(claim, lookup);
    if (driver !== undefined) attached.push({ driver, id: claim.id });
  }
  return attached;
}

/** The CSI driver that attaches a claim's volume. */
export function driverOf({ volumeName, storageClassName }: Pick<VolumeClaim, 'volumeName' | 'storageClassName'>, lookup: ObjectLookup): string | undefined {
  const volume = volumeName === undefined ? undefined : lookup.persistentVolume(volumeName);
  if (volume?.spec?.csi) return volume.spec.csi.driver;
  if (volume?.spec?.awsElasticBlockStore) return EBS_DRIVER;
  const provisioner = storageClassName === undefined ? undefined : lookup.storageClass(storageClassName)?.provisioner;
  return provisioner === undefined ? undefined : CSI_NAMES[provisioner] ?? provisioner;
}
