import type { Affinity, NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, Toleration, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1123Subdomain, labelValue, qualifiedName } from '../../schema/names.js';
import { eachOf, problemsAsErrors } from './common.js';
import { validateLabelSelector } from './selectors.js';

/** What a taint does to pods that do not tolerate it. */
export const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** What is wrong with a pod's tolerations. */
export function validateTolerations(tolerations: readonly Toleration[] | undefined, path: string): FieldError[] {
  return eachOf(path, tolerations, ({ key, operator = '', value, effect, tolerationSeconds }, place) => {
    const errors: FieldError[] = key ? problemsAsErrors(child(place, 'key'), key, qualifiedName(key)) : [];
    if (!key && operator !== 'Exists') errors.push(invalid(child(place, 'operator'), operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"'));
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') errors.push(invalid(child(place, 'effect'), effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    if (operator === 'Equal' || operator === '') {
      const problems = labelValue(value ?? '');
      if (problems.length > 0) errors.push(invalid(child(place, 'operator'), value, problems.join(';')));
    }
    else if (operator === 'Exists') {
      if (value) errors.push(invalid(child(place, 'operator'), value, "value must be empty when `operator` is 'Exists'"));
    } else errors.push(notSupported(child(place, 'operator'), operator, operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']));
    if (effect && !EFFECTS.includes(effect)) errors.push(notSupported(child(place, 'effect'), effect, EFFECTS));
    return errors;
  });
}

const UNSATISFIABLE = ['DoNotSchedule', 'ScheduleAnyway'];
const INCLUSION = ['Honor', 'Ignore'];

/** What is wrong with a pod's topology spread constraints. */
export function validateTopologySpread(constraints: readonly TopologySpreadConstraint[] | undefined, path: string): FieldError[] {
  const pairOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string => `{${topologyKey}, ${whenUnsatisfiable}}`;
  return eachOf(path, constraints, (constraint, place, index) => {
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const errors: FieldError[] = [];
    if (!(maxSkew > 0)) errors.push(invalid(child(place, 'maxSkew'), maxSkew ?? 0, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(child(place, 'topologyKey'), 'can not be empty'));
    else errors.push(...problemsAsErrors(child(place, 'topologyKey'), topologyKey, qualifiedName(topologyKey)));
    if (!UNSATISFIABLE.includes(whenUnsatisfiable)) errors.push(notSupported(child(place, 'whenUnsatisfiable'), whenUnsatisfiable ?? '', UNSATISFIABLE));
    const pair = pairOf(constraint);
    if (constraints!.slice(index + 1).some((later) => pairOf(later) === pair)) errors.push(duplicate(child(place, '{topologyKey, whenUnsatisfiable}'), pair));
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(child(place, 'minDomains'), minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule') errors.push(invalid(child(place, 'minDomains'), minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`));
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field];
      if (policy !== undefined && !INCLUSION.includes(policy)) errors.push(notSupported(child(place, field), policy, INCLUSION));
    }
    return [...errors, ...matchLabelKeys(constraint, child(place, 'matchLabelKeys')), ...validateLabelSelector(constraint.labelSelector, child(place, 'labelSelector'))];
  });
}

/** Labels whose values are taken from the pod itself. */
function matchLabelKeys({ matchLabelKeys: keys = [], labelSelector }: TopologySpreadConstraint & { matchLabelKeys?: string[] }, path: string): FieldError[] {
  if (keys.length === 0) return [];
  if (!labelSelector) return [forbidden(path, 'must not be specified when labelSelector is not set')];
  const used = new Set([...Object.keys(labelSelector.matchLabels ?? {}), ...(labelSelector.matchExpressions ?? []).map(({ key }) => key)]);
  return keys.flatMap((key, index) => [...problemsAsErrors(at(path, index), key, qualifiedName(key)), ...(used.has(key) ? [invalid(at(path, index), key, 'exists in both matchLabelKeys and labelSelector')] : [])]);
}

/** What is wrong with a pod's affinity. */
export function validateAffinity(affinity: Affinity | undefined, path: string): FieldError[] {
  if (!affinity) return [];
  const node = child(path, 'nodeAffinity');
  const required_ = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const requiredPath = child(node, 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  return [
    ...(required_ && (required_.nodeSelectorTerms ?? []).length === 0 ? [required(requiredPath, 'must have at least one node selector term')] : []),
    ...eachOf(requiredPath, required_?.nodeSelectorTerms, nodeSelectorTerm),
    ...eachOf(child(node, 'preferredDuringSchedulingIgnoredDuringExecution'), affinity.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution, ({ weight, preference }, place) => [
      ...weightErrors(weight, place),
      ...nodeSelectorTerm(preference ?? {}, child(place, 'preference')),
    ]),
    ...(['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => [
      ...eachOf(child(path, kind, 'requiredDuringSchedulingIgnoredDuringExecution'), affinity[kind]?.requiredDuringSchedulingIgnoredDuringExecution, podAffinityTerm),
      ...eachOf(child(path, kind, 'preferredDuringSchedulingIgnoredDuringExecution'), affinity[kind]?.preferredDuringSchedulingIgnoredDuringExecution, ({ weight, podAffinityTerm: term }, place) => [
        ...weightErrors(weight, place),
        ...podAffinityTerm(term ?? { topologyKey: '' }, child(place, 'podAffinityTerm')),
      ]),
    ]),
  ];
}

const weightErrors = (weight: number, place: string): FieldError[] => (weight >= 1 && weight <= 100 ? [] : [invalid(child(place, 'weight'), weight ?? 0, 'must be in the range 1-100')]);

/** What is wrong with one of the terms of which a node has to fit any. */
export const nodeSelectorTerm = (term: NodeSelectorTerm, place: string): FieldError[] => [
  ...eachOf(child(place, 'matchExpressions'), term.matchExpressions, nodeSelectorRequirement),
  ...eachOf(child(place, 'matchFields'), term.matchFields, nodeField),
];

/** Only by its name can a node be told apart from its labels. */
function nodeField({ key = '', operator, values = [] }: Partial<NodeSelectorRequirement>, place: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') errors.push(invalid(child(place, 'operator'), operator ?? '', 'not a valid selector operator'));
  else if (values.length !== 1) errors.push(required(child(place, 'values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (key !== 'metadata.name') errors.push(invalid(child(place, 'key'), key, 'not a valid field selector key'));
  else values.forEach((value, index) => errors.push(...problemsAsErrors(at(child(place, 'values'), index), value, dns1123Subdomain(value))));
  return errors;
}

/** What is wrong with one requirement of a node selector. */
export function nodeSelectorRequirement({ key, operator, values = [] }: NodeSelectorRequirement, place: string): FieldError[] {
  const errors: FieldError[] = [];
  const field = child(place, 'values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(field, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) errors.push(forbidden(field, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(field, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      errors.push(invalid(child(place, 'operator'), operator ?? '', 'not a valid selector operator'));
  }
  return [...errors, ...problemsAsErrors(child(place, 'key'), key ?? '', qualifiedName(key ?? ''))];
}

function podAffinityTerm({ topologyKey = '', labelSelector, namespaceSelector }: Partial<PodAffinityTerm>, place: string): FieldError[] {
  return [
    ...validateLabelSelector(labelSelector, child(place, 'labelSelector')),
    ...validateLabelSelector(namespaceSelector, child(place, 'namespaceSelector')),
    ...(topologyKey ? [] : [required(child(place, 'topologyKey'), 'can not be empty')]),
    ...problemsAsErrors(child(place, 'topologyKey'), topologyKey, qualifiedName(topologyKey)),
  ];
}
