import { admissionRequest, admitChanges, admitResult } from '../admission/admit.js';
import { timestamp } from '../clock.js';
import type { ApiObject, ResourceDefinition, StrategyContext, Subresource } from '../contracts.js';
import { generatedName } from '../generated-name.js';
import { alreadyExists, badRequest, invalid, notFound, StatusError } from '../status.js';
import { deepEqual } from '../storage/deep.js';
import type { RestContext } from './context.js';
import { asText, kindProblem } from './kind-problem.js';
import { validateMetadata, validateMetadataUpdate } from './metadata.js';
import { apiVersionOf } from '../group-version.js';
import { cannotBeHandled, type WriteOptions } from './write-options.js';

const FOREIGN_NAMESPACE = 'the namespace of the provided object does not match the namespace sent on the request';
/** Names drawn for a `generateName` before giving up. */
const NAME_ATTEMPTS = 8;

/** Checks that a decoded body is what its URL says, and fills in what it left out. */
export function matchUrl(ctx: RestContext, object: ApiObject, definition: ResourceDefinition, namespace: string, name: string): void {
  const apiVersion = apiVersionOf(definition);
  const problem = kindProblem(ctx, object, definition);
  object.apiVersion ||= apiVersion;
  object.kind ||= definition.kind;
  if (problem !== undefined) throw cannotBeHandled(definition, { kind: asText(object.kind), version: asText(object.apiVersion).replace(/^.*\//, '') })({ message: problem });
  if (object.apiVersion !== apiVersion) {
    throw badRequest(`the API version in the data (${asText(object.apiVersion)}) does not match the expected API version (${apiVersion})`);
  }
  const { metadata } = object;
  if (object.kind !== definition.kind) {
    throw invalid({ group: definition.group, kind: asText(object.kind) }, asText(metadata.name ?? ''), [{ reason: 'FieldValueInvalid', field: 'kind', message: `Invalid value: ${JSON.stringify(object.kind)}: must be ${definition.kind}` }]);
  }
  if (definition.namespaced) {
    metadata.namespace ||= namespace;
    if (metadata.namespace !== namespace) throw badRequest(FOREIGN_NAMESPACE);
  } else delete metadata.namespace;
  if (name) {
    if (!metadata.name) throw nameless(name);
    if (metadata.name !== name) throw badRequest(`the name of the object (${asText(metadata.name)}) does not match the name on the URL (${name})`);
  }
}

/** Of an object that only the URL names. */
export const nameless = (name: string): StatusError => badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);

/**
 * Makes a decoded object ready for storage, in place, and checks it.
 * @param track fills `managedFields`, before admission and the server change what then belongs to nobody.
 */
export async function prepareCreate(ctx: RestContext, definition: ResourceDefinition, object: ApiObject, options: WriteOptions, track: (object: ApiObject) => void): Promise<void> {
  const { namespace, resourceVersion } = object.metadata;
  if (Number(resourceVersion) > 0 && !options.dryRun) throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  definition.complete?.(object);
  track(object);
  await admitCreate(ctx, definition, object, options, () => {
    const { metadata } = object;
    if (metadata.namespace !== namespace) throw badRequest(FOREIGN_NAMESPACE);
    if (!metadata.name && metadata.generateName) metadata.name = freeName(ctx, definition, namespace ?? '', metadata.generateName);
    metadata.uid = ctx.random.uuid();
    metadata.creationTimestamp = timestamp(ctx.clock.now());
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    if (definition.tracksGeneration) metadata.generation = 1;
    delete (metadata as { selfLink?: string }).selfLink;
    if (!options.dryRun) delete metadata.resourceVersion;
    if (definition.statusSubresource && !definition.keepsInitialStatus) delete object['status'];
    definition.prepareForCreate?.(object, strategyContext(ctx, options));
    definition.complete?.(object);
    refuse(definition, object, [...validateMetadata(object, definition), ...definition.validate(object)]);
    definition.settle?.(object);
  });
  definition.warnings?.(object, undefined, '').forEach(options.warn);
}

const strategyContext = ({ clock, random, storage }: RestContext, { dryRun }: WriteOptions): StrategyContext => ({ clock, random, storage, dryRun });

function freeName(ctx: RestContext, definition: ResourceDefinition, namespace: string, prefix: string): string {
  let name = '';
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    name = generatedName(ctx, prefix);
    if (!ctx.storage.get(definition.storageResource, namespace, name)) return name;
  }
  throw alreadyExists(definition, name);
}

/** Has admission change an object that is to be created, checks it, and has admission judge it. */
export async function admitCreate(ctx: RestContext, definition: ResourceDefinition, object: ApiObject, options: WriteOptions, check: () => void): Promise<void> {
  await admitChanges(ctx, admissionRequest('CREATE', definition, '', object, undefined, options));
  check();
  // It may have got its name by now.
  await admitResult(ctx, admissionRequest('CREATE', definition, '', object, undefined, options));
}

/**
 * Brings an update in line with what it may change, in place, and checks it. `previous` is in the same version.
 * @param track fills `managedFields`, before admission and the server change what then belongs to nobody.
 */
export async function prepareUpdate(ctx: RestContext, definition: ResourceDefinition, object: ApiObject, previous: ApiObject, subresource: Subresource, options: WriteOptions, track: (current: ApiObject, next: ApiObject) => void): Promise<void> {
  const { metadata } = object;
  const before = previous.metadata;
  metadata.uid ||= before.uid!;
  metadata.creationTimestamp = before.creationTimestamp!;
  delete (metadata as { selfLink?: string }).selfLink;
  restore(metadata, before, 'generation');
  // Deletion is only ever begun by a DELETE; clients that read before it must not undo it.
  if (before.deletionTimestamp) restore(metadata, before, 'deletionTimestamp');
  if (before.deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds;
  if (definition.statusSubresource) {
    if (subresource === 'status' || subresource === 'approval') keepAllButStatus(object, previous, definition);
    else restore(object, previous, 'status');
  }
  definition.complete?.(object);
  track(previous, object);
  const admission = admissionRequest('UPDATE', definition, subresource, object, previous, options);
  // What a Scale makes of its object is admitted as a Scale.
  if (subresource !== 'scale') await admitChanges(ctx, admission);
  definition.prepareForUpdate?.(object, previous, subresource, strategyContext(ctx, options));
  definition.complete?.(object);
  refuse(definition, object, [
    ...validateMetadata(object, definition),
    ...validateMetadataUpdate(object, previous),
    ...definition.validateUpdate(object, previous, subresource, options.warn),
  ]);
  definition.settle?.(object);
  if (definition.tracksGeneration && specChanged(definition, object, previous)) object.metadata.generation = (before.generation ?? 0) + 1;
  if (subresource !== 'scale') await admitResult(ctx, admission);
  definition.warnings?.(object, previous, subresource).forEach(options.warn);
}

/** Refuses requests inside a namespace that is not there. */
export function requireNamespace({ storage }: RestContext, definition: ResourceDefinition, namespace: string): void {
  if (definition.namespaced && !storage.get('namespaces', '', namespace)) throw notFound({ group: '', plural: 'namespaces' }, namespace);
}

function refuse(definition: ResourceDefinition, { metadata }: ApiObject, causes: Parameters<typeof invalid>[2]): void {
  const { group, groupInErrors = group, kind } = definition;
  if (causes.length > 0) throw invalid({ group: groupInErrors, kind }, metadata.name ?? '', causes);
}

/** A write to `status` changes status, and of metadata only what Kubernetes lets it. */
function keepAllButStatus(object: ApiObject, previous: ApiObject, { custom, storageResource }: ResourceDefinition): void {
  for (const field of Object.keys(object)) if (field !== 'status' && field !== 'metadata') delete object[field];
  for (const [field, value] of Object.entries(previous)) if (field !== 'status' && field !== 'metadata') object[field] = value;
  const { managedFields } = object.metadata;
  if (custom) {
    const { resourceVersion } = object.metadata;
    object.metadata = { ...previous.metadata };
    if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
    if (managedFields) object.metadata.managedFields = managedFields;
  } else {
    restore(object.metadata, previous.metadata, 'ownerReferences');
    if (storageResource === 'deployments.apps') restore(object.metadata, previous.metadata, 'labels');
  }
}

function specChanged({ statusSubresource }: ResourceDefinition, object: ApiObject, previous: ApiObject): boolean {
  const counted = ({ metadata: _metadata, status, apiVersion: _apiVersion, ...rest }: ApiObject): unknown => (statusSubresource ? rest : { ...rest, status });
  return !deepEqual(counted(object), counted(previous));
}

function restore<T extends object>(target: T, source: T, field: keyof T): void {
  if (source[field] === undefined) delete target[field];
  else target[field] = source[field];
}
