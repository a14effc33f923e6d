import type { Condition, KubeObject } from '../kube/object.js';
import { cloneJSON, equalJSON, isObject, member, put } from './json.js';

type JSONObject = Record<string, unknown>;
type Identity = (item: unknown) => string;

const text = (item: unknown, name: string): string => (item as Record<string, string | undefined>)[name] ?? '';

/** Lists that several writers share, by what tells their items apart. */
const SHARED_LISTS: Readonly<Record<string, Identity>> = {
  finalizers: String,
  taints: (item) => `${text(item, 'key')} ${text(item, 'effect')}`,
  ownerReferences: (item) => text(item, 'uid'),
};

/** Adds and removes in `live` what `draft` added to and removed from `base`. */
function mergeList(base: readonly unknown[], draft: readonly unknown[], live: readonly unknown[], identityOf: Identity): unknown[] {
  const before = new Map(base.map((item) => [identityOf(item), item]));
  const after = new Map(draft.map((item) => [identityOf(item), item]));
  const merged = new Map(live.map((item) => [identityOf(item), item]));
  for (const id of before.keys()) if (!after.has(id)) merged.delete(id);
  for (const [id, item] of after) if (!before.has(id) || !equalJSON(before.get(id), item)) merged.set(id, item);
  return [...merged.values()];
}

function merge(base: unknown, draft: unknown, live: unknown, name: string): unknown {
  if (equalJSON(base, draft)) return live;
  if (equalJSON(base, live)) return draft;
  const identityOf = Object.hasOwn(SHARED_LISTS, name) ? SHARED_LISTS[name] : undefined;
  if (identityOf && [base ?? [], draft ?? [], live ?? []].every(Array.isArray)) {
    return mergeList((base ?? []) as unknown[], (draft ?? []) as unknown[], (live ?? []) as unknown[], identityOf);
  }
  if (!isObject(draft) || !isObject(live)) return draft;
  const before = isObject(base) ? base : {};
  const merged: JSONObject = {};
  for (const key of new Set([...Object.keys(live), ...Object.keys(draft)])) {
    const value = merge(member(before, key), member(draft, key), member(live, key), key);
    if (value !== undefined) put(merged, key, value);
  }
  return merged;
}

/**
 * Conditions of which this writer owns some: its own come from the draft where the draft changed them, all others from the live
 * object. Conditions that only initialise what nobody has set yet are kept. What was said of a later generation stands: a run that
 * started from an outdated object does not take it back.
 */
function mergeConditions(base: readonly Condition[], draft: readonly Condition[], live: readonly Condition[], owned: (type: string) => boolean): Condition[] {
  const find = (list: readonly Condition[], type: string): Condition | undefined => list.find((condition) => condition.type === type);
  const merged: Condition[] = [];
  for (const type of new Set([...live, ...draft].map((condition) => condition.type))) {
    const [before, after, now] = [find(base, type), find(draft, type), find(live, type)];
    const isOverdue = (now?.observedGeneration ?? 0) > ((after ?? before)?.observedGeneration ?? 0);
    const isOurs = owned(type) && !equalJSON(before, after) && !isOverdue;
    const winner = isOurs ? after : (now ?? (before === undefined ? after : undefined));
    if (winner) merged.push(winner);
  }
  return merged;
}

type WithConditions = KubeObject & { status?: { conditions?: Condition[] } };

/**
 * Puts the changes that made `draft` of `base` on top of the `live` object that others changed meanwhile: fields one by one, finalizers,
 * taints and owner references as sets, conditions by type. Where both changed one field, the draft wins.
 */
export function rebase<T extends KubeObject>(base: T, draft: T, live: T, ownsCondition: (type: string) => boolean): T {
  const [before, after, now] = [base, draft, live].map((object) => (object as WithConditions).status?.conditions) as [Condition[]?, Condition[]?, Condition[]?];
  const merged = cloneJSON(merge(base, draft, live, '') as T);
  merged.metadata = { ...cloneJSON(live.metadata), ...pick(merged.metadata as unknown as JSONObject) };
  const conditions = mergeConditions(before ?? [], after ?? [], now ?? [], ownsCondition);
  const { status } = merged as WithConditions;
  if (conditions.length > 0) (merged as WithConditions).status = { ...status, conditions: cloneJSON(conditions) };
  else if (status) delete status.conditions;
  return merged;
}

const pick = ({ labels, annotations, finalizers, ownerReferences }: JSONObject): JSONObject => ({
  labels,
  annotations,
  ...(finalizers === undefined ? {} : { finalizers }),
  ...(ownerReferences === undefined ? {} : { ownerReferences }),
});
