import type { Namespace, PodAffinityTerm, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import type { LabelSelector, LabelSelectorRequirement } from 'kubernetes-types/meta/v1.js';
import { normalizeLabel } from '../api/labels.js';
import { Selector } from './selector.js';
import type { Labels } from './selector.js';

export type TopologyKind = 'topology spread' | 'pod affinity' | 'pod anti-affinity';

/** A constraint that relates a pod to others by a node label. */
export interface TopologyTerm {
  readonly kind: TopologyKind;
  /** Node label whose values are the domains. */
  readonly key: string;
  readonly selector: Selector;
  /** Sorted. */
  readonly namespaces: readonly string[];
  readonly maxSkew: number;
  readonly minDomains: number | undefined;
  /** Whether only nodes that the pod's node affinity allows take part. */
  readonly honorAffinity: boolean;
  /** Whether only nodes whose taints the pod tolerates take part. */
  readonly honorTaints: boolean;
}

const expressions = (keys: readonly string[] | undefined, labels: Labels, operator: 'In' | 'NotIn'): LabelSelectorRequirement[] =>
  (keys ?? []).filter((key) => key in labels).map((key) => ({ key, operator, values: [labels[key] as string] }));

type LabelKeys = { labelSelector?: LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] };

/** Adds the label keys by which terms and constraints tell pods apart. */
export function addSelectorKeys(terms: readonly LabelKeys[], keys: Set<string>): void {
  for (const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } of terms) {
    for (const key in labelSelector?.matchLabels) keys.add(key);
    for (const { key } of labelSelector?.matchExpressions ?? []) keys.add(key);
    for (const key of [...matchLabelKeys, ...mismatchLabelKeys]) keys.add(key);
  }
}

/** The selector with the pod's own values of `matchLabelKeys` required, and of `mismatchLabelKeys` excluded. */
function withLabelKeys({ labelSelector, matchLabelKeys, mismatchLabelKeys }: LabelKeys, labels: Labels): LabelSelector | undefined {
  if (labelSelector === undefined) return undefined;
  const added = [...expressions(matchLabelKeys, labels, 'In'), ...expressions(mismatchLabelKeys, labels, 'NotIn')];
  return added.length === 0 ? labelSelector : { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...added] };
}

export function spreadTerm(constraint: TopologySpreadConstraint, namespace: string, labels: Labels): TopologyTerm {
  return {
    kind: 'topology spread',
    key: normalizeLabel(constraint.topologyKey),
    selector: Selector.of(withLabelKeys(constraint, labels)),
    namespaces: [namespace],
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains,
    honorAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorTaints: constraint.nodeTaintsPolicy === 'Honor',
  };
}

export function affinityTerm(kind: TopologyKind, term: PodAffinityTerm, namespace: string, labels: Labels, namespaces: readonly Namespace[]): TopologyTerm {
  const selected = term.namespaceSelector === undefined ? [] : namespaces.filter(({ metadata }) =>
    Selector.of(term.namespaceSelector).matches(metadata?.labels ?? {})).map(({ metadata }) => metadata?.name ?? '');
  const named = [...new Set([...(term.namespaces ?? []), ...selected])].sort();
  return {
    kind,
    key: normalizeLabel(term.topologyKey),
    selector: Selector.of(withLabelKeys(term, labels)),
    namespaces: named.length > 0 || term.namespaceSelector !== undefined ? named : [namespace],
    maxSkew: Number.MAX_SAFE_INTEGER,
    minDomains: undefined,
    honorAffinity: false,
    honorTaints: false,
  };
}

/**
 * Required affinity terms of one pod as Kubernetes reads them: only a pod that all of them select is company for any of them
 * (Karpenter lets another pod answer each).
 */
export function jointTerms(terms: readonly TopologyTerm[]): readonly TopologyTerm[] {
  if (terms.length < 2) return terms;
  const selector = Selector.every(terms.map((term) => term.selector));
  const namespaces = (terms[0] as TopologyTerm).namespaces.filter((name) => terms.every((term) => term.namespaces.includes(name)));
  return terms.map((term) => ({ ...term, selector, namespaces }));
}
