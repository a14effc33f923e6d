import type { Random } from '../random.js';
import { nameSuffix } from '../random.js';
import type { KubeObject } from '../kube/object.js';
import { kubeTime } from '../kube/time.js';
import type { KubeRequest, KubeResponse, KubeTransport } from '../kube/transport.js';
import type { Clock } from '../clock.js';
import { cloneJSON } from '../engine/json.js';
import { appliedPaths } from './change-author.js';
import { jsonResponse, statusResponse } from './answers.js';
import { Refusal, fillIn, patched, ruled } from './apply-locally.js';
import type { FieldChange } from './field-change.js';
import { fieldChanges } from './field-change.js';
import type { KindWorld } from './kind-world.js';
import { complete } from './kind-world.js';
import type { Ledger } from './ledger.js';
import type { ObjectTrack } from './object-track.js';
import { describe } from './object-track.js';
import type { RequestTarget } from './request-target.js';
import { requestTargetOf } from './request-target.js';
import { filterOf } from './object-filter.js';
import type { ShadowCause, WouldBeWrite, WriteVerb } from './would-be-write.js';

/** What answers in the server's place. */
export interface ShadowTransportOptions {
  /** The way to the API server: nothing but GET goes over it. */
  readonly server: KubeTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  /** The world of a kind that is followed. */
  followed(target: RequestTarget): KindWorld | undefined;
  /** The world of any kind, for its writes. */
  worldOf(target: RequestTarget, body: unknown): KindWorld;
  /** Who is writing. `isBlind`: what follows from a call that was withheld is written, so that nothing can be said of it. */
  cause(): { by: ShadowCause | undefined; isBlind: boolean };
}

/** Questions that are asked with POST, and change nothing. */
const QUESTIONS = new Set(['authorization.k8s.io', 'authentication.k8s.io']);

/**
 * The way of a shadow to its API server: reads show what the shadow is to see, writes are noted, made on that, and answered as the server would have.
 * None gets through: of the server it needs `get`, `list` and `watch`.
 */
export class ShadowTransport implements KubeTransport {
  constructor(private readonly options: ShadowTransportOptions) {}

  close(): Promise<void> {
    return this.options.server.close();
  }

  async send(request: KubeRequest): Promise<KubeResponse> {
    request.signal?.throwIfAborted();
    const target = requestTargetOf(request.path);
    const { server } = this.options;
    try {
      if (request.method === 'GET') return await (target ? this.#read(target, request) : server.send(request));
      if (!target) throw new Refusal(405, 'MethodNotAllowed', `a shadow sends no ${request.method} ${request.path}`);
      if (QUESTIONS.has(target.group) && !target.subresource) return await server.send(request);
      return jsonResponse(201, await this.#write(target, request));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return statusResponse(error.code, error.reason, error.message);
    }
  }

  async #read(target: RequestTarget, request: KubeRequest): Promise<KubeResponse> {
    const world = this.options.followed(target);
    if (target.name !== undefined) return this.#readOne(target, request, world);
    const { query, namespace } = target;
    const asked = { namespace, labelSelector: query.get('labelSelector') ?? undefined, fieldSelector: query.get('fieldSelector') ?? undefined };
    const isPartial = request.headers['accept']?.includes('PartialObjectMetadata') ?? false;
    if (!world?.covers(asked) || (world.options.scope?.metadataOnly && !isPartial)) return this.options.server.send(request);
    if (!(await world.isServed())) throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
    request.signal?.throwIfAborted();
    const filter = filterOf(asked);
    if (query.get('watch') === null) {
      const { items, resourceVersion } = world.list(filter);
      return jsonResponse(200, { apiVersion: 'v1', kind: `${world.kind.kind}List`, metadata: { resourceVersion }, items });
    }
    if (query.get('sendInitialEvents') === 'true') throw new Refusal(422, 'Invalid', 'a shadow does not stream lists');
    return { status: 200, headers: { 'content-type': 'application/json' }, body: world.watch(filter, query.get('resourceVersion') ?? undefined, request.signal) };
  }

  async #readOne(target: RequestTarget, request: KubeRequest, followed: KindWorld | undefined): Promise<KubeResponse> {
    if (target.subresource !== undefined) return this.options.server.send(request);
    const key = keyOf(target);
    const world = followed ?? this.options.worldOf(target, undefined);
    // What was never written is as the server has it.
    if (!followed?.isWhole && !world.tracks.get(key)?.view) return this.options.server.send(request);
    const { view } = await world.lookedAt(key);
    if (!view) throw notFound(target);
    return jsonResponse(200, world.answer(key, view));
  }

