import { timestamp } from '../clock.js';
import type { ApiObject, Clock, ResourceDefinition, Storage, StorageEvent } from '../contracts.js';
import type { MutableRegistry } from '../kinds/registry.js';
import { trackUpdate } from '../patch/managed-fields.js';
import { sameJson } from '../schema/json.js';
import { acceptNames } from './accepted-names.js';
import { CLEANUP_FINALIZER, CRD_RESOURCE, type CustomResourceDefinition, type CustomResourceDefinitionCondition, isConditionTrue } from './custom-resource-definition.js';
import { customResources } from './custom-resource.js';

export interface CustomResourceOptions {
  registry: MutableRegistry;
  storage: Storage;
  clock: Clock;
}

/**
 * Serves what the CRDs in storage define: accepts their names, establishes them, keeps the registry in step with them, and
 * at deletion takes their objects along before it lets them go. All within the write that caused it.
 */
export function installCustomResources(options: CustomResourceOptions): { close(): void } {
  const controller = new CustomResourceController(options);
  const unsubscribe = options.storage.subscribe((event) => controller.observe(event));
  for (const { metadata } of options.storage.list(CRD_RESOURCE)) controller.sync(metadata.name!);
  return { close: unsubscribe };
}

class CustomResourceController {
  private readonly served = new Map<string, { crd: CustomResourceDefinition; definitions: ResourceDefinition[] }>();

  constructor(private readonly options: CustomResourceOptions) {}

  observe({ type, resource, object }: StorageEvent): void {
    const { storage } = this.options;
    if (resource === CRD_RESOURCE) {
      const { name } = object.metadata;
      if (type !== 'DELETED') this.sync(name!);
      else {
        this.serve(name!, undefined);
        // A name that this one held may be what another waits for.
        for (const { metadata } of storage.list(CRD_RESOURCE)) this.sync(metadata.name!);
      }
    } else if (type === 'DELETED' && this.served.get(resource)?.crd.metadata.deletionTimestamp) this.sync(resource);
  }

  sync(name: string): void {
    const { storage } = this.options;
    // Not the event's object: another listener may have written since.
    const crd = storage.get(CRD_RESOURCE, '', name) as unknown as CustomResourceDefinition | undefined;
    if (!crd) return;
    const settled = crd.metadata.deletionTimestamp ? this.terminating(crd) : this.accepted(crd);
    if (!sameJson(settled, crd)) {
      // The write comes back as an event, and is synced then.
      const next = { ...settled, metadata: { ...settled.metadata } } as unknown as ApiObject;
      const definition = this.options.registry.lookup('apiextensions.k8s.io', 'v1', 'customresourcedefinitions');
      if (definition) trackUpdate(this.options, definition, crd as unknown as ApiObject, next, 'status', { fieldManager: 'kube-apiserver' });
      storage.update(CRD_RESOURCE, next);
      return;
    }
    this.serve(name, isConditionTrue(crd, 'Established') ? crd : undefined);
    if (crd.metadata.deletionTimestamp && crd.metadata.finalizers?.includes(CLEANUP_FINALIZER)) this.cleanUp(crd);
  }

  private accepted(crd: CustomResourceDefinition): CustomResourceDefinition {
    const { storage, registry } = this.options;
    const others = (storage.list(CRD_RESOURCE) as unknown as CustomResourceDefinition[]).filter(({ metadata }) => metadata.name !== crd.metadata.name);
    const { names, problem } = acceptNames(crd, others, registry.list().filter(({ custom }) => !custom));
    const conditions = this.withCondition(crd.status?.conditions ?? [], {
      type: 'NamesAccepted',
      ...(problem ? { status: 'False', ...problem } : { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }),
    });
    // Once established, a CRD stays so: what it serves keeps its old names.
    const established: Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'> =
      problem && !isConditionTrue(crd, 'Established')
        ? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
        : { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' };
    return { ...crd, status: { ...crd.status, acceptedNames: names, conditions: this.withCondition(conditions, established) } };
  }

  private terminating(crd: CustomResourceDefinition): CustomResourceDefinition {
    const conditions = this.withCondition(crd.status?.conditions ?? [], {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionInProgress',
      message: 'CustomResource deletion is in progress',
    });
    return { ...crd, status: { ...crd.status, conditions } };
  }

  private withCondition(conditions: readonly CustomResourceDefinitionCondition[], wanted: Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>): CustomResourceDefinitionCondition[] {
    const known = conditions.find(({ type }) => type === wanted.type);
    const lastTransitionTime = known && known.status === wanted.status ? known.lastTransitionTime : timestamp(this.options.clock.now());
    const next = { ...wanted, lastTransitionTime };
    return known ? conditions.map((condition) => (condition === known ? next : condition)) : [...conditions, next];
  }

  /** Makes the registry serve what a CRD says now; nothing, without one. */
  private serve(name: string, crd: CustomResourceDefinition | undefined): void {
    const before = this.served.get(name);
    if (before && crd && sameJson(servedPart(before.crd), servedPart(crd))) return;
    if (!before && !crd) return;
    const definitions = crd ? customResources(crd) : [];
    if (crd) this.served.set(name, { crd, definitions });
    else this.served.delete(name);
    this.options.registry.replace(before?.definitions ?? [], definitions);
  }

  /** Deletes what is left of a CRD's objects, and the CRD when nothing is. */
  private cleanUp(crd: CustomResourceDefinition): void {
    const { storage, clock } = this.options;
    const { name } = crd.metadata;
    const resource = name!;
    for (const object of storage.list(resource)) {
      const { metadata } = object;
      if ((metadata.finalizers?.length ?? 0) === 0) storage.delete(resource, metadata.namespace ?? '', metadata.name!);
      else if (!metadata.deletionTimestamp) {
        storage.update(resource, { ...object, metadata: { ...metadata, deletionTimestamp: timestamp(clock.now()), deletionGracePeriodSeconds: 0 } });
      }
    }
    const current = storage.get(CRD_RESOURCE, '', resource);
    if (!current || storage.list(resource).length > 0) return;
    const finalizers = (current.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
    if (finalizers.length === 0) storage.delete(CRD_RESOURCE, '', resource);
    else storage.update(CRD_RESOURCE, { ...current, metadata: { ...current.metadata, finalizers } });
  }
}

/** What of a CRD changes what is served; its conditions' times do not. */
const servedPart = (crd: CustomResourceDefinition): unknown => [crd.spec, crd.status?.acceptedNames, crd.metadata.deletionTimestamp !== undefined];
