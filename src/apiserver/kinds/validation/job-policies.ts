import type { PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule } from 'kubernetes-types/batch/v1.js';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { child, duplicate, type FieldError, invalid, required, tooLong, tooMany } from '../../schema/field-error.js';
import { qualifiedName } from '../../schema/names.js';
import { eachOf, nonNegative, oneOf, problemsAsErrors } from './common.js';
import { intervals } from './job-status.js';

const MOST_RULES = 20;
const MOST_EXIT_CODES = 255;
const LONGEST_INDEXES = 64 * 1024;

/** When a job counts as done although not all of it is. */
export interface SuccessPolicy { rules?: { succeededIndexes?: string; succeededCount?: number }[] }

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATES = ['False', 'True', 'Unknown'];

/** One of a few words that has to be there. */
const chosen = (field: string, value: string | undefined, allowed: readonly string[]): FieldError[] =>
  (value ? oneOf(field, value, allowed) : [required(field, `valid values: [${allowed.map((each) => JSON.stringify(each)).join(' ')}]`)]);

/** What is wrong with a rule as a whole, which is not shown. */
const wrongRule = (field: string, detail: string): FieldError => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` });

/** When a job gives up, by how its pods failed. */
export function failurePolicy(policy: PodFailurePolicy, { template, backoffLimitPerIndex }: { template?: PodTemplateSpec; backoffLimitPerIndex?: number }, path: string): FieldError[] {
  const rules = policy.rules ?? [];
  const containers = [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])].map(({ name }) => name);
  const field = child(path, 'rules');
  return [
    ...(rules.length > MOST_RULES ? [tooMany(field, rules.length, MOST_RULES)] : []),
    ...eachOf(field, rules, ({ action, onExitCodes, onPodConditions = [] }: PodFailurePolicyRule, place) => [
      ...(action === 'FailIndex' && backoffLimitPerIndex === undefined ? [invalid(child(place, 'action'), action, 'requires the backoffLimitPerIndex to be set')] : chosen(child(place, 'action'), action, ACTIONS)),
      ...(onExitCodes ? exitCodes(onExitCodes, child(place, 'onExitCodes'), containers) : []),
      ...conditions(onPodConditions, child(place, 'onPodConditions')),
      ...(onExitCodes && onPodConditions.length > 0 ? [wrongRule(place, 'specifying both OnExitCodes and OnPodConditions is not supported')] : []),
      ...(!onExitCodes && onPodConditions.length === 0 ? [wrongRule(place, 'specifying one of OnExitCodes and OnPodConditions is required')] : []),
    ]),
  ];
}

const conditions = (patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] => [
  ...(patterns.length > MOST_RULES ? [tooMany(path, patterns.length, MOST_RULES)] : []),
  ...eachOf(path, patterns, ({ type = '', status }: Partial<PodFailurePolicyOnPodConditionsPattern>, place) => [...problemsAsErrors(child(place, 'type'), type, qualifiedName(type)), ...chosen(child(place, 'status'), status, STATES)]),
];

function exitCodes({ operator, containerName, values: listed }: Partial<PodFailurePolicyOnExitCodesRequirement>, path: string, containers: readonly string[]): FieldError[] {
  const values = listed ?? [];
  const field = child(path, 'values');
  const isOrdered = values.every((value, index) => index === 0 || values[index - 1]! <= value);
  return [
    ...chosen(child(path, 'operator'), operator, OPERATORS),
    ...(containerName === undefined || containers.includes(containerName) ? [] : [invalid(child(path, 'containerName'), containerName, 'must be one of the container or initContainer names in the pod template')]),
    ...(values.length === 0 ? [invalid(field, listed, 'at least one value is required')] : []),
    ...(values.length > MOST_EXIT_CODES ? [tooMany(field, values.length, MOST_EXIT_CODES)] : []),
    ...eachOf(field, values, (value, place, index) => [
      ...(operator === 'In' && value === 0 ? [invalid(place, value, 'must not be 0 for the In operator')] : []),
      ...(values.indexOf(value) < index ? [duplicate(place, value)] : []),
    ]),
    ...(isOrdered ? [] : [invalid(field, values, 'must be ordered')]),
  ];
}

/** When a job is done before all of it is, by its rules at `path`. */
export function successRules({ rules = [] }: SuccessPolicy, completions: number, path: string): FieldError[] {
  return [
    ...(rules.length === 0 ? [required(path, 'at least one rules must be specified when the successPolicy is specified')] : []),
    ...(rules.length > MOST_RULES ? [tooMany(path, rules.length, MOST_RULES)] : []),
    ...eachOf(path, rules, ({ succeededIndexes, succeededCount }, place) => {
      const errors: FieldError[] = [];
      if (succeededIndexes === undefined && succeededCount === undefined) errors.push(required(place, 'at least one of succeededCount or succeededIndexes must be specified'));
      const { total, problem } = intervals(succeededIndexes ?? '', completions);
      if ((succeededIndexes?.length ?? 0) > LONGEST_INDEXES) errors.push(tooLong(child(place, 'succeededIndexes'), LONGEST_INDEXES));
      if (problem !== undefined) errors.push(invalid(child(place, 'succeededIndexes'), succeededIndexes, `error parsing succeededIndexes: ${problem}`));
      if (succeededCount === undefined) return errors;
      const field = child(place, 'succeededCount');
      errors.push(...nonNegative(field, succeededCount));
      if (succeededCount > completions) errors.push(invalid(field, succeededCount, `must be less than or equal to ${completions} (the number of specified completions)`));
      if (succeededIndexes !== undefined && succeededCount > total) errors.push(invalid(field, succeededCount, `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`));
      return errors;
    }),
  ];
}
