import { inject } from 'inversify';
import { KubeClient, Lease, Metrics, Node, RBAC, Singleton, isConflict, isNotFound, kindRefOf } from 'karpenter-ts/operator';
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

  constructor(@inject(KubeClient) private readonly client: KubeClient, @inject(Metrics) metrics: Metrics) {
    this.deleted = metrics.counter({ name: 'karpenter_nodes_leases_deleted_total', help: 'Leases deleted whose node was gone.' });
  }

  async tick(ctx: TickContext): Promise<void> {
    const leases = await this.client.listAll<Lease>(kindRefOf(Lease), { namespace: NAMESPACE, signal: ctx.signal });
    for (const lease of leases) if (isLeaked(lease, ctx)) await this.collect(lease, ctx);
  }

  private async collect({ metadata: { name, namespace, uid, resourceVersion } }: Lease, ctx: TickContext): Promise<void> {
    try {
      await this.client.delete(kindRefOf(Lease), { name, namespace, preconditions: { uid, resourceVersion }, signal: ctx.signal });
    } catch (error) {
      // Gone already, or renewed after all.
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    ctx.log.debug('found and deleted leaked lease', { Lease: { name, namespace } });
    this.deleted.inc();
  }
}

function isLeaked({ metadata, spec }: Lease, ctx: TickContext): boolean {
  const renewedAt = Date.parse(spec?.renewTime ?? metadata.creationTimestamp);
  return (metadata.ownerReferences ?? []).length === 0 && ctx.now() - renewedAt > GRACE && ctx.cache.get(Node, metadata.name) === undefined;
}
