import { admissionRequest, admitChanges, admitResult } from '../admission/admit.js';
import { timestamp } from '../clock.js';
import type { Requester } from '../authentication/requester.js';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import { badRequest, conflict, forbidden, invalid, notFound } from '../status.js';
import type { AdmissionRequest, RestContext, RestResult } from './context.js';
import { list } from './list.js';
import { setCondition } from './pod-condition.js';
import type { RequestInfo } from './request-info.js';
import { readyToVanish } from './update.js';
import { oneFromStorage } from './versions.js';

export type PropagationPolicy = 'Orphan' | 'Background' | 'Foreground';

export interface DeleteOptions {
  /** Seconds; absent: the kind's default. */
  gracePeriodSeconds?: number;
  propagationPolicy?: PropagationPolicy;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun: boolean;
  /** Who asks, for admission. */
  user?: Requester;
  /** What the client said of all this, for admission. */
  asked?: JsonObject;
}

/** Kinds whose dependents outlive them unless the client says otherwise, for compatibility with their first clients. */
const ORPHANING = new Set(['jobs.batch', 'replicationcontrollers']);
/** Kinds that answer a final delete with the object rather than a Status. */
export const RETURN_DELETED: ReadonlySet<string> = new Set([
  'pods', 'services', 'serviceaccounts', 'persistentvolumes', 'persistentvolumeclaims', 'podtemplates', 'resourcequotas',
  ...['csidrivers', 'csinodes', 'storageclasses', 'volumeattachments', 'volumeattributesclasses'].map((plural) => `${plural}.storage.k8s.io`),
  ...['deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices'].map((plural) => `${plural}.resource.k8s.io`),
]);
const UNDELETABLE_NAMESPACES = new Set(['default', 'kube-system', 'kube-public']);

/** Options from the body of a DELETE, or else from its query. */
export function readDeleteOptions(body: JsonObject | undefined, query: URLSearchParams): DeleteOptions {
  const refuse = (field: string, message: string): never => {
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [{ reason: message.startsWith('Unsupported') ? 'FieldValueNotSupported' : 'FieldValueInvalid', field, message }]);
  };
  const given = { ...Object.fromEntries(query), ...body } as JsonObject & { orphanDependents?: boolean | string };
  const { propagationPolicy, gracePeriodSeconds, preconditions, orphanDependents } = given;
  const dryRun = [...query.getAll('dryRun'), ...((body?.['dryRun'] as string[] | undefined) ?? [])];
  if (dryRun.some((value) => value !== 'All')) refuse('dryRun', `Unsupported value: ${JSON.stringify(dryRun)}: supported values: "All"`);
  if (propagationPolicy && !['Orphan', 'Background', 'Foreground'].includes(propagationPolicy as string)) {
    refuse('propagationPolicy', `Unsupported value: ${JSON.stringify(propagationPolicy)}: supported values: "Foreground", "Background", "Orphan", "nil"`);
  }
  if (propagationPolicy && orphanDependents !== undefined) refuse('propagationPolicy', `Invalid value: ${JSON.stringify(propagationPolicy)}: orphanDependents and deletionPropagation cannot be both set`);
  const seconds = gracePeriodSeconds === undefined || gracePeriodSeconds === null ? undefined : Number(gracePeriodSeconds);
  if (seconds !== undefined && !Number.isInteger(seconds)) {
    throw badRequest(body?.['gracePeriodSeconds'] === undefined ? `strconv.ParseInt: parsing ${JSON.stringify(gracePeriodSeconds)}: invalid syntax` : 'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64');
  }
  const policy = propagationPolicy ?? (orphanDependents === undefined ? undefined : String(orphanDependents) === 'true' ? 'Orphan' : 'Background');
  return {
    dryRun: dryRun.length > 0,
    asked: {
      ...(dryRun.length > 0 && { dryRun }), ...(seconds !== undefined && { gracePeriodSeconds: seconds }), ...(orphanDependents !== undefined && { orphanDependents: String(orphanDependents) === 'true' }),
      ...(preconditions ? { preconditions } : {}), ...(propagationPolicy ? { propagationPolicy } : {}),
    },
    ...(seconds !== undefined && { gracePeriodSeconds: Math.max(0, seconds) }),
    ...(policy ? { propagationPolicy: policy as PropagationPolicy } : {}),
    ...(preconditions ? { preconditions: preconditions as NonNullable<DeleteOptions['preconditions']> } : {}),
  };
}

