import type { ApiObject, JsonObject, ResourceDefinition, Subresource } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import type { AdmissionRequest, RestContext } from '../rest/context.js';
import type { RequestInfo } from '../rest/request-info.js';
import { matchUrl, requireNamespace } from '../rest/strategy.js';
import { pruneUnknown, type WriteOptions } from '../rest/write-options.js';
import { decodeBuiltin } from '../schema/decode.js';
import { schemaNode } from '../schema/schema-node.js';
import type { Schema } from '../schema/schema.js';
import { deepEqual } from '../storage/deep.js';
import { askMutatingWebhooks, askValidatingWebhooks } from './admission-webhooks.js';

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

type AdmissionOptions = Pick<WriteOptions, 'dryRun' | 'warn' | 'user' | 'asked'>;

/** A write as admission sees it. */
export function admissionRequest(operation: keyof typeof OPTIONS, definition: ResourceDefinition, subresource: Subresource, object: ApiObject | undefined, previous: ApiObject | undefined, { dryRun, warn, user, asked }: AdmissionOptions): AdmissionRequest {
  const { namespace = '', name = '' } = (object ?? previous)!.metadata;
  const options: JsonObject = { kind: OPTIONS[operation], apiVersion: 'meta.k8s.io/v1', ...asked };
  return { operation, definition, subresource, namespace, name, dryRun, warn, options, ...(user && { user }), ...(object && { object }), ...(previous && { previous }) };
}

/** A kind whose objects are created under others. */
export interface SubresourceKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Schema;
}

/** Decodes what is created under an object, and has admission change it; the request is for {@link admitResult}. */
export async function admitSubresource(ctx: RestContext, { definition, namespace, name, subresource }: Pick<RequestInfo, 'definition' | 'namespace' | 'name' | 'subresource'>, { group, version, kind, schema }: SubresourceKind, object: ApiObject, options: WriteOptions): Promise<AdmissionRequest> {
  const own: ResourceDefinition = { ...definition, group, version, kind, custom: false, namespaced: true, statusSubresource: false, schema: schemaNode(schema), prune: (each) => decodeBuiltin(each, schema) };
  matchUrl(ctx, object, own, namespace, '');
  pruneUnknown(own, object, options);
  requireNamespace(ctx, own, namespace);
  trackUpdate(ctx, own, undefined, object, subresource, options);
  const request = { ...admissionRequest('CREATE', definition, subresource, object, undefined, options), namespace, name, kind: { group, version, kind } };
  await admitChanges(ctx, request);
  return request;
}

/**
 * What admission makes of a request's object, in place: first Kubernetes' own plugins, then the webhooks; and where those changed something,
 * both once more.
 * @throws {StatusError} the refusal of a webhook
 */
export async function admitChanges(ctx: RestContext, request: AdmissionRequest): Promise<void> {
  await change(ctx, request);
  for (const plugin of ctx.admission) plugin.check?.(request);
}

async function change(ctx: RestContext, request: AdmissionRequest): Promise<void> {
  plugins(ctx, request);
  const asked = await askMutatingWebhooks(ctx, request);
  if (!asked?.changed) return;
  const before = structuredClone(request.object);
  plugins(ctx, request);
  // Where the plugins changed something again, nobody has seen the object as it is.
  await askMutatingWebhooks(ctx, request, deepEqual(before, request.object) ? asked.outdated : asked.again);
}

function plugins(ctx: RestContext, request: AdmissionRequest): void {
  for (const plugin of ctx.admission) plugin.mutate?.(request);
  const { operation, definition, subresource, object } = request;
  if (operation === 'CREATE' && subresource === '' && object) definition.admit?.(object, ctx);
}

/** @throws {StatusError} what admission, at last, has against a request */
export async function admitResult(ctx: RestContext, request: AdmissionRequest): Promise<void> {
  for (const plugin of ctx.admission) plugin.validate?.(request);
  await askValidatingWebhooks(ctx, request);
}
