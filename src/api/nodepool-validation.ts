import { AWS_GROUP, CAPACITY_TYPE_LABEL, CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_RESERVED, CAPACITY_TYPE_SPOT, HOSTNAME_LABEL, KARPENTER_GROUP, NODEPOOL_LABEL, WELL_KNOWN_LABELS, isRestrictedLabel, normalizeLabel } from './labels.js';
import type { NodePool } from './nodepool.js';
import { scaledQuantity } from './quantity.js';
import type { Requirement } from './requirement.js';
import type { Taint } from './taints.js';

const OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Gte', 'Lte'];
const NUMERIC = new Set<string>(['Gt', 'Lt', 'Gte', 'Lte']);
const EFFECTS = new Set(['NoSchedule', 'PreferNoSchedule', 'NoExecute', '']);
const CAPACITY_TYPES = new Set([CAPACITY_TYPE_ON_DEMAND, CAPACITY_TYPE_SPOT, CAPACITY_TYPE_RESERVED]);
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether a text is a label key: `name` or `dns.domain/name`. */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const domain = text.slice(0, Math.max(slash, 0));
  const name = text.slice(slash + 1);
  return (slash < 0 || (domain.length <= 253 && DOMAIN.test(domain))) && name.length <= 63 && NAME.test(name);
}

export const isLabelValue = (text: string): boolean => text.length <= 63 && (text === '' || NAME.test(text));

const restricted = (key: string, wellKnown = WELL_KNOWN_LABELS): string =>
  `label ${key} is restricted; specify a well known label: [${[...wellKnown].sort().join(', ')}], or a custom label that does not use a restricted domain: [${KARPENTER_GROUP}, ${AWS_GROUP}, ${HOSTNAME_LABEL}]`;

/** What is wrong with one requirement of a NodePool or a pod (karpenter-core §1.5). Providers may know more labels well than the default. */
export function requirementProblems({ key: given, operator, values = [], minValues }: Requirement, wellKnown: ReadonlySet<string> = WELL_KNOWN_LABELS): string[] {
  const key = normalizeLabel(given);
  const problems: string[] = [];
  if (!OPERATORS.includes(operator)) problems.push(`key ${key} has an unsupported operator ${operator} not in [${OPERATORS.join(' ')}]`);
  if (isRestrictedLabel(key, wellKnown)) problems.push(restricted(key, wellKnown));
  if (key === CAPACITY_TYPE_LABEL && operator === 'In') {
    const known = values.filter((value) => CAPACITY_TYPES.has(value));
    if (known.length === 0) problems.push(`no valid values found in [${values.join(' ')}] for ${key}, expected one of: [${[...CAPACITY_TYPES].join(' ')}]`);
    else if (minValues !== undefined && known.length < minValues) problems.push(`key ${key} has ${known.length} known values, fewer than minValues ${minValues}`);
  }
  if (!isQualifiedName(key)) problems.push(`key ${key} is not a qualified name`);
  for (const value of values) if (!isLabelValue(value)) problems.push(`invalid value ${value} for key ${key}: must be a label value of at most 63 characters`);
  if (operator === 'In' && values.length === 0) problems.push(`key ${key} with operator In must have a value defined`);
  if (operator === 'In' && minValues !== undefined && values.length < minValues) problems.push(`key ${key} with operator In must have at least minValues (${minValues}) values`);
  if (NUMERIC.has(operator) && (values.length !== 1 || !/^\d+$/.test(values[0] as string))) problems.push(`key ${key} with operator ${operator} must have a single non-negative integer value`);
  return problems;
}

function taintProblems(taints: readonly Taint[], field: string, seen: Set<string>): string[] {
  return taints.flatMap((taint, index) => {
    const at = `${field}[${index}]`;
    const problems: string[] = [];
    if (!taint.key) problems.push(`missing key at ${at}`);
    else if (!isQualifiedName(taint.key)) problems.push(`invalid key ${taint.key} at ${at}: must be a qualified name`);
    if (taint.value && !isQualifiedName(taint.value)) problems.push(`invalid value ${taint.value} at ${at}: must be a qualified name`);
    if (!EFFECTS.has(taint.effect ?? '')) problems.push(`invalid effect ${taint.effect} at ${at}: must be NoSchedule, PreferNoSchedule or NoExecute`);
    const identity = `${taint.key}:${taint.effect}`;
    if (seen.has(identity)) problems.push(`duplicate taint Key/Effect pair ${taint.key}=${taint.effect} at ${at}`);
    seen.add(identity);
    return problems;
  });
}

/** Everything that is wrong with a pool beyond what its schema can say; empty when it may be used (karpenter-core §1.5). */
export function nodePoolProblems({ spec }: Pick<NodePool, 'spec'>): string[] {
  const { metadata, spec: template } = spec.template;
  const seen = new Set<string>();
  const labels = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => [
    ...(key === NODEPOOL_LABEL || isRestrictedLabel(key) ? [`spec.template.metadata.labels: ${restricted(key)}`] : []),
    ...(isQualifiedName(key) ? [] : [`spec.template.metadata.labels: key ${key} is not a qualified name`]),
    ...(isLabelValue(value) ? [] : [`spec.template.metadata.labels[${key}]: invalid value ${value}: must be a label value of at most 63 characters`]),
  ]);
  const requirements = template.requirements.flatMap((requirement, index) => [
    ...(normalizeLabel(requirement.key) === NODEPOOL_LABEL ? [restricted(NODEPOOL_LABEL)] : []),
    ...requirementProblems(requirement),
  ].map((problem) => `spec.template.spec.requirements[${index}]: ${problem}`));
  const limits = Object.entries(spec.limits ?? {})
    .filter(([, amount]) => scaledQuantity(amount, 0) === undefined)
    .map(([name, amount]) => `spec.limits.${name}: ${JSON.stringify(amount)} is not a quantity; write for example "100" or "400Gi"`);
  return [
    ...labels,
    ...taintProblems(template.taints ?? [], 'spec.template.spec.taints', seen),
    ...taintProblems(template.startupTaints ?? [], 'spec.template.spec.startupTaints', seen),
    ...requirements,
    ...limits,
  ];
}
