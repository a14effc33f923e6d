import type { Clock } from '../clock.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { keyOfObject } from '../kube/object.js';
import { kindKey } from '../kube/paths.js';
import type { KubeRequest, KubeResponse, KubeTransport } from '../kube/transport.js';
import { jsonResponse, statusResponse } from './answers.js';
import type { ClusterLogEntry } from './cluster-log.js';
import { filterOf } from './object-filter.js';
import { requestTargetOf } from './request-target.js';
import type { RequestTarget } from './request-target.js';
import { WatchLog } from './watch-log.js';

/** Milliseconds between two bookmarks. */
const BOOKMARKS = 30_000;

interface ReplayedKind {
  readonly kind: KindRef;
  readonly objects: Map<string, KubeObject>;
  readonly watches: WatchLog;
}

/** An API server that shows what another one showed while it was recorded, at the pace of a clock. It takes no writes. */
export class ReplayTransport implements KubeTransport {
  /** Writes that were asked for, and refused. */
  readonly refused: string[] = [];
  readonly #kinds = new Map<string, ReplayedKind>();
  #revision = 0;

  /** Starts with the clock, whose time has to be that of the log's first entry. */
  constructor(log: readonly ClusterLogEntry[], private readonly clock: Clock) {
    const [{ at: start } = { at: 0 }] = log;
    for (const entry of log) {
      if (entry.initial) this.#show(entry);
      else clock.schedule(entry.at - start, () => this.#show(entry));
    }
    this.#remind();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  send({ method, path, signal }: KubeRequest): Promise<KubeResponse> {
    return Promise.resolve(method === 'GET' ? this.#read(path, signal) : this.#refuse(`${method} ${path}`));
  }

  #read(path: string, signal: AbortSignal | undefined): KubeResponse {
    const target = requestTargetOf(path);
    if (!target || target.subresource !== undefined) return statusResponse(404, 'NotFound', `${path} was not recorded`);
    const kind = this.#kindOf(target);
    const { namespace, name, query } = target;
    if (name !== undefined) {
      const object = kind.objects.get(namespace === undefined ? name : `${namespace}/${name}`);
      return object ? jsonResponse(200, object) : statusResponse(404, 'NotFound', `${target.plural} "${name}" not found`);
    }
    const matches = filterOf({ namespace, labelSelector: query.get('labelSelector') ?? undefined, fieldSelector: query.get('fieldSelector') ?? undefined });
    if (query.get('watch') !== null) return { status: 200, headers: { 'content-type': 'application/json' }, body: kind.watches.from(this.#positionOf(query), matches, kind.kind, signal) };
    return jsonResponse(200, { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: String(this.#revision) }, items: [...kind.objects.values()].filter(matches) });
  }

  /** Where a watch takes up: at the list that it follows. ResourceVersions of the recorded server's are no place in this history, and nobody comes back with them. */
  #positionOf(query: URLSearchParams): number {
    return Math.min(Number(query.get('resourceVersion') ?? 0), this.#revision);
  }

  #refuse(request: string): KubeResponse {
    this.refused.push(request);
    return statusResponse(403, 'Forbidden', `${request}: what was recorded cannot be changed`);
  }

  #kindOf(kind: RequestTarget | KindRef): ReplayedKind {
    const ref: KindRef = { kind: '', namespaced: true, ...kind };
    const id = kindKey(ref);
    let known = this.#kinds.get(id);
    if (!known) this.#kinds.set(id, known = { kind: ref, objects: new Map(), watches: new WatchLog(() => this.clock.now()) });
    return known;
  }

  #show({ kind, type, object }: ClusterLogEntry): void {
    const { objects, watches } = this.#kindOf(kind);
    const key = keyOfObject(object);
    const before = objects.get(key);
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    watches.push({ revision: (this.#revision += 1), before: before ?? (type === 'DELETED' ? object : undefined), after: type === 'DELETED' ? undefined : object });
  }

  /** Silence would be taken for a dead link. */
  #remind(): void {
    this.clock.schedule(BOOKMARKS, () => {
      for (const { kind, watches } of this.#kinds.values()) watches.bookmark(kind, () => this.#revision);
      this.#remind();
    });
  }
}
