import { inject } from 'inversify';
import type { NodeClaim } from 'karpenter-ts/api';
import { AWS_LABELS, TOKENS, instanceIDOf } from 'karpenter-ts/cloud/aws';
import type { InstanceProvider, NodeClassLookup, PlacementGroupProvider } from 'karpenter-ts/cloud/aws';
import type { Duration } from 'karpenter-ts/operator';
import type { RegistrationHook } from '../nodeclaim/registration-hook.js';

/** Holds nodes of a partition placement group back until it is known which partition EC2 chose: pods may spread over it (karpenter-aws §4.11). */
export class PartitionHook implements RegistrationHook {
  readonly name = 'placementgroup';

  constructor(
    @inject(TOKENS.Instances) private readonly instances: InstanceProvider,
    @inject(TOKENS.PlacementGroups) private readonly placementGroups: PlacementGroupProvider,
    @inject(TOKENS.NodeClassLookup) private readonly nodeClasses: NodeClassLookup,
  ) {}

  async registered(claim: NodeClaim, signal: AbortSignal): Promise<true | { recheck: Duration }> {
    const { labels } = claim.metadata;
    if (!labels[AWS_LABELS.placementGroupID] || labels[AWS_LABELS.placementGroupPartition] || !claim.status.providerID) return true;
    const nodeClass = this.nodeClasses.get(claim.spec.nodeClassRef.name);
    const group = nodeClass && (await this.placementGroups.get(nodeClass, signal));
    // Instances of the other strategies have no partition to wait for.
    if (group?.strategy !== 'partition') return true;
    const partition = (await this.instances.get(instanceIDOf(claim.status.providerID)))?.partition;
    if (partition === undefined) return { recheck: '1s' };
    labels[AWS_LABELS.placementGroupPartition] = partition;
    return true;
  }
}
