import type { KindRef, KubeObject } from '../kube/object.js';
import { apiVersionOf } from '../kube/paths.js';
import type { ObjectFilter } from './object-filter.js';

/** A state that the shadow has been shown after another one. */
interface Shown {
  readonly revision: number;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** Who comes back with an older resourceVersion has to list again. */
const KEPT = 2_000;
/** Milliseconds between two bookmarks: the watches of reconcilers take a minute of silence for death. */
const BOOKMARKS = 10_000;

/** The watches of a kind: who comes back gets what it missed. */
export class WatchLog {
  readonly #shown: Shown[] = [];
  readonly #listeners = new Set<(shown: Shown | string) => void>();
  #forgotten = 0;
  #spokenAt: number;

  constructor(private readonly now: () => number) {
    this.#spokenAt = now();
  }

  push(shown: Shown): void {
    this.#spokenAt = this.now();
    this.#shown.push(shown);
    if (this.#shown.length > KEPT) this.#forgotten = this.#shown.shift()?.revision ?? 0;
    for (const listener of this.#listeners) listener(shown);
  }

  /** The server was heard: so are we, but not every time. */
  bookmark(kind: KindRef, revision: () => number): void {
    if (this.now() - this.#spokenAt < BOOKMARKS) return;
    this.#spokenAt = this.now();
    const line = lineOf('BOOKMARK', { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { resourceVersion: String(revision()) } });
    for (const listener of this.#listeners) listener(line);
  }

  /** The lines of a watch, until the signal aborts. */
  async *from(revision: number, matches: ObjectFilter, kind: KindRef, signal: AbortSignal | undefined): AsyncGenerator<string, void, undefined> {
    if (revision < this.#forgotten) {
      yield lineOf('ERROR', { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410, message: `too old resource version: ${revision} of ${kind.plural}` });
      return;
    }
    const queue: (Shown | string)[] = this.#shown.filter((shown) => shown.revision > revision);
    let wake: () => void = () => undefined;
    const listener = (shown: Shown | string): void => {
      queue.push(shown);
      wake();
    };
    const abort = (): void => wake();
    this.#listeners.add(listener);
    signal?.addEventListener('abort', abort);
    try {
      for (;;) {
        if (signal?.aborted) return;
        const next = queue.shift();
        const line = typeof next === 'object' ? eventOf(next, matches) : next;
        if (line !== undefined) yield line;
        else if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
      signal?.removeEventListener('abort', abort);
    }
  }
}

const lineOf = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;

function eventOf({ revision, before, after }: Shown, matches: ObjectFilter): string | undefined {
  const [was, is] = [before && matches(before) ? before : undefined, after && matches(after) ? after : undefined];
  if (is) return lineOf(was ? 'MODIFIED' : 'ADDED', is);
  return was && lineOf('DELETED', { ...was, metadata: { ...was.metadata, resourceVersion: String(revision) } });
}
