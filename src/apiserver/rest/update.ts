import type { ApiObject, ResourceDefinition } from '../contracts.js';
import { ADMINISTRATOR } from '../authentication/requester.js';
import { trackUpdate } from '../patch/managed-fields.js';
import { conflict, invalid, modified, notFound, StatusError } from '../status.js';
import type { RestContext, RestResult } from './context.js';
import { create } from './create.js';
import type { RequestInfo } from './request-info.js';
import { matchUrl, prepareUpdate } from './strategy.js';
import { oneFromStorage, toStorage } from './versions.js';
import { pruneUnknown, type WriteOptions } from './write-options.js';

/** Reads and writes are only apart while a conversion hook thinks, so collisions are rare. */
const ATTEMPTS = 5;

/** Built-in resources that, like custom ones, refuse a PUT without a resourceVersion. */
const CONDITIONAL_ONLY = new Set(['leases.coordination.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io', 'podtemplates']);

/** What a PUT makes where there is none. */
const CREATED_BY_PUT = new Set([
  'endpoints', 'events', 'limitranges', 'services', 'leases.coordination.k8s.io', 'runtimeclasses.node.k8s.io',
  ...['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'].map((plural) => `${plural}.rbac.authorization.k8s.io`),
]);

/** PUT of an object, or of its `status`. */
export async function update(ctx: RestContext, info: RequestInfo, body: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace, name, subresource } = info;
  if (subresource === '' && CREATED_BY_PUT.has(definition.storageResource) && !ctx.storage.get(definition.storageResource, namespace, name)) return createAt(ctx, info, body, options);
  matchUrl(ctx, body, definition, namespace, name);
  pruneUnknown(definition, body, options);
  definition.setDefaults(body);
  if (!body.metadata.resourceVersion && (definition.custom || CONDITIONAL_ONLY.has(definition.storageResource)) && ctx.storage.get(definition.storageResource, namespace, name)) {
    throw invalid({ group: definition.group, kind: definition.plural }, name, [{ reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' }]);
  }
  const object = await guaranteedUpdate(ctx, info, options, {
    modify(current) {
      refuseOtherUid(info, body, current);
      return structuredClone(body);
    },
    track: (current, next) => trackUpdate(ctx, definition, current, next, subresource, options),
  });
  return { type: 'object', status: 200, definition, object };
}

/** Makes the object that a PUT names, for those who may make it. */
function createAt(ctx: RestContext, info: RequestInfo, body: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { definition, namespace, name } = info;
  const { group, version, plural: resource } = definition;
  ctx.authorizer.require(options.user ?? ADMINISTRATOR, { verb: 'create', resource, group, version, subresource: '', namespace, name, path: '' });
  matchUrl(ctx, body, definition, namespace, name);
  refuseOtherUid(info, body, { metadata: { uid: ctx.random.uuid() } });
  delete body.metadata.resourceVersion;
  return create(ctx, info, body, options);
}

/** Where etcd would have the object; messages about preconditions say so. */
function registryKey({ group, plural, custom }: ResourceDefinition, namespace: string, name: string): string {
  const folder = custom ? `${group}/${plural}` : (FOLDERS[plural] ?? plural);
  return ['/registry', folder, ...(namespace ? [namespace] : []), name].join('/');
}

const FOLDERS: Record<string, string> = { nodes: 'minions', services: 'services/specs', endpoints: 'services/endpoints', ingresses: 'ingress', podtemplates: 'podtemplates', replicationcontrollers: 'controllers' };

/** @throws {StatusError} Conflict, when an update says that it is for another object of that name. */
export function refuseOtherUid({ definition, namespace, name }: Pick<RequestInfo, 'definition' | 'namespace' | 'name'>, { metadata: { uid } }: ApiObject, current: Pick<ApiObject, 'metadata'>): void {
  if (uid && uid !== current.metadata.uid) throw conflict(definition, name, `StorageError: invalid object, Code: 4, Key: ${registryKey(definition, namespace, name)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`);
}

export interface Modification {
  /** The wanted object, private to the caller; called again when someone else wrote meanwhile. `current` is frozen. */
  modify: (current: ApiObject) => ApiObject | Promise<ApiObject>;
  /** Fills `managedFields`, before the server changes anything by itself. */
  track: (current: ApiObject, next: ApiObject) => void;
}

/** Read, modify, check, write; answers the object as it is then, in the request's version. */
export async function guaranteedUpdate(ctx: RestContext, { definition, namespace, name, subresource }: Pick<RequestInfo, 'definition' | 'namespace' | 'name' | 'subresource'>, options: WriteOptions, { modify, track }: Modification): Promise<ApiObject> {
  const { storageResource } = definition;
  for (let attempt = 1; ; attempt++) {
    const stored = ctx.storage.get(storageResource, namespace, name);
    if (!stored) throw notFound(definition, name);
    const current = await oneFromStorage(ctx, definition, stored);
    const next = await modify(current);
    const expected = next.metadata.resourceVersion === '0' ? '' : next.metadata.resourceVersion;
    if (expected && !/^\d+$/.test(expected)) throw new StatusError(500, '', `strconv.ParseUint: parsing ${JSON.stringify(expected)}: invalid syntax`);
    if (expected && expected !== stored.metadata.resourceVersion) throw modified(definition, name);
    next.metadata.resourceVersion = stored.metadata.resourceVersion!;
    await prepareUpdate(ctx, definition, next, current, subresource, options, track);
    const converted = await toStorage(ctx, definition, next);
    if (ctx.storage.get(storageResource, namespace, name) !== stored) {
      // A resourceVersion that the client insists on fails the next attempt.
      if (attempt < ATTEMPTS) continue;
      throw modified(definition, name);
    }
    if (options.dryRun) return next;
    return oneFromStorage(ctx, definition, writeOrRemove(ctx, storageResource, converted));
  }
}

/** Stores an update; one that takes away the last finalizer of an object in deletion removes it instead. */
export function writeOrRemove({ storage }: RestContext, storageResource: string, object: ApiObject): ApiObject {
  const { namespace = '', name = '' } = object.metadata;
  if (!readyToVanish(object)) return storage.update(storageResource, object);
  storage.delete(storageResource, namespace, name);
  return object;
}

/** Whether nothing holds a deleted object any longer. */
export function readyToVanish(object: ApiObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (!deletionTimestamp || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return true;
  const { finalizers: contentFinalizers = [] } = (object['spec'] ?? {}) as { finalizers?: string[] };
  return contentFinalizers.length === 0;
}

