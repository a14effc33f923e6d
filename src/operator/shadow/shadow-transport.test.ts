import { expect } from 'chai';
import { RunScope } from '../causality/run-scope.js';
import { Step, Reconciler } from '../dsl/decorators.js';
import { Field, ResourceKind } from '../dsl/kind-decorators.js';
import { kindRefOf } from '../dsl/kind-plan.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { ConfigMap, Pod } from '../kinds/core.js';
import { Lease } from '../kinds/coordination.js';
import { KubeClient } from '../kube/client.js';
import { ApiError } from '../kube/errors.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import type { KubeTransport } from '../kube/transport.js';
import { silentLogger } from '../logger.js';
import { seededRandom } from '../random.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { TestBed } from '../testing/test-bed.js';
import { Shadow } from './shadow.js';

class BoxSpec {
  @Field(s.int().default(1).describe('How wide'))
  declare width: number;
  @Field(s.record(s.string()).optional().describe('What is in it'))
  declare content?: Record<string, string>;
}

class BoxStatus {
  @Field(s.int().optional().describe('How much room is left'))
  declare room?: number;
}

@ResourceKind({ group: 'boxes.example.com', version: 'v1', kind: 'Box', scope: 'Namespaced', spec: () => BoxSpec, status: () => BoxStatus })
class Box extends Resource<BoxSpec, BoxStatus> {}

@Reconciler({ for: Box, name: 'box', reads: [ConfigMap, Pod] })
class Boxes {
  @Step()
  nothing(): Outcome { return done(); }
}

const [BOX, POD, LEASE] = [Box, Pod, Lease].map((kind) => kindRefOf(kind as typeof Box)) as [KindRef, KindRef, KindRef];
const at = (name: string) => ({ name, namespace: 'default' });

/** What somebody does to an API server; the last result is compared, too. */
type Script = (client: KubeClient) => Promise<unknown>;

/** What one server and another one may differ in. */
function comparable(object: unknown): unknown {
  const { metadata: { uid: _uid, resourceVersion: _resourceVersion, managedFields: _managedFields, ...metadata } = {}, ...rest } = object as { metadata?: Record<string, unknown> };
  const labelled = Object.fromEntries(Object.entries(metadata).filter(([, value]) => typeof value !== 'object' || Object.keys(value as object).length > 0));
  return { ...rest, status: (rest as { status?: object }).status ?? {}, metadata: labelled };
}

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.then(
  (answer) => (answer === undefined ? 'done' : comparable(answer)),
  (error: unknown) => (error instanceof ApiError ? [error.code, error.reason] : error),
);

const box = (name: string, spec: object = {}, metadata: object = {}) => ({ metadata: { ...at(name), ...metadata }, spec });
const pod = (name: string, nodeName?: string) => ({ metadata: at(name), spec: { containers: [{ name: 'a', image: 'a' }], ...(nodeName ? { nodeName } : {}) } });

