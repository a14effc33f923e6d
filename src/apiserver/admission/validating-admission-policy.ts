import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation } from 'kubernetes-types/admissionregistration/v1.js';
import { usableMessage } from '../cel/rule.js';
import type { ApiObject, JsonObject } from '../contracts.js';
import type { AdmissionPlugin, AdmissionRequest, RestContext } from '../rest/context.js';
import { matchesLabelSelector } from '../rest/label-selector.js';
import { fromStorage } from '../rest/versions.js';
import { StatusError } from '../status.js';
import { evaluatePolicyExpression, ExpressionError, lazyVariables, type PolicyVariable } from './policy-expression.js';
import { matchesResources } from './policy-match.js';
import { policyValues } from './policy-values.js';

export const POLICY_RESOURCE = 'validatingadmissionpolicies.admissionregistration.k8s.io';
const BINDING_RESOURCE = 'validatingadmissionpolicybindings.admissionregistration.k8s.io';

/** Bytes of a message; longer ones are not used. */
const LONGEST_MESSAGE = 5 * 1024;
const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 };

/** A validation that did not hold, or that could not be decided. */
interface Violation {
  readonly message: string;
  readonly reason: string;
}

/** Refuses and warns about requests as the cluster's ValidatingAdmissionPolicies say, where bindings put them in force. */
export function validatingAdmissionPolicies(ctx: RestContext): AdmissionPlugin {
  return {
    validate(request) {
      for (const binding of ctx.storage.list(BINDING_RESOURCE) as unknown as ValidatingAdmissionPolicyBinding[]) enforce(ctx, binding, request);
    },
  };
}

function enforce(ctx: RestContext, binding: ValidatingAdmissionPolicyBinding, request: AdmissionRequest): void {
  const policy = ctx.storage.get(POLICY_RESOURCE, '', binding.spec?.policyName ?? '') as unknown as ValidatingAdmissionPolicy | undefined;
  if (!policy?.spec || policy.metadata?.deletionTimestamp) return;
  if (!matchesResources(ctx, policy.spec.matchConstraints, request) || !matchesResources(ctx, binding.spec?.matchResources, request)) return;
  for (const violation of violations(ctx, policy, binding, request)) act(policy, binding, violation, request);
}

/** What a policy under one binding objects to; what cannot be decided counts by the `failurePolicy`. */
function violations(ctx: RestContext, policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, request: AdmissionRequest): Violation[] {
  const undecided = (error: unknown): Violation[] => {
    if (!(error instanceof ExpressionError) && !(error instanceof ParameterError)) throw error;
    return policy.spec!.failurePolicy === 'Ignore' ? [] : [{ message: error.message, reason: 'Invalid' }];
  };
  try {
    return parametersOf(ctx, policy, binding, request).flatMap((params) => evaluate(ctx, policy, request, params, undecided));
  } catch (error) {
    return undecided(error);
  }
}

function evaluate(ctx: RestContext, policy: ValidatingAdmissionPolicy, request: AdmissionRequest, params: ApiObject | undefined, undecided: (error: unknown) => Violation[]): Violation[] {
  const { variables = [], matchConditions = [], validations = [], auditAnnotations = [] } = policy.spec!;
  const values = policyValues(ctx, request, params);
  const all = { ...values, variables: lazyVariables(variables, values) };
  try {
    if (matchConditions.some(({ expression }) => evaluatePolicyExpression(expression, all) !== true)) return [];
  } catch (error) {
    return undecided(error);
  }
  const found = validations.flatMap((validation) => {
    try {
      if (evaluatePolicyExpression(validation.expression, all) === true) return [];
    } catch (error) {
      return undecided(error);
    }
    return [{ message: messageOf(validation, all), reason: validation.reason ?? 'Invalid' }];
  });
  // Nothing here keeps an audit log; but an annotation that cannot be made fails the policy like a validation.
  const unannotated = auditAnnotations.flatMap(({ valueExpression }) => {
    try {
      const value = evaluatePolicyExpression(valueExpression, all);
      if (typeof value === 'string' || value === null) return [];
      throw new ExpressionError(valueExpression, 'valueExpression must yield a string or null');
    } catch (error) {
      return undecided(error);
    }
  });
  return [...found, ...unannotated];
}

function messageOf({ expression, message, messageExpression }: Validation, values: Readonly<Record<PolicyVariable, unknown>>): string {
  const fallback = message?.trim() || `failed expression: ${expression.trim()}`;
  if (!messageExpression) return fallback;
  try {
    const text = usableMessage(evaluatePolicyExpression(messageExpression, values));
    return text !== undefined && Buffer.byteLength(text) <= LONGEST_MESSAGE ? text : fallback;
  } catch {
    return fallback;
  }
}

function act(policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, { message, reason }: Violation, { definition, name, warn }: AdmissionRequest): void {
  const names = `ValidatingAdmissionPolicy '${policy.metadata!.name}' with binding '${binding.metadata!.name}'`;
  const actions = binding.spec?.validationActions ?? [];
  if (actions.includes('Warn')) warn(`Validation failed for ${names}: ${message}`);
  if (!actions.includes('Deny')) return;
  const { group, plural } = definition;
  const resource = group ? `${plural}.${group}` : plural;
  throw new StatusError(CODES[reason] ?? 422, reason, `${resource} ${name ? `"${name}" ` : ''}is forbidden: ${names} denied request: ${message}`, {
    ...(name && { name }),
    ...(group && { group }),
    kind: plural,
    causes: [{ message }],
  });
}

/** Thrown when a policy wants parameters that it cannot have. */
class ParameterError extends Error {
  readonly reason = 'NoParameters';
  constructor(binding: ValidatingAdmissionPolicyBinding, problem: string) {
    super(`failed to configure binding '${binding.metadata?.name ?? ''}': ${problem}`);
  }
}

/** The parameter objects that a binding chooses; the policy is evaluated once for each, or once without. */
function parametersOf(ctx: RestContext, policy: ValidatingAdmissionPolicy, binding: ValidatingAdmissionPolicyBinding, request: AdmissionRequest): (ApiObject | undefined)[] {
  const { paramKind } = policy.spec!;
  const { paramRef } = binding.spec!;
  if (!paramKind || !paramRef) return [undefined];
  const [version = '', group = ''] = (paramKind.apiVersion ?? '').split('/').reverse();
  const definition = ctx.registry.lookupKind(group, version, paramKind.kind ?? '');
  if (!definition) throw new ParameterError(binding, `failed to find resource referenced by paramKind: '${paramKind.apiVersion}, Kind=${paramKind.kind}'`);
  if (!definition.namespaced && paramRef.namespace) throw new ParameterError(binding, `paramRef.namespace must not be provided for a cluster-scoped \`paramKind\``);
  const namespace = definition.namespaced ? paramRef.namespace || request.namespace : '';
  if (definition.namespaced && namespace === '') throw new ParameterError(binding, 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  const { storage } = ctx;
  const stored = paramRef.name
    ? [storage.get(definition.storageResource, namespace, paramRef.name)].filter((object) => object !== undefined)
    : storage.list(definition.storageResource, namespace || undefined).filter(({ metadata }) => matchesLabelSelector(paramRef.selector as JsonObject | undefined, metadata.labels));
  if (stored.length === 0) {
    if (paramRef.parameterNotFoundAction === 'Allow') return [];
    throw new ParameterError(binding, 'no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  const params = fromStorage(ctx, definition, stored);
  if (!Array.isArray(params)) throw new ParameterError(binding, `${paramKind.kind} is not stored in ${paramKind.apiVersion}, and parameters cannot wait for a conversion webhook`);
  return params;
}
