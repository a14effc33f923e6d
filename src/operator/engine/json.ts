/** A copy of plain JSON; several times faster than structuredClone. */
export function cloneJSON<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJSON) as T;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) put(copy, name, cloneJSON((value as Record<string, unknown>)[name]));
  return copy as T;
}

/** Sets a member of an object; `__proto__` is a name like any other. */
export function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

/** A member of an object; what all objects have (`constructor`) is none. */
export const member = (object: Record<string, unknown>, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);

/** Whether two JSON values are equal; an undefined member is an absent one. */
export function equalJSON(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => equalJSON(item, b[at]));
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const name of Object.keys(left)) if (!equalJSON(left[name], member(right, name))) return false;
  for (const name of Object.keys(right)) if (member(left, name) === undefined && right[name] !== undefined) return false;
  return true;
}

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
