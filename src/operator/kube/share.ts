type Json = Record<string, unknown> | unknown[];

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/**
 * Has a fresh object refer to the parts of a known one that are equal to its own, and returns it (or the known one, if all of it is equal). Objects of a
 * kind, which come in the order of their names, mostly differ from their neighbour in a few fields: what they share is kept once. Changes `fresh` in place.
 */
export function shareWith<T>(known: unknown, fresh: T): T {
  if (known === fresh) return fresh;
  if (!isJson(known) || !isJson(fresh)) return fresh;
  if (Array.isArray(fresh)) return (Array.isArray(known) ? shareItems(known, fresh) : fresh) as T;
  return (Array.isArray(known) ? fresh : shareFields(known, fresh)) as T;
}

function shareItems(known: unknown[], fresh: unknown[]): unknown[] {
  let equal = known.length === fresh.length;
  const common = Math.min(known.length, fresh.length);
  for (let index = 0; index < common; index += 1) {
    const before = known[index];
    const now = fresh[index];
    if (before === now) {
      // Equal text, which the fresh one has a copy of.
      if (typeof now === 'string') fresh[index] = before;
      continue;
    }
    if (isJson(before) && isJson(now)) {
      const shared = shareWith(before, now);
      if (shared === before) {
        fresh[index] = before;
        continue;
      }
    }
    equal = false;
  }
  return equal ? known : fresh;
}

function shareFields(known: Record<string, unknown>, fresh: Record<string, unknown>): Record<string, unknown> {
  let equal = true;
  let count = 0;
  for (const key in fresh) {
    count += 1;
    // What an object without such a field says of it is its prototype.
    if (key === '__proto__') {
      equal = false;
      continue;
    }
    const before = known[key];
    const now = fresh[key];
    if (before === now) {
      if (typeof now === 'string') fresh[key] = before;
      else if (now === undefined && !Object.hasOwn(known, key)) equal = false;
      continue;
    }
    if (isJson(before) && isJson(now)) {
      const shared = shareWith(before, now);
      if (shared === before) {
        fresh[key] = before;
        continue;
      }
    }
    equal = false;
  }
  if (!equal) return fresh;
  for (const _ in known) count -= 1;
  return count === 0 ? known : fresh;
}
