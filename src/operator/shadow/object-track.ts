import type { Clock, Timer } from '../clock.js';
import { equalJSON } from '../engine/json.js';
import type { KubeObject } from '../kube/object.js';
import { kubeTime } from '../kube/time.js';
import type { Author } from './change-author.js';
import type { FieldChange, Path } from './field-change.js';
import { fieldChanges, isNear, isSameValue, isStamp, valueAt, withChanges } from './field-change.js';
import type { Ledger } from './ledger.js';
import type { DifferingField, ShadowDifference, WouldBeWrite } from './would-be-write.js';

/** Stand for the life of the object itself among its fields. */
export const [CREATED, DELETED] = ['(created)', '(deleted)'] as const;
/** The share of the window that a change gets at least, from when the shadow has seen what came before it. */
const GRACE = 1 / 6;
const DELETION: FieldChange = { field: DELETED, path: [], from: undefined, to: true };

/** A change that the server has shown, and the shadow has not been shown yet. */
export interface HeldChange {
  readonly at: number;
  readonly object: KubeObject | undefined;
  readonly author: Author;
  readonly changes: readonly FieldChange[];
  /** The fields for which the shadow's own write is waited for. */
  readonly open: Set<string>;
  /** Whether it may be shown as far as others are concerned: what goes with its owner goes when that goes. */
  mayShow?: (() => boolean) | undefined;
  timer?: Timer;
}

/** A field that the shadow wrote. */
interface Pending {
  readonly change: FieldChange;
  readonly write: WouldBeWrite;
  /** `open`: waits for the running operator. `agreed`: that did the same. `kept`: it did not in time, and the shadow goes on with its own. */
  state: 'open' | 'agreed' | 'kept';
  /** The change that made it agreed: with it, the server's own state has the field. */
  with?: HeldChange;
  /** The change that it is held against: shown, it takes nothing away from the shadow. */
  against?: HeldChange;
}

/** What the tracks of a kind have in common. */
export interface TrackEnvironment {
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Milliseconds that a write of one side waits for the other. */
  readonly window: number;
  /** Who made of one state the other. */
  authorOf(before: KubeObject | undefined, after: KubeObject | undefined, changes: readonly FieldChange[]): Author;
  /** Whether a deletion of this object may be the running operator's. */
  readonly mayDelete: boolean;
  /** Whether the next change of the object may follow from a call that was withheld; asking uses it up. */
  isUnknowable(track: ObjectTrack): boolean;
  /** Whether the shadow sees the owner go, for an object that goes with it; undefined for one that does not. */
  goesWithOwner(track: ObjectTrack, object: KubeObject): (() => boolean) | undefined;
  /** The shadow is to be shown another state. */
  shown(track: ObjectTrack, before: KubeObject | undefined, after: KubeObject | undefined): void;
  /** The counterpart of an object that one side has created, if there is one: see {@link CreationMatcher}. */
  born(track: ObjectTrack, entry: HeldChange): void;
  /** The window of one side's creation has ended: pairs it with what is most like it. Returns whether there was something. */
  pairOff(track: ObjectTrack): boolean;
  /** Looks up on the server what nobody follows. */
  refresh(track: ObjectTrack): Promise<void>;
}

/**
 * One object in two worlds. The server's states come in as they happen; the shadow sees them when it has had its chance to write the same: a
 * change of the running operator is held until the shadow has written it, too, or the window has ended. What the shadow writes lies on top of what it
 * sees until the server shows the same. The fields of the two sides are held against each other one by one, so that it does not matter
 * how many requests each of them needs.
 */
export class ObjectTrack {
  /** The last state that the server has shown. */
  real: KubeObject | undefined;
  /** What the shadow sees, with what it wrote. */
  view: KubeObject | undefined;
  /** The creation by the shadow that the server has not shown. */
  phantom: { readonly write: WouldBeWrite; readonly object: KubeObject } | undefined;
  /** What the shadow's field managers have applied, of which the server knows nothing. */
  readonly applied = new Map<string, readonly Path[]>();
  #base: KubeObject | undefined;
  readonly #held: HeldChange[] = [];
  readonly #pending = new Map<string, Pending>();

  constructor(readonly key: string, private readonly environment: TrackEnvironment) {}

  /** The state that the shadow sees without what it wrote. */
  get base(): KubeObject | undefined {
    return this.#base;
  }

  /** The creation by the running operator that the shadow has not been shown. */
  get birth(): HeldChange | undefined {
    const [first] = this.#held;
    return first?.open.has(CREATED) ? first : undefined;
  }

