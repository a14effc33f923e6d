import type { NodeSelectorRequirement, Pod, PodAffinityTerm, Toleration, TopologySpreadConstraint, WeightedPodAffinityTerm } from 'kubernetes-types/core/v1.js';
import type { Requirement, RequirementOperator } from '../api/requirement.js';

/** What a pod asks of where it runs, with its preferences in the order in which they are given up. */
export interface PodConstraints {
  readonly nodeSelector: readonly Requirement[];
  /** Required node affinity: one of these must hold; the first is tried. Empty when there is none. */
  readonly required: readonly (readonly Requirement[])[];
  /** Preferred node affinity, heaviest first. */
  readonly preferred: readonly (readonly Requirement[])[];
  readonly affinity: readonly PodAffinityTerm[];
  readonly preferredAffinity: readonly PodAffinityTerm[];
  readonly antiAffinity: readonly PodAffinityTerm[];
  readonly preferredAntiAffinity: readonly PodAffinityTerm[];
  readonly spreads: readonly TopologySpreadConstraint[];
  readonly tolerations: readonly Toleration[];
}

const toRequirement = ({ key, operator, values }: NodeSelectorRequirement): Requirement =>
  ({ key, operator: operator as RequirementOperator, ...(values ? { values } : {}) });

const heaviestFirst = <T extends { weight: number }>(terms: readonly T[] | undefined): T[] => [...(terms ?? [])].sort((a, b) => b.weight - a.weight);

const termsOf = (terms: readonly WeightedPodAffinityTerm[] | undefined): PodAffinityTerm[] => heaviestFirst(terms).map(({ podAffinityTerm }) => podAffinityTerm);

export function podConstraints({ spec }: Pod, spreads: readonly TopologySpreadConstraint[]): PodConstraints {
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return {
    nodeSelector: Object.entries(spec?.nodeSelector ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    required: (nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [])
      .map(({ matchExpressions }) => (matchExpressions ?? []).map(toRequirement)),
    preferred: heaviestFirst(nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution)
      .map(({ preference }) => (preference.matchExpressions ?? []).map(toRequirement)),
    affinity: podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    preferredAffinity: termsOf(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    preferredAntiAffinity: termsOf(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    spreads,
    tolerations: spec?.tolerations ?? [],
  };
}

const PREFER_NO_SCHEDULE: Toleration = { operator: 'Exists', effect: 'PreferNoSchedule' };

/** With every PreferNoSchedule taint tolerated. */
export const toleratingPreferences = (tolerations: readonly Toleration[]): readonly Toleration[] => [...tolerations, PREFER_NO_SCHEDULE];

/**
 * The constraints with the next preference given up, in Karpenter's order (karpenter-core §4.6); undefined when only hard ones are left.
 * `softTaints`: whether some pool has PreferNoSchedule taints, so that tolerating them can help.
 */
export function relax(constraints: PodConstraints, softTaints: boolean): PodConstraints | undefined {
  if (constraints.required.length > 1) return { ...constraints, required: constraints.required.slice(1) };
  for (const preference of ['preferredAffinity', 'preferredAntiAffinity', 'preferred'] as const) {
    if (constraints[preference].length > 0) return { ...constraints, [preference]: constraints[preference].slice(1) };
  }
  const soft = constraints.spreads.findIndex(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway');
  if (soft >= 0) return { ...constraints, spreads: constraints.spreads.toSpliced(soft, 1) };
  if (softTaints && !constraints.tolerations.some(({ operator, effect, key }) => operator === 'Exists' && effect === 'PreferNoSchedule' && !key)) {
    return { ...constraints, tolerations: toleratingPreferences(constraints.tolerations) };
  }
  return undefined;
}
