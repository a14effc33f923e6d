import { setMaxListeners } from 'node:events';
import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import { sleep } from '../clock.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { abortable } from './abortable.js';
import { KubeClient } from './client.js';
import { handlerTransport } from './handler-transport.js';
import { Informers } from './informers.js';
import type { KubeRequest, KubeResponse } from './transport.js';
import type { KindRef, KubeObject } from './object.js';

const NODE: KindRef = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

describe('shared informers', () => {
  it('of a selection show own writes only of what the server has said belongs to it', async () => {
    const clock = new VirtualClock();
    const server = createApiServer({ clock, random: seededRandom(1) });
    const client = new KubeClient(handlerTransport(server), { clock, random: seededRandom(2) });
    const stop = new AbortController();
    const informers = new Informers({ client, clock, random: seededRandom(3), signal: stop.signal });
    const { informer } = informers.acquire(NODE, { labelSelector: 'a=b' });
    await client.create(NODE, { metadata: { name: 'ours', labels: { a: 'b' } } });
    await clock.settle();
    const shown = (): string[] => informer.store.list().map(({ metadata: { name, labels } }) => `${name} ${labels['c'] ?? ''}`);
    informer.wrote(await client.create(NODE, { metadata: { name: 'another' } }));
    informer.wrote(await client.mergePatch(NODE, { name: 'ours' }, { metadata: { labels: { c: 'd' } } }));
    expect(shown(), 'at once').to.deep.equal(['ours d']);
    await clock.settle();
    expect(shown()).to.deep.equal(['ours d']);
    stop.abort(new Error('over'));
    await server.close();
  });

  it('of a namespace show own writes of that namespace only', async () => {
    const clock = new VirtualClock();
    const server = createApiServer({ clock, random: seededRandom(1) });
    const client = new KubeClient(handlerTransport(server), { clock, random: seededRandom(2) });
    const stop = new AbortController();
    const maps: KindRef = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
    const { informer } = new Informers({ client, clock, random: seededRandom(3), signal: stop.signal }).acquire(maps, { namespace: 'default' });
    await clock.settle();
    for (const namespace of ['default', 'kube-system']) informer.wrote(await client.create(maps, { metadata: { name: 'm', namespace } }, { namespace }));
    const shown = (): (string | undefined)[] => informer.store.list().map(({ metadata: { namespace } }) => namespace);
    expect(shown(), 'at once').to.deep.equal(['default']);
    await clock.settle();
    expect(shown()).to.deep.equal(['default']);
    stop.abort(new Error('over'));
    await server.close();
  });

  it('that make objects smaller do so with own writes, and are shared with nobody who keeps more', async () => {
    const clock = new VirtualClock();
    const server = createApiServer({ clock, random: seededRandom(1) });
    const client = new KubeClient(handlerTransport(server), { clock, random: seededRandom(2) });
    const stop = new AbortController();
    const informers = new Informers({ client, clock, random: seededRandom(3), signal: stop.signal });
    const keep = ({ apiVersion, kind, metadata }: KubeObject): KubeObject => ({ apiVersion, kind, metadata });
    const [small, whole] = [informers.acquire(NODE, { keep }).informer, informers.acquire(NODE).informer];
    expect(informers.acquire(NODE, { keep }).informer).to.equal(small).and.not.equal(whole);
    await clock.settle();
    const written = await client.create<KubeObject>(NODE, { metadata: { name: 'n' } });
    const next = { ...written, metadata: { ...written.metadata, resourceVersion: String(Number(written.metadata.resourceVersion) + 1) } };
    for (const informer of [small, whole]) informer.wrote(structuredClone(next));
    const specs = (): boolean[] => [small, whole].map(({ store }) => store.list().every((object) => 'spec' in object));
    expect(specs(), 'of a write that no watch has shown').to.deep.equal([false, true]);
    await client.create(NODE, { metadata: { name: 'another' } });
    await clock.settle();
    expect(specs(), 'of what the watch shows').to.deep.equal([false, true]);
    stop.abort(new Error('over'));
    await server.close();
  });

  it('follow a kind once for all who ask, and no longer than somebody uses them', async () => {
    const clock = new VirtualClock();
    const server = createApiServer({ clock, random: seededRandom(1) });
    const inner = handlerTransport(server);
    let open = 0;
    const transport = { ...inner, send: async (request: Parameters<typeof inner.send>[0]) => {
      const response = await inner.send(request);
      if (!request.path.includes('watch=true')) return response;
      open += 1;
      return { ...response, body: (async function* () {
        try {
          yield* response.body;
        } finally {
          open -= 1;
        }
      })() };
    } };
    const client = new KubeClient(transport, { clock, random: seededRandom(2) });
    const stop = new AbortController();
    const informers = new Informers({ client, clock, random: seededRandom(3), signal: stop.signal });
    const [first, second] = [informers.acquire(NODE), informers.acquire(NODE)];
    const labelled = informers.acquire(NODE, { labelSelector: 'a=b' });
    expect(first.informer).to.equal(second.informer);
    expect(labelled.informer).to.not.equal(first.informer);
    await clock.settle();
    expect(open).to.equal(2);

    const seen: string[] = [];
    await client.create(NODE, { metadata: { name: 'early' } });
    await clock.settle();
    const subscription = first.informer.changes.subscribe(({ type, object }) => seen.push(`${type} ${object.metadata.name}`));
    await client.create(NODE, { metadata: { name: 'late' } });
    await clock.settle();
    subscription.unsubscribe();
    await client.create(NODE, { metadata: { name: 'unseen' } });
    await clock.settle();
    expect(seen).to.deep.equal(['added early', 'added late']);
    expect(labelled.informer.store.size).to.equal(0);

    first.release();
    first.release();
    await clock.advance('1m');
    expect(informers.all()).to.have.length(2);
    second.release();
    labelled.release();
    // A gap between two users costs no relist.
    await clock.advance('20s');
    const again = informers.acquire<KubeObject>(NODE);
    await clock.advance('20s');
    expect(again.informer).to.equal(first.informer);
    expect(open).to.equal(1);
    again.release();
    await clock.advance('31s');
    expect([informers.all().length, open]).to.deep.equal([0, 0]);
    stop.abort(new Error('over'));
    await server.close();
  });

  for (const [what, streaming] of [['in pages', false], ['streamed', true]] as const) {
    it(`do not all list at once when an API server comes back without its past (${what})`, async () => {
      const clock = new VirtualClock();
      const server = createApiServer({ clock, random: seededRandom(1) });
      const inner = handlerTransport(server);
      let [lost, open, most] = [false, 0, 0];
      const times: number[] = [];
      const broken = new AbortController();
      setMaxListeners(0, broken.signal);
      const transport = { ...inner, send: async (request: KubeRequest): Promise<KubeResponse> => {
        const lists = request.path.includes('sendInitialEvents') || !request.path.includes('watch=true');
        if (lost && !lists) return { status: 410, headers: {}, body: (async function* () { yield '{"kind":"Status","code":410,"reason":"Expired"}'; })() };
        if (!lost) {
          const response = await inner.send(request);
          return { ...response, body: abortable(response.body, broken.signal) };
        }
        times.push(clock.now());
        most = Math.max(most, (open += 1));
        await sleep(clock, 1_000);
        open -= 1;
        return inner.send(request);
      } };
      const client = new KubeClient(transport, { clock, random: seededRandom(2) });
      const stop = new AbortController();
      const informers = new Informers({ client, clock, random: seededRandom(3), signal: stop.signal, streaming });
      const leases = Array.from({ length: 40 }, (_, index) => informers.acquire(NODE, { labelSelector: `kind=${index}` }));
      await clock.settle();
      expect(leases.every(({ informer }) => informer.synced)).to.equal(true);
      lost = true;
      broken.abort(new Error('the API server goes'));
      await clock.advance('30s');
      expect(most).to.equal(4);
      for (const since of times) expect(times.filter((time) => time >= since && time < since + 5_000).length).to.be.at.most(10 + 2 * 5);
      expect(leases.every(({ informer }) => informer.silence < 30_000)).to.equal(true);
      stop.abort(new Error('over'));
      await server.close();
    });
  }
});
