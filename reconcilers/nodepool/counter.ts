import { inject } from 'inversify';
import { NodePool, formatResources } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { RBAC, Reconciler, Step, When, done } from 'karpenter-ts/operator';
import type { Outcome } from 'karpenter-ts/operator';
import { isManagedReference } from '../shared/indexes.js';

const ALWAYS_SHOWN = { cpu: 0, memory: 0, pods: 0, 'ephemeral-storage': 0, nodes: 0 };

/** Keeps a pool's status level with what its nodes have together (karpenter-core §3.14). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodepools/status'], verbs: ['patch'], why: 'what the nodes of a pool add up to' })
@Reconciler({ for: NodePool, name: 'nodepool.counter', root: false, jitter: 0 })
export class NodePoolCounter {
  constructor(@inject(ClusterState) private readonly state: ClusterState) {}

  @When()
  managed(pool: NodePool): boolean {
    return isManagedReference(pool.spec.template.spec.nodeClassRef);
  }

  @Step({ every: '5s' })
  count(pool: NodePool): Outcome {
    const used = this.state.poolResources(pool.metadata.name);
    const present = Object.fromEntries(Object.entries(used).filter(([, amount]) => amount > 0));
    pool.status.resources = formatResources({ ...ALWAYS_SHOWN, ...present });
    pool.status.nodes = used['nodes'] ?? 0;
    return done();
  }
}
