import jsonPatch from 'fast-json-patch';
import type { MutatingWebhook, ValidatingWebhook } from 'kubernetes-types/admissionregistration/v1.js';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import { convertBetween } from '../rest/versions.js';
import { badRequest, internalError, StatusError, type StatusDetails } from '../status.js';
import { deepEqual } from '../storage/deep.js';
import { callWebhook, type WebhookClientConfig } from '../webhook/webhook-transport.js';
import { evaluatePolicyExpression, ExpressionError } from './policy-expression.js';
import { matchedDefinition } from './policy-match.js';
import { policyValues, requestValues } from './policy-values.js';

const MUTATING = 'mutatingwebhookconfigurations.admissionregistration.k8s.io';
const VALIDATING = 'validatingwebhookconfigurations.admissionregistration.k8s.io';
const DEFAULT_TIMEOUT = 10;

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
/** A webhook that a request concerns, and the version in which it wants to see it. */
interface Concerned {
  readonly webhook: Webhook;
  readonly definition: ResourceDefinition;
}

interface ReviewResponse {
  uid?: string;
  allowed?: boolean;
  patch?: string;
  patchType?: string;
  warnings?: string[];
  status?: { code?: number; reason?: string; message?: string; details?: StatusDetails };
}

/** Has the cluster's mutating webhooks change a request's object. Undefined, at once, where none is concerned. */
export function askMutatingWebhooks(ctx: RestContext, request: AdmissionRequest): Promise<void> | undefined {
  const webhooks = concerned(ctx, MUTATING, request);
  return webhooks.length === 0 ? undefined : mutate(ctx, webhooks, request);
}

/** Rejects with the refusal of one of the cluster's validating webhooks. Undefined, at once, where none is concerned. */
export function askValidatingWebhooks(ctx: RestContext, request: AdmissionRequest): Promise<unknown> | undefined {
  const webhooks = concerned(ctx, VALIDATING, request);
  return webhooks.length === 0 ? undefined : Promise.all(webhooks.map((one) => call(ctx, one, request)));
}

const concerned = (ctx: RestContext, resource: string, request: AdmissionRequest): Concerned[] =>
  ctx.storage.list(resource).flatMap((configuration) => ((configuration['webhooks'] ?? []) as Webhook[]).flatMap((webhook) => {
    const definition = webhook.rules?.length ? matchedDefinition(ctx, { ...webhook, resourceRules: webhook.rules }, request) : undefined;
    return definition && conditionsHold(ctx, webhook, request) ? [{ webhook, definition }] : [];
  }));

/** One after the other; those that want to see what later ones changed are asked once more. */
async function mutate(ctx: RestContext, webhooks: readonly Concerned[], request: AdmissionRequest): Promise<void> {
  const seen = new Map<Concerned, ApiObject | undefined>();
  for (const one of webhooks) {
    await call(ctx, one, request);
    seen.set(one, structuredClone(request.object));
  }
  for (const one of webhooks) {
    if (one.webhook.reinvocationPolicy === 'IfNeeded' && !deepEqual(seen.get(one), request.object)) await call(ctx, one, request);
  }
}

function conditionsHold(ctx: RestContext, { matchConditions = [], failurePolicy, name }: Webhook, request: AdmissionRequest): boolean {
  if (matchConditions.length === 0) return true;
  const values = { ...policyValues(ctx, request, undefined), variables: {} };
  try {
    return matchConditions.every(({ expression }) => evaluatePolicyExpression(expression, values) === true);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    if (failurePolicy === 'Ignore') return false;
    throw new StatusError(403, 'Forbidden', `admission webhook "${name}" cannot be asked: ${error.message}`);
  }
}

/** Asks one webhook: applies its patch, passes its warnings on, and throws its refusal. */
async function call(ctx: RestContext, { webhook, definition }: Concerned, request: AdmissionRequest): Promise<void> {
  const { name, clientConfig, failurePolicy, sideEffects, timeoutSeconds = DEFAULT_TIMEOUT } = webhook;
  if (request.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
  let response: ReviewResponse;
  let object: ApiObject | undefined;
  try {
    object = request.object && (await convertBetween(ctx, request.definition, definition, request.object));
    const oldObject = request.previous && (await convertBetween(ctx, request.definition, definition, request.previous));
    const asked = { ...requestValues(ctx, request, definition), object: object ?? null, oldObject: oldObject ?? null, options: null };
    const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked };
    response = responseOf(await callWebhook(ctx.webhookTransport, clientConfig as WebhookClientConfig, review, timeoutSeconds * 1_000), asked.uid);
  } catch (error) {
    if (failurePolicy === 'Ignore') return;
    throw internalError(`failed calling webhook ${JSON.stringify(name)}: failed to call webhook: ${(error as Error).message}`);
  }
  response.warnings?.forEach(request.warn);
  if (!response.allowed) throw refusal(name, response.status);
  if (response.patch && object && request.object) await patchObject(ctx, name, request.object, object, response, request.definition, definition);
}

function responseOf(review: JsonObject, uid: string): ReviewResponse {
  if (review['kind'] !== 'AdmissionReview' || review['apiVersion'] !== 'admission.k8s.io/v1') {
    throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${String(review['apiVersion'])}, Kind=${String(review['kind'])}`);
  }
  const response = review['response'] as ReviewResponse | undefined;
  if (!response) throw new Error('webhook response was absent');
  if (response.uid !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
  if (response.patch && response.patchType !== 'JSONPatch') throw new Error(`webhook returned response.patch but response.patchType was ${JSON.stringify(response.patchType ?? '')}, expected "JSONPatch"`);
  return response;
}

function refusal(name: string, { code = 0, reason = '', message, details }: NonNullable<ReviewResponse['status']> = {}): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = message || reason;
  return new StatusError(Math.max(400, code), reason, why ? `${denied}: ${why}` : `${denied} without explanation`, details);
}

/** Changes the request's object, in place, as the patch changes it in the webhook's version. */
async function patchObject(ctx: RestContext, name: string, target: ApiObject, seen: ApiObject, { patch = '' }: ReviewResponse, from: ResourceDefinition, to: ResourceDefinition): Promise<void> {
  let patched: ApiObject;
  try {
    const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as Parameters<typeof jsonPatch.applyPatch>[1];
    patched = jsonPatch.applyPatch(structuredClone(seen), operations, true, false).newDocument as ApiObject;
    patched = await convertBetween(ctx, to, from, patched);
    from.prune(patched);
  } catch (error) {
    throw internalError(`failed calling webhook ${JSON.stringify(name)}: cannot apply its patch: ${(error as Error).message}`);
  }
  from.setDefaults(patched);
  for (const field of Object.keys(target)) if (!Object.hasOwn(patched, field)) delete target[field];
  Object.assign(target, patched);
}
