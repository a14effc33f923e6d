import type { ApiObject, Cause } from '../contracts.js';
import { badRequest, expired, invalid, notFound, StatusError } from '../status.js';
import { CompactedError } from '../storage/memory-storage.js';
import { keyOf, type ObjectRange } from '../storage/object-table.js';
import type { RestContext, RestResult } from './context.js';
import { readContinueToken, writeContinueToken } from './continue-token.js';
import { parseFieldSelector } from './field-selector.js';
import { everything, parseLabelSelector } from './label-selector.js';
import type { RequestInfo } from './request-info.js';
import { fromStorage, oneFromStorage } from './versions.js';

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
  checkListOptions(query);
  // What may be of any version comes from memory, where a limit saves nothing.
  const limit = query.get('resourceVersion') === '0' ? 0 : (parseCount(query, 'limit') ?? 0);
  parseCount(query, 'timeoutSeconds');
  const token = query.get('continue');
  const { revision, after } = token ? resume(ctx, token, query) : { revision: exactRevision(ctx, query), after: '' };

  const stored = listStored(ctx, info, revision, after);
  const items: ApiObject[] = [];
  const most = limit || Infinity;
  // Who waits for conversions must not see what is changed meanwhile.
  const batch = definition.convertsByHook ? stored.length : BATCH;
  let scanned = 0;
  while (scanned < stored.length && items.length < most) {
    const reading = fromStorage(ctx, definition, stored.slice(scanned, scanned + batch));
    const objects = Array.isArray(reading) ? reading : await reading;
    for (const object of objects) {
      if (items.length === most) break;
      scanned += 1;
      if (selects(object)) items.push(object);
    }
  }
  const metadata: Record<string, unknown> = { resourceVersion: String(revision) };
  // Whether the selectors let any of the rest through is not known yet.
  if (scanned < stored.length) {
    metadata['continue'] = writeContinueToken({ rv: revision, start: keyOf(stored.slice(scanned - 1, scanned)[0]!) });
    if (!query.get('labelSelector') && !query.get('fieldSelector')) metadata['remainingItemCount'] = stored.length - scanned;
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
  error.status.metadata = { continue: writeContinueToken({ rv: -1, start: after }) };
  return error;
}

/** Where a token goes on, and what revision it lists. */
function resume({ storage }: RestContext, token: string, query: URLSearchParams): { revision: number; after: string } {
  const { rv, start } = readContinueToken(token);
  const resourceVersion = query.get('resourceVersion');
  if (resourceVersion && resourceVersion !== '0') throw badRequest('specifying resource version is not allowed when using continue');
  if (rv > storage.revision) throw badRequest('continue key is not valid: it is from the future');
  return { revision: rv < 0 ? storage.revision : rv, after: start };
}

/** The revision to list at. Only `Exact` goes back; "not older than" is always met by the present. */
function exactRevision(ctx: RestContext, query: URLSearchParams): number {
  const match = query.get('resourceVersionMatch');
  const text = query.get('resourceVersion');
  if (text && !/^\d+$/.test(text)) throw badRequest(`invalid resource version: ${versionProblem(text)}`);
  const requested = parseResourceVersion(text);
  if (requested === undefined) return ctx.storage.revision;
  refuseFuture(ctx, requested);
  const limited = (parseCount(query, 'limit') ?? 0) > 0;
  return match === 'Exact' || (!match && limited && requested > 0) ? requested : ctx.storage.revision;
}

/** Refuses options of a list, or of a watch, that do not go together. */
export function checkListOptions(query: URLSearchParams, watching = false): void {
  const resourceVersion = query.get('resourceVersion') ?? '';
  const asksForMatch = query.get('resourceVersionMatch') ?? '';
  const asksForEvents = query.has('sendInitialEvents');
  // A watch from anywhere begins with what is there.
  const fromAnywhere = watching && !asksForEvents && asksForMatch === '' && (resourceVersion === '' || resourceVersion === '0');
  const [match, initialEvents] = fromAnywhere ? ['NotOlderThan', true] : [asksForMatch, asksForEvents];
  const causes: Cause[] = [];
  const forbid = (field: string, problem: string): void => void causes.push({ field, reason: 'FieldValueForbidden', message: `Forbidden: ${problem}` });
  const support = (...supported: string[]): void => {
    if (!supported.includes(match)) causes.push({ field: 'resourceVersionMatch', reason: 'FieldValueNotSupported', message: `Unsupported value: "${match}": supported values: ${supported.map((value) => JSON.stringify(value)).join(', ')}` });
  };
  const forbidMatch = (problem: string): void => forbid('resourceVersionMatch', problem);
  if (match && query.get('continue')) forbidMatch('resourceVersionMatch is forbidden when continue is provided');
  if (watching) {
    if (initialEvents && match !== 'NotOlderThan') forbidMatch('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
    if (match && !initialEvents) forbidMatch('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
    if (match) support('NotOlderThan');
  } else {
    if (match && !resourceVersion) forbidMatch('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (match) support('Exact', 'NotOlderThan', '');
    if (match === 'Exact' && resourceVersion === '0') forbidMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    if (initialEvents) forbid('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  }
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', causes);
}

const versionProblem = (text: string): string => `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`;

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
  if (!/^\d+$/.test(text)) throw new StatusError(500, '', versionProblem(text));
  return Number(text);
}

/** A non-negative whole number of the query; undefined when absent. */
export function parseCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Math.max(0, Number(text));
}