  async #write(target: RequestTarget, { method, headers, body: text }: KubeRequest): Promise<object> {
    const body = text === undefined ? undefined : JSON.parse(text) as Partial<KubeObject> & { deleteOptions?: DeleteOptions };
    if (target.group === '' && target.plural === 'events') return this.#event(method, body);
    const world = this.options.worldOf(target, body);
    if (method === 'POST' && target.name === undefined) return this.#create(world, target, body ?? {});
    const track = await world.lookedAt(keyOf(target));
    const { subresource } = target;
    if (subresource === 'eviction') return this.#delete(world, track, target, body?.deleteOptions ?? {}, 'evict');
    if (method === 'DELETE') return this.#delete(world, track, target, (body ?? {}) as DeleteOptions, 'delete');
    if (subresource === 'binding') return this.#change(world, track, target, 'create', (view) => ({ ...view, spec: { ...(view as { spec?: object }).spec, nodeName: (body as { target?: { name?: string } }).target?.name } }) as KubeObject);
    const contentType = headers['content-type'] ?? '';
    const isApply = contentType.startsWith('application/apply-patch');
    const manager = target.query.get('fieldManager') ?? '';
    const applied = isApply && track.view ? [...appliedPaths(track.view, manager), ...(track.applied.get(manager) ?? [])] : [];
    if (isApply) track.applied.set(manager, fieldChanges(undefined, body).map(({ path }) => path));
    if (isApply && !track.view) return this.#create(world, target, body ?? {}, 'apply');
    return this.#change(world, track, target, method === 'PUT' ? 'update' : isApply ? 'apply' : 'patch', (view) => {
      const { resourceVersion } = (body?.metadata ?? {}) as { resourceVersion?: string };
      if (resourceVersion !== undefined && resourceVersion !== '' && !world.isCurrent(track, resourceVersion)) throw conflict(target);
      // Both have it in the same place for the kinds that reconcilers scale.
      if (subresource === 'scale') return patched(view, 'application/merge-patch+json', { spec: { replicas: (body as { spec?: { replicas?: number } }).spec?.replicas } });
      return ruled(view, method === 'PUT' ? body as KubeObject : patched(view, contentType, body, applied), subresource, world.statusSubresource);
    });
  }

  #change(world: KindWorld, track: ObjectTrack, target: RequestTarget, verb: WriteVerb, make: (view: KubeObject) => KubeObject): object {
    const { view } = track;
    if (!view) throw notFound(target);
    const { by, isBlind } = this.options.cause();
    const after = cloneJSON(make(view));
    if (world.schema) fillIn(world.schema, after);
    if (!isBlind && fieldChanges(view, after).length > 0) track.write(after, (changes) => this.#record(verb, target, view, changes, by));
    // An answer to the last finalizer's release is the object as it was when it went.
    return world.answer(track.key, track.view ?? after);
  }

  #create(world: KindWorld, target: RequestTarget, body: Partial<KubeObject>, verb: WriteVerb = 'create'): object {
    const { clock, random } = this.options;
    const { by, isBlind } = this.options.cause();
    const metadata = (body.metadata ?? {}) as KubeObject['metadata'];
    const generated = !metadata.name && metadata.generateName !== undefined;
    const name = generated ? `${metadata.generateName}${nameSuffix(random)}` : metadata.name;
    const { namespace } = target;
    const track = world.track(namespace === undefined ? name : `${namespace}/${name}`);
    if (track.view) throw new Refusal(409, 'AlreadyExists', `${target.plural} "${name}" already exists`);
    const { status, ...rest } = body as Partial<KubeObject> & { status?: unknown };
    const object = complete(world.kind, {
      ...rest, status: world.statusSubresource ? {} : (status ?? {}),
      metadata: { ...metadata, labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {}, name, ...(namespace === undefined ? {} : { namespace }), uid: random.uuid(), resourceVersion: '0', ...(world.countsGenerations ? { generation: 1 } : {}), creationTimestamp: kubeTime(clock.now()) },
    });
    if (world.schema) fillIn(world.schema, object);
    if (isBlind) return world.answer(track.key, object);
    const write = this.#record(verb, { ...target, name }, object, fieldChanges(undefined, object), by, generated);
    this.options.ledger.wouldWrite(write);
    const twin = world.creations.counterpartOf(object, write);
    if (twin?.view) return world.answer(twin.key, twin.view);
    track.create(write, object);
    return world.answer(track.key, track.view ?? object);
  }

  #delete(world: KindWorld, track: ObjectTrack, target: RequestTarget, { preconditions = {} }: DeleteOptions, verb: 'delete' | 'evict'): object {
    const { view } = track;
    if (!view) throw notFound(target);
    const { uid, resourceVersion } = preconditions;
    if ((uid !== undefined && uid !== view.metadata.uid) || (resourceVersion !== undefined && !world.isCurrent(track, resourceVersion))) throw conflict(target);
    const { by, isBlind } = this.options.cause();
    if (!isBlind && view.metadata.deletionTimestamp === undefined) track.write(undefined, (changes) => this.#record(verb, target, view, changes, by));
    const after = isBlind ? view : track.view;
    return after && verb === 'delete' ? world.answer(track.key, after) : { kind: 'Status', apiVersion: 'v1', status: 'Success' };
  }

  #event(method: string, body: unknown): object {
    const { reason, metadata } = (body ?? {}) as { reason?: string; metadata?: object };
    if (method === 'POST' && reason !== undefined) this.options.ledger.event(reason);
    return { apiVersion: 'v1', kind: 'Event', ...(body as object), metadata: { ...metadata, uid: this.options.random.uuid(), resourceVersion: '1' } };
  }

  #record(verb: WriteVerb, { subresource, name }: RequestTarget, object: KubeObject, changes: readonly FieldChange[], by: ShadowCause | undefined, generated = false): WouldBeWrite {
    const named = generated ? { ...object, metadata: { ...object.metadata, name: `${object.metadata.generateName ?? ''}*` } } : { ...object, metadata: { ...object.metadata, name: name ?? object.metadata.name } };
    return { at: this.options.clock.now(), verb, object: describe(named), generated, changes, ...(subresource === undefined ? {} : { subresource }), ...(by ? { by } : {}) };
  }
}

interface DeleteOptions { preconditions?: { uid?: string; resourceVersion?: string } }

const keyOf = ({ namespace, name = '' }: RequestTarget): string => (namespace === undefined ? name : `${namespace}/${name}`);

const qualified = ({ plural, group }: RequestTarget): string => (group === '' ? plural : `${plural}.${group}`);
const notFound = (target: RequestTarget): Refusal => new Refusal(404, 'NotFound', `${qualified(target)} "${target.name}" not found`);
const conflict = (target: RequestTarget): Refusal => new Refusal(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(target)} "${target.name}": the object has been modified; please apply your changes to the latest version and try again`);
