import { formatBinary, formatMilli, quantityMilli, quantityValue } from './quantity.js';
import type { Quantity } from './quantity.js';

/** Amounts by resource name as they stand in manifests. */
export type ResourceList = Record<string, Quantity>;

/** Amounts by resource name as integers: millicores for `cpu`, bytes or counts for everything else. */
export type Resources = Readonly<Record<string, number>>;

/** Resources whose amounts are bytes, and are written with binary suffixes. */
const isBytes = (name: string): boolean => name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');

/** Parses a manifest's amounts. Throws {@link InvalidQuantity}. */
export function parseResources(list: Readonly<ResourceList> | undefined): Resources {
  const parsed: Record<string, number> = {};
  for (const name in list) parsed[name] = name === 'cpu' ? quantityMilli(list[name] as Quantity) : quantityValue(list[name] as Quantity);
  return parsed;
}

/** One amount in a manifest's notation. */
export const formatResource = (name: string, amount: number): string =>
  name === 'cpu' ? formatMilli(amount) : isBytes(name) ? formatBinary(amount) : String(amount);

/** Amounts in a manifest's notation. */
export const formatResources = (resources: Resources): Record<string, string> =>
  Object.fromEntries(Object.entries(resources).map(([name, amount]) => [name, formatResource(name, amount)]));

/** The sum, resource by resource. */
export function addResources(...lists: readonly (Resources | undefined)[]): Resources {
  const sum: Record<string, number> = {};
  for (const list of lists) for (const name in list) sum[name] = (sum[name] ?? 0) + (list[name] as number);
  return sum;
}

/** `from` minus `less`; a resource that only `less` names becomes negative. */
export function subtractResources(from: Resources, less: Resources): Resources {
  const difference: Record<string, number> = { ...from };
  for (const name in less) difference[name] = (difference[name] ?? 0) - (less[name] as number);
  return difference;
}

/** The larger amount, resource by resource. */
export function maxResources(...lists: readonly Resources[]): Resources {
  const largest: Record<string, number> = {};
  for (const list of lists) for (const name in list) largest[name] = Math.max(largest[name] ?? 0, list[name] as number);
  return largest;
}

/** Whether every requested amount is there; a resource that is not offered counts as 0. */
export function fits(requested: Resources, available: Resources): boolean {
  for (const name in requested) if ((requested[name] as number) > (available[name] ?? 0)) return false;
  return true;
}
