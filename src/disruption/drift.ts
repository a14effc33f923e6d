import { conditionOf, isTrue } from '../api/conditions.js';
import { isStatic } from '../scheduling/node-counts.js';
import type { Candidate, DisruptionNotice } from './command.js';
import { savingsOf } from './method.js';
import type { Method } from './method.js';
import { simulate } from './simulation.js';

const driftedSince = ({ node: { nodeClaim } }: Candidate): string => (nodeClaim && conditionOf(nodeClaim, 'Drifted')?.lastTransitionTime) ?? '';

/** Candidates in the order in which they drifted. */
export const longestDrifted = (candidates: readonly Candidate[]): Candidate[] =>
  candidates.toSorted((a, b) => (driftedSince(a) < driftedSince(b) ? -1 : driftedSince(a) > driftedSince(b) ? 1 : 0));

/** Replaces nodes that are no longer what their pool or node class asks for, the longest drifted first (karpenter-core §3.3.4). */
export const drift: Method = {
  name: 'Drift',
  reason: 'Drifted',
  disruptionClass: 'eventual',

  block: ({ node: { nodeClaim }, nodePool }) => (!isStatic(nodePool) && nodeClaim !== undefined && isTrue(nodeClaim, 'Drifted') ? undefined : false),

  find({ snapshot, options, candidates, budgets }) {
    const oldestFirst = longestDrifted(candidates);
    const emptyFirst = [...oldestFirst.filter(({ pods }) => pods.length === 0), ...oldestFirst.filter(({ pods }) => pods.length > 0)];
    const notices: DisruptionNotice[] = [];
    for (const candidate of emptyFirst) {
      if ((budgets.get(candidate.nodePool.metadata.name) ?? 0) === 0) continue;
      const { decision: { newNodes, existingNodes }, homeless } = simulate(snapshot, [candidate], options, false);
      if (homeless.length > 0) {
        const message = homeless.map(({ pod, reason }) => `pod ${pod.metadata?.namespace}/${pod.metadata?.name}: ${reason}`).join('; ').slice(0, 1024);
        notices.push({ type: 'DisruptionBlocked', message, node: candidate.node });
        continue;
      }
      return {
        commands: [{
          method: 'Drift', reason: 'Drifted', decision: newNodes.length > 0 ? 'replace' : 'delete', candidates: [candidate], replacements: newNodes,
          existingNodes, savings: savingsOf([candidate], newNodes),
        }],
        notices,
        exhausted: false,
      };
    }
    return { commands: [], notices, exhausted: false };
  },
};
