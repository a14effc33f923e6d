import type { LimitRange, LimitRangeItem, ResourceQuota, ScopedResourceSelectorRequirement } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, forbidden, invalid, required } from '../../schema/field-error.js';
import { qualifiedName } from '../../schema/names.js';
import { compareQuantities, parseQuantity, type Quantity } from '../../schema/quantity.js';
import { eachOf, problemsAsErrors } from './common.js';
import { containerResourceName, isQuotaResource, mayOvercommit, quotaResourceName, resourceAmount, resourceName } from './resources.js';

const COMPUTE = new Set(['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory', 'pods']);
const CLAIMS = new Set(['persistentvolumeclaims', 'requests.storage']);
/** What each scope can be a quota of. */
const SCOPES: Readonly<Record<string, (resource: string) => boolean>> = {
  BestEffort: (resource) => resource === 'pods',
  CrossNamespacePodAffinity: (resource) => COMPUTE.has(resource),
  NotBestEffort: (resource) => COMPUTE.has(resource),
  NotTerminating: (resource) => COMPUTE.has(resource),
  PriorityClass: (resource) => COMPUTE.has(resource),
  Terminating: (resource) => COMPUTE.has(resource),
  VolumeAttributesClass: (resource) => CLAIMS.has(resource),
};
/** Scopes that an object is in or is not. */
const PLAIN_SCOPES = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const CONFLICTS = [['BestEffort', 'NotBestEffort'], ['Terminating', 'NotTerminating']] as const;

export function validateResourceQuota({ spec }: ResourceQuota): FieldError[] {
  const hard = Object.entries(spec?.hard ?? {});
  const scopes = spec?.scopes ?? [];
  const requirements = spec?.scopeSelector?.matchExpressions ?? [];
  const misapplied = (scope: string): string[] => hard.map(([name]) => name).filter((name) => isQuotaResource(name) && !(SCOPES[scope]?.(name) ?? true));
  const conflicts = (given: readonly string[]): FieldError[] => CONFLICTS.filter((pair) => pair.every((scope) => given.includes(scope))).map(() => invalid('spec.scopes', spec?.scopes, 'conflicting scopes'));
  return [
    ...hard.flatMap(([name, amount]) => [...quotaResourceName(at('spec.hard', name), name), ...resourceAmount(at('spec.hard', name), name, amount)]),
    ...scopes.flatMap((scope) => [
      ...(SCOPES[scope] ? [] : [invalid('spec.scopes', scopes, 'unsupported scope')]),
      ...misapplied(scope).map(() => invalid('spec.scopes', scopes, 'unsupported scope applied to resource')),
    ]),
    ...conflicts(scopes),
    ...requirements.flatMap((requirement) => [
      ...misapplied(requirement.scopeName).map(() => invalid(SELECTOR, spec?.scopeSelector, 'unsupported scope applied to resource')),
      ...scopeRequirement(requirement),
    ]),
    ...conflicts(requirements.map(({ scopeName }) => scopeName)),
  ];
}

/** What a quota counts cannot change. */
export function validateResourceQuotaUpdate({ spec }: ResourceQuota, { spec: before }: ResourceQuota): FieldError[] {
  const scopes = (of: ResourceQuota['spec']): string => [...new Set(of?.scopes)].sort().join();
  return scopes(spec) === scopes(before) ? [] : [invalid('spec.scopes', spec?.scopes, 'field is immutable')];
}

const SELECTOR = 'spec.scopeSelector.matchExpressions';

