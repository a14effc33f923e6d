import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, Validation } from 'kubernetes-types/admissionregistration/v1.js';
import { usableMessage } from '../cel/rule.js';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import type { AdmissionPlugin, AdmissionRequest, RestContext } from '../rest/context.js';
import { matchesLabelSelector } from '../rest/label-selector.js';
import { convertAtOnce, fromStorage } from '../rest/versions.js';
import { StatusError } from '../status.js';
import { CONDITIONS_BUDGET, CostBudget, OutOfBudgetError, POLICY_BUDGET } from './cost-budget.js';
import { allHold, evaluatePolicyExpression, ExpressionError, lazyVariables, type PolicyVariable } from './policy-expression.js';
import { matchedDefinition } from './policy-match.js';
import { policyValues } from './policy-values.js';
import { groupVersionOf } from '../group-version.js';

export const POLICY_RESOURCE = 'validatingadmissionpolicies.admissionregistration.k8s.io';
const BINDING_RESOURCE = 'validatingadmissionpolicybindings.admissionregistration.k8s.io';

/** Bytes of a message; longer ones are not used. */
const LONGEST_MESSAGE = 5 * 1024;
const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413, Invalid: 422 };

/** Something that a policy has against a request. */
interface Violation {
  readonly message: string;
  /** Default `Invalid`. */
  readonly reason?: string;
  /** It could not be found out what the policy says, so that it refuses whatever its binding says. */
  readonly isFault?: boolean;
}

/** A request as one policy sees it under one binding. */
interface Matched {
  readonly policy: ValidatingAdmissionPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
  readonly request: AdmissionRequest;
  readonly seenAs: ResourceDefinition;
}

/** Refuses and warns about requests as the cluster's ValidatingAdmissionPolicies say, where bindings put them in force. */
export function validatingAdmissionPolicies(ctx: RestContext): AdmissionPlugin {
  return {
    validate(request) {
      const refusals: StatusError[] = [];
      for (const matched of matching(ctx, request)) {
        for (const violation of violations(ctx, matched)) {
          const refusal = act(matched, violation);
          if (refusal) refusals.push(refusal);
        }
      }
      // The others have warned by now.
      if (refusals[0]) throw refusals[0];
    },
  };
}

function matching(ctx: RestContext, request: AdmissionRequest): Matched[] {
  return (ctx.storage.list(BINDING_RESOURCE) as unknown as ValidatingAdmissionPolicyBinding[]).flatMap((binding) => {
    const policy = ctx.storage.get(POLICY_RESOURCE, '', binding.spec?.policyName ?? '') as unknown as ValidatingAdmissionPolicy | undefined;
    if (!policy?.spec || policy.metadata?.deletionTimestamp) return [];
    const seenAs = matchedDefinition(ctx, policy.spec.matchConstraints, request);
    if (!seenAs || !matchedDefinition(ctx, binding.spec?.matchResources, request)) return [];
    return [{ policy, binding, request, seenAs }];
  });
}

/** What a policy under one binding objects to; what cannot be decided counts by the `failurePolicy`. */
function violations(ctx: RestContext, matched: Matched): Violation[] {
  const lenient = matched.policy.spec!.failurePolicy === 'Ignore';
  try {
    const request = seenIn(ctx, matched);
    return parametersOf(ctx, matched).flatMap((params) => evaluate(ctx, { ...matched, request }, params, lenient));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return lenient ? [] : [{ message: error.message, isFault: true }];
  }
}

/** The request with its objects in the version that the policy names. */
function seenIn(ctx: RestContext, { request, seenAs }: Matched): AdmissionRequest {
  const { definition, object, previous, kind } = request;
  if (seenAs === definition || kind) return request;
  const converted = (each: ApiObject): ApiObject => {
    const made = convertAtOnce(ctx, definition, seenAs, each);
    if (!made) throw new ConfigurationError(`failed to configure binding: failed to convert object version: ${definition.kind} is converted by a webhook, which policies cannot wait for`);
    return made;
  };
  return { ...request, ...(object && { object: converted(object) }), ...(previous && { previous: converted(previous) }) };
}

function evaluate(ctx: RestContext, { policy, request, seenAs }: Matched, params: ApiObject | undefined, lenient: boolean): Violation[] {
  const { variables = [], matchConditions = [], validations = [], auditAnnotations = [] } = policy.spec!;
  const values = policyValues(ctx, request, { params, seenAs });
  const cannotDecide = (message: string, isFault = false): Violation[] => (lenient ? [] : [{ message, isFault }]);
  try {
    // Conditions see no namespace.
    if (!allHold(matchConditions, { ...values, namespaceObject: null, variables: {} }, new CostBudget(CONDITIONS_BUDGET))) return [];
    const budget = new CostBudget(POLICY_BUDGET);
    const all = withVariables(variables, values, budget);
    const results = validations.map(({ expression }) => attempt(() => evaluatePolicyExpression(expression, all, budget) === true));
    const messages = messagesOf(validations, withVariables(variables, values, budget), budget);
    const found = validations.flatMap((validation, index) => {
      const holds = results[index]!;
      if (holds instanceof ExpressionError) return cannotDecide(holds.message);
      if (messages instanceof OutOfBudgetError) return cannotDecide(`failed messageExpression: ${messages.message}`);
      return holds ? [] : [{ message: messageOf(validation, messages[index]), ...(validation.reason && { reason: validation.reason }) }];
    });
    return [...found, ...unannotated(auditAnnotations, variables, values).flatMap((problem) => cannotDecide(problem, true))];
  } catch (error) {
    if (error instanceof ExpressionError || error instanceof OutOfBudgetError) return cannotDecide(error.message);
    throw error;
  }
}

