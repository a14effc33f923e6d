import { expect } from 'chai';
import fc from 'fast-check';
import { createApiServer } from '../../apiserver/index.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { KubeClient } from './client.js';
import { handlerTransport } from './handler-transport.js';
import { Informer } from './informer.js';
import type { KindRef, KubeObject } from './object.js';
import type { Change } from './reflector.js';
import type { KubeRequest, KubeResponse, KubeTransport } from './transport.js';

const CONFIG_MAP: KindRef = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
interface ConfigMap extends KubeObject { data: { n: string } }

type Fault = 'none' | 'refused' | 'error' | 'gone' | 'throttled' | 'reset' | 'half a line' | 'silence';
type Action = { do: 'set' | 'remove' | 'write ours' | 'delete ours'; name: string } | { do: 'fault'; fault: Fault } | { do: 'wait'; seconds: number };

/** Between the informer and the server: does to requests and open watches what the current fault says. */
class Chaos implements KubeTransport {
  fault: Fault = 'none';

  constructor(private readonly inner: KubeTransport) {}

  async send(request: KubeRequest): Promise<KubeResponse> {
    const answer = (status: number, reason: string): KubeResponse => ({ status, headers: status === 429 ? { 'retry-after': '7' } : {}, body: (async function* () { yield JSON.stringify({ kind: 'Status', status: 'Failure', code: status, reason }); })() });
    if (this.fault === 'refused') throw new Error('connect ECONNREFUSED');
    if (this.fault === 'error') return answer(500, 'InternalError');
    if (this.fault === 'throttled') return answer(429, 'TooManyRequests');
    if (this.fault === 'gone') return answer(410, 'Expired');
    const response = await this.inner.send(request);
    return request.path.includes('watch=true') ? { ...response, body: this.#disturbed(response.body) } : response;
  }

  async *#disturbed(body: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
    for await (const chunk of body) {
      if (this.fault === 'reset') throw new Error('read ECONNRESET');
      if (this.fault === 'half a line') {
        yield String(chunk).slice(0, 20);
        return;
      }
      // What was swallowed never comes: only a new watch from before it can bring it.
      if (this.fault === 'silence') await new Promise(() => undefined);
      yield chunk;
    }
  }

  close = (): Promise<void> => Promise.resolve();
}

/** Follows changes as any subscriber could, and fails on one that does not fit what came before it. */
class Follower {
  readonly state = new Map<string, ConfigMap>();

  take({ type, object, old }: Change<ConfigMap>): void {
    const { name, uid } = object.metadata;
    const known = this.state.get(name);
    if (type === 'added') expect(known, `added ${name}`).to.equal(undefined);
    else {
      expect(known?.metadata.uid, `${type} ${name}`).to.equal(uid);
      expect(old?.metadata.resourceVersion, `old state of ${name}`).to.equal(known?.metadata.resourceVersion);
    }
    if (type === 'deleted') this.state.delete(name);
    else this.state.set(name, object);
  }
}

describe('an informer among faults', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const action: fc.Arbitrary<Action> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('set' as const, 'remove' as const, 'write ours' as const, 'delete ours' as const), name }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('fault' as const), fault: fc.constantFrom<Fault[]>('none', 'none', 'refused', 'error', 'gone', 'throttled', 'reset', 'half a line', 'silence') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(0, 1, 5, 40, 90) }) },
  );

  it('reports one consistent history, never shows older than our own writes, and ends level with the server', async () => {
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), fc.integer(), async (actions, seed) => {
      const clock = new VirtualClock();
      const server = createApiServer({ clock, random: seededRandom(seed) });
      const direct = handlerTransport(server);
      const chaos = new Chaos(direct);
      const user = new KubeClient(direct, { clock, random: seededRandom(seed + 1) });
      const informer = new Informer<ConfigMap>(CONFIG_MAP, new KubeClient(chaos, { clock, random: seededRandom(seed + 2) }), { clock, random: seededRandom(seed + 3), fieldSelector: undefined, namespace: 'default', freeze: true });
      const follower = new Follower();
      const broken: unknown[] = [];
      informer.listen((change) => {
        try {
          follower.take(change);
        } catch (error) {
          broken.push(error);
        }
      });
      const stop = new AbortController();
      void informer.run(stop.signal);
      let n = 0;
      const target = (of: string) => ({ name: of, namespace: 'default' });
      const upsert = async (of: string): Promise<ConfigMap> => {
        const data = { n: String((n += 1)) };
        return (await user.find(CONFIG_MAP, target(of)))
          ? user.mergePatch<ConfigMap>(CONFIG_MAP, target(of), { data })
          : user.create<ConfigMap>(CONFIG_MAP, { metadata: target(of), data });
      };
      for (const step of actions) {
        if (step.do === 'fault') chaos.fault = step.fault;
        else if (step.do === 'wait') await clock.advance(step.seconds * 1_000);
        else if (step.do === 'set') await upsert(step.name);
        else if (step.do === 'remove') await user.delete(CONFIG_MAP, target(step.name)).catch(() => undefined);
        else if (step.do === 'write ours') {
          const written = await upsert(step.name);
          informer.wrote(structuredClone(written));
          expect(informer.store.get(`default/${step.name}`)?.data.n).to.equal(String(n));
        } else {
          const held = await user.find<ConfigMap>(CONFIG_MAP, target(step.name));
          if (!held) continue;
          informer.deleted(held, await user.delete(CONFIG_MAP, target(step.name)));
          const shown = informer.store.get(`default/${step.name}`);
          expect(shown?.metadata.uid).to.not.equal(held.metadata.uid);
        }
      }
      chaos.fault = 'none';
      await clock.advance('3m');
      const truth = (await user.list<ConfigMap>(CONFIG_MAP, { namespace: 'default' })).items.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
      const versions = (objects: Iterable<ConfigMap>): string[] => [...objects].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
      expect(versions(informer.store.list())).to.deep.equal(truth);
      expect(versions(follower.state.values())).to.deep.equal(truth);
      expect(informer.heldWrites).to.equal(0);
      if (broken.length > 0) throw broken[0];
      stop.abort(new Error('over'));
      await clock.flush();
      await server.close();
    }), { numRuns: 60, seed: 11 });
  });
});
