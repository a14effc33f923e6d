import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import { convertBetween } from '../rest/versions.js';
import { badRequest, internalError, type Status, StatusError } from '../status.js';
import { callWebhook, type WebhookClientConfig } from '../webhook/webhook-transport.js';
import { type AdmissionResponse, decodeReview, REVIEW_GROUP, REVIEW_KIND } from './admission-review.js';
import type { Webhook } from './admission-webhooks.js';
import { requestValues } from './policy-values.js';

const DEFAULT_TIMEOUT = 10;

/** A call that did not come to an answer, which the webhook's `failurePolicy` may forgive. */
export class WebhookFailure extends Error {
  readonly reason = 'WebhookFailed';
  constructor(readonly webhook: string, problem: string) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${problem}`);
  }

  /** What the client hears of it, where it is not forgiven. */
  status(): StatusError {
    return internalError(this.message);
  }
}

/** One webhook asked about one request, in the version that it wants. */
export class WebhookCall {
  /** The object as the webhook sees it; absent for DELETE. */
  object: ApiObject | undefined;

  constructor(private readonly ctx: RestContext, private readonly webhook: Webhook, private readonly request: AdmissionRequest, private readonly definition: ResourceDefinition) {}

  get name(): string {
    return this.webhook.name;
  }

  /** @throws {StatusError} the refusal. @throws {WebhookFailure} */
  async validate(): Promise<void> {
    const { patch, patchType, ...response } = await this.ask();
    if (patch) throw this.invalid('validating webhook may not return response.patch');
    if (patchType !== undefined) throw this.invalid('validating webhook may not return response.patchType');
    this.conclude(response);
  }

  /** The operations of the patch that is answered; undefined for none. @throws {StatusError} the refusal. @throws {WebhookFailure} */
  async mutate(): Promise<readonly JsonObject[] | undefined> {
    const { patch = '', patchType, ...response } = await this.ask();
    if (patch && patchType === undefined) throw this.invalid('webhook returned response.patch but not response.patchType');
    if (!patch && patchType !== undefined) throw this.invalid('webhook returned response.patchType but not response.patch');
    if (patchType === '') throw this.invalid('webhook returned invalid response.patchType of ""');
    this.conclude(response);
    return patch ? this.operations(Buffer.from(patch, 'base64').toString(), patchType!) : undefined;
  }

  private async ask(): Promise<AdmissionResponse> {
    const { ctx, request, definition } = this;
    const { name, clientConfig, sideEffects, timeoutSeconds = DEFAULT_TIMEOUT, admissionReviewVersions } = this.webhook;
    if (request.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
    const version = admissionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1');
    if (!version) throw this.failure('could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)');
    this.object = await this.seen(request.object);
    const asked = { ...requestValues(ctx, request, definition), object: this.object ?? null, oldObject: (await this.seen(request.previous)) ?? null, options: request.options ?? null };
    let response: AdmissionResponse | undefined;
    try {
      const review = { apiVersion: `${REVIEW_GROUP}/${version}`, kind: REVIEW_KIND, request: asked };
      response = decodeReview(await callWebhook(ctx.webhookTransport, clientConfig as WebhookClientConfig, review, timeoutSeconds * 1_000), version);
    } catch (error) {
      throw this.failure(`failed to call webhook: ${(error as Error).message}`);
    }
    if (!response) throw this.invalid('webhook response was absent');
    // The older version was lenient.
    if (version === 'v1beta1') return { ...response, ...(response.patch && { patchType: 'JSONPatch' }) };
    const { uid = '' } = response;
    if (uid !== asked.uid) throw this.invalid(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(uid)}`);
    return response;
  }

  /** What is of the resource's kind is seen in the webhook's version. */
  private async seen(object: ApiObject | undefined): Promise<ApiObject | undefined> {
    const { ctx, request, definition } = this;
    return object && (request.kind ? structuredClone(object) : convertBetween(ctx, request.definition, definition, object));
  }

  /** Passes the warnings on. @throws {StatusError} the refusal */
  private conclude({ warnings, allowed, status }: AdmissionResponse): void {
    warnings?.forEach(this.request.warn);
    if (!allowed) throw refusal(this.webhook.name, status);
  }

  private operations(text: string, type: string): readonly JsonObject[] {
    const undecodable = (problem: string): WebhookFailure => this.failure(`received undecodable patch in webhook response: ${problem}`);
    let operations: unknown;
    try {
      operations = JSON.parse(text);
    } catch (error) {
      throw undecodable(/end of JSON input/.test((error as Error).message) ? 'unexpected end of JSON input' : (error as Error).message);
    }
    if (!Array.isArray(operations)) throw undecodable(`json: cannot unmarshal ${typeof operations} into Go value of type jsonpatch.Patch`);
    if (operations.length > 0 && type !== 'JSONPatch') throw this.failure(`unsupported patch type ${JSON.stringify(type)}`);
    return operations as JsonObject[];
  }

  private failure(problem: string): WebhookFailure {
    return new WebhookFailure(this.webhook.name, problem);
  }

  private invalid(problem: string): WebhookFailure {
    return this.failure(`received invalid webhook response: ${problem}`);
  }
}

function refusal(name: string, { code = 0, reason = '', message, details, metadata, status }: Partial<Status> = {}): StatusError {
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = message || reason;
  const error = new StatusError(Math.max(400, code), reason, why ? `${denied}: ${why}` : `${denied} without explanation`, details);
  if (metadata) error.status.metadata = metadata;
  if (status && status !== 'Success') error.status.status = status;
  return error;
}
