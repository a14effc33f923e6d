import type { ApiObject } from '../../contracts.js';
import { badRequest, invalid, notFound } from '../../status.js';
import type { LogOptions, RestContext, RestResult } from '../context.js';
import { isTrue, type RequestInfo } from '../request-info.js';

interface Pod extends ApiObject {
  spec?: { nodeName?: string; containers?: { name: string }[]; initContainers?: { name: string }[]; ephemeralContainers?: { name: string }[] };
}

const POD_LOG_OPTIONS = { group: '', kind: 'PodLogOptions' };

/** GET of a pod's `log`. A pod that no node has yet has said nothing. */
export async function podLog(ctx: RestContext, { namespace, name, query }: RequestInfo, signal: AbortSignal | undefined): Promise<RestResult> {
  const pod = ctx.storage.get('pods', namespace, name) as Pod | undefined;
  if (!pod) throw notFound({ group: '', plural: 'pods' }, name);
  const container = containerOf(pod, query.get('container') ?? '');
  const options = readOptions(query, name, ctx.clock.now());
  if (!ctx.podLogs || !pod.spec?.nodeName) return { type: 'text', chunks: nothing() };

  // What the node refuses (a container that has not started) must still become a Status, so the first line is awaited.
  const lines = ctx.podLogs(namespace, name, container, options, signal)[Symbol.asyncIterator]();
  const pending = lines.next();
  if (options.follow) return { type: 'text', chunks: limited(resumed(pending, lines), options.limitBytes) };
  const first = await pending;
  return { type: 'text', chunks: limited(resumed(Promise.resolve(first), lines), options.limitBytes) };
}

function containerOf({ metadata, spec }: Pod, requested: string): string {
  const containers = (spec?.containers ?? []).map(({ name }) => name);
  const initContainers = (spec?.initContainers ?? []).map(({ name }) => name);
  const all = [...initContainers, ...containers, ...(spec?.ephemeralContainers ?? []).map(({ name }) => name)];
  if (requested) {
    if (!all.includes(requested)) throw badRequest(`container ${requested} is not valid for pod ${metadata.name}`);
    return requested;
  }
  if (all.length === 1) return all[0]!;
  const marked = metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (marked && all.includes(marked)) return marked;
  const choice = `choose one of: [${containers.join(' ')}]${initContainers.length > 0 ? ` or one of the init containers: [${initContainers.join(' ')}]` : ''}`;
  throw badRequest(`a container name must be specified for pod ${metadata.name}, ${choice}`);
}

function readOptions(query: URLSearchParams, pod: string, now: number): LogOptions {
  const count = (field: string, least: number): number | undefined => {
    const text = query.get(field);
    if (text === null || text === '') return undefined;
    if (!/^-?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`);
    if (Number(text) < least) throw invalid(POD_LOG_OPTIONS, pod, [{ reason: 'FieldValueInvalid', field, message: `Invalid value: ${text}: must be greater than ${least === 0 ? 'or equal to 0' : '0'}` }]);
    return Number(text);
  };
  const tailLines = count('tailLines', 0);
  const limitBytes = count('limitBytes', 1);
  let sinceSeconds = count('sinceSeconds', 1);
  const sinceTime = query.get('sinceTime');
  if (sinceTime) {
    if (sinceSeconds !== undefined) throw invalid(POD_LOG_OPTIONS, pod, [{ reason: 'FieldValueForbidden', field: '', message: 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified' }]);
    const since = Date.parse(sinceTime);
    if (Number.isNaN(since)) throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as RFC 3339 failed`);
    sinceSeconds = Math.max(0, (now - since) / 1000);
  }
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(tailLines !== undefined && { tailLines }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(limitBytes !== undefined && { limitBytes }),
  };
}

// eslint-disable-next-line require-yield -- an empty stream
async function* nothing(): AsyncGenerator<string> {
  return;
}

async function* resumed(first: Promise<IteratorResult<string>>, rest: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    for (let next = await first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* limited(chunks: AsyncIterable<string>, limitBytes = Infinity): AsyncGenerator<string> {
  let left = limitBytes;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    if (bytes.length >= left) {
      yield bytes.subarray(0, left).toString();
      return;
    }
    left -= bytes.length;
    yield chunk;
  }
}
