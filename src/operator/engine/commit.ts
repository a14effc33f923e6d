import type { KubeObject } from '../kube/object.js';
import { writeSetOf } from './diff.js';
import { hasReason } from './failure.js';
import { isObject } from './json.js';
import type { JSONPatchOperation, Write } from './host.js';
import type { KeyRun } from './key-run.js';

/** How often a write is tried against objects that others change meanwhile. */
const TRIES = 3;

export type Committed = 'written' | 'conflict' | 'gone';

type Attempt = 'done' | 'conflict' | 'gone';

/** Runs a write until it is done, giving up after some conflicts. `refresh` prepares it for another state: what others of this process left, or the live object. */
function persist<T extends KubeObject>(run: KeyRun<T>, write: () => Promise<void>, refresh: (state: T) => void, conflicts: readonly string[]): Promise<Committed> {
  return run.input.host.turn(run.base, (newer) => {
    if (newer) refresh(newer);
    return persistInTurn(run, write, refresh, conflicts);
  });
}

async function persistInTurn<T extends KubeObject>(run: KeyRun<T>, write: () => Promise<void>, refresh: (state: T) => void, conflicts: readonly string[]): Promise<Committed> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const result: Attempt = await write().then(
      () => 'done',
      (error: unknown) => {
        if (hasReason(error, 'NotFound')) return 'gone';
        if (conflicts.some((reason) => hasReason(error, reason))) return 'conflict';
        throw error;
      },
    );
    if (result === 'done') return 'written';
    if (result === 'gone') return 'gone';
    const live = await run.input.host.live(run.base);
    if (!live || live.metadata.uid !== run.base.metadata.uid) return 'gone';
    refresh(live);
  }
  return 'conflict';
}

async function send<T extends KubeObject>(run: KeyRun<T>, write: Write): Promise<T> {
  const written = await run.input.host.write(run.base, write);
  run.writes++;
  return written;
}

const locked = <T extends KubeObject>(patch: Record<string, unknown>, { metadata }: T): Record<string, unknown> & { metadata: { resourceVersion: string } } => ({
  ...patch,
  metadata: { ...(isObject(patch['metadata']) ? patch['metadata'] : {}), resourceVersion: metadata.resourceVersion },
});

/**
 * Writes what the draft changed: metadata and spec first, then status, each only if something changed. When somebody else wrote in
 * between, the change is put on top of that, at most three times where it takes a conflict to hear of it.
 */
export async function commit<T extends KubeObject>(run: KeyRun<T>): Promise<Committed> {
  const { statusSubresource } = run.input.plan.kind;
  run.previous = run.base;
  const { main: changed, status: moved } = writeSetOf(run.base, run.draft, statusSubresource);
  if (!changed && !moved) return 'written';
  const write = async (): Promise<void> => {
    run.previous = run.base;
    const { main } = writeSetOf(run.base, run.draft, statusSubresource);
    if (main) {
      const written = await send(run, { type: 'merge', patch: locked(main, run.base) });
      const { status } = run.draft as { status?: unknown };
      run.draft = { ...written, ...(statusSubresource && status !== undefined ? { status } : {}) };
      run.base = written;
    }
    const { status } = writeSetOf(run.base, run.draft, statusSubresource);
    if (status) {
      run.base = await send(run, { type: 'merge', patch: locked({ status }, run.base), subresource: 'status' });
    }
  };
  const refresh = (live: T): void => {
    run.rebaseOn(live);
  };
  return persist(run, write, refresh, ['Conflict']);
}

/** Puts finalizers on the object before anything else is done for it. */
export function addFinalizers<T extends KubeObject>(run: KeyRun<T>, names: readonly string[]): Promise<Committed> {
  const write = async (): Promise<void> => {
    const present = run.base.metadata.finalizers ?? [];
    const missing = names.filter((name) => !present.includes(name));
    if (missing.length === 0 || run.base.metadata.deletionTimestamp !== undefined) return;
    run.restart(await send(run, { type: 'merge', patch: locked({ metadata: { finalizers: [...present, ...missing] } }, run.base) }));
  };
  return persist(run, write, (live) => run.restart(live), ['Conflict']);
}

/** Takes exactly these finalizers off, whoever else changes the list at the same time. */
export async function removeFinalizers<T extends KubeObject>(run: KeyRun<T>, names: readonly string[]): Promise<Committed> {
  const write = async (): Promise<void> => {
    const present = run.base.metadata.finalizers ?? [];
    const operations = present
      .map((name, at) => ({ name, path: `/metadata/finalizers/${at}` }))
      .filter(({ name }) => names.includes(name))
      .reverse()
      .flatMap(({ name, path }): JSONPatchOperation[] => [{ op: 'test', path, value: name }, { op: 'remove', path }]);
    if (operations.length === 0) return;
    // An object of the same name may have come in its place, finalizers and all, as from a backup.
    const same: JSONPatchOperation = { op: 'test', path: '/metadata/uid', value: run.base.metadata.uid };
    run.restart(await send(run, { type: 'json', patch: [same, ...operations] }));
  };
  const result = await persist(run, write, (live) => run.restart(live), ['Conflict', 'Invalid']);
  return result === 'gone' ? 'written' : result;
}
