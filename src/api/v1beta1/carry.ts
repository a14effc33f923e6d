import type { ObjectMeta } from '../../operator/kube/object.js';

/**
 * What the other version cannot say travels in an annotation, so that converting there and back loses nothing.
 * Returns metadata that carries `fields` under `annotation`, or without it when there is nothing to carry.
 */
export function carrying(metadata: ObjectMeta, annotation: string, fields: Readonly<Record<string, unknown>>): ObjectMeta {
  const annotations = { ...metadata.annotations };
  delete annotations[annotation];
  const carried = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (carried.length > 0) annotations[annotation] = JSON.stringify(Object.fromEntries(carried));
  return { ...metadata, annotations };
}

/** The carried fields; empty when there are none, or when somebody broke the annotation. */
export function carried<Fields>(metadata: ObjectMeta, annotation: string): Partial<Fields> {
  try {
    return (JSON.parse(metadata.annotations?.[annotation] ?? '{}') ?? {}) as Partial<Fields>;
  } catch {
    return {};
  }
}

/** A copy without the properties that are undefined. */
export const defined = <T extends object>(object: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
