import jsonPatch from 'fast-json-patch';
import type { JSONSchemaProps } from '../dsl/json-schema.js';
import { cloneJSON, equalJSON, isObject } from '../engine/json.js';
import type { KubeObject } from '../kube/object.js';
import { identityOf, itemKeyOf, valueAt, withChanges } from './field-change.js';
import type { Path } from './field-change.js';

type JSONObject = Record<string, unknown>;

/** An answer other than success that the server would have given. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(readonly code: number, readonly reason: string, message: string) {
    super(message);
  }
}

/** JSON merge patch (RFC 7386). */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JSONObject = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

function patchedBy(object: KubeObject, operations: readonly { op: string; path: string }[]): KubeObject {
  try {
    return jsonPatch.applyPatch(cloneJSON(object), operations as Parameters<typeof jsonPatch.applyPatch>[1], true).newDocument;
  } catch (error) {
    throw new Refusal(422, 'Invalid', `the server rejected our request due to an error in our request: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** A server-side apply onto what is there: maps are merged, and lists whose items can be told apart; others are replaced. */
function mergedByKeys(target: unknown, config: unknown, name = ''): unknown {
  if (Array.isArray(config) && Array.isArray(target)) {
    const key = itemKeyOf(name, target, config);
    if (key === undefined) return config;
    const of = (item: unknown): unknown => identityOf(item, key);
    const kept = target.map((item: unknown) => {
      const meant = config.find((other) => of(other) === of(item)) as unknown;
      return meant === undefined ? item : mergedByKeys(item, meant);
    });
    return [...kept, ...config.filter((item) => !target.some((other) => of(other) === of(item)))];
  }
  if (!isObject(config)) return config;
  const result: JSONObject = isObject(target) ? { ...target } : {};
  for (const [each, value] of Object.entries(config)) result[each] = mergedByKeys(result[each], value, each);
  return result;
}

/**
 * The object after a patch, before the server's own rules. An apply takes away what its manager has `applied` before and does not any more; strategic merge patches are
 * taken as applies that take nothing away. Throws {@link Refusal}.
 */
export function patched(object: KubeObject, contentType: string, patch: unknown, applied: readonly Path[] = []): KubeObject {
  if (contentType.startsWith('application/json-patch+json')) return patchedBy(object, patch as { op: string; path: string }[]);
  if (contentType.startsWith('application/merge-patch+json')) return cloneJSON(merged(object, patch)) as KubeObject;
  const dropped = applied.filter((path) => valueAt(patch, path) === undefined).map((path) => ({ path, to: undefined }));
  return cloneJSON(mergedByKeys(withChanges(object, dropped), patch)) as KubeObject;
}

/** What the server makes of an object that is written over another: its own fields stay, and a write touches either status or the rest. */
export function ruled(before: KubeObject, after: KubeObject, subresource: string | undefined, statusSubresource: boolean): KubeObject {
  const { labels, annotations, finalizers, ownerReferences } = after.metadata;
  const metadata = { ...before.metadata, ...(subresource === undefined ? { labels: labels ?? {}, annotations: annotations ?? {}, finalizers: finalizers ?? [], ownerReferences: ownerReferences ?? [] } : {}) };
  for (const name of ['finalizers', 'ownerReferences'] as const) if (metadata[name]?.length === 0) delete metadata[name];
  const [old, status] = [before, after].map((object) => (object as { status?: unknown }).status);
  if (subresource === 'status') return { ...before, metadata, status } as KubeObject;
  const result = { ...after, apiVersion: before.apiVersion, kind: before.kind, metadata, ...(statusSubresource ? { status: old } : {}) };
  return metadata.generation !== undefined && isSpecChanged(before, result) ? { ...result, metadata: { ...metadata, generation: metadata.generation + 1 } } : result;
}

/** Whether anything but metadata and status differs: the generation counts these changes. */
function isSpecChanged(before: KubeObject, after: KubeObject): boolean {
  const content = ({ metadata: _metadata, status: _status, ...rest }: KubeObject & { status?: unknown }): object => rest;
  return !equalJSON(content(before), content(after));
}

/** Fills in the defaults of a schema, in place. */
export function fillIn(schema: JSONSchemaProps, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) fillIn(schema.items as JSONSchemaProps, item);
    return;
  }
  if (!isObject(value)) return;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (value[name] === undefined && property.default !== undefined) value[name] = cloneJSON(property.default);
    if (value[name] !== undefined) fillIn(property, value[name]);
  }
  if (isObject(schema.additionalProperties)) for (const item of Object.values(value)) fillIn(schema.additionalProperties as JSONSchemaProps, item);
}
