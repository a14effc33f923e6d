import type { MatchResources, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from 'kubernetes-types/admissionregistration/v1.js';
import type { MatchRule } from '../../admission/match-rule.js';
import { compilePolicyExpression } from '../../admission/policy-expression.js';
import { RuleSyntaxError } from '../../cel/rule.js';
import { at, child, duplicate, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import type { KindBehaviour } from '../behaviour.js';
import { eachOf, oneOf } from '../validation/common.js';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

function setMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])] as MatchRule[]) rule.scope ??= '*';
}

function matchProblems(field: string, match: MatchResources): FieldError[] {
  const rules = [['resourceRules', match.resourceRules], ['excludeResourceRules', match.excludeResourceRules]] as const;
  return [
    ...oneOf(child(field, 'matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']),
    ...rules.flatMap(([name, list]) =>
      eachOf(child(field, name), list as MatchRule[] | undefined, ({ operations = [], apiGroups = [], apiVersions = [], resources = [], scope }, path) => [
        ...(['apiGroups', 'apiVersions', 'resources', 'operations'] as const).filter((part) => ({ apiGroups, apiVersions, resources, operations })[part].length === 0).map((part) => required(child(path, part))),
        ...eachOf(child(path, 'operations'), operations, (operation, operationPath) => (OPERATIONS.includes(operation) ? [] : [notSupported(operationPath, operation, OPERATIONS)])),
        ...oneOf(child(path, 'scope'), scope, ['*', 'Cluster', 'Namespaced']),
      ]),
    ),
  ];
}

function expressionProblems(field: string, expression: string | undefined): FieldError[] {
  if (!expression?.trim()) return [required(field, 'expression is not specified')];
  try {
    compilePolicyExpression(expression);
    return [];
  } catch (error) {
    if (error instanceof RuleSyntaxError) return [invalid(field, expression, error.message)];
    throw error;
  }
}

const duplicates = (field: string, part: string, names: readonly string[]): FieldError[] =>
  names.flatMap((name, index) => (names.indexOf(name) < index ? [duplicate(child(at(field, index), part), name)] : []));

export const validatingAdmissionPolicyBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    const { spec } = object as unknown as ValidatingAdmissionPolicy;
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  validate(object) {
    const { spec = {} } = object as unknown as ValidatingAdmissionPolicy;
    const { validations = [], auditAnnotations = [], variables = [], matchConditions = [], matchConstraints, paramKind, failurePolicy } = spec;
    return [
      ...oneOf('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']),
      ...(paramKind && !paramKind.apiVersion ? [required('spec.paramKind.apiVersion')] : []),
      ...(paramKind && !paramKind.kind ? [required('spec.paramKind.kind')] : []),
      ...(matchConstraints ? matchProblems('spec.matchConstraints', matchConstraints) : [required('spec.matchConstraints')]),
      ...(matchConstraints && !matchConstraints.resourceRules?.length ? [required('spec.matchConstraints.resourceRules')] : []),
      ...duplicates('spec.variables', 'name', variables.map(({ name }) => name)),
      ...eachOf('spec.variables', variables, ({ name, expression }, path) => [
        ...(IDENTIFIER.test(name) ? [] : [invalid(child(path, 'name'), name, 'name is not a valid CEL identifier')]),
        ...expressionProblems(child(path, 'expression'), expression),
      ]),
      ...duplicates('spec.matchConditions', 'name', matchConditions.map(({ name }) => name)),
      ...eachOf('spec.matchConditions', matchConditions, ({ expression }, path) => expressionProblems(child(path, 'expression'), expression)),
      ...(validations.length === 0 && auditAnnotations.length === 0 ? [required('spec.validations', 'validations or auditAnnotations must be set'), required('spec.auditAnnotations', 'validations or auditAnnotations must be set')] : []),
      ...eachOf('spec.validations', validations, ({ expression, message, messageExpression, reason }, path) => [
        ...expressionProblems(child(path, 'expression'), expression),
        ...(messageExpression === undefined ? [] : expressionProblems(child(path, 'messageExpression'), messageExpression)),
        ...(message === undefined || message.trim() ? [] : [invalid(child(path, 'message'), message, 'message must be non-empty if specified')]),
        ...(message?.trim().includes('\n') ? [invalid(child(path, 'message'), message, 'message must not contain line breaks')] : []),
        ...oneOf(child(path, 'reason'), reason, REASONS),
      ]),
      ...duplicates('spec.auditAnnotations', 'key', auditAnnotations.map(({ key }) => key)),
      ...eachOf('spec.auditAnnotations', auditAnnotations, ({ key, valueExpression }, path) => [...(key ? [] : [required(child(path, 'key'))]), ...expressionProblems(child(path, 'valueExpression'), valueExpression)]),
    ];
  },
};

export const validatingAdmissionPolicyBindingBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    setMatchDefaults((object as unknown as ValidatingAdmissionPolicyBinding).spec?.matchResources);
  },
  validate(object) {
    const { policyName, paramRef, matchResources, validationActions = [] } = (object as unknown as ValidatingAdmissionPolicyBinding).spec ?? {};
    return [
      ...(policyName ? [] : [required('spec.policyName')]),
      ...(paramRef && !paramRef.name && !paramRef.selector ? [required('spec.paramRef', 'one of name or selector must be specified')] : []),
      ...(paramRef?.name && paramRef.selector ? [invalid('spec.paramRef.name', paramRef.name, 'name and selector are mutually exclusive')] : []),
      ...(paramRef && !paramRef.parameterNotFoundAction ? [required('spec.paramRef.parameterNotFoundAction')] : []),
      ...oneOf('spec.paramRef.parameterNotFoundAction', paramRef?.parameterNotFoundAction, ['Allow', 'Deny']),
      ...(matchResources ? matchProblems('spec.matchResources', matchResources) : []),
      ...(validationActions.length === 0 ? [required('spec.validationActions', 'at least one validation action is required')] : []),
      ...eachOf('spec.validationActions', validationActions, (action, path) => oneOf(path, action, ['Audit', 'Deny', 'Warn'])),
      ...(validationActions.includes('Deny') && validationActions.includes('Warn') ? [invalid('spec.validationActions', validationActions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)')] : []),
    ];
  },
};
