import { inject } from 'inversify';
import { CLUSTER_NAME_TAGGED_ANNOTATION, NodeClaim, TAGGED_ANNOTATION } from 'karpenter-ts/api';
import { TOKENS, tagInstance } from 'karpenter-ts/cloud/aws';
import type { AwsSettings, InstanceProvider } from 'karpenter-ts/cloud/aws';
import { Reconciler, Step, When, done } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { isManagedReference } from '../shared/indexes.js';

/** Gives instances the tags that are known only once they are nodes (karpenter-aws §4.4). */
@Reconciler({ for: NodeClaim, name: 'nodeclaim.tagging', root: false, concurrency: 1, rate: { qps: 1, burst: 10 } })
export class NodeClaimTagging {
  constructor(
    @inject(TOKENS.Instances) private readonly instances: InstanceProvider,
    @inject(TOKENS.Settings) private readonly settings: AwsSettings,
  ) {}

  @When()
  taggable({ metadata, spec, status }: NodeClaim): boolean {
    const tagged = [TAGGED_ANNOTATION, CLUSTER_NAME_TAGGED_ANNOTATION].every((annotation) => metadata.annotations[annotation] === 'true');
    return isManagedReference(spec.nodeClassRef) && !tagged && Boolean(status.nodeName && status.providerID) && !metadata.deletionTimestamp;
  }

  @Step()
  async tag(claim: NodeClaim, ctx: StepContext<NodeClaim>): Promise<Outcome> {
    if ((await tagInstance(this.instances, this.settings, ctx.object, ctx.signal)) === 'gone') return done();
    claim.metadata.annotations[TAGGED_ANNOTATION] = 'true';
    claim.metadata.annotations[CLUSTER_NAME_TAGGED_ANNOTATION] = 'true';
    return done();
  }
}
