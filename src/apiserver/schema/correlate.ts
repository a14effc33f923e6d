import type { Schema } from './schema.js';
import { isObject, ownValue } from './schema.js';

/** Stands for "there is no old value to compare with": `undefined` and `null` are values. */
export const NO_OLD_VALUE: unique symbol = Symbol('no old value');
export type OldValue = unknown;

/** The old value of a field, when the old object has it. */
export const oldField = (old: OldValue, name: string): OldValue => (isObject(old) && Object.hasOwn(old, name) ? old[name] : NO_OLD_VALUE);

/** The old item that a list item continues: only items of `map` lists have an identity. */
export function oldItem(old: OldValue, item: unknown, schema: Schema): OldValue {
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map' || !isObject(item)) return NO_OLD_VALUE;
  const identity = mapKeyOf(item, schema);
  const found = old.filter((candidate) => isObject(candidate) && mapKeyOf(candidate, schema) === identity);
  return found.length === 1 ? found[0] : NO_OLD_VALUE;
}

/** What tells the items of a `map` list apart, as one text. A key that is left out counts with its default. */
export function mapKeyOf(item: Record<string, unknown>, schema: Schema): string {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return JSON.stringify(keys.map((key) => item[key] ?? ownValue(schema.items?.properties, key)?.default ?? null));
}
