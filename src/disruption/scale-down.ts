import type { NodeClaim } from '../api/nodeclaim.js';
import { isDisruptable, isOwnedByDaemonSet, isOwnedByNode } from '../scheduling/pod-predicates.js';
import type { SnapshotNode } from '../scheduling/snapshot.js';
import { evictionCost, lifetimeRemaining } from './cost.js';

/** The lower, the sooner: not launched yet, empty, without pods that must not be disrupted, any other. */
type Tier = 0 | 1 | 2 | 3;

interface Ranked {
  readonly claim: NodeClaim;
  readonly tier: Tier;
  /** What moving all its pods costs, the less the sooner the node would go anyway. */
  readonly cost: number;
  /** Whether pods can run there already. */
  readonly usable: boolean;
  readonly lifetime: number;
}

function rank(claim: NodeClaim, node: SnapshotNode | undefined, now: number): Ranked {
  const pods = node?.pods ?? [];
  const lifetime = lifetimeRemaining(claim, now);
  const isProtecting = !pods.every((pod) => isDisruptable(pod, now));
  const isEmpty = !isProtecting && pods.every((pod) => isOwnedByDaemonSet(pod) || isOwnedByNode(pod));
  const tier = !claim.status.providerID ? 0 : isEmpty ? 1 : isProtecting ? 3 : 2;
  return { claim, tier, cost: isEmpty ? 0 : pods.reduce((total, pod) => total + evictionCost(pod), 0) * lifetime, usable: node?.initialized ?? false, lifetime };
}

/**
 * Which claims of a static pool to delete when it has `count` too many: those that disturb least; of equal ones those that no pod can use
 * yet, then those that would go soonest anyway (karpenter-core §3.16). `nodeOf`: the machine of a launched claim.
 */
export function scaleDown(claims: readonly NodeClaim[], nodeOf: (claim: NodeClaim) => SnapshotNode | undefined, count: number, now: number): NodeClaim[] {
  return claims.map((claim) => rank(claim, nodeOf(claim), now))
    .sort((a, b) => a.tier - b.tier || a.cost - b.cost || Number(a.usable) - Number(b.usable) || a.lifetime - b.lifetime || (a.claim.metadata.name < b.claim.metadata.name ? -1 : 1))
    .slice(0, count).map(({ claim }) => claim);
}
