import type { ApplyOptions, DeletionOptions, Writer } from '../context.js';
import type { ActiveRun, WriteAttempt } from '../causality/active-run.js';
import type { KindClass } from '../dsl/resource.js';
import { writeSetOf } from '../engine/diff.js';
import { cloneJSON } from '../engine/json.js';
import type { KubeClient } from '../kube/client.js';
import type { CallOptions, WriteOptions } from '../kube/client-options.js';
import { isConflict, isNotFound } from '../kube/errors.js';
import type { Status } from '../kube/errors.js';
import type { Informers } from '../kube/informers.js';
import { normalize } from '../kube/normalize.js';
import type { KubeObject, ObjectInput, OwnerReference, PartialObject } from '../kube/object.js';
import { compareResourceVersions } from '../kube/resource-version.js';
import type { Kinds, KnownKind } from './kinds.js';
import { describeObject } from './sources.js';
import type { WriteTurns } from './write-turns.js';

/** On behalf of whom something is written. */
export interface Authorship {
  fieldManager: string;
  signal: AbortSignal;
  /** The run is about an object that is being deleted: its requests may use the share of the API budget that is kept for that. */
  urgent?: boolean;
  /** The object whose reconciler writes, and the kinds that it owns: `apply` sets itself as their controller. */
  owner?: { object: KubeObject; kinds: ReadonlySet<KindClass> };
  /** Where namespaced objects go that do not say: the namespace of the reconciled object. */
  namespace?: string | undefined;
  /** The run that writes. */
  run: ActiveRun;
}

/** What writers share. */
export interface WriterEnvironment {
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly kinds: Kinds;
  readonly turns: WriteTurns;
}

/** A merge patch; `metadata.resourceVersion` locks it. */
type MergePatch = { readonly metadata?: { readonly resourceVersion?: string } };

/** How often a patch of another object is tried anew on its latest state before the conflict is the caller's. */
const PATCH_ATTEMPTS = 5;

/** Writes, and shows every answer to readers at once. */
export class ObjectWriter implements Writer {
  constructor(private readonly environment: WriterEnvironment, private readonly authorship: Authorship) {}

  async create<T extends KubeObject>(type: KindClass<T>, object: ObjectInput<T>): Promise<T> {
    const kind = this.environment.kinds.of(type);
    const placed = this.#placed(kind, object);
    const { name, namespace } = placed.metadata;
    return this.#send({ verb: 'create', kind, name, namespace }, () => this.environment.client.create<T>(kind, placed, this.#options()));
  }

  async apply<T extends KubeObject>(type: KindClass<T>, object: PartialObject<T>, { force = true }: ApplyOptions = {}): Promise<T> {
    const kind = this.environment.kinds.of(type);
    const placed = this.#placed(kind, object);
    const { name, namespace } = placed.metadata;
    if (!name) throw new TypeError(`apply ${kind.kind}: metadata.name is missing; server-side apply needs to know which object it is (generateName is for create)`);
    const { owner } = this.authorship;
    const owned = owner?.kinds.has(type) ? { ...placed, metadata: { ...placed.metadata, ownerReferences: owners(kind, placed.metadata, owner.object) } } : placed;
    return this.#send({ verb: 'apply', kind, name, namespace }, () => this.environment.client.apply<T>(kind, owned, { ...this.#options(), force }));
  }

