import { askMutatingWebhooks, askValidatingWebhooks } from '../admission/admission-webhooks.js';
import { timestamp } from '../clock.js';
import type { ApiObject, ResourceDefinition, Subresource } from '../contracts.js';
import { badRequest, invalid, notFound, StatusError } from '../status.js';
import { deepEqual } from '../storage/deep.js';
import type { AdmissionRequest, RestContext } from './context.js';
import { validateMetadata, validateMetadataUpdate } from './metadata.js';
import { apiVersionOf } from './versions.js';
import { cannotBeHandled, type WriteOptions } from './write-options.js';

/** A patch can put anything where a text belongs, even objects that cannot become one. */
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Groups whose Go package is called otherwise than the first part of their name. */
export const goPackage = (group: string): string => (group === '' ? 'core' : group.split('.')[0]!);

/** What is wrong with the kind that an object says it is of; one that says none is of the wanted one. */
export function kindProblem({ registry }: RestContext, object: ApiObject, { kind, group, version, custom }: ResourceDefinition): string | undefined {
  const given = asText(object.kind || kind);
  const givenVersion = asText(object.apiVersion || apiVersionOf({ group, version }));
  if (custom || (given === kind && givenVersion === apiVersionOf({ group, version }))) return undefined;
  const [givenGroup, servedVersion] = givenVersion.includes('/') ? (givenVersion.split('/') as [string, string]) : ['', givenVersion];
  if (registry.lookupKind(givenGroup, servedVersion, given)) return `converting (${servedVersion}.${given}) to (${goPackage(group)}.${kind}): unknown conversion`;
  return `no kind ${JSON.stringify(given)} is registered for version ${JSON.stringify(givenVersion)} in scheme "pkg/runtime/scheme.go:111"`;
}

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
    if (metadata.namespace !== namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
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
 * @param track fills `managedFields`, before admission and the server add what then belongs to nobody.
 */
export async function prepareCreate(ctx: RestContext, definition: ResourceDefinition, object: ApiObject, options: WriteOptions, track: (object: ApiObject) => void): Promise<void> {
  const { metadata } = object;
  if (metadata.resourceVersion) throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  metadata.uid = ctx.random.uuid();
  metadata.creationTimestamp = timestamp(ctx.clock.now());
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  if (definition.tracksGeneration) metadata.generation = 1;
  delete (metadata as { selfLink?: string }).selfLink;
  delete metadata.resourceVersion;
  if (definition.statusSubresource && !definition.keepsInitialStatus) delete object['status'];
  definition.complete?.(object);
  track(object);
  await admitCreate(ctx, definition, object, options, () => {
    definition.prepareForCreate?.(object, ctx);
    definition.complete?.(object);
    refuse(definition, object, [...validateMetadata(object, definition), ...definition.validate(object)]);
  });
  definition.warnings?.(object).forEach(options.warn);
}

/** Has admission change an object that is to be created, checks it, and has admission judge it. */
export async function admitCreate(ctx: RestContext, definition: ResourceDefinition, object: ApiObject, options: WriteOptions, check: () => void): Promise<void> {
  const admission = admissionRequest('CREATE', definition, '', object, undefined, options);
  for (const plugin of ctx.admission) plugin.mutate?.(admission);
  await askMutatingWebhooks(ctx, admission);
  check();
  for (const plugin of ctx.admission) plugin.validate?.(admission);
  await askValidatingWebhooks(ctx, admission);
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
  restore(metadata, before, 'deletionTimestamp');
  restore(metadata, before, 'deletionGracePeriodSeconds');
  if (definition.statusSubresource) {
    if (subresource === 'status' || subresource === 'approval') keepAllButStatus(object, previous, definition);
    else restore(object, previous, 'status');
  }
  definition.complete?.(object);
  track(previous, object);
  const admission = admissionRequest('UPDATE', definition, subresource, object, previous, options);
  for (const plugin of ctx.admission) plugin.mutate?.(admission);
  await askMutatingWebhooks(ctx, admission);
  definition.prepareForUpdate?.(object, previous, subresource, ctx);
  definition.complete?.(object);
  if (definition.tracksGeneration && specChanged(definition, object, previous)) object.metadata.generation = (before.generation ?? 0) + 1;
  refuse(definition, object, [
    ...validateMetadata(object, definition),
    ...validateMetadataUpdate(object, previous),
    ...definition.validateUpdate(object, previous, subresource, options.warn),
  ]);
  for (const plugin of ctx.admission) plugin.validate?.(admission);
  await askValidatingWebhooks(ctx, admission);
  definition.warnings?.(object).forEach(options.warn);
}

/** Refuses requests inside a namespace that is not there. */
export function requireNamespace({ storage }: RestContext, definition: ResourceDefinition, namespace: string): void {
  if (definition.namespaced && !storage.get('namespaces', '', namespace)) throw notFound({ group: '', plural: 'namespaces' }, namespace);
}

export function admissionRequest(
  operation: AdmissionRequest['operation'],
  definition: ResourceDefinition,
  subresource: Subresource,
  object: ApiObject | undefined,
  previous: ApiObject | undefined,
  { dryRun, warn, user }: Pick<WriteOptions, 'dryRun' | 'warn' | 'user'>,
): AdmissionRequest {
  const { namespace = '', name = '' } = (object ?? previous)!.metadata;
  return { operation, definition, subresource, namespace, name, dryRun, warn, ...(user && { user }), ...(object && { object }), ...(previous && { previous }) };
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