  /** What of it waits for the other side. */
  get waiting(): string[] {
    return [
      ...this.#held.map(({ open, author, changes }) => `held ${author.who} ${author.manager}: ${changes.filter(({ field }) => open.has(field)).map(({ field, from, to }) => `${field} ${JSON.stringify(from)}→${JSON.stringify(to)}`).join(' ')}`),
      ...[...this.#pending.values()].filter(({ state }) => state === 'open').map(({ change, write }) => `open ${write.by?.reconciler} ${change.field} ${JSON.stringify(change.from)}→${JSON.stringify(change.to)}`),
    ];
  }

  /** Nothing is known of the object any more. */
  get isEmpty(): boolean {
    return !this.real && !this.view && !this.phantom && this.#held.length === 0;
  }

  /** The server shows a state: the first one that a list has is taken over as it is. */
  receive(object: KubeObject | undefined, isInitial: boolean): void {
    const before = this.real;
    this.real = object;
    if (isInitial && !this.phantom) {
      this.#base = object;
      this.#show();
      return;
    }
    const changes = this.#changesBetween(before, object);
    const author = this.environment.authorOf(before, object, changes);
    const entry: HeldChange = { at: this.environment.clock.now(), object, author, changes, open: new Set() };
    this.#held.push(entry);
    for (const change of changes) if (!this.#agreesWithPending(change, entry) && !isStamp(change) && !isNear(change.to, valueAt(this.view, change.path), this.environment.window)) entry.open.add(change.field);
    if (!before && object) {
      entry.open.clear();
      if (author.who === 'running') entry.open.add(CREATED);
      this.environment.born(this, entry);
    }
    this.#holdOrNot(entry, before);
    this.release();
  }

  /** Which of its changes a new entry is held for, and how long. */
  #holdOrNot(entry: HeldChange, before: KubeObject | undefined): void {
    const { author, open } = entry;
    if (author.who === 'unknown') {
      entry.mayShow = before && this.environment.goesWithOwner(this, before);
      const isOwn = before !== undefined && !entry.mayShow && open.has(DELETED) && this.environment.mayDelete;
      open.clear();
      if (isOwn) open.add(DELETED);
    } else if (author.who === 'other') open.clear();
    if (open.size > 0 && this.environment.isUnknowable(this)) this.#excuse(entry);
  }

  /**
   * The shadow has got as far as to a call that is withheld: the next change of the running operator may follow from it, and nobody is blamed. Only the next, as
   * what comes after that the shadow can do itself again. Returns whether there was one.
   */
  excuse(): boolean {
    const entry = this.#held.find(({ open, author }) => open.size > 0 && author.who !== 'other');
    if (entry) this.#excuse(entry);
    this.release();
    return entry !== undefined;
  }

  #excuse({ open }: HeldChange): void {
    this.environment.ledger.unknowable();
    open.clear();
  }

