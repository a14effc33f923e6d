import type { ApiObject, SchemaNode } from '../contracts.js';
import { isObject } from '../schema/schema.js';
import { FieldSet } from './field-set.js';
import { compareTyped, fieldSetOf } from './typed-value.js';

/** The manager that `kubectl apply --server-side` has unless it is told another. */
export const KUBECTL = 'kubectl';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

const lastApplied = ({ metadata }: ApiObject): string | undefined => metadata.annotations?.[LAST_APPLIED];

/**
 * What `kubectl apply` without `--server-side` applied last and nobody has changed since. Whoever goes on with `--server-side` takes it over
 * without a conflict.
 */
export function unchangedSinceLastApplied(live: ApiObject, apiVersion: string, schema: SchemaNode): FieldSet {
  let config: unknown;
  try {
    config = JSON.parse(lastApplied(live) ?? 'null');
  } catch {
    // Annotations are anybody's to write.
    return FieldSet.EMPTY;
  }
  if (typeof config !== 'object' || config === null || (config as Partial<ApiObject>).apiVersion !== apiVersion) return FieldSet.EMPTY;
  const { changed, removed } = compareTyped(config, live, schema);
  return fieldSetOf(config, schema).difference(changed).difference(removed);
}

/** The annotation's text for a configuration: without the annotation itself, and with names in order. */
export function lastAppliedText({ metadata, ...config }: ApiObject): string {
  const { [LAST_APPLIED]: _before, ...annotations } = metadata?.annotations ?? {};
  return `${JSON.stringify(inOrder({ ...config, metadata: metadata?.annotations ? { ...metadata, annotations } : metadata }))}\n`;
}

/** Keeps the annotation in line with what is applied by the server, so that kubectl can go back to applying by itself. */
export function syncLastApplied(object: ApiObject, text: string): void {
  if (lastApplied(object) !== undefined) object.metadata.annotations = { ...object.metadata.annotations, [LAST_APPLIED]: text };
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]): [string, unknown] => [name, inOrder(part)]).sort(([left], [right]) => (left < right ? -1 : 1)));
}