type Variables = NonNullable<NonNullable<ValidatingAdmissionPolicy['spec']>['variables']>;
type Values = ReturnType<typeof policyValues>;

const withVariables = (variables: Variables, values: Values, budget: CostBudget): Record<PolicyVariable, unknown> => ({ ...values, variables: lazyVariables(variables, values, budget) });

/** What something comes to, or why it comes to nothing. */
function attempt<T>(decide: () => T): T | ExpressionError {
  try {
    return decide();
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

/** What the validations would say, in their order; they are asked whether or not they hold. */
function messagesOf(validations: readonly Validation[], values: Record<PolicyVariable, unknown>, budget: CostBudget): unknown[] | OutOfBudgetError {
  try {
    return validations.map(({ messageExpression }) => (messageExpression ? attempt(() => evaluatePolicyExpression(messageExpression, values, budget)) : undefined));
  } catch (error) {
    if (error instanceof OutOfBudgetError) return error;
    throw error;
  }
}

/** Nothing here keeps an audit log; but an annotation that cannot be made fails the policy. */
function unannotated(annotations: NonNullable<NonNullable<ValidatingAdmissionPolicy['spec']>['auditAnnotations']>, variables: Variables, values: Values): string[] {
  const budget = new CostBudget(POLICY_BUDGET);
  const all = withVariables(variables, values, budget);
  return annotations.flatMap(({ valueExpression }) => {
    const value = attempt(() => evaluatePolicyExpression(valueExpression, all, budget));
    if (value instanceof ExpressionError) return [value.message];
    return typeof value === 'string' || value === null ? [] : [`valueExpression '${valueExpression}' resulted in unsupported return type: ${typeof value}. Return type must be either string or null.`];
  });
}

function messageOf({ expression, message }: Validation, said: unknown): string {
  const text = usableMessage(said);
  return text !== undefined && Buffer.byteLength(text) <= LONGEST_MESSAGE ? text : message?.trim() || `failed expression: ${expression.trim()}`;
}

/** Warns of a violation; the refusal, if there is to be one. */
function act({ policy, binding, request }: Matched, { message, reason = 'Invalid', isFault = false }: Violation): StatusError | undefined {
  const { definition: { group, plural }, warn } = request;
  const name = request.name || request.object?.metadata.generateName || 'Unknown';
  const names = `ValidatingAdmissionPolicy '${policy.metadata!.name}' with binding '${binding.metadata!.name}'`;
  const actions = binding.spec?.validationActions ?? [];
  if (!isFault && actions.includes('Warn')) warn(`Validation failed for ${names}: ${message}`);
  if (!isFault && !actions.includes('Deny')) return undefined;
  const denied = `${names} denied request: ${message}`;
  const resource = group ? `${plural}.${group}` : plural;
  return new StatusError(CODES[reason] ?? 422, reason, `${resource} "${name}" is forbidden: ${denied}`, { name, ...(group && { group }), kind: plural, causes: [{ message: denied }] });
}

/** Thrown when a policy or a binding cannot be carried out as it is. */
class ConfigurationError extends Error {
  readonly reason = 'BadConfiguration';
}

/** The parameter objects that a binding chooses; the policy is evaluated once for each, or once without. */
function parametersOf(ctx: RestContext, { policy, binding, request }: Matched): (ApiObject | undefined)[] {
  const fault = (problem: string): ConfigurationError => new ConfigurationError(`failed to configure binding: ${problem}`);
  const { paramKind } = policy.spec!;
  const { paramRef } = binding.spec!;
  if (!paramKind || !paramRef) return [undefined];
  const { group, version } = groupVersionOf(paramKind.apiVersion ?? '');
  const definition = ctx.registry.lookupKind(group, version, paramKind.kind ?? '');
  if (!definition) throw new ConfigurationError(`failed to configure policy: failed to find resource referenced by paramKind: '${paramKind.apiVersion}, Kind=${paramKind.kind}'`);
  if (!definition.namespaced && paramRef.namespace) throw fault(`paramRef.namespace must not be provided for a cluster-scoped \`paramKind\``);
  const namespace = definition.namespaced ? paramRef.namespace || request.namespace : '';
  if (definition.namespaced && namespace === '') throw fault('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  const { storage } = ctx;
  const stored = paramRef.name
    ? [storage.get(definition.storageResource, namespace, paramRef.name)].filter((object) => object !== undefined)
    : storage.list(definition.storageResource, namespace || undefined).filter(({ metadata }) => matchesLabelSelector(paramRef.selector as JsonObject | undefined, metadata.labels));
  if (stored.length === 0) {
    if (paramRef.parameterNotFoundAction === 'Allow') return [];
    throw fault('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  const params = fromStorage(ctx, definition, stored);
  if (!Array.isArray(params)) throw fault(`${paramKind.kind} is not stored in ${paramKind.apiVersion}, and parameters cannot wait for a conversion webhook`);
  return params;
}
