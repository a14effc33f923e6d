import type { Events, RunContext } from '../context.js';
import type { KubeObject } from '../kube/object.js';
import { silentLogger } from '../logger.js';
import type { EngineHost, Write } from './host.js';
import { cloneJSON, isObject, member, put } from './json.js';

/** When the fake's time starts. */
export const START = Date.parse('2026-01-01T01:00:00Z');

const failure = (reason: string): Error => Object.assign(new Error(reason), { reason });

/** Applies an RFC 7396 patch. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else put(result, name, applyMergePatch(member(result, name), value));
  }
  return result;
}

/** What a JSON pointer points at. */
const at = (value: unknown, path: string): unknown => path.split('/').slice(1).reduce((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);

/** One object behind an API server that checks versions, tests and subresources. */
export class FakeHost<T extends KubeObject> implements EngineHost<T> {
  clock = START;
  readonly writes: Write[] = [];
  readonly eventLog: [string, string, string][] = [];
  readonly abort = new AbortController();
  readonly random = { next: () => 0, uuid: () => 'uuid' };
  /** Called before every write: may change the object, or throw. */
  beforeWrite: ((write: Write) => void | Promise<unknown>) | undefined;

  /** What other writers of the process left before our turn. */
  left: (() => T | undefined) | undefined;

  /** Writes take effect, but their answers never come. */
  loseAnswers = false;

  constructor(public object: T | undefined) {}

  get events(): Events & [string, string, string][] {
    return Object.assign(this.eventLog, {
      normal: (reason: string, message: string) => void this.eventLog.push(['Normal', reason, message]),
      warning: (reason: string, message: string) => void this.eventLog.push(['Warning', reason, message]),
    });
  }

  get context(): RunContext {
    const unused = (): never => { throw new Error('not part of this test'); };
    return {
      cache: { get: unused, list: unused, peek: { get: unused, list: unused }, live: { get: unused, list: unused }, changes: unused },
      create: unused, apply: unused, patch: unused, delete: unused,
      events: this.events, log: silentLogger, signal: this.abort.signal, now: () => this.clock, triggers: [],
    };
  }

  /** Somebody else's write. */
  change(mutate: (object: T) => void): void {
    const object = cloneJSON(this.object as T);
    mutate(object);
    object.metadata.resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    this.object = object;
  }

  turn<R>(_object: T, work: (newer: T | undefined) => Promise<R>): Promise<R> {
    return work(this.left?.());
  }

  live(): Promise<T | undefined> {
    return Promise.resolve(this.object);
  }

  async write(_object: T, write: Write): Promise<T> {
    await this.beforeWrite?.(write);
    const { object } = this;
    if (!object) throw failure('NotFound');
    this.writes.push(write);
    if (write.type === 'json') {
      for (const operation of write.patch) {
        if (operation.op === 'test' && at(object, operation.path) !== operation.value) throw failure('Invalid');
      }
      const removed = write.patch.filter(({ op }) => op === 'remove').map(({ path }) => Number(path.split('/').at(-1)));
      this.change((draft) => { draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((_, index) => !removed.includes(index)); });
    } else {
      const { resourceVersion } = write.patch['metadata'] as { resourceVersion: string };
      if (resourceVersion !== object.metadata.resourceVersion) throw failure('Conflict');
      const patched = applyMergePatch(object, write.patch) as T & { status?: unknown };
      const { status } = object as T & { status?: unknown };
      const next = write.subresource === 'status' ? { ...object, status: patched.status } : { ...patched, status };
      this.change((draft) => Object.assign(draft, cloneJSON(next)));
    }
    if (this.loseAnswers) throw new Error('connection reset');
    return this.object as T;
  }
}
