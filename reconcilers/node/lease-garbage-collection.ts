import { inject } from 'inversify';
import { Lease, Metrics, Node, RBAC, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';

const NAMESPACE = 'kube-node-lease';
/** A kubelet that is alive renews its lease every 10 seconds, and makes its Node soon after the lease; in milliseconds. */
const GRACE = 5 * 60_000;

/**
 * Deletes leases of kubelets whose Node is gone. Kubernetes does so by the lease's owner, which it does not have when the kubelet
 * renewed it for the last time after its Node had been deleted. Read from the API server, since all kubelets renew all the time.
 */
@Singleton({ name: 'lease.garbagecollection', every: '10m', reads: [Node] })
@RBAC({ groups: ['coordination.k8s.io'], resources: ['leases'], namespace: NAMESPACE, verbs: ['list', 'delete'], why: 'leases of kubelets whose Node is gone' })
export class LeaseGarbageCollection {
  private readonly deleted;

  constructor(@inject(Metrics) metrics: Metrics) {
    this.deleted = metrics.counter({ name: 'karpenter_nodes_leases_deleted_total', help: 'Leases deleted whose node was gone.' });
  }

  async tick(ctx: TickContext): Promise<void> {
    for (const lease of await ctx.cache.live.list(Lease, { namespace: NAMESPACE })) if (isLeaked(lease, ctx)) await this.collect(lease, ctx);
  }

  private async collect(lease: Lease, ctx: TickContext): Promise<void> {
    // It may be renewed after all.
    if (!(await ctx.delete(lease, { unchanged: true }))) return;
    const { name, namespace } = lease.metadata;
    ctx.log.debug('found and deleted leaked lease', { Lease: { name, namespace } });
    this.deleted.inc();
  }
}

function isLeaked({ metadata, spec }: Lease, ctx: TickContext): boolean {
  const renewedAt = Date.parse(spec?.renewTime ?? metadata.creationTimestamp);
  return (metadata.ownerReferences ?? []).length === 0 && ctx.now() - renewedAt > GRACE && ctx.cache.get(Node, metadata.name) === undefined;
}
