import { timestamp } from '../clock.js';
import type { ApiObject, JsonObject, StorageEvent } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { deleteAsController } from '../rest/delete.js';
import { setCondition } from '../rest/pod-condition.js';
import { storedDefinitions } from '../rest/stored-definition.js';
import { writeOrRemove } from '../rest/update.js';
import { WorkQueue } from './work-queue.js';

const CONTENT = 'kubernetes';

/** Empties namespaces that are being deleted, and lets them go when nothing is left; their status tells what still is. */
export function startNamespaceController(ctx: RestContext): { close(): void } {
  const { storage, clock } = ctx;
  const definitionOf = storedDefinitions(ctx.registry);
  const queue = new WorkQueue<string>(clock, empty);

  function empty(name: string): void {
    const namespace = storage.get('namespaces', '', name);
    if (!namespace?.metadata.deletionTimestamp) return;
    const { finalizers = [] } = (namespace['spec'] ?? {}) as { finalizers?: string[] };
    if (!finalizers.includes(CONTENT)) return;
    const remaining = deleteContents(name);
    if (remaining.length > 0) {
      storage.update('namespaces', { ...namespace, status: remainingStatus(namespace['status'] as JsonObject | undefined, remaining, timestamp(clock.now())) });
      return;
    }
    const others = finalizers.filter((finalizer) => finalizer !== CONTENT);
    writeOrRemove(ctx, 'namespaces', { ...namespace, spec: others.length > 0 ? { finalizers: others } : {} });
  }

  /** Begins every deletion and returns what has not gone at once. Pods end first: they may need the rest until then. */
  function deleteContents(namespace: string): { resource: string; object: ApiObject }[] {
    const pods = deleteAll(namespace, ['pods']);
    return pods.length > 0 ? pods : deleteAll(namespace, storage.resources());
  }

  function deleteAll(namespace: string, resources: Iterable<string>): { resource: string; object: ApiObject }[] {
    const remaining: { resource: string; object: ApiObject }[] = [];
    for (const resource of resources) {
      const definition = definitionOf(resource);
      if (!definition?.namespaced) continue;
      for (const object of storage.list(resource, namespace)) {
        if (object.metadata.deletionTimestamp) remaining.push({ resource, object });
        else {
          const deleted = deleteAsController(ctx, definition, object, { dryRun: false, propagationPolicy: 'Background' });
          if (!deleted.gone) remaining.push({ resource, object: deleted.object });
        }
      }
    }
    return remaining;
  }

  function observe({ type, resource, object }: StorageEvent): void {
    if (resource === 'namespaces') {
      if (type !== 'DELETED' && object.metadata.deletionTimestamp) queue.add(object.metadata.name!);
      return;
    }
    const { namespace } = object.metadata;
    if (namespace && storage.get('namespaces', '', namespace)?.metadata.deletionTimestamp) queue.add(namespace);
  }

  for (const namespace of storage.list('namespaces')) if (namespace.metadata.deletionTimestamp) queue.add(namespace.metadata.name!);
  const unsubscribe = storage.subscribe(observe);
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}

function remainingStatus(status: JsonObject | undefined, remaining: readonly { resource: string; object: ApiObject }[], now: string): JsonObject {
  const content = tally(remaining.map(({ resource }) => (resource.includes('.') ? resource : `${resource}.`))).map(([resource, count]) => `${resource} has ${count} resource instances`);
  const finalizers = tally(remaining.flatMap(({ object }) => object.metadata.finalizers ?? [])).map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  const conditions = [
    { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
    { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
    { type: 'NamespaceDeletionContentFailure', status: 'False', reason: 'ContentDeleted', message: 'All content successfully deleted, may be waiting on finalization' },
    { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain', message: `Some resources are remaining: ${content.join(', ')}` },
    finalizers.length > 0
      ? { type: 'NamespaceFinalizersRemaining', status: 'True', reason: 'SomeFinalizersRemain', message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}` }
      : { type: 'NamespaceFinalizersRemaining', status: 'False', reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' },
  ];
  return conditions.reduce<JsonObject>((known, condition) => setCondition(known, condition, now), { ...status });
}

/** How often each text occurs, in order of the texts. */
function tally(texts: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
}
