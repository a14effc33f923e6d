import jsonPatch from 'fast-json-patch';
import type { Cache } from '../context.js';
import type { Admission, AdmissionOperation, AdmissionVerdict, FieldProblem } from '../dsl/admission.js';
import type { WebhookPlan } from '../dsl/plan.js';
import type { KubeObject } from '../kube/object.js';
import { WebhookRefusal, failure } from './webhook-refusal.js';

/** The request of an `admission.k8s.io/v1` AdmissionReview, as far as it is read. */
interface AdmissionRequest {
  uid: string;
  kind?: { group?: string; version?: string; kind?: string };
  operation?: AdmissionOperation;
  object?: KubeObject | null;
  oldObject?: KubeObject | null;
  dryRun?: boolean;
  userInfo?: { username?: string; groups?: string[] };
}

type Method = (object: KubeObject, admission: Admission) => unknown;
/** The instance that a handler's class has in this operator. */
export type InstanceOf = (type: WebhookPlan['handlers'][number]['type']) => object;

/** Answers an AdmissionReview by the methods of the webhook. Rejects with a {@link WebhookRefusal} for what is no question to it. */
export async function reviewAdmission(webhook: WebhookPlan, review: { request?: unknown }, { instanceOf, cache, signal }: { instanceOf: InstanceOf; cache: Cache; signal: AbortSignal }): Promise<object> {
  const request = requestOf(webhook, review);
  const { uid, operation = 'CREATE', object, oldObject, dryRun = false, userInfo } = request;
  const warnings: string[] = [];
  const admission: Admission = {
    operation, dryRun, signal, cache,
    user: { username: userInfo?.username ?? '', groups: userInfo?.groups ?? [] },
    ...(oldObject ? { old: oldObject } : {}),
    warn: (message) => void warnings.push(message),
  };
  const handlers = webhook.handlers.filter(({ operations }) => operations.includes(operation))
    .map(({ type, method }) => (subject: KubeObject) => ((instanceOf(type) as Record<string, Method>)[method] as Method).call(instanceOf(type), subject, admission));
  const subject = (operation === 'DELETE' ? oldObject : object) as KubeObject;
  const answer = webhook.action === 'Mutating' ? await defaulted(subject, handlers) : await judged(webhook, subject, handlers);
  return { uid, ...answer, ...(warnings.length > 0 ? { warnings } : {}) };
}

function requestOf({ kind: { group, kind, version }, path }: WebhookPlan, { request }: { request?: unknown }): AdmissionRequest {
  if (typeof request !== 'object' || request === null || typeof (request as AdmissionRequest).uid !== 'string') throw new WebhookRefusal(400, 'BadRequest', 'the AdmissionReview has no request with a uid');
  const asked = request as AdmissionRequest;
  const { operation, object, oldObject } = asked;
  if (asked.kind?.kind !== kind || (asked.kind.group ?? '') !== group || asked.kind.version !== version) {
    throw new WebhookRefusal(400, 'BadRequest', `request.kind is ${JSON.stringify(asked.kind)}; ${path} judges ${JSON.stringify({ group, version, kind })}`);
  }
  if (operation !== 'CREATE' && operation !== 'UPDATE' && operation !== 'DELETE') throw new WebhookRefusal(400, 'BadRequest', `request.operation is ${JSON.stringify(operation)}; it can be "CREATE", "UPDATE", "DELETE"`);
  const field = operation === 'DELETE' ? 'oldObject' : 'object';
  const subject = operation === 'DELETE' ? oldObject : object;
  if (typeof subject !== 'object' || subject === null || typeof subject.metadata !== 'object') throw new WebhookRefusal(400, 'BadRequest', `request.${field} of a ${operation} is no object with metadata`);
  return asked;
}

/** Each method sees what those before it made of the object. */
async function defaulted(object: KubeObject, handlers: readonly ((object: KubeObject) => unknown)[]): Promise<object> {
  let current = structuredClone(object);
  for (const handler of handlers) current = ((await handler(current)) as KubeObject | undefined) ?? current;
  const operations = jsonPatch.compare(object, current);
  return { allowed: true, ...(operations.length > 0 ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') } : {}) };
}

/** All methods are asked, so that a user is told of everything at once. */
async function judged(webhook: WebhookPlan, object: KubeObject, handlers: readonly ((object: KubeObject) => unknown)[]): Promise<object> {
  const problems: (string | FieldProblem)[] = [];
  for (const handler of handlers) problems.push(...[((await handler(object)) as AdmissionVerdict) ?? []].flat());
  return problems.length === 0 ? { allowed: true } : { allowed: false, status: denial(webhook, object, problems) };
}

/** 422 with causes if there are fields among the problems, else 403: as the API itself has it. */
function denial({ kind: { kind, group } }: WebhookPlan, { metadata }: KubeObject, problems: readonly (string | FieldProblem)[]): object {
  const name = metadata.name ?? metadata.generateName ?? '';
  const texts = problems.map((problem) => (typeof problem === 'string' ? problem : `${problem.field}: ${messageOf(problem)}`));
  const fields = problems.filter((problem) => typeof problem !== 'string');
  if (fields.length === 0) return failure(403, 'Forbidden', texts.join('; '));
  const causes = fields.map((problem) => ({ reason: 'FieldValueInvalid', field: problem.field, message: messageOf(problem) }));
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return failure(422, 'Invalid', `${group ? `${kind}.${group}` : kind} "${name}" is invalid: ${text}`, { name, ...(group ? { group } : {}), kind, causes });
}

const messageOf = (problem: FieldProblem): string => ('value' in problem ? `Invalid value: ${JSON.stringify(problem.value)}: ${problem.message}` : problem.message);
