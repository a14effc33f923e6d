import type { NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';

type Labels = Readonly<Record<string, string>>;

/** What a node offers to selectors. */
interface Selectable {
  metadata: { name: string; labels: Labels };
}

/** Whether labels satisfy a selector. An absent selector selects nothing, an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  for (const key in selector.matchLabels) if (labels[key] !== selector.matchLabels[key]) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => meets(labels[key], operator, values));
}

/** Whether a label's value (undefined: the label is absent) meets an operator of label or node selectors. */
function meets(value: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      const bound = wholeNumber(values[0]);
      const actual = wholeNumber(value);
      if (bound === undefined || actual === undefined || values.length !== 1) return false;
      return operator === 'Gt' ? actual > bound : actual < bound;
    }
    default:
      return false;
  }
}

const wholeNumber = (text: string | undefined): number | undefined => (text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined);

const meetsAll = (requirements: readonly NodeSelectorRequirement[], values: Labels): boolean =>
  requirements.every(({ key, operator, values: wanted = [] }) => meets(values[key], operator, wanted));

/** Whether a node matches one term; a term without any requirement matches nothing. */
export function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Selectable): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return meetsAll(matchExpressions, metadata.labels) && meetsAll(matchFields, { 'metadata.name': metadata.name });
}

/** Whether a node matches any of the terms. */
export const matchesTerms = (terms: readonly NodeSelectorTerm[], node: Selectable): boolean => terms.some((term) => matchesTerm(term, node));

/** Whether a pod's node selector and required node affinity allow the node. */
export function matchesNodeAffinity(spec: PodSpec, node: Selectable): boolean {
  for (const key in spec.nodeSelector) if (node.metadata.labels[key] !== spec.nodeSelector[key]) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || matchesTerms(required.nodeSelectorTerms, node);
}

/**
 * The node names that a pod's required affinity pins it to by `metadata.name`, as DaemonSet pods do;
 * undefined when some term leaves the name open.
 */
export function pinnedNodeNames(spec: PodSpec): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const pins = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (pins.length === 0) return undefined;
    for (const name of pins[0]?.values ?? []) if (pins.every((pin) => pin.values?.includes(name))) names.add(name);
  }
  return names;
}
