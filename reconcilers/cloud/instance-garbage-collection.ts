import { inject } from 'inversify';
import { NodeClaim } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { Node, RBAC, Singleton } from 'karpenter-ts/operator';
import type { Duration, TickContext } from 'karpenter-ts/operator';
import { claimByProviderID, nodeByProviderID } from '../shared/indexes.js';

/** An instance younger than this may belong to a claim whose status is not written yet. */
const GRACE = 30_000;
const AT_ONCE = 100;
/** After a start, when leaks of the process before are likely, it looks this often at the short period. */
const FREQUENT = 20;

/** Terminates instances that no NodeClaim knows: the last resort against leaks (karpenter-aws §4.3). */
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['delete'], why: 'nodes of instances without a claim' })
@Singleton({ name: 'instance.garbagecollection', every: '10s', reads: [NodeClaim, Node] })
export class InstanceGarbageCollection {
  private successes = 0;

  constructor(@inject(CloudProvider) private readonly cloud: CloudProvider) {}

  async tick(ctx: TickContext): Promise<Duration | undefined> {
    const instances = await this.cloud.list({ signal: ctx.signal });
    const orphans = instances.filter(({ providerID, creationTimestamp, deletionTimestamp }) =>
      !deletionTimestamp && ctx.now() - Date.parse(creationTimestamp) > GRACE && ctx.cache.list(NodeClaim, { index: claimByProviderID, value: providerID }).length === 0);
    for (let start = 0; start < orphans.length; start += AT_ONCE) {
      await Promise.all(orphans.slice(start, start + AT_ONCE).map(({ providerID }) => this.collect(providerID, ctx)));
    }
    this.successes += 1;
    return this.successes < FREQUENT ? undefined : '2m';
  }

  private async collect(providerID: string, ctx: TickContext): Promise<void> {
    // The node first: once its instance ends, nothing would lead to it any more.
    for (const node of ctx.cache.list(Node, { index: nodeByProviderID, value: providerID })) await ctx.delete(node);
    await this.cloud.terminate(providerID, { signal: ctx.signal });
    ctx.log.info('garbage collected cloudprovider instance', { 'provider-id': providerID });
  }
}
