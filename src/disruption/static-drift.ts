import { isTrue } from '../api/conditions.js';
import { isStatic, nodeLimit, roomFor } from '../scheduling/node-counts.js';
import type { NodeCounts } from '../scheduling/node-counts.js';
import { staticNode } from '../scheduling/nodeclaim-builder.js';
import type { Snapshot, SnapshotPool } from '../scheduling/snapshot.js';
import type { Candidate, DisruptionCommand, DisruptionNotice } from './command.js';
import { longestDrifted } from './drift.js';
import { savingsOf } from './method.js';
import type { Method } from './method.js';

/** A pool's nodes as the snapshot shows them; one that is marked for deletion and not being deleted waits for its replacement. */
function countsOf({ nodePool: { metadata: { name } } }: SnapshotPool, { nodes }: Snapshot): NodeCounts {
  const counts = { active: 0, pendingDisruption: 0, deleting: 0, reserved: 0 };
  for (const { nodePool, nodeClaim, markedForDeletion } of nodes) {
    if (nodePool !== name || nodeClaim === undefined) continue;
    counts[nodeClaim.metadata.deletionTimestamp !== undefined ? 'deleting' : markedForDeletion ? 'pendingDisruption' : 'active'] += 1;
  }
  return counts;
}

/** Replaces a node by one of the same pool, whatever runs there. */
function replace(candidate: Candidate, pool: SnapshotPool): DisruptionCommand {
  const replacements = [staticNode(pool)];
  return { method: 'StaticDrift', reason: 'Drifted', decision: 'replace', candidates: [candidate], replacements, existingNodes: [], savings: savingsOf([candidate], replacements) };
}

/**
 * Replaces drifted nodes of static pools one by one, as many at a time as budgets and `limits.nodes` allow, the longest drifted first. A
 * pool that has too many nodes is left alone: scaling it down comes first (karpenter-core §3.3.3).
 */
export const staticDrift: Method = {
  name: 'StaticDrift',
  reason: 'Drifted',
  disruptionClass: 'eventual',

  block: ({ node: { nodeClaim }, nodePool }) => (isStatic(nodePool) && nodeClaim !== undefined && isTrue(nodeClaim, 'Drifted') ? undefined : false),

  find({ snapshot, options, candidates, budgets }) {
    const notices: DisruptionNotice[] = [];
    const commands = options.pools.flatMap((pool) => {
      const { metadata: { name }, spec: { replicas = 0 } } = pool.nodePool;
      const counts = countsOf(pool, snapshot);
      if (counts.active + counts.pendingDisruption > replicas) return [];
      const room = roomFor(counts, nodeLimit(pool.nodePool));
      const due = longestDrifted(candidates.filter(({ nodePool }) => nodePool.metadata.name === name)).slice(0, budgets.get(name) ?? 0);
      for (const { node } of due.slice(room)) notices.push({ type: 'DisruptionBlocked', message: `NodePool "${name}" has no room for a replacement within its limit of nodes: ${pool.nodePool.spec.limits?.['nodes']}`, node });
      return due.slice(0, room).map((candidate) => replace(candidate, pool));
    });
    return { commands, notices, exhausted: false };
  },
};
