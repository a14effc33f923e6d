import { inject } from 'inversify';
import { EC2NodeClass, NODECLASS_HASH_ANNOTATION, NODECLASS_HASH_VERSION_ANNOTATION, NodeClaim, conditionOf } from 'karpenter-ts/api';
import { NODECLASS_HASH_VERSION, TOKENS, nodeClassHash } from 'karpenter-ts/cloud/aws';
import type { Cluster } from 'karpenter-ts/cloud/aws';
import { RBAC, Reconciler, Step, done, generationChanged } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { claimByNodeClass } from '../shared/indexes.js';

/** Stamps classes with the hash that drift compares, and carries claims over to a new version of it (karpenter-aws §1.9). */
@RBAC({ groups: ['karpenter.k8s.aws'], resources: ['ec2nodeclasses'], verbs: ['patch'], why: 'the hash of a class' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['patch'], why: 'hashes of an older version' })
@Reconciler({ for: EC2NodeClass, name: 'nodeclass.hash', root: false, concurrency: 10, when: generationChanged(), reads: [NodeClaim] })
export class EC2NodeClassHash {
  constructor(@inject(TOKENS.Cluster) private readonly cluster: Cluster) {}

  @Step()
  async stamp(nodeClass: EC2NodeClass, ctx: StepContext<EC2NodeClass>): Promise<Outcome> {
    const hash = nodeClassHash(nodeClass, this.cluster.caBundle());
    const { annotations, name } = nodeClass.metadata;
    if (annotations[NODECLASS_HASH_VERSION_ANNOTATION] !== NODECLASS_HASH_VERSION) {
      for (const claim of ctx.cache.list(NodeClaim, { index: claimByNodeClass, value: name })) await this.carryOver(claim, hash, ctx);
    }
    annotations[NODECLASS_HASH_ANNOTATION] = hash;
    annotations[NODECLASS_HASH_VERSION_ANNOTATION] = NODECLASS_HASH_VERSION;
    return done();
  }

  /** A claim that is drifted, for whatever reason, keeps its old hash. */
  private async carryOver(claim: NodeClaim, hash: string, ctx: StepContext<EC2NodeClass>): Promise<void> {
    if (claim.metadata.annotations[NODECLASS_HASH_VERSION_ANNOTATION] === NODECLASS_HASH_VERSION) return;
    await ctx.patch(claim, ({ metadata: { annotations } }) => {
      annotations[NODECLASS_HASH_VERSION_ANNOTATION] = NODECLASS_HASH_VERSION;
      if (!conditionOf(claim, 'Drifted')) annotations[NODECLASS_HASH_ANNOTATION] = hash;
    });
  }
}
