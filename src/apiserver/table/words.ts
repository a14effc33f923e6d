import type { Container } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';

/** `a=b,c=d`, in order of keys; `<none>` for none. */
export function labelsText(labels: Record<string, string> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

/** A label selector in the notation of `kubectl -l`. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return '<none>';
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => [key, `${key}=${value}`] as const);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const list = `(${[...values].sort((a, b) => (a < b ? -1 : 1)).join(',')})`;
    const text = { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` }[operator] ?? key;
    return [key, text] as const;
  });
  const all = [...equal, ...expressions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  return all.length === 0 ? '<none>' : all.join(',');
}

export const containerNames = (containers: readonly Container[] | undefined): string => (containers ?? []).map(({ name }) => name).join(',');
export const containerImages = (containers: readonly Container[] | undefined): string => (containers ?? []).map(({ image }) => image ?? '').join(',');

/** The first three, and how many more. */
export function firstThree(items: readonly string[], total: number = items.length): string {
  const shown = items.slice(0, 3).join(',');
  return total > 3 ? `${shown} + ${total - 3} more...` : shown;
}

const SHORT_MODES: Record<string, string> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };

/** `RWO,RWX` */
export const accessModes = (modes: readonly string[] | undefined): string =>
  Object.keys(SHORT_MODES)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => SHORT_MODES[mode])
    .join(',');
