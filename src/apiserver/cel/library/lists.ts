import { type Environment, Optional } from '@marcbachmann/cel-js';
import { registerNamespace } from './namespace.js';

type Comparable = bigint | number | string | boolean;

const instant = (value: unknown): Comparable => (value instanceof Date ? value.getTime() : (value as Comparable));

const extreme = (list: readonly unknown[], name: string, better: (a: Comparable, b: Comparable) => boolean): unknown => {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((best, item) => (better(instant(item), instant(best)) ? item : best));
};

const sum = (list: readonly unknown[]): unknown => {
  const first = list[0];
  if (typeof first === 'number') return (list as number[]).reduce((total, item) => total + item, 0);
  return (list as bigint[]).reduce((total, item) => total + item, 0n);
};

/** Equality of set members; ints and doubles of the same value are the same. */
const same = (a: unknown, b: unknown): boolean => a === b || (typeof a !== typeof b && (typeof a === 'bigint' || typeof b === 'bigint') && Number(a) === Number(b)) || (typeof a === 'object' && describe(a) === describe(b));

const describe = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item instanceof Map ? [...(item as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)) : item));

const contains = (list: readonly unknown[], part: readonly unknown[]): boolean => part.every((item) => list.some((other) => same(item, other)));

/** The items in the order of their keys. */
export const sorted = <T>(list: readonly T[], keyOf: (item: T) => unknown): T[] => list.toSorted((one, other) => (instant(keyOf(one)) < instant(keyOf(other)) ? -1 : instant(keyOf(one)) > instant(keyOf(other)) ? 1 : 0));

/** `isSorted`, `sum`, `min`, `max`, `indexOf`, `lastIndexOf`, `distinct`, `slice`, `sort`, `reverse`, `flatten`, `first`, `last`, `lists.range` and `sets.*`. */
export function registerLists(environment: Environment): void {
  environment
    .registerFunction('list.isSorted(): bool', (list: unknown[]) => list.every((item, index) => index === 0 || instant(list[index - 1]) <= instant(item)))
    .registerFunction('list.sum(): dyn', sum)
    .registerFunction('list.min(): dyn', (list: unknown[]) => extreme(list, 'min', (a, b) => a < b))
    .registerFunction('list.max(): dyn', (list: unknown[]) => extreme(list, 'max', (a, b) => a > b))
    .registerFunction('list.indexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.findIndex((other) => same(item, other))))
    .registerFunction('list.lastIndexOf(dyn): int', (list: unknown[], item: unknown) => BigInt(list.findLastIndex((other) => same(item, other))))
    .registerFunction('list.distinct(): list', (list: unknown[]) => list.filter((item, index) => list.findIndex((other) => same(item, other)) === index))
    .registerFunction('list.slice(int, int): list', (list: unknown[], start: bigint, end: bigint) => {
      if (start < 0n || end < start || end > BigInt(list.length)) throw new Error(`index out of bounds: [${start}, ${end})`);
      return list.slice(Number(start), Number(end));
    });
  environment
    .registerFunction('list.sort(): list', (list: unknown[]) => sorted(list, (item) => item))
    .registerFunction('list.reverse(): list', (list: unknown[]) => list.toReversed())
    .registerFunction('list.flatten(): list', (list: unknown[]) => list.flat())
    .registerFunction('list.flatten(int): list', (list: unknown[], depth: bigint) => list.flat(Number(depth)))
    .registerFunction('list.first(): optional<dyn>', (list: unknown[]) => (list.length > 0 ? Optional.of(list[0]) : Optional.none()))
    .registerFunction('list.last(): optional<dyn>', (list: unknown[]) => (list.length > 0 ? Optional.of(list.at(-1)) : Optional.none()));
  registerNamespace(environment, 'lists');
  environment.registerFunction('lists.range(int): list<int>', (_namespace: unknown, length: bigint) => Array.from({ length: Number(length) }, (_, index) => BigInt(index)));
  registerNamespace(environment, 'sets');
  environment
    .registerFunction('sets.contains(list, list): bool', (_namespace: unknown, list: unknown[], part: unknown[]) => contains(list, part))
    .registerFunction('sets.equivalent(list, list): bool', (_namespace: unknown, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a))
    .registerFunction('sets.intersects(list, list): bool', (_namespace: unknown, a: unknown[], b: unknown[]) => a.some((item) => b.some((other) => same(item, other))));
}
