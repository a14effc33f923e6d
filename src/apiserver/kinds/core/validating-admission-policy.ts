import type { MatchResources, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from 'kubernetes-types/admissionregistration/v1.js';
import type { MatchRule } from '../../admission/match-rule.js';
import { policyScope, type ScopeOptions, variableTypes } from '../../admission/policy-scope.js';
import { child, duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1035Label, dns1123Subdomain, pathSegment, qualifiedName } from '../../schema/names.js';
import type { KindBehaviour } from '../behaviour.js';
import { expressionProblems, FAILURE_POLICIES, MATCH_POLICIES, validateMatchConditions, validateMatchRule } from '../validation/admission-rules.js';
import { eachOf, oneOf, problemsAsErrors } from '../validation/common.js';
import { validateLabelSelector } from '../validation/selectors.js';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = new Set(['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while']);
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const MOST_ANNOTATIONS = 20;
const LONGEST_EXPRESSION = 5 * 1024;

type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;
type BindingSpec = NonNullable<ValidatingAdmissionPolicyBinding['spec']>;

function setMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])] as MatchRule[]) rule.scope ??= '*';
}

function matchProblems(field: string, { matchPolicy, namespaceSelector, objectSelector, resourceRules, excludeResourceRules }: MatchResources): FieldError[] {
  return [
    ...oneOf(child(field, 'matchPolicy'), matchPolicy, MATCH_POLICIES),
    ...validateLabelSelector(namespaceSelector, child(field, 'namespaceSelector')),
    ...validateLabelSelector(objectSelector, child(field, 'objectSelector')),
    ...eachOf(child(field, 'resourceRules'), resourceRules as MatchRule[] | undefined, validateMatchRule),
    ...eachOf(child(field, 'excludeResourceRules'), excludeResourceRules as MatchRule[] | undefined, validateMatchRule),
  ];
}

