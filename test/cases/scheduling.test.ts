import { expect } from 'chai';
import { planResult } from '../../src/cli/plan/plan-result.js';
import type { PlanResult } from '../../src/cli/plan/plan-result.js';
import { solve } from '../../src/scheduling/index.js';
import { brokenConstraints } from '../support/constraint-checker.js';
import { DIFFERENCES } from './differences.js';
import { recordedCases } from './recorded-cases.js';
import type { RecordedCase } from './recorded-cases.js';

/** What Karpenter did. */
interface SchedulingOutcome {
  scheduled: string[];
  unschedulable: string[];
  onExisting?: Record<string, string>;
  newNodes: { pods: string[] }[];
  /** Of the cheapest offerings that it could have taken. */
  cheapestTotalPrice: number;
  error?: string;
}

const TOLERANCE = 1e-9;

const sorted = (names: Iterable<string>): string[] => [...names].sort();
const groups = (nodes: readonly { readonly pods: readonly string[] }[]): string[] => nodes.map(({ pods }) => sorted(pods).join(' ')).sort();

/** In what an answer is worse or other than Karpenter's; empty when it agrees. */
function disagreements({ expect: outcome, posed }: RecordedCase<SchedulingOutcome>): { problems: string[]; result: PlanResult } {
  const snapshot = posed.snapshot();
  const decision = solve(snapshot, posed.pods, posed.options);
  const result = planResult(decision, posed, { parseMs: 0, solveMs: 0 });
  const reasons = new Map(result.unschedulable.map(({ pod, reason }) => [pod, reason]));
  const placed = new Set([...result.newNodes, ...result.existingNodes].flatMap(({ pods }) => pods));
  return {
    result,
    problems: [
      ...outcome.scheduled.filter((pod) => !placed.has(pod)).map((pod) => `${pod} is not placed: ${reasons.get(pod) ?? 'it is missing'}`),
      ...outcome.unschedulable.filter((pod) => !reasons.has(pod)).map((pod) => `${pod} is placed`),
      ...sorted([...placed, ...reasons.keys()]).filter((pod) => !outcome.scheduled.includes(pod) && !outcome.unschedulable.includes(pod)).map((pod) => `${pod} was not asked about`),
      ...(result.totalPrice > outcome.cheapestTotalPrice + TOLERANCE ? [`the price is ${result.totalPrice} instead of ${outcome.cheapestTotalPrice}`] : []),
      ...brokenConstraints(snapshot, posed.pods, decision, posed.options),
    ],
  };
}

/** Whether every pod is where Karpenter put it, new nodes being told apart by their pods. */
function isIdentical({ newNodes, existingNodes }: PlanResult, { newNodes: expected, onExisting = {} }: SchedulingOutcome): boolean {
  const placedOn = existingNodes.flatMap(({ name, pods }) => pods.map((pod) => `${pod}@${name}`));
  return groups(newNodes).join('|') === groups(expected).join('|') && sorted(placedOn).join() === sorted(Object.entries(onExisting).map(([pod, node]) => `${pod}@${node}`)).join();
}

const cases = await recordedCases<SchedulingOutcome>('scheduling');

describe('recorded scheduling cases', () => {
  const count = { agree: 0, identical: 0, comparable: 0 };

  for (const recorded of cases) {
    it(recorded.path, () => {
      const { problems, result } = disagreements(recorded);
      const reason = DIFFERENCES[recorded.path];
      if (reason === undefined) expect(problems).to.deep.equal([]);
      else expect(problems, `agrees, but is listed as different: ${reason}`).to.not.deep.equal([]);
      count.agree += Number(problems.length === 0);
      if (recorded.replay !== 'identical' || recorded.varies !== undefined) return;
      count.comparable += 1;
      count.identical += Number(isIdentical(result, recorded.expect));
    });
  }

  after(() => {
    console.log(`\n  recorded scheduling cases: ${count.agree} of ${cases.length} agree; ${count.identical} of the ${count.comparable} that can be compared place every pod as Karpenter did`);
  });
});
