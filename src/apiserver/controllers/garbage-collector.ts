import type { ApiObject, OwnerReference, StorageEvent } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { deleteAsController, type PropagationPolicy } from '../rest/delete.js';
import { storedDefinitions } from '../rest/stored-definition.js';
import { writeOrRemove } from '../rest/update.js';
import { WorkQueue } from './work-queue.js';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
/** Nobody cleans up after events; they expire. */
const IGNORED = new Set(['events']);

interface Location {
  resource: string;
  namespace: string;
  name: string;
}

/**
 * Deletes what has lost all its owners, holds owners that are deleted in the foreground until what blocks them is gone, and frees
 * the dependents of those that are orphaned. Owners are known by uid: a namesake that came later owns nothing.
 */
export function startGarbageCollector(ctx: RestContext): { close(): void } {
  const { storage } = ctx;
  const definitionOf = storedDefinitions(ctx.registry);
  const locations = new Map<string, Location>();
  const dependents = new Map<string, Set<string>>();
  const queue = new WorkQueue<string>(ctx.clock, process);

  const objectOf = (uid: string): ApiObject | undefined => {
    const location = locations.get(uid);
    const object = location && storage.get(location.resource, location.namespace, location.name);
    return object?.metadata.uid === uid ? object : undefined;
  };

  function observe({ type, resource, object, previous }: StorageEvent): void {
    if (IGNORED.has(resource)) return;
    const { uid, namespace = '', name = '' } = object.metadata;
    if (!uid) return;
    if (previous?.metadata.uid === uid) unlink(previous, uid);
    if (type === 'DELETED') {
      locations.delete(uid);
      for (const dependent of dependents.get(uid) ?? []) queue.add(dependent);
      for (const owner of previous?.metadata.ownerReferences ?? []) if (isForeground(objectOf(owner.uid))) queue.add(owner.uid);
      return;
    }
    locations.set(uid, { resource, namespace, name });
    for (const owner of object.metadata.ownerReferences ?? []) {
      let known = dependents.get(owner.uid);
      if (!known) dependents.set(owner.uid, (known = new Set()));
      known.add(uid);
    }
    const ownersChanged = previous?.metadata.ownerReferences !== object.metadata.ownerReferences;
    if (object.metadata.deletionTimestamp || (ownersChanged && object.metadata.ownerReferences?.length)) queue.add(uid);
    if (ownersChanged) for (const owner of previous?.metadata.ownerReferences ?? []) if (isForeground(objectOf(owner.uid))) queue.add(owner.uid);
  }

  function unlink({ metadata }: ApiObject, uid: string): void {
    for (const owner of metadata.ownerReferences ?? []) {
      const known = dependents.get(owner.uid);
      known?.delete(uid);
      if (known?.size === 0) dependents.delete(owner.uid);
    }
  }

  function process(uid: string): void {
    const object = objectOf(uid);
    if (!object) return;
    if (object.metadata.deletionTimestamp) {
      if (object.metadata.finalizers?.includes(ORPHAN)) orphanDependents(uid, object);
      else if (isForeground(object)) deleteBlockingDependents(uid, object);
      return;
    }
    collect(uid, object);
  }

  function orphanDependents(uid: string, owner: ApiObject): void {
    for (const dependent of dependents.get(uid) ?? []) {
      const object = objectOf(dependent);
      if (object) dropOwners(dependent, object, (reference) => reference.uid === uid);
    }
    dropFinalizer(uid, owner, ORPHAN);
  }

  function deleteBlockingDependents(uid: string, owner: ApiObject): void {
    const blocking = [...(dependents.get(uid) ?? [])].filter((dependent) =>
      objectOf(dependent)?.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion),
    );
    if (blocking.length === 0) dropFinalizer(uid, owner, FOREGROUND);
    // Those that wait for their own dependents come by themselves; in a circle they would be asked for ever.
    for (const dependent of blocking) if (!isForeground(objectOf(dependent))) queue.add(dependent);
  }

  /** Deletes an object that no owner keeps. */
  function collect(uid: string, object: ApiObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const deleting = (reference: OwnerReference): boolean => isForeground(objectOf(reference.uid));
    const absent = (reference: OwnerReference): boolean => !isOwner(objectOf(reference.uid), object);
    if (owners.some((reference) => !absent(reference) && !deleting(reference))) {
      if (owners.some((reference) => absent(reference) || deleting(reference))) dropOwners(uid, object, (reference) => absent(reference) || deleting(reference));
      return;
    }
    const own = [...(dependents.get(uid) ?? [])];
    const cascades = owners.some(deleting) && own.length > 0;
    const { finalizers = [] } = object.metadata;
    const policy: PropagationPolicy = cascades || finalizers.includes(FOREGROUND) ? 'Foreground' : finalizers.includes(ORPHAN) ? 'Orphan' : 'Background';
    const { resource } = locations.get(uid)!;
    const definition = definitionOf(resource);
    // One that waits for what waits for it closes a circle, and must give way.
    const closesCircle = cascades && own.some((dependent) => isForeground(objectOf(dependent)));
    if (definition) deleteAsController(ctx, definition, closesCircle ? unblockOwners(resource, object) : object, { dryRun: false, propagationPolicy: policy });
  }

  function unblockOwners(resource: string, object: ApiObject): ApiObject {
    const { ownerReferences = [] } = object.metadata;
    return storage.update(resource, { ...object, metadata: { ...object.metadata, ownerReferences: ownerReferences.map((reference) => ({ ...reference, blockOwnerDeletion: false })) } });
  }

  function dropOwners(uid: string, object: ApiObject, dropped: (reference: OwnerReference) => boolean): void {
    const { ownerReferences = [], ...metadata } = object.metadata;
    const left = ownerReferences.filter((reference) => !dropped(reference));
    storage.update(locations.get(uid)!.resource, { ...object, metadata: { ...metadata, ...(left.length > 0 && { ownerReferences: left }) } });
  }

  function dropFinalizer(uid: string, object: ApiObject, dropped: string): void {
    const { finalizers = [], ...metadata } = object.metadata;
    const left = finalizers.filter((finalizer) => finalizer !== dropped);
    writeOrRemove(ctx, locations.get(uid)!.resource, { ...object, metadata: { ...metadata, ...(left.length > 0 && { finalizers: left }) } });
  }

  for (const resource of storage.resources()) {
    for (const object of storage.list(resource)) observe({ type: 'ADDED', revision: storage.revision, resource, object });
  }
  const unsubscribe = storage.subscribe(observe);
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}

const isForeground = (object: ApiObject | undefined): boolean =>
  Boolean(object?.metadata.deletionTimestamp && object.metadata.finalizers?.includes(FOREGROUND));

/** Owners are in the dependent's namespace or in none. */
const isOwner = (owner: ApiObject | undefined, dependent: ApiObject): boolean =>
  owner !== undefined && (!owner.metadata.namespace || owner.metadata.namespace === dependent.metadata.namespace);