function scopeRequirement({ scopeName = '', operator = '', values = [] }: Partial<ScopedResourceSelectorRequirement>): FieldError[] {
  const errors: FieldError[] = [];
  if (!SCOPES[scopeName]) errors.push(invalid(child(SELECTOR, 'scopeName'), scopeName, 'unsupported scope'));
  if (PLAIN_SCOPES.includes(scopeName) && operator !== 'Exists') errors.push(invalid(child(SELECTOR, 'operator'), operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"));
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(child(SELECTOR, 'values'), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(invalid(child(SELECTOR, 'values'), values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
  } else errors.push(invalid(child(SELECTOR, 'operator'), operator, 'not a valid selector operator'));
  return errors;
}

const LIMITED = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const BOUNDS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return eachOf('spec.limits', spec?.limits, (item, place) => {
    const { type = '' } = item as Partial<LimitRangeItem>;
    const problems = qualifiedName(type);
    const errors = problemsAsErrors(child(place, 'type'), type, problems);
    if (problems.length === 0 && !type.includes('/') && !LIMITED.has(type)) errors.push(invalid(child(place, 'type'), type, 'must be a standard limit type or fully qualified'));
    if (seen.has(type)) errors.push(duplicate(child(place, 'type'), type));
    seen.add(type);
    return [...errors, ...limits({ ...item, type }, place)];
  });
}

function limits(item: LimitRangeItem, place: string): FieldError[] {
  const { type } = item;
  const checkName = type === 'Pod' || type === 'Container' ? containerResourceName : resourceName;
  const errors: FieldError[] = [];
  const resources = new Set<string>();
  for (const bound of BOUNDS) {
    const names = Object.keys(item[bound] ?? {});
    if (type === 'Pod' && bound.startsWith('default')) {
      if (names.length > 0) errors.push(forbidden(child(place, bound), "may not be specified when `type` is 'Pod'"));
      continue;
    }
    for (const name of names) {
      errors.push(...checkName(at(child(place, bound), name), name));
      resources.add(name);
    }
  }
  if (type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) errors.push(required(child(place, 'limits'), 'either minimum or maximum storage value is required, but neither was provided'));
  return [...errors, ...[...resources].flatMap((name) => bounds(item, name, place))];
}

/** Of one resource: the bounds have to be in order. */
function bounds(item: LimitRangeItem, name: string, place: string): FieldError[] {
  const text = (bound: (typeof BOUNDS)[number]): string => String(item.type === 'Pod' && bound.startsWith('default') ? undefined : item[bound]?.[name]);
  const value = (bound: (typeof BOUNDS)[number]): Quantity | undefined => parseQuantity(text(bound));
  const field = (bound: (typeof BOUNDS)[number]): string => at(child(place, bound), name);
  const isMore = (one: (typeof BOUNDS)[number], other: (typeof BOUNDS)[number]): boolean => {
    const [a, b] = [value(one), value(other)];
    return a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
  };
  const errors: FieldError[] = [];
  const [least, most, given, wanted, ratio] = [text('min'), text('max'), text('default'), text('defaultRequest'), text('maxLimitRequestRatio')];
  if (isMore('min', 'max')) errors.push(invalid(field('min'), least, `min value ${least} is greater than max value ${most}`));
  if (isMore('min', 'defaultRequest')) errors.push(invalid(field('defaultRequest'), wanted, `min value ${least} is greater than default request value ${wanted}`));
  if (isMore('defaultRequest', 'max')) errors.push(invalid(field('defaultRequest'), wanted, `default request value ${wanted} is greater than max value ${most}`));
  if (isMore('defaultRequest', 'default')) errors.push(invalid(field('defaultRequest'), wanted, `default request value ${wanted} is greater than default limit value ${given}`));
  // Here Kubernetes shows the bound, not the default that breaks it.
  if (isMore('min', 'default')) errors.push(invalid(field('default'), least, `min value ${least} is greater than default value ${given}`));
  if (isMore('default', 'max')) errors.push(invalid(field('default'), most, `default value ${given} is greater than max value ${most}`));
  const largest = value('maxLimitRequestRatio');
  if (largest && largest.nano < NANO) errors.push(invalid(field('maxLimitRequestRatio'), ratio, `ratio ${ratio} is less than 1`));
  const [low, high] = [value('min'), value('max')];
  if (largest && low && high && low.nano > 0n) {
    const possible = Number(high.nano) / Number(low.nano);
    if (Number(largest.nano) / Number(NANO) > possible) errors.push(invalid(field('maxLimitRequestRatio'), ratio, `ratio ${ratio} is greater than max/min = ${possible.toFixed(6)}`));
  }
  const [limit, request] = [value('default'), value('defaultRequest')];
  if (!mayOvercommit(name) && limit && request && compareQuantities(limit, request) !== 0) errors.push(invalid(field('defaultRequest'), wanted, `default value ${given} must equal to defaultRequest value ${wanted} in ${name}`));
  return errors;
}

const NANO = 1_000_000_000n;
