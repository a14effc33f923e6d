import type { KubeObject } from '../kube/object.js';
import { equalJSON, isObject, member, put } from './json.js';

type JSONObject = Record<string, unknown>;

/**
 * The JSON merge patch (RFC 7396) that makes `draft` of `base`; undefined when they are equal. Merge patches cannot express a
 * null member: null in a draft removes the field, like undefined.
 */
export function mergePatchOf(base: unknown, draft: unknown): unknown {
  if (!isObject(base) || !isObject(draft)) return equalJSON(base, draft) ? undefined : draft;
  let patch: JSONObject | undefined;
  for (const name of Object.keys(draft)) {
    const [before, after] = [member(base, name), draft[name]];
    if (after === undefined || after === null) {
      if (before !== undefined && before !== null) put((patch ??= {}), name, null);
      continue;
    }
    const change = mergePatchOf(before, after);
    if (change !== undefined) put((patch ??= {}), name, change);
  }
  for (const name of Object.keys(base)) if (!Object.hasOwn(draft, name) && base[name] !== undefined && base[name] !== null) put((patch ??= {}), name, null);
  return patch;
}

/** What people write of metadata; the rest is the server's. */
const WRITTEN_METADATA = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

const isEmpty = (value: unknown): boolean => value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** Removes the difference between an empty value and none. */
function metadataPatch(base: KubeObject['metadata'], draft: KubeObject['metadata']): JSONObject | undefined {
  let patch: JSONObject | undefined;
  for (const name of WRITTEN_METADATA) {
    if (isEmpty(base[name]) && isEmpty(draft[name])) continue;
    const isMap = name === 'labels' || name === 'annotations';
    const change = isMap ? mergePatchOf(base[name] ?? {}, draft[name] ?? {}) : mergePatchOf(base[name] ?? [], draft[name] ?? []);
    if (change !== undefined) (patch ??= {})[name] = change;
  }
  return patch;
}

/** The requests that a draft comes to. Neither carries a resourceVersion yet. */
export interface WriteSet {
  /** Metadata, spec, and every other field but status. */
  readonly main?: JSONObject;
  readonly status?: JSONObject;
}

/**
 * What a draft changes, as merge patches for the object and for its status. Labels, annotations and status that are empty count as
 * absent. `apiVersion`, `kind` and server-owned metadata are never written.
 */
export function writeSetOf(base: KubeObject, draft: KubeObject, statusSubresource: boolean): WriteSet {
  const [before, after] = [base as unknown as JSONObject, draft as unknown as JSONObject];
  let main: JSONObject | undefined;
  const metadata = metadataPatch(base.metadata, draft.metadata);
  if (metadata) main = { metadata };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (name === 'apiVersion' || name === 'kind' || name === 'metadata' || name === 'status') continue;
    const change = after[name] === undefined || after[name] === null ? (isEmpty(before[name]) ? undefined : null) : mergePatchOf(before[name], after[name]);
    if (change !== undefined) (main ??= {})[name] = change;
  }
  const status = isEmpty(before['status']) && isEmpty(after['status']) ? undefined : (mergePatchOf(before['status'] ?? {}, after['status'] ?? {}) as JSONObject | undefined);
  if (status && !statusSubresource) return { main: { ...main, status } };
  return { ...(main ? { main } : {}), ...(status ? { status } : {}) };
}
