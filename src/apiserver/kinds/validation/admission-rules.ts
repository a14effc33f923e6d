import type { MatchCondition } from 'kubernetes-types/admissionregistration/v1.js';
import type { MatchRule } from '../../admission/match-rule.js';
import { policyExpressionType, policyScope, type Wanted } from '../../admission/policy-scope.js';
import { RuleSyntaxError } from '../../cel/rule.js';
import type { CelType } from '../../cel/type.js';
import { at, child, duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../schema/field-error.js';
import { pathSegment, qualifiedName } from '../../schema/names.js';
import { eachOf, oneOf, problemsAsErrors } from './common.js';

export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MOST_CONDITIONS = 64;

/** What is wrong with a rule that says which requests something is about. */
export function validateMatchRule({ operations = [], apiGroups = [], apiVersions = [], resources = [], resourceNames = [], scope }: MatchRule, path: string): FieldError[] {
  const alone = (name: string, list: readonly string[], others: string): FieldError[] => (list.length > 1 && list.includes('*') ? [invalid(child(path, name), list, `if '*' is present, must not specify other ${others}`)] : []);
  const present = (name: string, list: readonly string[]): FieldError[] => (list.length === 0 ? [required(child(path, name))] : []);
  return [
    ...eachOf(child(path, 'resourceNames'), resourceNames, (name, place, index) => [...problemsAsErrors(place, name, pathSegment(name)), ...(resourceNames.indexOf(name) < index ? [duplicate(place, name)] : [])]),
    ...present('operations', operations),
    ...alone('operations', operations, 'operations'),
    ...eachOf(child(path, 'operations'), operations, (operation, place) => (OPERATIONS.includes(operation) ? [] : [notSupported(place, operation, OPERATIONS)])),
    ...present('apiGroups', apiGroups),
    ...alone('apiGroups', apiGroups, 'API groups'),
    ...present('apiVersions', apiVersions),
    ...alone('apiVersions', apiVersions, 'API versions'),
    ...eachOf(child(path, 'apiVersions'), apiVersions, (version, place) => (version === '' ? [required(place)] : [])),
    ...present('resources', resources),
    ...resourceProblems(resources, child(path, 'resources')),
    ...oneOf(child(path, 'scope'), scope, SCOPES),
  ];
}

function resourceProblems(resources: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const wholes = new Set<string>();
  const parts = new Set<string>();
  resources.forEach((text, index) => {
    if (text === '') errors.push(required(at(path, index)));
    const [, resource, part] = /^([^/]*)\/(.*)$/s.exec(text) ?? [];
    if (resource === undefined || part === undefined) return;
    if (wholes.has(resource)) errors.push(invalid(at(path, index), text, `if '${resource}/*' is present, must not specify ${text}`));
    if (parts.has(part)) errors.push(invalid(at(path, index), text, `if '*/${part}' is present, must not specify ${text}`));
    if (part === '*') wholes.add(resource);
    if (resource === '*') parts.add(part);
  });
  if (resources.length > 1 && resources.includes('*/*')) errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"));
  // Only the last one without a subresource counts.
  const last = resources.filter((text) => text !== '' && !text.includes('/')).at(-1);
  if (resources.includes('*') && last !== undefined && last !== '*') errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"));
  return errors;
}

/** What is wrong with an expression. @param shown what is told of it, where that is not the expression itself */
export function expressionProblems(field: string, expression: string, scope: ReadonlyMap<string, CelType>, wanted: Wanted, shown = expression): FieldError[] {
  try {
    policyExpressionType(expression, scope, wanted);
    return [];
  } catch (error) {
    if (error instanceof RuleSyntaxError) return [invalid(field, shown, error.message)];
    throw error;
  }
}

/** What is wrong with the conditions under which something is about a request. @param params whether they may name parameters */
export function validateMatchConditions(conditions: readonly MatchCondition[] = [], path: string, params = false): FieldError[] {
  const scope = policyScope({ params, authorizer: true });
  const names = conditions.map(({ name }) => name);
  return [
    ...(conditions.length > MOST_CONDITIONS ? [tooMany(path, conditions.length, MOST_CONDITIONS)] : []),
    ...eachOf(path, conditions, ({ name, expression }, place, index) => [
      ...(expression?.trim() ? expressionProblems(child(place, 'expression'), expression.trim(), scope, 'bool') : [required(child(place, 'expression'))]),
      ...(name ? problemsAsErrors(child(place, 'name'), name, qualifiedName(name)) : [required(child(place, 'name'))]),
      ...(name && names.indexOf(name) < index ? [duplicate(child(place, 'name'), name)] : []),
    ]),
  ];
}
