import type { ApiObject, ResourceDefinition } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import { alreadyExists, forbidden } from '../status.js';
import type { RestContext, RestResult } from './context.js';
import type { RequestInfo } from './request-info.js';
import { matchUrl, prepareCreate, requireNamespace } from './strategy.js';
import { oneFromStorage, toStorage } from './versions.js';
import { pruneUnknown, type WriteOptions } from './write-options.js';

/** POST of an object to its collection. `body` is private to the request. */
export async function create(ctx: RestContext, info: RequestInfo, body: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace } = info;
  matchUrl(ctx, body, definition, namespace, '');
  if (definition.terminating) throw forbidden(definition, body.metadata.name ?? '', 'create not allowed while custom resource definition is terminating');
  pruneUnknown(definition, body, options);
  definition.setDefaults(body);
  const stored = await createDecoded(ctx, definition, body, options, (object) => trackUpdate(ctx, definition, undefined, object, '', options));
  return { type: 'object', status: 201, definition, object: stored };
}

/**
 * Stores a new object that is decoded and defaulted, and returns it in the version it came in.
 * @param track fills `managedFields`.
 */
export async function createDecoded(ctx: RestContext, definition: ResourceDefinition, object: ApiObject, options: WriteOptions, track: (object: ApiObject) => void): Promise<ApiObject> {
  const { storageResource } = definition;
  const namespace = object.metadata.namespace ?? '';
  requireNamespace(ctx, definition, namespace);
  await prepareCreate(ctx, definition, object, options, track);
  const converted = await toStorage(ctx, definition, object);
  // Webhooks may have put other metadata in place of what was sent.
  const name = object.metadata.name!;
  const there = ctx.storage.get(storageResource, namespace, name);
  if (there) throw alreadyExists(definition, name, there.metadata.deletionTimestamp !== undefined);
  refuseInTerminatingNamespace(ctx, definition, namespace, name);
  if (options.dryRun) return object;
  return oneFromStorage(ctx, definition, ctx.storage.create(storageResource, converted));
}

function refuseInTerminatingNamespace({ storage }: RestContext, definition: ResourceDefinition, namespace: string, name: string): void {
  if (!definition.namespaced || !storage.get('namespaces', '', namespace)?.metadata.deletionTimestamp) return;
  throw forbidden(definition, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
  ]);
}
