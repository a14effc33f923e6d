import { sleep } from '../clock.js';
import { abortable } from './abortable.js';
import { ApiBudget } from './api-budget.js';
import type {
  CallOptions, DeleteOptions, JsonPatchOperation, KubeClientOptions, ListOptions, Page, Target, WatchLine, WatchOptions, WriteOptions,
} from './client-options.js';
import type { RequestTraits } from './client-metrics.js';
import { ApiError, NotLeaderError, ProtocolError, TransportError } from './errors.js';
import type { Status } from './errors.js';
import { readLines, readText } from './lines.js';
import type { KindRef, KubeObject } from './object.js';
import type { PathTarget, Query } from './paths.js';
import { apiVersionOf, pathOf } from './paths.js';
import { RequestDeadline } from './request-deadline.js';
import { ATTEMPTS, retryAfterOf, retryDelay } from './retry.js';
import type { KubeRequest, KubeResponse, KubeTransport } from './transport.js';

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=1,application/json';
const METADATA_WATCH = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=1,application/json';

/** Milliseconds for an answer, unless the client or the call says otherwise. */
const TIMEOUT = 60_000;

interface Call extends CallOptions {
  traits: RequestTraits;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Whether answers that ask to be asked again are handled here; eviction means something else with 429. */
  retry?: boolean | undefined;
  timeout?: number | undefined;
  /** Is shown the beginning of the answer. */
  began?: (piece: string) => void;
}

/**
 * A Kubernetes API client on plain JSON: what comes over the wire is what the caller gets, unknown fields and string
 * timestamps included. 429 and 5xx answers that name a `Retry-After` of a minute at most, and failed reads, are tried again (5 attempts); everything else
 * rejects with {@link ApiError} or {@link TransportError}.
 */
export class KubeClient {
  readonly #budget: ApiBudget | undefined;

  constructor(private readonly transport: KubeTransport, private readonly options: KubeClientOptions) {
    this.#budget = options.rate && new ApiBudget(options.rate, options.clock);
  }

  get<T extends KubeObject>(kind: KindRef, { signal, urgent, ...target }: Target & { subresource?: 'status' | 'scale' }): Promise<T> {
    return this.#json<T>(kind, 'GET', 'get', target, { signal, urgent });
  }

  /** The object, or undefined when there is none. */
  async find<T extends KubeObject>(kind: KindRef, target: Target): Promise<T | undefined> {
    try {
      return await this.get<T>(kind, target);
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  /** One page (everything without `limit`). Items carry `apiVersion` and `kind`, which servers leave out inside lists. */
  async list<T extends KubeObject>(kind: KindRef, options: ListOptions = {}): Promise<Page<T>> {
    const { signal, urgent, namespace, metadataOnly, timeout, retry, goesOn, ...query } = options;
    const headers = metadataOnly ? { accept: METADATA_LIST } : {};
    const path = pathOf(kind, { namespace, query: query as Query });
    const list = await this.#call<{ metadata?: { resourceVersion?: string; continue?: string }; items?: T[] | null }>({
      traits: { method: 'GET', verb: 'list', kind }, path, headers, signal, urgent, timeout, retry,
      ...(goesOn ? { began: (piece: string) => continueIn(piece, goesOn) } : {}),
    });
    if (list.items === undefined || !list.metadata) throw new ProtocolError({ method: 'GET', path }, 'the answer is not a list');
    const items = list.items ?? [];
    for (const item of items) {
      item.apiVersion = apiVersionOf(kind);
      item.kind = kind.kind;
    }
    return { items, resourceVersion: list.metadata.resourceVersion ?? '', ...(list.metadata.continue ? { continue: list.metadata.continue } : {}) };
  }

  /** All objects, fetched in pages (default 500). */
  async listAll<T extends KubeObject>(kind: KindRef, options: ListOptions = {}): Promise<T[]> {
    const all: T[] = [];
    let next: string | undefined;
    do {
      const page: Page<T> = await this.list<T>(kind, { limit: 500, ...options, continue: next });
      for (const item of page.items) all.push(item);
      next = page.continue;
    } while (next);
    return all;
  }

