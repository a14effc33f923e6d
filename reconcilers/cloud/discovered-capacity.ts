import { inject } from 'inversify';
import { EC2NodeClass, INSTANCE_TYPE_LABEL, NodeClaim, REGISTERED_LABEL, parseResources } from 'karpenter-ts/api';
import { TOKENS } from 'karpenter-ts/cloud/aws';
import type { InstanceTypeProvider } from 'karpenter-ts/cloud/aws';
import { Node, Reconciler, Step, When, changed, done } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { claimByProviderID } from '../shared/indexes.js';

/** Learns from registered nodes how much memory their types really have, which is less than EC2 says (karpenter-aws §3.6). */
@Reconciler({ for: Node, name: 'providers.instancetype.capacity', root: false, concurrency: 1, when: changed((node) => node.metadata.labels[REGISTERED_LABEL]), reads: [NodeClaim, EC2NodeClass] })
export class DiscoveredCapacity {
  constructor(@inject(TOKENS.InstanceTypes) private readonly instanceTypes: InstanceTypeProvider) {}

  @When()
  registered({ metadata: { labels } }: Node): boolean {
    return labels[REGISTERED_LABEL] === 'true';
  }

  @Step()
  learn({ metadata: { labels }, spec, status }: Node, ctx: StepContext<Node>): Outcome {
    const [claim] = ctx.cache.list(NodeClaim, { index: claimByProviderID, value: spec.providerID });
    const nodeClass = claim && ctx.cache.get(EC2NodeClass, claim.spec.nodeClassRef.name);
    const { memory } = parseResources(status.capacity);
    if (!nodeClass || !claim.status.imageID || !memory) return done();
    const instanceType = this.instanceTypes.list(nodeClass).find(({ name }) => name === labels[INSTANCE_TYPE_LABEL]);
    if (instanceType) this.instanceTypes.learnMemory(nodeClass, instanceType, claim.status.imageID, memory);
    return done();
  }
}