export async function remove(ctx: RestContext, { definition, namespace, name }: RequestInfo, options: DeleteOptions, warn: (message: string) => void): Promise<RestResult> {
  const stored = ctx.storage.get(definition.storageResource, namespace, name);
  if (!stored) throw notFound(definition, name);
  const { object, gone } = await admitAndDelete(ctx, definition, stored, options, { warn });
  if (gone && !RETURN_DELETED.has(definition.storageResource)) {
    const { group, plural } = definition;
    return {
      type: 'object',
      status: 200,
      object: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name, ...(group && { group }), kind: plural, uid: object.metadata.uid },
      },
    };
  }
  return { type: 'object', status: 200, definition, object: await oneFromStorage(ctx, definition, object) };
}

/** DELETE of a collection: what its selectors take, one by one; answers the list of them as they were before. */
export async function removeCollection(ctx: RestContext, info: RequestInfo, options: DeleteOptions, warn: (message: string) => void): Promise<RestResult> {
  const { definition } = info;
  const found = await list(ctx, info);
  if (found.type !== 'list') throw new TypeError('a list was expected');
  for (const { metadata } of found.items) {
    const stored = ctx.storage.get(definition.storageResource, metadata.namespace ?? '', metadata.name!);
    if (stored && stored.metadata.uid === metadata.uid) await admitAndDelete(ctx, definition, stored, options, { warn, name: '' });
  }
  return found;
}

/** Asks admission before the deletion that a client wants. */
async function admitAndDelete(ctx: RestContext, definition: ResourceDefinition, stored: ApiObject, options: DeleteOptions, admission: Partial<AdmissionRequest> & Pick<AdmissionRequest, 'warn'>): Promise<{ object: ApiObject; gone: boolean }> {
  const { namespace = '', name = '' } = stored.metadata;
  const asked = { ...options.asked, ...(definition.storageResource === 'pods' && { gracePeriodSeconds: graceOf('pods', stored, options.gracePeriodSeconds) }) };
  const request = { ...admissionRequest('DELETE', definition, '', undefined, stored, { ...options, warn: admission.warn, asked }), ...admission };
  checkDeletion(definition, stored, options);
  if (definition.storageResource === 'jobs.batch' && !options.propagationPolicy) admission.warn('child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning');
  await admitChanges(ctx, request);
  await admitResult(ctx, request);
  const current = ctx.storage.get(definition.storageResource, namespace, name);
  if (!current || current.metadata.uid !== stored.metadata.uid) throw notFound(definition, name);
  return deleteStored(ctx, definition, current, options);
}

/** Deletes for a controller. @throws {StatusError} what admission has against it; webhooks are not asked */
export function deleteAsController(ctx: RestContext, definition: ResourceDefinition, stored: ApiObject, options: DeleteOptions): { object: ApiObject; gone: boolean } {
  const request = admissionRequest('DELETE', definition, '', undefined, stored, { ...options, warn: () => undefined });
  for (const plugin of ctx.admission) plugin.validate?.(request);
  return deleteStored(ctx, definition, stored, options);
}

/** Begins or completes a deletion: finalizers and grace keep the object with a `deletionTimestamp`, anything else goes at once. */
export function deleteStored(ctx: RestContext, definition: ResourceDefinition, stored: ApiObject, options: DeleteOptions): { object: ApiObject; gone: boolean } {
  checkDeletion(definition, stored, options);
  const { storageResource } = definition;
  const { namespace = '', name = '' } = stored.metadata;
  const object = markDeleted(ctx, storageResource, withDeletionFinalizer(definition, stored), options);
  const gone = readyToVanish(object);
  if (options.dryRun) return { object, gone };
  if (!gone) return { object: ctx.storage.update(storageResource, object), gone };
  // Kubelets learn from the mark that a pod goes, even one that goes at once.
  if (storageResource === 'pods') ctx.storage.update(storageResource, object);
  return { object: ctx.storage.delete(storageResource, namespace, name)!, gone };
}

