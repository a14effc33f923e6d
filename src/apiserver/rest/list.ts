import type { ApiObject } from '../contracts.js';
import { badRequest, expired, invalid, notFound, StatusError } from '../status.js';
import { CompactedError } from '../storage/memory-storage.js';
import { keyOf, type ObjectRange } from '../storage/object-table.js';
import type { RestContext, RestResult } from './context.js';
import { parseFieldSelector } from './field-selector.js';
import { everything, parseLabelSelector } from './label-selector.js';
import type { RequestInfo } from './request-info.js';
import { fromStorage, oneFromStorage } from './versions.js';

/** Where a paged list goes on. */
interface ContinueToken {
  v: 'meta.k8s.io/v1';
  /** Revision of the snapshot; -1 means that the rest comes from whatever is now. */
  rv: number;
  /** The last key that was listed. */
  start: string;
}

/** Objects that are read and selected at a time. */
const BATCH = 500;

/** Whether both selectors of a list or watch take an object in the request's version. */
export function selectorOf({ query, definition }: RequestInfo): (object: ApiObject) => boolean {
  const labels = query.get('labelSelector');
  const fields = query.get('fieldSelector');
  const byLabels = labels ? parseLabelSelector(labels) : everything;
  const byFields = fields ? parseFieldSelector(fields, definition) : undefined;
  if (!byFields) return byLabels === everything ? () => true : ({ metadata }) => byLabels(metadata.labels);
  return (object) => byLabels(object.metadata.labels) && byFields(object);
}

export async function get(ctx: RestContext, { definition, namespace, name, query }: RequestInfo): Promise<RestResult> {
  const resourceVersion = parseResourceVersion(query.get('resourceVersion'));
  if (resourceVersion !== undefined) refuseFuture(ctx, resourceVersion);
  const stored = ctx.storage.get(definition.storageResource, namespace, name);
  if (!stored) throw notFound(definition, name);
  return { type: 'object', status: 200, definition, object: await oneFromStorage(ctx, definition, stored) };
}

export async function list(ctx: RestContext, info: RequestInfo): Promise<RestResult> {
  const { definition, query } = info;
  const selects = selectorOf(info);
  const limit = parseCount(query, 'limit') ?? 0;
  const token = query.get('continue');
  const { revision, after } = token ? readToken(ctx, token, query) : { revision: exactRevision(ctx, query), after: '' };

  const stored = listStored(ctx, info, revision, after);
  const items: ApiObject[] = [];
  const most = limit || Infinity;
  // Who waits for conversions must not see what is changed meanwhile.
  const batch = definition.convertsByHook ? stored.length : BATCH;
  let [last, more] = [0, false];
  for (let from = 0; from < stored.length && !more; from += batch) {
    const reading = fromStorage(ctx, definition, stored.slice(from, from + batch));
    const objects = Array.isArray(reading) ? reading : await reading;
    for (let index = 0; index < objects.length && !more; index += 1) {
      if (!selects(objects[index]!)) continue;
      more = items.length === most;
      if (more) continue;
      items.push(objects[index]!);
      last = from + index;
    }
  }
  const metadata: Record<string, unknown> = { resourceVersion: String(revision) };
  if (more) {
    metadata['continue'] = writeToken({ v: 'meta.k8s.io/v1', rv: revision, start: keyOf(stored.slice(last, last + 1)[0]!) });
    if (!query.get('labelSelector') && !query.get('fieldSelector')) metadata['remainingItemCount'] = stored.length - last - 1;
  }
  return { type: 'list', definition, items, metadata };
}

function listStored({ storage }: RestContext, { definition, namespace }: RequestInfo, revision: number, after: string): ObjectRange {
  try {
    return storage.rangeAt(definition.storageResource, revision, namespace || undefined, after || undefined);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    if (!after) throw expired(`The resourceVersion for the provided list is too old.`);
    throw inconsistentContinue(after);
  }
}

/** The answer to a token whose snapshot is gone; it carries one that goes on from the present. */
function inconsistentContinue(after: string): StatusError {
  const error = expired('The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.');
  error.status.metadata = { continue: writeToken({ v: 'meta.k8s.io/v1', rv: -1, start: after }) };
  return error;
}

const writeToken = (token: ContinueToken): string => Buffer.from(JSON.stringify(token)).toString('base64url');

function readToken({ storage }: RestContext, token: string, query: URLSearchParams): { revision: number; after: string } {
  const resourceVersion = query.get('resourceVersion');
  if (resourceVersion && resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue');
  let content: Partial<ContinueToken>;
  try {
    content = JSON.parse(Buffer.from(token, 'base64url').toString()) as Partial<ContinueToken>;
  } catch {
    throw badRequest('continue key is not valid: illegal base64 data or JSON');
  }
  const { v, rv, start } = content;
  if (v !== 'meta.k8s.io/v1' || typeof rv !== 'number' || !Number.isInteger(rv) || rv === 0 || typeof start !== 'string') {
    throw badRequest('continue key is not valid: server does not recognize this encoded version or it lacks a field');
  }
  if (rv > storage.revision) throw badRequest('continue key is not valid: it is from the future');
  return { revision: rv < 0 ? storage.revision : rv, after: start };
}

/** The revision to list at. Only `Exact` goes back; "not older than" is always met by the present. */
function exactRevision(ctx: RestContext, query: URLSearchParams): number {
  const match = query.get('resourceVersionMatch');
  const requested = parseResourceVersion(query.get('resourceVersion'));
  if (match) {
    if (requested === undefined) throw listOptionsInvalid('resourceVersionMatch', 'FieldValueForbidden', 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      throw listOptionsInvalid('resourceVersionMatch', 'FieldValueNotSupported', `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`);
    }
    if (match === 'Exact' && requested === 0) throw listOptionsInvalid('resourceVersionMatch', 'FieldValueForbidden', 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (requested === undefined) return ctx.storage.revision;
  refuseFuture(ctx, requested);
  const limited = (parseCount(query, 'limit') ?? 0) > 0;
  return match === 'Exact' || (!match && limited && requested > 0) ? requested : ctx.storage.revision;
}

export const listOptionsInvalid = (field: string, reason: string, message: string): StatusError =>
  invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [{ field, reason, message }]);

function refuseFuture({ storage }: RestContext, requested: number): void {
  if (requested <= storage.revision) return;
  throw new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${storage.revision}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** Undefined when absent or empty. */
export function parseResourceVersion(text: string | null): number | undefined {
  if (!text) return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** A non-negative whole number of the query; undefined when absent. */
export function parseCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Math.max(0, Number(text));
}

