import { inject } from 'inversify';
import { NodeClaim, NodePool } from 'karpenter-ts/api';
import { ClusterState, PodTimes } from 'karpenter-ts/cluster';
import { Cache, CSINode, DaemonSet, Node, Pod } from 'karpenter-ts/operator';
import type { KindClass, KubeObject, Startable } from 'karpenter-ts/operator';
import { isManagedReference } from '../shared/indexes.js';

/** Keeps the cluster state level with the operator's stores, our own writes included. */
export class ClusterStateFeed implements Startable {
  readonly name = 'cluster state';
  private readonly subscriptions: { unsubscribe(): void }[] = [];

  constructor(
    @inject(Cache) private readonly cache: Cache,
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(PodTimes) private readonly times: PodTimes,
  ) {}

  start(): void {
    const { state } = this;
    this.follow(NodePool, (pool) => state.updateNodePool(pool), (pool) => state.deleteNodePool(pool.metadata.name));
    this.follow(NodeClaim, (claim) => {
      if (isManagedReference(claim.spec.nodeClassRef)) state.updateNodeClaim(claim);
    }, (claim) => state.deleteNodeClaim(claim.metadata.name));
    this.follow(Node, (node) => state.updateNode(node), (node) => state.deleteNode(node.metadata.name));
    this.follow(DaemonSet, (daemonSet) => state.updateDaemonSet(daemonSet), ({ metadata }) => state.deleteDaemonSet(metadata.namespace ?? '', metadata.name));
    this.follow(Pod, (pod) => state.updatePod(pod), (pod) => {
      state.deletePod(pod.metadata.namespace ?? '', pod.metadata.name);
      this.times.forget(pod);
    });
    this.follow(CSINode, ({ metadata }) => state.updateCSINode(metadata.name), ({ metadata }) => state.updateCSINode(metadata.name));
  }

  stop(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }

  private follow<T extends KubeObject>(kind: KindClass<T>, update: (object: T) => void, remove: (object: T) => void): void {
    this.subscriptions.push(this.cache.changes(kind).subscribe({
      next: ({ type, object }) => (type === 'deleted' ? remove(object) : update(object)),
      error: () => undefined,
      complete: () => undefined,
    }));
  }
}
