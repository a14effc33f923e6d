import type { KubeObject } from '../kube/object.js';

/** A span in a trace, as W3C trace context names it. */
export interface SpanReference {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** 1 when the trace is sampled. */
  readonly traceFlags: number;
}

/** Which run of this process wrote something. */
export interface WriteOrigin {
  readonly controller: string;
  /** What the run was about: `namespace/name` or `name`; the controller's name for singletons. */
  readonly key: string;
  /** Milliseconds of the clock's time. */
  readonly at: number;
  /** The write's span; only where traces are recorded. */
  readonly span?: SpanReference;
}

/** A state of an object that a watch has shown. */
export interface ObservedState {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly deleted: boolean;
}

interface Noted {
  readonly uid: string;
  readonly origin: WriteOrigin;
}

/** More writes than these are not remembered; the oldest go first. An echo follows its write within a second, or a watch is being repaired. */
const KEPT = 10_000;

/**
 * What this process wrote lately, by the resourceVersion that the server gave it: so that a change that a watch shows can be traced to the
 * run that caused it. A resourceVersion is one server's revision; the uid tells objects of others apart.
 */
export class WriteOrigins {
  readonly #noted = new Map<string, Noted>();
  readonly #unanswered = new Map<string, SpanReference>();

  get size(): number {
    return this.#noted.size;
  }

  /** Notes the answer to a write. */
  wrote({ metadata: { uid, resourceVersion } }: KubeObject, origin: WriteOrigin): void {
    this.#note(resourceVersion, { uid, origin });
  }

  /** Notes that an object was asked to go. What its watch shows last carries a resourceVersion that no answer did. */
  deleted(uid: string, origin: WriteOrigin): void {
    this.#note(`deleted ${uid}`, { uid, origin });
  }

  /** A write to an object is being sent, and its watch may show it before the answer is here. The result ends that. */
  sending(object: string, span: SpanReference): () => void {
    this.#unanswered.set(object, span);
    return () => {
      if (this.#unanswered.get(object) === span) this.#unanswered.delete(object);
    };
  }

  /** The write that a change of an object is likely due to while no answer says so; `Kind namespace/name`. */
  assumed(object: string): SpanReference | undefined {
    return this.#unanswered.get(object);
  }

  /** Who caused a state, if this process did. */
  of({ uid, resourceVersion, deleted }: ObservedState): WriteOrigin | undefined {
    const noted = this.#noted.get(resourceVersion) ?? (deleted ? this.#noted.get(`deleted ${uid}`) : undefined);
    return noted?.uid === uid ? noted.origin : undefined;
  }

  #note(id: string, noted: Noted): void {
    this.#noted.set(id, noted);
    if (this.#noted.size <= KEPT) return;
    const { value: oldest } = this.#noted.keys().next();
    this.#noted.delete(oldest as string);
  }
}
