import type { ApiObject, Clock, Storage, StorageEvent } from '../contracts.js';
import { deepEqual, deepFreeze } from './deep.js';
import { EventWindow } from './event-window.js';
import { keyOf, type ObjectRange, ObjectTable, type StorageKey, storageKey } from './object-table.js';

/** What makes writes durable: told of every change before it takes effect. */
export interface Journal {
  /** Every object that survived, and the revision reached. */
  readonly recovered: { readonly revision: number; readonly objects: readonly { resource: string; object: ApiObject }[] };
  append(event: StorageEvent, storage: MemoryStorage): void;
  close(): void;
}

/** As kube-apiserver has etcd forget (ms). */
const COMPACTION_INTERVAL = 300_000;

/** A snapshot was asked for that the event window no longer reaches. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  readonly reason = 'Compacted';

  constructor(
    readonly revision: number,
    readonly oldestRevision: number,
  ) {
    super(`revision ${revision} is older than the oldest known one, ${oldestRevision}`);
  }
}

/** All objects in memory, with one revision counter for the whole cluster and a window of recent events for each resource. */
export class MemoryStorage implements Storage {
  private readonly tables = new Map<string, ObjectTable>();
  private readonly windows = new Map<string, EventWindow>();
  private readonly listeners = new Set<(event: StorageEvent) => void>();
  private readonly pending: StorageEvent[] = [];
  private dispatching = false;
  /** The last table of the past that was asked for: the pages of a list all ask for the same. */
  private past: { resource: string; revision: number; table: ObjectTable } | undefined;
  private currentRevision: number;
  /** Resources that were never written have known all their events since then. */
  private readonly firstRevision: number;
  /** Lists of the past go back to here, whatever has happened to their resource. */
  private compacted = 0;
  private interval: number;
  /** The revision that the interval began with. */
  private intervalRevision: number;

  constructor(
    private readonly clock: Clock,
    private readonly journal?: Journal,
  ) {
    // Revision 0 means "any" to clients, and 1 is what etcd starts with.
    this.currentRevision = Math.max(1, journal?.recovered.revision ?? 0);
    this.firstRevision = this.currentRevision;
    this.intervalRevision = this.currentRevision;
    this.interval = Math.floor(clock.now() / COMPACTION_INTERVAL);
    for (const { resource, object } of journal?.recovered.objects ?? []) this.table(resource).set(keyOf(object), deepFreeze(object));
  }

  get revision(): number {
    return this.currentRevision;
  }

  /** Every resource that holds objects. */
  resources(): string[] {
    return [...this.tables].filter(([, table]) => table.size > 0).map(([resource]) => resource);
  }

  get(resource: string, namespace: string, name: string): ApiObject | undefined {
    return this.tables.get(resource)?.get(storageKey(namespace, name));
  }

  list(resource: string, namespace?: string): ApiObject[] {
    return this.tables.get(resource)?.list(namespace) ?? [];
  }

  /** What comes after a key (all, without one) in the list as it was at an earlier revision. Throws {@link CompactedError} when that is too long ago. */
  rangeAt(resource: string, revision: number, namespace?: string, after?: StorageKey): ObjectRange {
    this.compact();
    if (revision < this.compacted) throw new CompactedError(revision, this.compacted);
    const window = this.window(resource);
    const since = window.after(revision);
    if (!since) throw new CompactedError(revision, window.oldestRevision);
    if (since.length === 0) return this.table(resource).range(namespace, after);
    if (this.past?.resource !== resource || this.past.revision !== revision) this.past = { resource, revision, table: this.tableAt(resource, since) };
    return this.past.table.range(namespace, after);
  }

  private tableAt(resource: string, since: StorageEvent[]): ObjectTable {
    const past = this.table(resource).clone();
    for (const { type, object, previous } of since.reverse()) {
      if (type === 'ADDED') past.delete(keyOf(object));
      else past.set(keyOf(object), previous!);
    }
    return past;
  }

  create(resource: string, object: ApiObject): ApiObject {
    const key = keyOf(object);
    if (this.table(resource).get(key)) throw new Error(`${resource} ${key} exists`);
    const stored = this.stamp(object);
    this.commit({ type: 'ADDED', revision: this.currentRevision, resource, object: stored });
    return stored;
  }

  update(resource: string, object: ApiObject): ApiObject {
    const key = keyOf(object);
    const previous = this.table(resource).get(key);
    if (!previous) throw new Error(`${resource} ${key} does not exist`);
    if (sameButForRevision(object, previous)) return previous;
    const stored = this.stamp(object);
    this.commit({ type: 'MODIFIED', revision: this.currentRevision, resource, object: stored, previous });
    return stored;
  }

  delete(resource: string, namespace: string, name: string): ApiObject | undefined {
    const key = storageKey(namespace, name);
    const previous = this.table(resource).get(key);
    if (!previous) return undefined;
    const last = this.stamp(previous);
    this.commit({ type: 'DELETED', revision: this.currentRevision, resource, object: last, previous });
    return last;
  }

  subscribe(listener: (event: StorageEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The recent events of a resource. */
  window(resource: string): EventWindow {
    let window = this.windows.get(resource);
    if (!window) this.windows.set(resource, (window = new EventWindow(this.firstRevision)));
    return window;
  }

  close(): void {
    this.listeners.clear();
    this.journal?.close();
  }

  private table(resource: string): ObjectTable {
    let table = this.tables.get(resource);
    if (!table) this.tables.set(resource, (table = new ObjectTable()));
    return table;
  }

  /** At the end of each interval, forgets what was there before its beginning. */
  private compact(): void {
    const interval = Math.floor(this.clock.now() / COMPACTION_INTERVAL);
    if (interval === this.interval) return;
    this.compacted = interval === this.interval + 1 ? this.intervalRevision : this.currentRevision;
    this.interval = interval;
    this.intervalRevision = this.currentRevision;
  }

  private stamp(object: ApiObject): ApiObject {
    this.compact();
    this.currentRevision++;
    return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(this.currentRevision) } });
  }

  /** A listener may write: those events wait until everyone has seen this one, so all listeners see one order. */
  private commit(event: StorageEvent): void {
    // First, so that a change that could not be kept did not happen.
    this.journal?.append(event, this);
    const { type, resource, object } = event;
    if (type === 'DELETED') this.table(resource).delete(keyOf(object));
    else this.table(resource).set(keyOf(object), object);
    this.window(event.resource).push(event, this.clock.now());
    this.pending.push(event);
    if (this.dispatching) return;
    this.dispatching = true;
    try {
      for (let next = this.pending.shift(); next; next = this.pending.shift()) {
        this.listeners.forEach((listener) => listener(next));
      }
    } finally {
      this.dispatching = false;
    }
  }
}

function sameButForRevision(object: ApiObject, stored: ApiObject): boolean {
  if (object === stored) return true;
  const { metadata, ...rest } = object;
  const { metadata: storedMetadata, ...storedRest } = stored;
  return (
    deepEqual(rest, storedRest) && deepEqual({ ...metadata, resourceVersion: '' }, { ...storedMetadata, resourceVersion: '' })
  );
}
