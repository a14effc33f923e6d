import type { Clock } from '../clock.js';
import type { JSONSchemaProps } from '../dsl/json-schema.js';
import type { KindPlan } from '../dsl/plan.js';
import type { KubeClient } from '../kube/client.js';
import type { Selection } from '../kube/client-options.js';
import type { InformerScope } from '../kube/informer.js';
import { isNotFound } from '../kube/errors.js';
import { normalize } from '../kube/normalize.js';
import type { KindRef, KubeObject, ObjectKey } from '../kube/object.js';
import { keyOfObject } from '../kube/object.js';
import { apiVersionOf } from '../kube/paths.js';
import type { Mirror } from '../kube/reflector.js';
import { Reflector } from '../kube/reflector.js';
import type { Random } from '../random.js';
import { authorOf } from './change-author.js';
import type { RunningIdentity } from './change-author.js';
import { CreationMatcher } from './creation-matcher.js';
import type { Ledger } from './ledger.js';
import { ObjectTrack, visible } from './object-track.js';
import type { TrackEnvironment } from './object-track.js';
import { filterOf } from './object-filter.js';
import type { ObjectFilter } from './object-filter.js';
import { WatchLog } from './watch-log.js';

const GENERATED = new Set(['apps', 'batch', 'policy']);

/** What the kinds of a shadow have in common. */
export interface WorldEnvironment {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly window: number;
  readonly running: RunningIdentity;
  /** The next resourceVersion of what the shadow sees, which is a history of its own. */
  revision(): number;
  /** Whether the next change of an object may follow from a call that was withheld; asking uses it up. */
  isUnknowable(kind: KindRef, key: ObjectKey): boolean;
  /** The controlling owner of an object, as far as it is known. */
  ownerOf(object: KubeObject): ObjectTrack | undefined;
  /** The shadow has seen an object go: what waits for that may follow. */
  gone(): void;
  /** Something waits for another object to go. */
  waits(track: ObjectTrack): void;
  /** Told of every state that the server shows, as it came. */
  readonly record: ((kind: KindRef, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject, isInitial: boolean) => void) | undefined;
  /** The server does not let the shadow see a kind. */
  failed(kind: KindRef, error: unknown): void;
}

export interface KindWorldOptions {
  /** Whether the kind is watched; others are looked at when they are written. */
  readonly followed: boolean;
  /** What of the kind the operator caches. */
  readonly scope?: InformerScope;
  /** Whether the operator deletes objects of the kind, which is its own, so that a deletion may be its work. */
  readonly deletes: boolean;
}

/** The objects of one kind as a shadow sees them: an API server for its lists, watches and writes. */
export class KindWorld implements Mirror<KubeObject> {
  readonly tracks = new Map<ObjectKey, ObjectTrack>();
  readonly creations: CreationMatcher;
  readonly #watches: WatchLog;
  readonly #environment: TrackEnvironment;
  readonly #reflector: Reflector<KubeObject>;
  readonly #versions = new Map<ObjectKey, string>();
  readonly #isInScope: ObjectFilter;
  #listed = false;

