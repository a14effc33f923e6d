import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { NODECLASS_HASH_ANNOTATION, NODECLASS_HASH_VERSION_ANNOTATION } from '../../api/labels.js';
import type { NodeClaim } from '../../api/nodeclaim.js';
import { amiFor } from './ami-provider.js';
import type { Instance } from './instance/instance.js';
import { AWS_LABELS } from './instance-type/labels.js';
import type { InstanceType } from '../instance-type.js';

/** Drift cannot be told, for lack of facts. */
export class DriftUnknown extends Error {
  readonly reason = 'DriftUnknown';
}

/** The class changed since the claim was launched: what both annotations of both say (karpenter-aws §5.1). */
export function isStaticallyDrifted(claim: Pick<NodeClaim, 'metadata'>, nodeClass: Pick<EC2NodeClass, 'metadata'>): boolean {
  const of = (object: { metadata: { annotations: Record<string, string> } }): (string | undefined)[] =>
    [object.metadata.annotations[NODECLASS_HASH_ANNOTATION], object.metadata.annotations[NODECLASS_HASH_VERSION_ANNOTATION]];
  const [claimHash, claimVersion] = of(claim);
  const [classHash, classVersion] = of(nodeClass);
  if (claimHash === undefined || classHash === undefined || claimVersion === undefined || classVersion === undefined) return false;
  return claimVersion === classVersion && claimHash !== classHash;
}

/** The image is no longer the one that the class launches this type from. Throws {@link DriftUnknown}. */
export function isAmiDrifted(claim: Pick<NodeClaim, 'metadata' | 'status'>, nodeClass: EC2NodeClass, instanceType: InstanceType | undefined): boolean {
  const { amis = [] } = nodeClass.status;
  const { name } = claim.metadata;
  if (instanceType === undefined) throw new DriftUnknown(`the instance type of NodeClaim "${name}" is not known`);
  if (amis.length === 0) throw new DriftUnknown(`EC2NodeClass "${nodeClass.metadata.name}" has no AMIs`);
  if (!claim.status.imageID) throw new DriftUnknown(`NodeClaim "${name}" has no image id`);
  return amiFor(instanceType, amis)?.id !== claim.status.imageID;
}

/** Throws {@link DriftUnknown}. */
export function areSecurityGroupsDrifted(instance: Instance, { metadata, status }: EC2NodeClass): boolean {
  const wanted = new Set((status.securityGroups ?? []).map(({ id }) => id));
  if (wanted.size === 0) throw new DriftUnknown(`EC2NodeClass "${metadata.name}" has no security groups`);
  const actual = new Set(instance.securityGroupIDs);
  return actual.size !== wanted.size || [...actual].some((id) => !wanted.has(id));
}

/** Throws {@link DriftUnknown}. */
export function isSubnetDrifted(instance: Instance, { metadata, status }: EC2NodeClass): boolean {
  if (!status.subnets?.length) throw new DriftUnknown(`EC2NodeClass "${metadata.name}" has no subnets`);
  return !status.subnets.some(({ id }) => id === instance.subnetID);
}

/** The instance is in a reservation that the class no longer selects. The caller confirms it with EC2. */
export const isReservationDrifted = (instance: Instance, { status }: EC2NodeClass): boolean =>
  instance.reservation !== undefined && !(status.capacityReservations ?? []).some(({ id }) => id === instance.reservation?.id);

export const isPlacementGroupDrifted = (claim: Pick<NodeClaim, 'metadata'>, currentGroupID: string | undefined): boolean =>
  (claim.metadata.labels[AWS_LABELS.placementGroupID] ?? '') !== (currentGroupID ?? '');
