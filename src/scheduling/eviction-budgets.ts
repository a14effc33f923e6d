import type { Pod } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { isDisruptable, isEvictable, isReschedulable } from './pod-predicates.js';
import { Selector } from './selector.js';

const isZero = (value: unknown): boolean => value === 0 || value === '0' || value === '0%';

/** PodDisruptionBudgets, asked about pods. */
export class EvictionBudgets {
  private readonly byNamespace = new Map<string, { budget: PodDisruptionBudget; selector: Selector }[]>();

  constructor(budgets: Iterable<PodDisruptionBudget>) {
    for (const budget of budgets) {
      const namespace = budget.metadata?.namespace ?? 'default';
      const others = this.byNamespace.get(namespace) ?? [];
      others.push({ budget, selector: Selector.of(budget.spec?.selector) });
      this.byNamespace.set(namespace, others);
    }
  }

  matching({ metadata }: Pod): PodDisruptionBudget[] {
    return (this.byNamespace.get(metadata?.namespace ?? 'default') ?? [])
      .filter(({ selector }) => selector.matches(metadata?.labels ?? {})).map(({ budget }) => budget);
  }

  /** Why the pod cannot be evicted now, with the budgets that say so; undefined when it can, or need not be. */
  blocking(pod: Pod, now: number): { reason: string; budgets: readonly PodDisruptionBudget[] } | undefined {
    if (!isEvictable(pod, now)) return undefined;
    const budgets = this.matching(pod);
    if (budgets.length > 1) return { reason: 'eviction does not support multiple PDBs', budgets };
    const [budget] = budgets;
    if (budget === undefined || exemptsUnhealthy(budget, pod) || budget.status?.disruptionsAllowed !== 0) return undefined;
    return { reason: 'pdb prevents pod evictions', budgets };
  }

  /** Whether the pod's budgets can never let it go, however healthy its siblings are. */
  forbids(pod: Pod, now: number): boolean {
    if (!isEvictable(pod, now)) return false;
    const budgets = this.matching(pod);
    return budgets.length > 1 || budgets.some((budget) => !exemptsUnhealthy(budget, pod)
      && (isZero(budget.spec?.maxUnavailable) || String(budget.spec?.minAvailable) === '100%'));
  }

  /** Whether the pod will really have to move when its node goes: nothing keeps it, or the node, where it is. */
  isCurrentlyReschedulable(pod: Pod, now: number): boolean {
    return isReschedulable(pod) && isDisruptable(pod, now) && !this.forbids(pod, now);
  }
}

const exemptsUnhealthy = ({ spec }: PodDisruptionBudget, { status }: Pod): boolean =>
  spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow'
  && (status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'False') ?? false);
