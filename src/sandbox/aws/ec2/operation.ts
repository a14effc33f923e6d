import { AwsError } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';

/** Ends a call that only asked whether it would be allowed. Call it once everything is checked and nothing is done. */
export function endDryRun(input: Parameters): void {
  if (input.flag('DryRun')) throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
}

/** The items with the given ids; all when none is named. Throws an error of the given reason for an id that is not among them. */
export function select<Item>(ids: readonly string[], byId: ReadonlyMap<string, Item>, reason: string, kind: string): Item[] {
  if (ids.length === 0) return [...byId.values()];
  return [...new Set(ids)].map((id) => {
    const item = byId.get(id);
    if (item === undefined) throw new AwsError(reason, `The ${kind} '${id}' does not exist`);
    return item;
  });
}
