import type { KindRef, KubeObject } from './object.js';
import { apiVersionOf } from './paths.js';

/** An object that cannot be kept: it lacks what every Kubernetes object has. */
export class MalformedObjectError extends Error {
  override readonly name = 'MalformedObjectError';
  readonly reason = 'ObjectMalformed';
}

/**
 * Makes an object as our code expects it, in place: `metadata.labels`, `metadata.annotations` and `status` are there, `managedFields`
 * (half of a typical object's bytes, of no use to reconcilers) are not, `apiVersion` and `kind` are filled in where a list left them out.
 */
export function normalize<T extends KubeObject>(kind: KindRef, object: T): T {
  const metadata = object?.metadata as (T['metadata'] & { managedFields?: unknown }) | undefined;
  if (!metadata?.name || !metadata.resourceVersion) {
    throw new MalformedObjectError(`${kind.kind} without ${metadata?.name ? 'metadata.resourceVersion' : 'metadata.name'}: ${JSON.stringify(object)?.slice(0, 120)}`);
  }
  // Done before, and perhaps frozen since.
  if (Object.isFrozen(object)) return object;
  delete metadata.managedFields;
  metadata.labels ??= {};
  metadata.annotations ??= {};
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
  (object as { status?: unknown }).status ??= {};
  return object;
}

/** What is kept of an object: for kinds that are watched without their content, only what identifies and labels it. */
export function keptOf<T extends KubeObject>(object: T, { metadataOnly, keep }: { metadataOnly?: boolean; keep?: ((object: KubeObject) => KubeObject) | undefined }): T {
  const { apiVersion, kind, metadata } = object;
  return (metadataOnly ? { apiVersion, kind, metadata } : keep?.(object) ?? object) as T;
}

/** Freezes an object and everything in it, so that a reconciler that changes what it read fails where it does so. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
