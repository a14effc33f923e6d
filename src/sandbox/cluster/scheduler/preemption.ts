import type { PodDisruptionBudget } from '../model/kinds.js';
import { selects } from '../model/selectors.js';
import { fitsNode, notHelpful, noVictims } from './feasibility.js';
import type { ClusterView, Rejection } from './filter.js';
import type { NodeInfo, PodInfo } from './node-info.js';

/** Room that evictions of less important pods would make. */
export interface PreemptionPlan {
  node: NodeInfo;
  victims: PodInfo[];
  /** How many victims' disruption budgets would be broken. */
  violations: number;
}

export interface PreemptionResult {
  plan: PreemptionPlan | undefined;
  /** Why each node is none, when there is no plan. */
  rejections: Map<string, Rejection>;
}

export const priorityOf = ({ pod }: PodInfo): number => pod.spec.priority ?? 0;

const startOf = ({ pod }: PodInfo): number => Date.parse(pod.status.startTime ?? pod.metadata.creationTimestamp);

/** More important first: higher priority, then running for longer. */
const byImportance = (a: PodInfo, b: PodInfo): number => priorityOf(b) - priorityOf(a) || startOf(a) - startOf(b);

const violates = ({ pod }: PodInfo, budgets: readonly PodDisruptionBudget[]): boolean =>
  budgets.some(({ metadata, spec, status }) =>
    metadata.namespace === pod.metadata.namespace && selects(spec.selector, pod.metadata.labels) && (status.disruptionsAllowed ?? 0) <= 0);

/** The fewest and least important victims on one node that make room; undefined when none would. */
function victimsOn(pod: PodInfo, node: NodeInfo, view: ClusterView, budgets: readonly PodDisruptionBudget[]): PreemptionPlan | undefined {
  const lower = [...node.pods.values()].filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return undefined;
  const trial = node.fork();
  const trialView: ClusterView = { ...view, nodes: view.nodes.map((other) => (other === node ? trial : other)) };
  for (const victim of lower) trial.remove(victim.pod.metadata.uid);
  if (!fitsNode(pod, trial, trialView)) return undefined;
  // Give back as many as fit: those that budgets protect first, the important ones before the others.
  const protectedFirst = lower.map((victim) => ({ victim, violating: violates(victim, budgets) }));
  protectedFirst.sort((a, b) => Number(b.violating) - Number(a.violating) || byImportance(a.victim, b.victim));
  const victims: PodInfo[] = [];
  let violations = 0;
  for (const { victim, violating } of protectedFirst) {
    trial.add(victim);
    if (fitsNode(pod, trial, trialView)) continue;
    trial.remove(victim.pod.metadata.uid);
    victims.push(victim);
    if (violating) violations += 1;
  }
  return { node, victims: victims.sort(byImportance), violations };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** kube-scheduler's preferences among nodes: budgets kept, least important highest victim, lowest sum, fewest, latest started. */
function byCost(a: PreemptionPlan, b: PreemptionPlan): number {
  const highest = ({ victims: [first] }: PreemptionPlan): number => (first ? priorityOf(first) : -Infinity);
  const started = ({ victims: [first] }: PreemptionPlan): number => (first ? startOf(first) : 0);
  return a.violations - b.violations
    || highest(a) - highest(b)
    || sum(a.victims.map(priorityOf)) - sum(b.victims.map(priorityOf))
    || a.victims.length - b.victims.length
    || started(b) - started(a);
}

/** Looks for the node whose pods of lower priority had best go. */
export function planPreemption(pod: PodInfo, refused: ReadonlyMap<string, Rejection>, view: ClusterView, budgets: readonly PodDisruptionBudget[]): PreemptionResult {
  const rejections = new Map<string, Rejection>();
  const plans: PreemptionPlan[] = [];
  for (const node of view.nodes) {
    if (!refused.get(node.name)?.resolvable) {
      rejections.set(node.name, notHelpful());
      continue;
    }
    const plan = victimsOn(pod, node, view, budgets);
    if (plan) plans.push(plan);
    else rejections.set(node.name, noVictims());
  }
  return { plan: plans.sort(byCost)[0], rejections };
}