/** @throws {StatusError} Conflict, when the object is not the one that was meant; Forbidden, for what may not go */
export function checkDeletion(definition: ResourceDefinition, stored: ApiObject, { preconditions }: Pick<DeleteOptions, 'preconditions'>): void {
  const { name = '' } = stored.metadata;
  if (preconditions?.uid && preconditions.uid !== stored.metadata.uid) {
    throw conflict({ group: definition.group, plural: definition.kind }, name, `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${stored.metadata.uid}). The object might have been deleted and then recreated`);
  }
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== stored.metadata.resourceVersion) {
    throw conflict({ group: definition.group, plural: definition.kind }, name, `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${stored.metadata.resourceVersion}). The object might have been modified`);
  }
  if (definition.storageResource === 'namespaces' && UNDELETABLE_NAMESPACES.has(name)) throw forbidden(definition, name, 'this namespace may not be deleted');
}

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
const GOING = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon' };

function withDeletionFinalizer({ deletionFinalizer }: ResourceDefinition, stored: ApiObject): ApiObject {
  const { metadata } = stored;
  if (!deletionFinalizer || metadata.deletionTimestamp || metadata.finalizers?.includes(deletionFinalizer)) return stored;
  return { ...stored, metadata: { ...metadata, finalizers: [...(metadata.finalizers ?? []), deletionFinalizer] } };
}

function markDeleted(ctx: RestContext, storageResource: string, stored: ApiObject, options: DeleteOptions): ApiObject {
  const metadata = { ...stored.metadata };
  const finalizers = finalizersFor(storageResource, metadata.finalizers ?? [], options.propagationPolicy);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;

  const grace = graceOf(storageResource, stored, options.gracePeriodSeconds);
  if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = timestamp(ctx.clock.now() + grace * 1000);
    // Definitions have a way of their own, which tells of neither.
    if (storageResource !== DEFINITIONS) {
      metadata.deletionGracePeriodSeconds = grace;
      if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation += 1;
    }
  } else if (storageResource === 'pods' && options.gracePeriodSeconds !== undefined && grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    // A second delete can only hurry the first.
    const begun = Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    metadata.deletionTimestamp = timestamp(begun + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
  }
  const object = { ...stored, metadata };
  if (storageResource === DEFINITIONS && !stored.metadata.deletionTimestamp) return { ...object, status: setCondition(stored['status'] as JsonObject | undefined, GOING, timestamp(ctx.clock.now())) };
  if (storageResource !== 'namespaces') return object;
  return { ...object, status: { ...(stored['status'] as JsonObject | undefined), phase: 'Terminating' } };
}

/** Seconds that a kubelet has to stop a pod; everything else, and pods that nothing runs, go without grace. */
function graceOf(storageResource: string, stored: ApiObject, requested: number | undefined): number {
  if (storageResource !== 'pods') return 0;
  const { nodeName, terminationGracePeriodSeconds = 30 } = (stored['spec'] ?? {}) as { nodeName?: string; terminationGracePeriodSeconds?: number };
  const { phase } = (stored['status'] ?? {}) as { phase?: string };
  if (!nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  return requested ?? Math.max(0, terminationGracePeriodSeconds);
}

/** The garbage collector's part of the finalizers, as the propagation policy asks. */
function finalizersFor(storageResource: string, finalizers: readonly string[], policy: PropagationPolicy | undefined): string[] {
  const others = finalizers.filter((finalizer) => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion');
  const orphan = policy ? policy === 'Orphan' : finalizers.includes('orphan') || (ORPHANING.has(storageResource) && !finalizers.includes('foregroundDeletion'));
  const foreground = policy ? policy === 'Foreground' : finalizers.includes('foregroundDeletion');
  return [...others, ...(orphan ? ['orphan'] : []), ...(foreground && !orphan ? ['foregroundDeletion'] : [])];
}
