type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The JSON merge patch (RFC 7386) that turns one plain object into another, undefined when they are equal. Properties that are undefined
 * count as absent; arrays are replaced as a whole.
 */
export function mergePatchOf(before: Json, after: Json): Json | undefined {
  const patch: Json = {};
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (value === undefined || old === value) continue;
    if (isObject(old) && isObject(value)) {
      const inner = mergePatchOf(old, value);
      if (inner) patch[name] = inner;
    } else if (!equal(old, value)) {
      patch[name] = value;
    }
  }
  for (const [name, old] of Object.entries(before)) if (old !== undefined && after[name] === undefined) patch[name] = null;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

function equal(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((item, index) => equal(item, right[index]));
  return isObject(left) && isObject(right) && mergePatchOf(left, right) === undefined;
}