function paramKindProblems({ apiVersion = '', kind = '' }: NonNullable<Spec['paramKind']>, field: string): FieldError[] {
  const [version = '', group = '', ...more] = apiVersion.split('/').reverse();
  const versionProblems = version === '' ? [invalid(child(field, 'apiVersion'), apiVersion, 'version must be specified')] : problemsAsErrors(child(field, 'apiVersion'), version, dns1035Label(version));
  const apiVersionProblems = more.length > 0 ? [invalid(child(field, 'apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`)] : [...(group ? problemsAsErrors(child(field, 'apiVersion'), group, dns1123Subdomain(group)) : []), ...versionProblems];
  return [
    ...(apiVersion ? apiVersionProblems : [required(child(field, 'apiVersion'))]),
    ...(kind ? dns1035Label(kind.toLowerCase()).map((problem) => invalid(child(field, 'kind'), kind, `may have mixed case, but should otherwise match: ${problem}`)) : [required(child(field, 'kind'))]),
  ];
}

function variableProblems(spec: Spec, field: string): FieldError[] {
  const { variables = [] } = spec;
  const options = { params: spec.paramKind !== undefined, authorizer: true };
  return eachOf(field, variables, ({ name, expression }, path, index) => [
    ...(name?.trim() ? (IDENTIFIER.test(name) && !RESERVED.has(name) ? [] : [invalid(child(path, 'name'), name, 'must be a valid CEL identifier')]) : [required(child(path, 'name'), 'name is not specified')]),
    ...(expression?.trim() ? expressionProblems(child(path, 'expression'), expression, policyScope({ ...options, variables: variableTypes(variables.slice(0, index), options) }), 'anything') : [required(child(path, 'expression'), 'expression is not specified')]),
  ]);
}

function validationProblems(spec: Spec, field: string): FieldError[] {
  const params = spec.paramKind !== undefined;
  const options = { params, authorizer: true, ...variablesOf(spec) };
  return eachOf(field, spec.validations, ({ expression, message = '', messageExpression = '', reason }, path) => [
    ...(expression?.trim() ? expressionProblems(child(path, 'expression'), expression, policyScope(options), 'bool') : [required(child(path, 'expression'), 'expression is not specified')]),
    ...(messageExpression && !messageExpression.trim() ? [invalid(child(path, 'messageExpression'), messageExpression, 'must be non-empty if specified')] : []),
    ...(messageExpression.trim() ? expressionProblems(child(path, 'messageExpression'), messageExpression, policyScope({ ...options, authorizer: false }), 'text') : []),
    ...(message && !message.trim() ? [invalid(child(path, 'message'), message, 'must be non-empty if specified')] : []),
    ...(/[\n\r]/.test(message.trim()) ? [invalid(child(path, 'message'), message, 'must not contain line breaks')] : []),
    ...oneOf(child(path, 'reason'), reason, REASONS),
  ]);
}

function annotationProblems(policy: string, spec: Spec, field: string): FieldError[] {
  const { auditAnnotations = [] } = spec;
  const scope = policyScope({ params: spec.paramKind !== undefined, authorizer: true, ...variablesOf(spec) });
  const keys = auditAnnotations.map(({ key }) => key);
  return [
    ...(auditAnnotations.length > MOST_ANNOTATIONS ? [invalid(field, auditAnnotations, `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`)] : []),
    ...eachOf(field, auditAnnotations, ({ key, valueExpression }, path, index) => [
      ...problemsAsErrors(child(path, 'key'), `${policy}/${key}`, qualifiedName(`${policy}/${key}`)),
      ...annotationValueProblems(valueExpression ?? '', child(path, 'valueExpression'), scope),
      ...(keys.indexOf(key) < index ? [duplicate(child(path, 'key'), key)] : []),
    ]),
  ];
}

function annotationValueProblems(expression: string, field: string, scope: ReturnType<typeof policyScope>): FieldError[] {
  if (!expression.trim()) return [required(field, 'valueExpression is not specified')];
  if (Buffer.byteLength(expression.trim()) > LONGEST_EXPRESSION) return [required(field, `must not exceed ${LONGEST_EXPRESSION} bytes in length`)];
  return expressionProblems(field, expression.trim(), scope, 'textOrNull', expression);
}

const variablesOf = ({ variables, paramKind }: Spec): Pick<ScopeOptions, 'variables'> => (variables?.length ? { variables: variableTypes(variables, { params: paramKind !== undefined, authorizer: true }) } : {});

export const validatingAdmissionPolicyBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    const { spec } = object as unknown as ValidatingAdmissionPolicy;
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    setMatchDefaults(spec.matchConstraints);
  },
  validate(object) {
    const { spec = {}, metadata } = object as unknown as ValidatingAdmissionPolicy;
    const { validations = [], auditAnnotations = [], matchConditions, matchConstraints, paramKind, failurePolicy } = spec;
    const silent = 'validations or auditAnnotations must contain at least one item';
    return [
      ...(failurePolicy ? oneOf('spec.failurePolicy', failurePolicy, FAILURE_POLICIES) : [required('spec.failurePolicy')]),
      ...(paramKind ? paramKindProblems(paramKind, 'spec.paramKind') : []),
      ...(matchConstraints ? matchProblems('spec.matchConstraints', matchConstraints) : [required('spec.matchConstraints')]),
      ...(matchConstraints && !matchConstraints.resourceRules?.length ? [required('spec.matchConstraints.resourceRules')] : []),
      ...validateMatchConditions(matchConditions, 'spec.matchConditions', paramKind !== undefined),
      ...variableProblems(spec, 'spec.variables'),
      ...(validations.length === 0 && auditAnnotations.length === 0
        ? [required('spec.validations', silent), required('spec.auditAnnotations', silent)]
        : [...validationProblems(spec, 'spec.validations'), ...annotationProblems(metadata?.name ?? '', spec, 'spec.auditAnnotations')]),
    ];
  },
};

function paramRefProblems({ name, selector, parameterNotFoundAction }: NonNullable<BindingSpec['paramRef']>, field: string): FieldError[] {
  const both = name && selector ? (part: string): FieldError[] => [forbidden(child(field, part), 'name and selector are mutually exclusive')] : (): FieldError[] => [];
  return [
    ...(name ? [...problemsAsErrors(child(field, 'name'), name, pathSegment(name)), ...both('name')] : []),
    ...(selector ? [...validateLabelSelector(selector, child(field, 'selector')), ...both('selector')] : []),
    ...(name || selector ? [] : [required(field, 'one of name or selector must be specified')]),
    ...(parameterNotFoundAction ? (['Deny', 'Allow'].includes(parameterNotFoundAction) ? [] : [notSupported(child(field, 'parameterNotFoundAction'), parameterNotFoundAction, ['Deny', 'Allow'])]) : [required(child(field, 'parameterNotFoundAction'))]),
  ];
}

function actionProblems(actions: readonly string[], field: string): FieldError[] {
  return [
    ...eachOf(field, actions, (action, path, index) => [...(ACTIONS.includes(action) ? [] : [notSupported(path, action, ACTIONS)]), ...(actions.indexOf(action) < index ? [duplicate(path, action)] : [])]),
    ...(actions.includes('Deny') && actions.includes('Warn') ? [invalid(field, actions, 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)')] : []),
    ...(actions.length === 0 ? [required(field, 'at least one validation action is required')] : []),
  ];
}

export const validatingAdmissionPolicyBindingBehaviour: KindBehaviour = {
  tracksGeneration: true,
  setDefaults(object) {
    setMatchDefaults((object as unknown as ValidatingAdmissionPolicyBinding).spec?.matchResources);
  },
  validate(object) {
    const { policyName, paramRef, matchResources, validationActions = [] } = (object as unknown as ValidatingAdmissionPolicyBinding).spec ?? {};
    return [
      ...(policyName ? problemsAsErrors('spec.policyName', policyName, dns1123Subdomain(policyName)) : [required('spec.policyName')]),
      ...(paramRef ? paramRefProblems(paramRef, 'spec.paramRef') : []),
      ...(matchResources ? matchProblems('spec.matchResources', matchResources) : []),
      ...actionProblems(validationActions, 'spec.validationActions'),
    ];
  },
};
