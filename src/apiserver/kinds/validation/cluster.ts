import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js';
import { type FieldError, forbidden, invalid } from '../../schema/field-error.js';
import { oneOf, positive, unchanged, unchangedOr } from './common.js';

const HIGHEST_USER_PRIORITY = 1_000_000_000;

const SYSTEM_CLASSES: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 };

export function validatePriorityClass({ metadata, value = 0, globalDefault = false, preemptionPolicy }: Partial<PriorityClass>): FieldError[] {
  const errors = oneOf('preemptionPolicy', preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  const name = metadata?.name ?? '';
  if (!name.startsWith('system-')) return value > HIGHEST_USER_PRIORITY ? [...errors, forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)] : errors;
  const expected = Object.hasOwn(SYSTEM_CLASSES, name) ? SYSTEM_CLASSES[name] : undefined;
  const problem = expected === undefined ? `${name} is not a known system priority class` : value !== expected ? `value of ${name} PriorityClass must be ${expected}` : globalDefault ? `globalDefault of ${name} PriorityClass must be false` : '';
  return problem === '' ? errors : [...errors, forbidden('metadata.name', `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`)];
}

export const validatePriorityClassUpdate = (object: PriorityClass, previous: PriorityClass): FieldError[] => [
  ...unchangedOr('value', object.value, previous.value, 'may not be changed in an update.'),
  ...unchanged('preemptionPolicy', object.preemptionPolicy, previous.preemptionPolicy),
];

export const validateLease = ({ spec }: Lease): FieldError[] => [
  ...positive('spec.leaseDurationSeconds', spec?.leaseDurationSeconds),
  ...((spec?.leaseTransitions ?? 0) < 0 ? [invalid('spec.leaseTransitions', spec?.leaseTransitions, 'must be greater than or equal to 0')] : []),
];