  /** The object in the namespace where it goes. */
  #placed({ namespaced }: KnownKind, object: { metadata: unknown }): { metadata: Partial<KubeObject['metadata']> } {
    const metadata = object.metadata as Partial<KubeObject['metadata']>;
    const { namespace } = this.authorship;
    return namespaced && namespace && !metadata.namespace ? { ...object, metadata: { ...metadata, namespace } } : { ...object, metadata };
  }

  patch<T extends KubeObject>(object: T, mutate: (draft: T) => void): Promise<T | undefined> {
    const kind = this.environment.kinds.ofObject(object);
    return this.turn(kind, object, (newer = object) => this.#patchInTurn(kind, newer, mutate));
  }

  async #patchInTurn<T extends KubeObject>(kind: KnownKind, object: T, mutate: (draft: T) => void): Promise<T | undefined> {
    let base = object;
    for (let attempt = 1; ; attempt += 1) {
      const draft = cloneJSON(base);
      mutate(draft);
      try {
        return await this.#sendChanges(kind, base, draft);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error) || attempt === PATCH_ATTEMPTS) throw error;
      }
      const live: T | undefined = await this.live(kind, object);
      if (!live) return undefined;
      base = live;
    }
  }

  async delete(object: KubeObject, options: DeletionOptions = {}): Promise<boolean> {
    const { sameUID = true, unchanged = false, ...deletion } = options;
    const { name, namespace, uid, resourceVersion, deletionTimestamp } = object.metadata;
    const preconditions = { ...(sameUID && uid ? { uid } : {}), ...(unchanged ? { resourceVersion } : {}) };
    const kind = this.environment.kinds.ofObject(object);
    // Asking again changes nothing, unless it asks for something else.
    if ((deletionTimestamp ?? this.#latest(kind, object).metadata.deletionTimestamp) && Object.keys(deletion).length === 0) return false;
    try {
      const { run } = this.authorship;
      const answer = await run.observe({ verb: 'delete', kind, name, namespace, uid }, () => this.environment.client.delete(kind, {
        name, namespace, ...this.#call(), propagationPolicy: 'Background', ...deletion, ...(Object.keys(preconditions).length > 0 ? { preconditions } : {}),
      }));
      this.#deleted(kind, object, answer);
      return true;
    } catch (error) {
      // A conflict is about the preconditions: the object meant here is gone, and another has its name, or it has changed.
      if (isNotFound(error) || ((sameUID || unchanged) && isConflict(error))) return false;
      throw error;
    }
  }

  /** Does the work once no other writer of this process is at the object; `newer` is what is known of it that is newer. */
  turn<T extends KubeObject, R>(kind: KnownKind, object: T, work: (newer: T | undefined) => Promise<R>): Promise<R> {
    const { name, namespace = '' } = object.metadata;
    return this.environment.turns.take(`${kind.plural}.${kind.group}/${namespace}/${name}`, () => {
      const latest = this.#latest(kind, object);
      return work((compareResourceVersions(latest.metadata.resourceVersion, object.metadata.resourceVersion) ?? 0) > 0 ? latest : undefined);
    });
  }

  /** The same object on the server, normalised; undefined when it is gone, whether or not another has its name. */
  async live<T extends KubeObject>(kind: KnownKind, { metadata: { name, namespace, uid } }: T): Promise<T | undefined> {
    const found = await this.environment.client.find<T>(kind, { name, namespace, ...this.#call() });
    return found && (!uid || found.metadata.uid === uid) ? normalize(kind, found) : undefined;
  }

  /** Sends one patch and shows the answer. */
  async mergePatch<T extends KubeObject>(kind: KnownKind, { metadata: { name, namespace } }: T, patch: MergePatch, subresource?: 'status'): Promise<T> {
    return this.#send({ verb: 'patch', kind, name, namespace, subresource, from: patch.metadata?.resourceVersion, fields: fieldsOf(patch) }, () => this.environment.client.mergePatch<T>(kind, { name, namespace }, patch, { ...this.#options(), subresource }));
  }

  async jsonPatch<T extends KubeObject>(kind: KnownKind, { metadata: { name, namespace } }: T, patch: Parameters<KubeClient['jsonPatch']>[2]): Promise<T> {
    return this.#send({ verb: 'patch', kind, name, namespace, fields: fieldsOfOperations(patch) }, () => this.environment.client.jsonPatch<T>(kind, { name, namespace }, patch, this.#options()));
  }

  async #sendChanges<T extends KubeObject>(kind: KnownKind, base: T, draft: T): Promise<T> {
    const { main, status } = writeSetOf(base, draft, kind.statusSubresource);
    let current = base;
    if (main) current = await this.mergePatch(kind, base, locked(main, current));
    if (status) current = await this.mergePatch(kind, base, locked({ status }, current), 'status');
    return current;
  }

  #latest<T extends KubeObject>(kind: KnownKind, object: T): T {
    const { name, namespace, uid } = object.metadata;
    for (const informer of this.environment.informers.of(kind)) {
      const known = informer.metadataOnly ? undefined : informer.store.get(namespace ? `${namespace}/${name}` : name);
      if (known?.metadata.uid === uid) return known as T;
    }
    return object;
  }

  async #send<T extends KubeObject>(attempt: WriteAttempt & { kind: KnownKind }, send: () => Promise<T>): Promise<T> {
    const { kind } = attempt;
    const answer = await this.authorship.run.observe(attempt, send);
    // Reviews and the like are answered, and not stored.
    if (attempt.verb === 'create' && !answer.metadata?.resourceVersion) return answer;
    const object = normalize(kind, answer);
    for (const informer of this.environment.informers.of(kind)) informer.wrote(object);
    return object;
  }

  #deleted(kind: KnownKind, object: KubeObject, answer: KubeObject | Status): void {
    for (const informer of this.environment.informers.of(kind)) informer.deleted(object, answer);
  }

  #options(): WriteOptions {
    return { fieldManager: this.authorship.fieldManager, ...this.#call() };
  }

  #call(): CallOptions {
    const { signal, urgent } = this.authorship;
    return { signal, urgent };
  }
}

const locked = (patch: { metadata?: object; status?: unknown }, { metadata: { resourceVersion } }: KubeObject): MergePatch =>
  ({ ...patch, metadata: { ...patch.metadata, resourceVersion } });

/** What a merge patch changes, two levels deep; the resourceVersion is its condition, not its content. */
const fieldsOf = (patch: MergePatch): string[] => Object.entries(patch).flatMap(([name, value]) =>
  (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value as object).map((inner) => `${name}.${inner}`).filter((path) => path !== 'metadata.resourceVersion') : [name]));

/** What a JSON patch changes: `/metadata/finalizers/0` is `metadata.finalizers`. */
const fieldsOfOperations = (patch: Parameters<KubeClient['jsonPatch']>[2]): string[] =>
  [...new Set(patch.filter(({ op }) => op !== 'test').map(({ path }) => path.split('/').slice(1, 3).join('.')))];

/** The given owners, and one more. Throws TypeError for an owner in another namespace. */
function owners({ kind }: KnownKind, { name, namespace, ownerReferences = [] }: Partial<KubeObject['metadata']>, owner: KubeObject): OwnerReference[] {
  const { metadata } = owner;
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw new TypeError(`apply ${kind} ${namespace}/${name}: its owner ${describeObject(owner)} is in another namespace, so Kubernetes would delete it; owners are cluster-scoped, or in the namespace of what they own`);
  }
  return [...ownerReferences.filter(({ uid }) => uid !== metadata.uid), controllerReference(owner)];
}

const controllerReference = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject): OwnerReference =>
  ({ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true });