const SCRIPTS: Record<string, Script> = {
  'a creation, with defaults and without status': (client) => client.create(BOX, { ...box('a'), status: { room: 9 } }),
  'a creation of what is there': async (client) => {
    await client.create(BOX, box('a'));
    return client.create(BOX, box('a'));
  },
  'a change of the spec, which the generation counts': async (client) => {
    await client.create(BOX, box('a', { width: 2 }));
    return client.mergePatch(BOX, at('a'), { spec: { width: 3, content: { x: 'y' } }, status: { room: 4 } });
  },
  'a change of the status, which touches nothing else': async (client) => {
    await client.create(BOX, box('a', { width: 2 }));
    await client.mergePatch(BOX, at('a'), { status: { room: 4 }, spec: { width: 7 } }, { subresource: 'status' });
    return client.get(BOX, at('a'));
  },
  'a patch that takes fields away': async (client) => {
    await client.create(BOX, box('a', { content: { x: 'y', z: 'w' } }, { labels: { a: 'b', c: 'd' } }));
    return client.mergePatch(BOX, at('a'), { spec: { content: { x: null } }, metadata: { labels: { a: null } } });
  },
  'a patch that is locked by another state': async (client) => {
    const { metadata: { resourceVersion } } = await client.create<KubeObject>(BOX, box('a'));
    await client.mergePatch(BOX, at('a'), { spec: { width: 5 } });
    return client.mergePatch(BOX, at('a'), { metadata: { resourceVersion }, spec: { width: 6 } });
  },
  'a patch that is locked by the state that there is': async (client) => {
    const { metadata: { resourceVersion } } = await client.create<KubeObject>(BOX, box('a'));
    return client.mergePatch(BOX, at('a'), { metadata: { resourceVersion }, spec: { width: 6 } });
  },
  'a JSON patch whose test fails': async (client) => {
    await client.create(BOX, box('a', {}, { finalizers: ['example.com/x'] }));
    return client.jsonPatch(BOX, at('a'), [{ op: 'test', path: '/metadata/finalizers/0', value: 'example.com/y' }, { op: 'remove', path: '/metadata/finalizers/0' }]);
  },
  'a full replacement': async (client) => {
    const made = await client.create<Box>(BOX, box('a', { width: 2, content: { x: 'y' } }));
    return client.replace<KubeObject>(BOX, { ...made, spec: { width: 9 } } as unknown as KubeObject);
  },
  'an apply that makes the object, and one that takes back what it set': async (client) => {
    await client.apply(BOX, box('a', { content: { x: 'y', z: 'w' } }), { fieldManager: 'test' });
    return client.apply(BOX, box('a', { content: { z: 'v' } }), { fieldManager: 'test' });
  },
  'a deletion': async (client) => {
    await client.create(BOX, box('a'));
    await client.delete(BOX, at('a'));
    return client.get(BOX, at('a'));
  },
  'a deletion that a finalizer holds up': async (client) => {
    await client.create(BOX, box('a', {}, { finalizers: ['example.com/x'] }));
    await client.delete(BOX, at('a'));
    const { metadata } = await client.get<Box>(BOX, at('a'));
    return { held: metadata.deletionTimestamp !== undefined, finalizers: metadata.finalizers };
  },
  'the last finalizer, with which the object goes': async (client) => {
    await client.create(BOX, box('a', {}, { finalizers: ['example.com/x'] }));
    await client.delete(BOX, at('a'));
    await client.jsonPatch(BOX, at('a'), [{ op: 'remove', path: '/metadata/finalizers/0' }]);
    return client.get(BOX, at('a'));
  },
  'a deletion of another object of the name': async (client) => {
    await client.create(BOX, box('a'));
    return client.delete(BOX, { ...at('a'), preconditions: { uid: 'another' } });
  },
  'a change of what is not there': (client) => client.mergePatch(BOX, at('nothing'), { spec: { width: 2 } }),
  'a list of a selection': async (client) => {
    for (const [name, tier] of [['a', 'gold'], ['b', 'tin'], ['c', 'gold']] as const) await client.create(BOX, box(name, {}, { labels: { tier } }));
    const names = async (labelSelector: string): Promise<string[]> => (await client.list(BOX, { labelSelector })).items.map(({ metadata }) => metadata.name).sort();
    return { equal: await names('tier=gold'), unequal: await names('tier!=gold'), of: await names('tier in (tin,brass)'), has: await names('tier,!colour') };
  },
  'writes to a kind that nobody follows': async (client) => {
    await client.create(LEASE, { metadata: at('a'), spec: { holderIdentity: 'x' } });
    await client.mergePatch(LEASE, at('a'), { spec: { holderIdentity: 'y' } });
    return client.get(LEASE, at('a'));
  },
  'a binding': async (client) => {
    await client.create(POD, pod('a'));
    await client.bind(at('a'), 'node');
    return { node: (await client.get<Pod>(POD, at('a'))).spec.nodeName };
  },
  'an eviction': async (client) => {
    await client.create(POD, pod('a', 'node'));
    await client.evict(at('a'));
    return { going: (await client.get<Pod>(POD, at('a'))).metadata.deletionTimestamp !== undefined };
  },
};

describe('The transport of a shadow', () => {
  let bed: TestBed;
  const stop = new AbortController();
  const passed: string[] = [];
  const plain = new Map<string, unknown>();

  const shadowed = (server: TestBed['server']): { client: KubeClient; shadow: Shadow } => {
    const inner = handlerTransport(server);
    const recording: KubeTransport = {
      send: (request) => {
        if (request.method !== 'GET') passed.push(`${request.method} ${request.path}`);
        return inner.send(request);
      },
      close: () => inner.close(),
    };
    const shadow = new Shadow();
    const environment = { clock: bed.clock, random: seededRandom(3) };
    const transport = shadow.over({ name: 'boxes', server: recording, ...environment, log: silentLogger, scope: new RunScope() });
    shadow.follow(bed.plan, new Map(), stop.signal);
    return { client: new KubeClient(transport, { ...environment, fieldManager: 'test' }), shadow };
  };

  before(async () => {
    // What the API server itself makes of the scripts.
    for (const [title, script] of Object.entries(SCRIPTS)) {
      const server = await TestBed.of([reconcilers(Boxes)], { kinds: [Lease] });
      plain.set(title, await outcome(script(server.api.client)));
    }
  });
  beforeEach(async () => {
    bed = await TestBed.of([reconcilers(Boxes)], { kinds: [Lease] });
  });
  afterEach(() => expect(passed, 'writes that got through').to.deep.equal([]));
  after(() => stop.abort(new Error('the tests end')));

  for (const title of Object.keys(SCRIPTS)) {
    it(`answers ${title} as the API server does, and sends nothing`, async () => {
      const { client } = shadowed(bed.server);
      const answer = outcome(SCRIPTS[title]?.(client) as Promise<unknown>);
      await bed.clock.settle();
      expect(await answer).to.deep.equal(plain.get(title));
    });
  }

  it('shows its writes to watches, those that come back included', async () => {
    const { client } = shadowed(bed.server);
    const list = client.list(BOX);
    await bed.clock.settle();
    const { resourceVersion } = await list;
    await client.create(BOX, box('a'));
    await client.mergePatch(BOX, at('a'), { spec: { width: 2 } });
    await client.delete(BOX, at('a'));
    const seen: string[] = [];
    for await (const { type, object } of client.watch(BOX, { resourceVersion })) {
      seen.push(`${type} ${(object as Box).spec?.width}`);
      if (seen.length === 3) break;
    }
    expect(seen).to.deep.equal(['ADDED 1', 'MODIFIED 2', 'DELETED 2']);
  });
});