  /** The lines of a watch until the server ends it or the signal aborts; bookmarks are asked for. */
  async *watch(kind: KindRef, { signal, urgent, namespace, metadataOnly, opened, ...query }: WatchOptions): AsyncGenerator<WatchLine, void, undefined> {
    const path = pathOf(kind, { namespace, query: { watch: true, allowWatchBookmarks: true, ...query } });
    const response = await this.#exchange({
      traits: { method: 'GET', verb: 'watch', kind }, path, retry: false, signal, urgent, headers: metadataOnly ? { accept: METADATA_WATCH } : {},
    });
    opened?.();
    try {
      for await (const line of readLines(response.body)) yield parse(line, { method: 'GET', path }) as WatchLine;
    } catch (error) {
      if (error instanceof ProtocolError || signal?.aborted) throw error;
      throw new TransportError({ method: 'GET', path }, error);
    }
  }

  create<T extends KubeObject>(kind: KindRef, object: unknown, { namespace, ...options }: WriteOptions & { namespace?: string | undefined } = {}): Promise<T> {
    const place = namespace ?? (object as Partial<KubeObject>).metadata?.namespace;
    return this.#json<T>(kind, 'POST', 'create', { namespace: place, query: this.#writeQuery(options) }, { ...options, body: complete(kind, object) });
  }

  /** A full PUT; only for callers that hold a complete, current object. */
  replace<T extends KubeObject>(kind: KindRef, object: T, options: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    return this.#json<T>(kind, 'PUT', 'update', { name, namespace, subresource: options.subresource, query: this.#writeQuery(options) }, { ...options, body: complete(kind, object) });
  }

  /** JSON merge patch (RFC 7386). Put `metadata.resourceVersion` into the patch to have a conflict reported instead of overwritten. */
  mergePatch<T extends KubeObject>(kind: KindRef, target: Target, patch: unknown, options: WriteOptions = {}): Promise<T> {
    return this.#patch<T>('merge', kind, target, patch, options);
  }

  jsonPatch<T extends KubeObject>(kind: KindRef, target: Target, patch: readonly JsonPatchOperation[], options: WriteOptions = {}): Promise<T> {
    return this.#patch<T>('json', kind, target, patch, options);
  }

  /** Strategic merge patch; built-in kinds only, custom resources answer 415. */
  strategicPatch<T extends KubeObject>(kind: KindRef, target: Target, patch: unknown, options: WriteOptions = {}): Promise<T> {
    return this.#patch<T>('strategic', kind, target, patch, options);
  }

  /** Server-side apply: creates, or takes over the given fields; `force` takes them from other managers too. */
  apply<T extends KubeObject>(kind: KindRef, object: unknown, { force = false, ...options }: WriteOptions & { force?: boolean } = {}): Promise<T> {
    const { metadata } = object as { metadata: { name: string; namespace?: string } };
    const query = { ...this.#writeQuery(options), force, fieldManager: options.fieldManager ?? this.options.fieldManager ?? 'karpenter-ts' };
    return this.#json<T>(
      kind, 'PATCH', 'patch', { name: metadata.name, namespace: metadata.namespace, subresource: options.subresource, query },
      { ...options, body: complete(kind, object), contentType: PATCH_TYPES.apply },
    );
  }

  /**
   * Deletes. The answer is the object when it stays for a while (finalizers, grace period), and a `Status` (or the last
   * state) when it is gone. 404 rejects like any other error.
   */
  delete<T extends KubeObject>(kind: KindRef, { name, namespace, signal, urgent, dryRun, ...options }: DeleteOptions): Promise<T | Status> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options, ...(dryRun ? { dryRun: ['All'] } : {}) };
    return this.#json<T | Status>(kind, 'DELETE', 'delete', { name, namespace }, { signal, urgent, body });
  }

  /**
   * Asks for a pod to be evicted. Rejects with reason `TooManyRequests` while a disruption budget forbids it; that answer is never
   * retried here.
   */
  async evict(pod: Target, { preconditions, gracePeriodSeconds }: Pick<DeleteOptions, 'preconditions' | 'gracePeriodSeconds'> = {}): Promise<void> {
    const deleteOptions = { ...(preconditions ? { preconditions } : {}), ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) };
    await this.#json(
      POD, 'POST', 'create', { name: pod.name, namespace: pod.namespace, subresource: 'eviction' },
      { signal: pod.signal, urgent: pod.urgent, retry: false, body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod.name, namespace: pod.namespace }, deleteOptions } },
    );
  }

  /** Binds a pod to a node. */
  async bind(pod: Target, node: string): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.name, namespace: pod.namespace }, target: { apiVersion: 'v1', kind: 'Node', name: node } };
    await this.#json(POD, 'POST', 'create', { name: pod.name, namespace: pod.namespace, subresource: 'binding' }, { signal: pod.signal, urgent: pod.urgent, body });
  }

  /** Sets a workload's replicas through its scale subresource. */
  async scale(kind: KindRef, target: Target, replicas: number): Promise<void> {
    await this.#patch('merge', kind, target, { spec: { replicas } }, { subresource: 'scale', signal: target.signal, urgent: target.urgent });
  }

  /** A GET of any path: `/version`, `/apis/karpenter.sh/v1`. */
  raw<T>(path: string, { signal, urgent }: CallOptions = {}): Promise<T> {
    return this.#call<T>({ traits: { method: 'GET', verb: 'get' }, path, signal, urgent });
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  #patch<T extends KubeObject>(type: keyof typeof PATCH_TYPES, kind: KindRef, target: Target, patch: unknown, options: WriteOptions): Promise<T> {
    const { signal = target.signal, urgent = target.urgent, subresource } = options;
    const { name, namespace } = target;
    return this.#json<T>(
      kind, 'PATCH', 'patch', { name, namespace, subresource, query: this.#writeQuery(options) },
      { signal, urgent, body: patch, contentType: PATCH_TYPES[type] },
    );
  }

  #writeQuery({ fieldManager = this.options.fieldManager, dryRun, fieldValidation }: WriteOptions): Query {
    return { fieldManager, fieldValidation, dryRun: dryRun ? 'All' : undefined };
  }

  #json<T>(
    kind: KindRef, method: KubeRequest['method'], verb: string, target: PathTarget,
    { signal, urgent, body, contentType = 'application/json', retry = true }: CallOptions & { body?: unknown; contentType?: string; retry?: boolean },
  ): Promise<T> {
    if (kind.namespaced && !target.namespace) {
      throw new TypeError(`${verb} ${kind.kind}${target.name ? ` "${target.name}"` : ''}: the kind is namespaced, and no namespace was given (metadata.namespace)`);
    }
    if (target.name === undefined && (verb !== 'create' || target.subresource)) throw new TypeError(`${verb} ${kind.kind}: no name was given (metadata.name), which would be all of them`);
    const traits = { method, verb, kind, ...(target.subresource ? { subresource: target.subresource } : {}) };
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': contentType };
    return this.#call<T>({ traits, path: pathOf(kind, target), body, headers, signal, urgent, retry });
  }

  async #call<T>(call: Call): Promise<T> {
    const identity = { method: call.traits.method, path: call.path };
    const response = await this.#exchange(call);
    let text: string;
    try {
      text = await readText(response.body, call.began);
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw new TransportError(identity, error);
    }
    // The process may have slept through its lease while it waited: whoever asked must not go on as if it led.
    if (identity.method !== 'GET' && this.options.mayWrite?.() === false) throw new NotLeaderError(identity);
    return parse(text, identity) as T;
  }

  /** One exchange with its retries; resolves with a successful answer whose body is unread. */
  async #exchange(call: Call): Promise<KubeResponse> {
    const { traits, path, signal, retry = true } = call;
    const { clock, random, metrics } = this.options;
    const identity = { method: traits.method, path };
    const request = this.#request(call);
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      if (this.#budget) metrics?.limited(traits, (await this.#budget.take(call.urgent ?? false, signal)) / 1_000);
      request.beforeSending?.();
      const started = clock.now();
      // Whoever watches has a limit of his own, on silence.
      const deadline = traits.verb === 'watch' ? undefined : new RequestDeadline(clock, call.timeout ?? this.options.timeout ?? TIMEOUT, signal);
      const guard = deadline?.signal ?? signal;
      let error: ApiError | TransportError;
      try {
        const response = await this.transport.send(guard ? { ...request, signal: guard } : request);
        const answered = clock.now();
        metrics?.requested(traits, String(response.status), (answered - started) / 1_000);
        const { date } = response.headers;
        if (date) metrics?.dated?.(Date.parse(date), started, answered);
        const body = deadline ? deadline.over(response.body) : signal ? abortable(response.body, signal) : response.body;
        if (response.status < 300) return { ...response, body };
        error = ApiError.of(response.status, await readText(body), identity, retryAfterOf(response, clock));
      } catch (cause) {
        deadline?.end();
        if (signal?.aborted || cause instanceof NotLeaderError) throw cause;
        metrics?.requested(traits, '<error>', (clock.now() - started) / 1_000);
        error = new TransportError(identity, cause);
      }
      const delay = retry && attempt < ATTEMPTS && !deadline?.passed ? retryDelay(error, traits, attempt, random) : undefined;
      if (delay === undefined) throw error;
      metrics?.retried(traits, error instanceof ApiError ? String(error.code) : '<error>');
      await sleep(clock, delay, signal);
    }
  }

  #request({ traits, path, body, headers }: Call): KubeRequest {
    const { mayWrite, metrics } = this.options;
    const beforeSending = (): void => {
      if (mayWrite?.() ?? true) return;
      metrics?.fenced?.(traits);
      throw new NotLeaderError({ method: traits.method, path });
    };
    return {
      method: traits.method as KubeRequest['method'],
      path,
      headers: { accept: 'application/json', 'user-agent': this.options.userAgent ?? 'karpenter-ts', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(mayWrite && traits.method !== 'GET' ? { beforeSending } : {}),
    };
  }
}

const POD: KindRef = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

/** Servers write a list's metadata before its items. */
function continueIn(piece: string, goesOn: (token: string) => void): void {
  const head = piece.slice(0, 1_024);
  const items = head.indexOf('"items":');
  const token = /"continue":"([^"\\]+)"/.exec(items < 0 ? head : head.slice(0, items))?.[1];
  if (token) goesOn(token);
}

const complete = (kind: KindRef, object: unknown): unknown => ({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...(object as object) });

function parse(text: string, request: { method: string; path: string }): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ProtocolError(request, `the answer is not JSON: ${text.slice(0, 80)}`, error);
  }
}
