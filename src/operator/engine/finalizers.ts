import type { Release } from '../dsl/outcome.js';
import type { KubeObject } from '../kube/object.js';
import type { KeyRun } from './key-run.js';

/** By shape, not by class: a plugin may have loaded its own copy of this package. */
const isRelease = (value: unknown): value is Release => typeof (value as Release | undefined)?.released === 'boolean';

/**
 * Runs the finalizers that still stand on a deleted object, the last declared first, until one holds it or fails. Returns those
 * that are done. An error that is caught holds the object as long as its outcome says.
 */
export async function runFinalizers<T extends KubeObject>(run: KeyRun<T>): Promise<string[]> {
  const present = run.base.metadata.finalizers ?? [];
  const released: string[] = [];
  for (const { method, name } of run.input.plan.finalizers.toReversed()) {
    if (!present.includes(name)) continue;
    const { value, caught } = await run.attempt(method, isRelease, (release) => (release.released ? 'released' : 'held'));
    const reason = value?.reason || caught?.reason;
    run.recheck(value?.recheckAfter ?? caught?.recheckAfter, `recheck of finalizer ${name}${reason ? ` (${reason})` : ''}`);
    if (!value?.released) break;
    released.push(name);
  }
  return released;
}