  /** The shadow creates the object. */
  create(write: WouldBeWrite, object: KubeObject): void {
    this.phantom = { write, object };
    this.#show();
    this.environment.clock.schedule(this.environment.window, () => void this.#expired(() => this.#phantomForTooLong(write)));
  }

  /** The shadow's creation has its counterpart, or nothing came of it. */
  dispel(): void {
    this.phantom = undefined;
    this.#pending.clear();
    this.#show();
  }

  /** The running operator's creation has its counterpart, or none will come. The shadow goes on with what it made otherwise of an object that both have named. */
  reveal(entry: HeldChange, write?: WouldBeWrite, otherwise: readonly FieldChange[] = []): void {
    entry.open.delete(CREATED);
    if (write) for (const change of otherwise) this.#pending.set(change.field, { change, write, state: 'kept', against: entry });
    this.release();
  }

  /** The shadow writes: `after` is what it makes of what it sees; undefined for a deletion. `describe` is told what changes, and makes the record of it. */
  write(after: KubeObject | undefined, describe: (changes: readonly FieldChange[]) => WouldBeWrite): void {
    const changes = after ? fieldChanges(this.view, after) : [DELETION];
    if (changes.length === 0) return;
    const write = describe(changes);
    // Everything about an object that the server does not have yet is judged with the object.
    if (!this.phantom) this.environment.ledger.wouldWrite(write);
    const { window } = this.environment;
    let [isOpen, isAgreed] = [false, false];
    const replaced = new Set<WouldBeWrite>();
    for (const change of changes) {
      const held = this.#held.findLast(({ open, changes: shown }) => open.has(change.field) && shown.some(({ field, to }) => field === change.field && isSameValue(to, change.to)));
      if (held) this.#settle(change.field, held);
      const earlier = this.#pending.get(change.field);
      if (earlier) replaced.add(earlier.write);
      if (!held && equalJSON(valueAt(this.#start, change.path), change.to)) this.#pending.delete(change.field);
      else {
        const isNoted = !held && isNear(change.to, valueAt(this.real, change.path), window);
        this.#pending.set(change.field, { change, write, state: held ? 'agreed' : isStamp(change) || isNoted ? 'kept' : 'open', ...(held ? { with: held } : {}) });
        isAgreed ||= held !== undefined || isNoted;
      }
      isOpen ||= this.#pending.get(change.field)?.state === 'open';
    }
    for (const earlier of replaced) this.#overtaken(earlier);
    if (this.phantom) return this.#show();
    if (isAgreed && !isOpen) this.environment.ledger.agreed(write);
    else this.environment.clock.schedule(this.environment.window, () => void this.#expired(() => this.#pendingForTooLong(write)));
    this.release();
    this.#show();
  }

  /** Shows the shadow what need not be held any longer. Returns whether nothing is held any more. */
  release(): boolean {
    let released = false;
    for (let [entry] = this.#held; entry && entry.open.size === 0 && (entry.mayShow?.() ?? true); [entry] = this.#held) {
      this.#held.shift();
      entry.timer?.cancel();
      this.#base = entry.object;
      released = true;
      const written = new Set([...this.#pending.values()].map(({ write }) => write));
      if (!entry.object) this.#pending.clear();
      for (const { field } of entry.changes) {
        const pending = this.#pending.get(field);
        // The server's word is the last, but for one that the shadow has written on top of it, or in contradiction to it.
        if (pending && (pending.with ?? entry) === entry && pending.against !== entry) this.#pending.delete(field);
      }
      for (const write of written) this.#overtaken(write);
    }
    if (released) this.#show();
    this.#waitFor(this.#held[0]);
    return this.#held.length === 0;
  }

  /** Starts to count the time of a change when the shadow has seen what came before it. What is late by then gets less of it, so that the shadow never falls far behind. */
  #waitFor(entry: HeldChange | undefined): void {
    if (!entry || entry.timer || entry.open.size === 0) return;
    const { window, clock } = this.environment;
    const age = clock.now() - entry.at;
    // Half the time for deletions that may be anybody's: what the running operator does about them is held for longer than they are.
    const left = entry.author.who === 'unknown' ? window / 2 : window - age;
    entry.timer = clock.schedule(age > 2 * window ? 0 : Math.max(left, window * GRACE), () => void this.#expired(() => this.#heldForTooLong(entry)));
  }

  /** Nothing more will be known of a write of which no field is left to be waited for. */
  #overtaken(write: WouldBeWrite): void {
    if (![...this.#pending.values()].some((pending) => pending.write === write && pending.state !== 'kept')) this.environment.ledger.overtaken(write);
  }

  /** What somebody changed, the beginning of the end included. */
  #changesBetween(before: KubeObject | undefined, after: KubeObject | undefined): FieldChange[] {
    const wasGoing = before?.metadata.deletionTimestamp !== undefined;
    if (!before) return after ? fieldChanges(undefined, after) : [];
    const begins = !wasGoing && (after === undefined || after.metadata.deletionTimestamp !== undefined);
    const changes = after ? fieldChanges(before, after) : fieldChanges({ metadata: { finalizers: before.metadata.finalizers ?? [] } }, {});
    return begins ? [...changes, DELETION] : changes;
  }

  #agreesWithPending(change: FieldChange, entry: HeldChange): boolean {
    const pending = this.#pending.get(change.field);
    if (!pending || !isSameValue(pending.change.to, change.to)) return false;
    const wasOpen = pending.state === 'open';
    pending.state = 'agreed';
    pending.with = entry;
    this.#settle(change.field, entry);
    if (wasOpen && ![...this.#pending.values()].some(({ write, state }) => write === pending.write && state === 'open')) this.environment.ledger.agreed(pending.write);
    return true;
  }

  /** A field need not be waited for in a change, nor in those before it, which it has overtaken. */
  #settle(field: string, last: HeldChange): void {
    for (const entry of this.#held) {
      entry.open.delete(field);
      if (entry === last) return;
    }
  }

  async #expired(judge: () => void): Promise<void> {
    await this.environment.refresh(this);
    judge();
    this.release();
    this.#show();
  }

  #pendingForTooLong(write: WouldBeWrite): void {
    const missed = [...this.#pending.values()].filter((pending) => pending.write === write && pending.state === 'open');
    if (missed.length === 0) return this.environment.ledger.overtaken(write);
    const others = missed.map(({ change: { field } }) => this.#held.find(({ open }) => open.has(field)));
    const fields = missed.map(({ change }, at) => fieldOfDifference(change, others[at]));
    for (const [at, pending] of missed.entries()) {
      const { field } = pending.change;
      const other = others[at];
      if (other) this.#settle(field, other);
      this.#keep(pending, other);
      // What ends an object is taken back: the shadow goes on with what is there.
      if (field === DELETED || this.#computed() === undefined) this.#pending.delete(field);
    }
    const manager = others.find((other) => other)?.author.manager;
    this.#differs(others.some((other) => other) ? 'differs' : 'only-shadow', write, fields, manager);
  }

  #heldForTooLong(entry: HeldChange): void {
    if (entry.open.size === 0) return;
    const { author, at, object } = entry;
    const isBirth = entry.open.has(CREATED);
    const fields = entry.changes.filter(({ field }) => isBirth || entry.open.has(field)).map(({ field, from, to }): DifferingField => ({ field, ...valued('from', from), ...valued('running', to) }));
    const isPaired = isBirth && this.environment.pairOff(this);
    entry.open.clear();
    if (isPaired) return;
    // What the shadow did otherwise in the meantime is one difference, not two.
    const others = isBirth ? [] : fields.map(({ field }) => this.#pending.get(field)).filter((pending) => pending !== undefined && pending.state !== 'agreed');
    const [other] = others;
    if (other) {
      const written = [...this.#pending.values()].filter((pending) => pending.write === other.write && pending.state === 'open');
      for (const pending of new Set([...others, ...written])) if (pending) this.#keep(pending, entry);
      this.#differs('differs', other.write, fields.map((field) => ({ ...field, ...valued('shadow', this.#pending.get(field.field)?.change.to) })), author.manager);
      return;
    }
    const verb = isBirth ? 'create' : fields.some(({ field }) => field === DELETED) ? 'delete' : 'patch';
    this.environment.ledger.differs({ verdict: 'only-running', verb, object: describe(object ?? this.#base), fields, at, ...(author.manager === undefined ? {} : { manager: author.manager }) });
  }

  #phantomForTooLong(write: WouldBeWrite): void {
    if (this.phantom?.write !== write) return;
    if (!this.environment.pairOff(this)) this.#differs('only-shadow', write, write.changes.map((change) => fieldOfDifference(change, undefined)), undefined);
    this.dispel();
  }

  /** The shadow goes on with what it wrote, whatever the running operator does. */
  #keep(pending: Pending, against: HeldChange | undefined): void {
    pending.state = 'kept';
    if (against) pending.against = against;
  }

  #differs(verdict: ShadowDifference['verdict'], write: WouldBeWrite, fields: readonly DifferingField[], manager: string | undefined): void {
    const { at, verb, object, by } = write;
    this.environment.ledger.differs({ verdict, verb, object, fields, at, ...(by ? { by } : {}), ...(manager === undefined ? {} : { manager }) }, write);
  }

  /** What the shadow's fields lie on. */
  get #start(): KubeObject | undefined {
    return this.phantom?.object ?? this.#base;
  }

  /** What the shadow is to see. */
  #computed(): KubeObject | undefined {
    const start = this.#start;
    if (!start || this.#pending.size === 0) return start;
    const changes = [...this.#pending.values()].map(({ change }) => change);
    const next = withChanges(start, changes.filter(({ field }) => field !== DELETED));
    const deletion = this.#pending.get(DELETED);
    const { finalizers = [] } = next.metadata;
    const isSpec = changes.some(({ path: [first] }) => first !== undefined && first !== 'metadata' && first !== 'status');
    if (isSpec && next.metadata.generation !== undefined) next.metadata.generation += 1;
    const isGraceful = start.kind === 'Pod' && (start as KubeObject & { spec?: { nodeName?: string } }).spec?.nodeName !== undefined;
    if (deletion && finalizers.length === 0 && !isGraceful) return undefined;
    if (deletion) next.metadata.deletionTimestamp ??= kubeTime(deletion.write.at);
    if (next.metadata.deletionTimestamp && finalizers.length === 0 && (start.metadata.finalizers ?? []).length > 0) return undefined;
    return next;
  }

  #show(): void {
    const [before, after] = [this.view, this.#computed()];
    if (before === after || (before && after && before.metadata.uid === after.metadata.uid && equalJSON(visible(before), visible(after)))) return;
    this.view = after;
    this.environment.shown(this, before, after);
  }
}

/** An object without what a shadow does not see of it. */
export function visible(object: KubeObject): KubeObject {
  const { managedFields: _managedFields, resourceVersion: _resourceVersion, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...object, metadata: metadata as KubeObject['metadata'] };
}

/** `Kind namespace/name` */
export const describe = (object: KubeObject | undefined): string =>
  (object ? `${object.kind} ${object.metadata.namespace ? `${object.metadata.namespace}/` : ''}${object.metadata.name}` : 'an object');

export const valued = <Name extends string>(name: Name, value: unknown): { [N in Name]?: unknown } => (value === undefined ? {} : { [name]: value }) as { [N in Name]?: unknown };

function fieldOfDifference({ field, from, to }: FieldChange, other: HeldChange | undefined): DifferingField {
  return { field, ...valued('from', from), ...valued('shadow', to), ...valued('running', other?.changes.find((change) => change.field === field)?.to) };
}