  constructor(readonly kind: KindRef & Partial<KindPlan>, readonly options: KindWorldOptions, private readonly environment: WorldEnvironment) {
    const { client, clock, random, ledger, window, running } = environment;
    this.#watches = new WatchLog(() => clock.now());
    this.creations = new CreationMatcher(this.tracks, ledger, this.schema !== undefined);
    this.#environment = {
      clock, ledger, window,
      authorOf: (before, after, changes) => authorOf(before, after, changes, running),
      mayDelete: options.deletes,
      goesWithOwner: (track, object) => {
        const owner = environment.ownerOf(object);
        if (!owner || isThere(owner.real)) return undefined;
        environment.waits(track);
        return () => !isThere(owner.view);
      },
      isUnknowable: ({ key }) => environment.isUnknowable(kind, key),
      shown: (track, before, after) => this.#shown(track, before, after),
      born: (track, entry) => this.creations.born(track, entry),
      pairOff: (track) => this.creations.pairOff(track),
      refresh: (track) => this.#lookAt(track),
    };
    const { keep: _keep, ...scope } = options.scope ?? {};
    this.#isInScope = filterOf(scope);
    this.#reflector = new Reflector(kind, client, this, () => undefined, {
      ...scope, clock, random, managedFields: true,
      observer: { failed: (error) => environment.failed(kind, error), skipped: (error) => environment.failed(kind, error) },
    });
  }

  /** Follows the server until the signal aborts. */
  follow(signal: AbortSignal): void {
    if (this.options.followed) void this.#reflector.run(signal);
  }

  /** The schema of the kind, where the operator defines it. */
  get schema(): JSONSchemaProps | undefined {
    return this.kind.definition?.versions.find(({ name }) => name === this.kind.version)?.schema;
  }

  get statusSubresource(): boolean {
    return this.kind.statusSubresource ?? true;
  }

  /** Whether objects of the kind have a generation from the start: custom resources, and what has a controller of Kubernetes' own. */
  get countsGenerations(): boolean {
    const { group } = this.kind;
    return (group.includes('.') && !group.endsWith('.k8s.io')) || GENERATED.has(group);
  }

  /** Whether everything that there is of the kind is followed. */
  get isWhole(): boolean {
    const { followed, scope: { namespace, labelSelector, fieldSelector, metadataOnly } = {} } = this.options;
    return followed && !namespace && !labelSelector && !fieldSelector && !metadataOnly;
  }

  /** Whether what a list or a watch asks for is followed. */
  covers({ namespace, labelSelector, fieldSelector }: Selection): boolean {
    const { scope = {} } = this.options;
    const isWithin = (asked: string | undefined, followed: string | undefined): boolean => !followed || asked === followed;
    return isWithin(namespace, scope.namespace) && isWithin(labelSelector, scope.labelSelector) && isWithin(fieldSelector, scope.fieldSelector);
  }

  /** The object under a key as the shadow sees it, looked up where it is not followed. */
  async lookedAt(key: ObjectKey): Promise<ObjectTrack> {
    const track = this.track(key);
    if (this.options.followed) await this.isServed();
    await this.#lookAt(track);
    return track;
  }

  /** Whether the server serves the kind. */
  async isServed(): Promise<boolean> {
    await this.#reflector.whenSynced();
    return !this.#reflector.absent;
  }

  track(key: ObjectKey): ObjectTrack {
    let track = this.tracks.get(key);
    if (!track) this.tracks.set(key, track = new ObjectTrack(key, this.#environment));
    return track;
  }

  /** Takes over what the server has of an object that nobody follows. */
  async #lookAt(track: ObjectTrack): Promise<void> {
    if (this.options.followed && (this.isWhole || (track.real && this.#isInScope(track.real)))) return;
    const [name, namespace] = track.key.split('/').reverse() as [string, string?];
    let found: KubeObject | undefined;
    try {
      found = await this.environment.client.find<KubeObject>(this.kind, { name, namespace });
    } catch (error) {
      // Who may write need not be one who may read: what is there is not known then.
      if (!isNotFound(error)) this.environment.failed(this.kind, error);
    }
    const known = track.real;
    if (found?.metadata.resourceVersion !== known?.metadata.resourceVersion) {
      track.receive(found && withManagedFields(this.kind, found), known === undefined && track.phantom === undefined);
    }
  }

  /** The resourceVersion of what the shadow sees of an object. */
  versionOf(key: ObjectKey): string {
    return this.#versions.get(key) ?? '0';
  }

  /** Whether a write that names this resourceVersion is about the state that the shadow sees. */
  isCurrent(track: ObjectTrack, resourceVersion: string): boolean {
    return resourceVersion === this.versionOf(track.key) || (!this.isWhole && resourceVersion === track.base?.metadata.resourceVersion);
  }

  /** An object as the shadow is answered. */
  answer(key: ObjectKey, object: KubeObject): KubeObject {
    const shown = visible(object);
    return { ...shown, metadata: { ...shown.metadata, resourceVersion: this.versionOf(key) } };
  }

  /** What the shadow sees, of a selection. */
  list(matches: ObjectFilter): { items: KubeObject[]; resourceVersion: string } {
    const items = [...this.tracks.values()].flatMap(({ key, view }) => (view && matches(view) ? [this.answer(key, view)] : []));
    return { items, resourceVersion: String(this.environment.revision()) };
  }

  watch(filter: ObjectFilter, resourceVersion: string | undefined, signal: AbortSignal | undefined): AsyncIterable<string> {
    return this.#watches.from(Number(resourceVersion ?? 0), filter, this.kind, signal);
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.tracks.get(key)?.real;
  }

  *keys(): Iterable<ObjectKey> {
    for (const [key, { real }] of this.tracks) if (real) yield key;
  }

  set(object: KubeObject): boolean {
    const track = this.track(keyOfObject(object));
    this.environment.record?.(this.kind, track.real ? 'MODIFIED' : 'ADDED', object, !this.#listed);
    track.receive(object, !this.#listed);
    return false;
  }

  delete(key: ObjectKey, last: KubeObject): boolean {
    this.environment.record?.(this.kind, 'DELETED', last, false);
    const track = this.track(key);
    track.receive(undefined, false);
    if (track.isEmpty) this.tracks.delete(key);
    return false;
  }

  listed(): void {
    this.#listed = true;
  }

  reached(): void {
    this.#watches.bookmark(this.kind, () => this.environment.revision());
  }

  #shown({ key }: ObjectTrack, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const revision = this.environment.revision();
    this.#versions.set(key, String(revision));
    const [was, is] = [before, after].map((object) => object && this.answer(key, object));
    this.#watches.push({ revision, before: was, after: is });
    if (before && isThere(before) && !isThere(after)) this.environment.gone();
    if (after) return;
    this.#versions.delete(key);
    if (this.tracks.get(key)?.isEmpty) this.tracks.delete(key);
  }
}

const isThere = (object: KubeObject | undefined): boolean => object !== undefined && object.metadata.deletionTimestamp === undefined;

/** As a reflector that keeps managed fields makes it. */
function withManagedFields(kind: KindRef, object: KubeObject): KubeObject {
  const { managedFields } = object.metadata as { managedFields?: unknown };
  const normal = normalize(kind, object);
  Object.assign(normal.metadata, { managedFields });
  return normal;
}

/** An object of a kind that is only now made. */
export const complete = (kind: KindRef, object: object): KubeObject => ({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind }) as KubeObject;
