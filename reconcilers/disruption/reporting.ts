import type { DisruptionNotice } from 'karpenter-ts/disruption';
import type { KubeObject, TickContext } from 'karpenter-ts/operator';
import type { SnapshotNode } from 'karpenter-ts/scheduling';

/** Says something about a machine on both of its objects. */
export function onNodeAndClaim({ node, nodeClaim }: SnapshotNode, say: (about: KubeObject, kind: 'Node' | 'NodeClaim') => void): void {
  if (node) say(node as unknown as KubeObject, 'Node');
  if (nodeClaim) say(nodeClaim, 'NodeClaim');
}

/** Events out of what planning noticed, repeated as rarely as upstream does (karpenter-core §6.4). */
export function publishNotice({ type, message, node, nodePool }: DisruptionNotice, ctx: TickContext): void {
  if (nodePool) ctx.events.normal(type, message, { about: nodePool, dedupe: [nodePool.metadata.uid, message], dedupeFor: '1m' });
  if (!node?.nodeClaim) return;
  const dedupeFor = type === 'Unconsolidatable' ? '15m' : '2m';
  onNodeAndClaim(node, (about) => ctx.events.normal(type, message, { about, dedupe: type === 'ConsolidationCandidate' ? [about.metadata.uid, message] : [about.metadata.uid], dedupeFor }));
}
