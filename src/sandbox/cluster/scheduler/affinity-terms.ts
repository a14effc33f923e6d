import type { PodAffinityTerm } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { Pod } from '../model/kinds.js';
import { selects } from '../model/selectors.js';

/** An inter-pod term with its namespaces resolved and `matchLabelKeys` folded into its selector. */
export interface AffinityTerm {
  topologyKey: string;
  /** Undefined: every namespace. */
  namespaces: ReadonlySet<string> | undefined;
  selector: LabelSelector | undefined;
  weight: number;
}

/** A pod's inter-pod terms by what they ask. */
export interface AffinityTerms {
  affinity: readonly AffinityTerm[];
  antiAffinity: readonly AffinityTerm[];
  preferred: readonly AffinityTerm[];
}

/** The selector with the pod's own values of some label keys added, as `matchLabelKeys` and `mismatchLabelKeys` ask. */
export function foldLabelKeys(selector: LabelSelector | undefined, pod: Pod, matching: readonly string[] = [], mismatching: readonly string[] = []): LabelSelector | undefined {
  const expression = (operator: string) => (key: string) => ({ key, operator, values: [pod.metadata.labels[key] as string] });
  const carried = (keys: readonly string[]): string[] => keys.filter((key) => pod.metadata.labels[key] !== undefined);
  const added = [...carried(matching).map(expression('In')), ...carried(mismatching).map(expression('NotIn'))];
  if (!selector || added.length === 0) return selector;
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] };
}

type TermWithLabelKeys = PodAffinityTerm & { matchLabelKeys?: string[]; mismatchLabelKeys?: string[] };

function resolve(term: TermWithLabelKeys, pod: Pod, weight: number): AffinityTerm {
  const { namespaces = [], namespaceSelector } = term;
  const selectsEveryNamespace = namespaceSelector !== undefined && Object.keys(namespaceSelector.matchLabels ?? {}).length === 0 && (namespaceSelector.matchExpressions ?? []).length === 0;
  // A selector on the well-known name label is the only other form that needs no look at Namespace objects.
  const byName = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
  const named = [...namespaces, ...(byName === undefined ? [] : [byName])];
  return {
    topologyKey: term.topologyKey,
    namespaces: selectsEveryNamespace ? undefined : new Set(named.length > 0 ? named : [pod.metadata.namespace ?? 'default']),
    selector: foldLabelKeys(term.labelSelector, pod, term.matchLabelKeys, term.mismatchLabelKeys),
    weight,
  };
}

export function affinityTerms(pod: Pod): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const required = (terms: readonly PodAffinityTerm[] | undefined): AffinityTerm[] => (terms ?? []).map((term) => resolve(term, pod, 0));
  return {
    affinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferred: [
      ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => resolve(podAffinityTerm, pod, weight)),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => resolve(podAffinityTerm, pod, -weight)),
    ],
  };
}

/** Whether a term speaks about a pod. */
export const termMatches = (term: AffinityTerm, { metadata }: Pod): boolean =>
  (!term.namespaces || term.namespaces.has(metadata.namespace ?? 'default')) && selects(term.selector, metadata.labels);
