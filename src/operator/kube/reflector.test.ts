import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import type { ApiServer } from '../../apiserver/index.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { KubeClient } from './client.js';
import { handlerTransport } from './handler-transport.js';
import { Informer } from './informer.js';
import type { InformerOptions } from './informer.js';
import { ListBudget } from './list-budget.js';
import type { KindRef, KubeObject } from './object.js';
import type { KubeRequest, KubeResponse, KubeTransport } from './transport.js';

const CONFIG_MAP: KindRef = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };
interface ConfigMap extends KubeObject { data?: Record<string, string> }

type Interceptor = (request: KubeRequest, next: () => Promise<KubeResponse>) => Promise<KubeResponse>;

const json = (status: number, body: unknown, headers: Record<string, string> = {}): KubeResponse =>
  ({ status, headers: { 'content-type': 'application/json', ...headers }, body: (async function* () { yield typeof body === 'string' ? body : JSON.stringify(body); })() });

const failure = (code: number, reason: string): unknown => ({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason });

const isWatch = ({ path }: KubeRequest): boolean => path.includes('watch=true');

/** A body that says what it is given and then ends, fails, or hangs until the signal aborts. */
async function* lines(signal: AbortSignal | undefined, said: readonly unknown[], end: 'close' | 'reset' | 'hang'): AsyncGenerator<string> {
  for (const line of said) yield typeof line === 'string' ? line : `${JSON.stringify(line)}\n`;
  if (end === 'reset') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  if (end === 'hang') await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
}

class World {
  readonly clock = new VirtualClock();
  readonly server: ApiServer = createApiServer({ clock: this.clock, random: seededRandom(2) });
  readonly requests: string[] = [];
  readonly changes: string[] = [];
  readonly failures: string[] = [];
  readonly skipped: string[] = [];
  readonly stop = new AbortController();
  intercept: Interceptor = (_request, next) => next();
  readonly transport: KubeTransport = {
    send: (request) => {
      this.requests.push(`${isWatch(request) ? 'watch' : request.method.toLowerCase()} ${request.path}`);
      return this.intercept(request, () => handlerTransport(this.server).send(request));
    },
    close: () => Promise.resolve(),
  };
  readonly user = new KubeClient(handlerTransport(this.server), { clock: this.clock, random: seededRandom(3) });
  readonly client = new KubeClient(this.transport, { clock: this.clock, random: seededRandom(3) });
  informer!: Informer<ConfigMap>;

  async follow(options: Partial<InformerOptions> = {}): Promise<void> {
    this.informer = new Informer<ConfigMap>(CONFIG_MAP, this.client, {
      clock: this.clock, random: seededRandom(4), namespace: 'default', ...options,
      observer: {
        failed: (error) => this.failures.push((error as Error).message),
        skipped: (error) => this.skipped.push((error as Error).message),
        handlerFailed: (error) => this.failures.push(`handler: ${(error as Error).message}`),
      },
    });
    this.informer.listen(({ type, object, old, initial }) =>
      this.changes.push(`${type} ${object.metadata.name}${old ? ` ${old.data?.['n'] ?? '-'}→${object.data?.['n'] ?? '-'}` : ''}${initial ? ' initial' : ''}`));
    void this.informer.run(this.stop.signal);
    await this.clock.settle();
  }

  create(name: string, n = '1'): Promise<ConfigMap> {
    return this.user.create<ConfigMap>(CONFIG_MAP, { metadata: { name, namespace: 'default' }, data: { n } });
  }

  set(name: string, n: string): Promise<ConfigMap> {
    return this.user.mergePatch<ConfigMap>(CONFIG_MAP, { name, namespace: 'default' }, { data: { n } });
  }

  async remove(name: string): Promise<void> {
    await this.user.delete(CONFIG_MAP, { name, namespace: 'default' });
  }

  /** What the store holds, as `name=n`. */
  get held(): string[] {
    return this.informer.store.list().map(({ metadata, data }) => `${metadata.name}=${data?.['n']}`).filter((text) => !text.startsWith('kube-root-ca')).sort();
  }

  take(): string[] {
    return this.changes.splice(0).filter((text) => !text.includes('kube-root-ca'));
  }

  count(verb: 'watch' | 'get'): number {
    return this.requests.filter((request) => request.startsWith(`${verb} `)).length;
  }
}

describe('the reflector', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(async () => {
    world.stop.abort(new Error('over'));
    await world.clock.flush();
    await world.server.close();
  });

  it('lists in pages, then follows additions, changes with their old state, and deletions', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await world.create(name);
    await world.follow({ pageSize: 2 });
    expect(world.take().sort()).to.deep.equal(['added a initial', 'added b initial', 'added c initial', 'added d initial', 'added e initial']);
    expect(world.informer.synced).to.equal(true);
    expect(world.count('get')).to.be.at.least(3);
    await world.create('f');
    await world.set('a', '2');
    await world.remove('b');
    await world.clock.settle();
    expect(world.take()).to.deep.equal(['added f', 'modified a 1→2', 'deleted b 1→1']);
    expect(world.held).to.deep.equal(['a=2', 'c=1', 'd=1', 'e=1', 'f=1']);
  });

  it('strips managedFields and fills labels, annotations and status in', async () => {
    await world.create('a');
    await world.follow();
    const object = world.informer.store.get('default/a') as ConfigMap & { status: unknown };
    expect(object.metadata).to.include.keys('labels', 'annotations');
    expect(object.metadata).to.not.have.property('managedFields');
    expect(object.status).to.deep.equal({});
    expect(object).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  for (const [what, answer] of [
    ['a connection that is reset', (signal?: AbortSignal): KubeResponse => ({ status: 200, headers: {}, body: lines(signal, [], 'reset') })],
    ['a 500', () => json(500, failure(500, 'InternalError'))],
    ['a 503 that is not even JSON', () => json(503, '<html>no backend</html>')],
    ['an unauthorized answer', () => json(401, failure(401, 'Unauthorized'))],
    ['an ERROR event that is not about expiry', (signal?: AbortSignal): KubeResponse => ({ status: 200, headers: {}, body: lines(signal, [{ type: 'ERROR', object: failure(500, 'InternalError') }], 'hang') })],
    ['a line that is no JSON', (signal?: AbortSignal): KubeResponse => ({ status: 200, headers: {}, body: lines(signal, ['{"type":"ADD\n'], 'hang') })],
    ['a truncated last line', (signal?: AbortSignal): KubeResponse => ({ status: 200, headers: {}, body: lines(signal, ['{"type":"ADDED","obj'], 'close') })],
  ] as const) {
    it(`survives ${what}, reports it, and misses nothing`, async () => {
      await world.create('a');
      let broken = 3;
      world.intercept = (request, next) => (isWatch(request) && (broken -= 1) >= 0 ? Promise.resolve(answer(request.signal)) : next());
      await world.follow();
      await world.set('a', '2');
      await world.create('b');
      await world.clock.advance('30s');
      expect(world.held).to.deep.equal(['a=2', 'b=1']);
      expect(world.failures).to.have.length(3);
      expect(world.take()).to.deep.equal(['added a initial', 'modified a 1→2', 'added b']);
    });
  }

  it('backs off between tries, with jitter, up to half a minute', async () => {
    world.intercept = (request, next) => (isWatch(request) ? Promise.resolve(json(500, failure(500, 'InternalError'))) : next());
    await world.follow();
    await world.clock.advance('10m');
    // 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30 … seconds, plus up to 30 % each.
    expect(world.count('watch')).to.be.within(18, 26);
  });

  it('goes on after an abort that is not its own: whoever gave up on a request, it was not asked to', async () => {
    let aborted = 0;
    world.intercept = (request, next) => {
      if (!isWatch(request) || aborted > 0) return next();
      aborted += 1;
      return Promise.reject(new DOMException('This operation was aborted', 'AbortError'));
    };
    await world.follow();
    await world.create('late');
    await world.clock.advance('5s');
    expect(world.held).to.deep.equal(['late=1']);
    expect(aborted).to.equal(1);
  });

  it('waits as long as Retry-After asks for', async () => {
    let asked = 0;
    world.intercept = (request, next) => {
      if (!isWatch(request)) return next();
      asked += 1;
      return asked === 1 ? Promise.resolve(json(429, failure(429, 'TooManyRequests'), { 'retry-after': '20' })) : next();
    };
    await world.follow();
    await world.clock.advance('19s');
    expect(asked).to.equal(1);
    await world.clock.advance('2s');
    expect(asked).to.equal(2);
  });

  it('takes a silent watch for dead after 70 seconds, and is never blind for longer', async () => {
    await world.create('a');
    let hung = 0;
    world.intercept = (request, next) => {
      if (!isWatch(request) || hung > 0) return next();
      hung += 1;
      return Promise.resolve({ status: 200, headers: {}, body: lines(request.signal, [], 'hang') });
    };
    await world.follow();
    await world.set('a', '2');
    await world.clock.advance('69s');
    expect(world.held).to.deep.equal(['a=1']);
    await world.clock.advance('5s');
    expect(world.held).to.deep.equal(['a=2']);
    expect(world.failures).to.deep.equal([]);
  });

  it('also gives up on a watch that is not even answered', async () => {
    let hung = 0;
    world.intercept = (request, next) => {
      if (!isWatch(request) || hung > 0) return next();
      hung += 1;
      return new Promise((_, reject) => request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error)));
    };
    await world.follow();
    await world.create('a');
    await world.clock.advance('75s');
    expect(world.held).to.deep.equal(['a=1']);
  });

  it('lists again when two watches in a row say nothing: a server that was restored from a backup is silent until its history has come so far again', async () => {
    for (const name of ['kept', 'lost']) await world.create(name);
    let backup: unknown;
    world.intercept = (request, next) => {
      if (!isWatch(request)) return backup ? Promise.resolve(json(200, backup)) : next();
      return Promise.resolve({ status: 200, headers: {}, body: lines(request.signal, [], 'hang') });
    };
    await world.follow();
    const kept = world.informer.store.get('default/kept') as ConfigMap;
    const at = (resourceVersion: string, n: string): ConfigMap => ({ ...kept, data: { n }, metadata: { ...kept.metadata, resourceVersion } });
    // A write of ours that is lost as well: its echo will never come.
    world.informer.wrote(at('1000', 'ours'));
    backup = { metadata: { resourceVersion: '3' }, items: [at('2', 'backup')] };
    world.take();
    await world.clock.advance('139s');
    expect(world.held).to.deep.equal(['kept=ours', 'lost=1']);
    await world.clock.advance('5s');
    expect(world.held).to.deep.equal(['kept=backup']);
    expect(world.take().sort()).to.deep.equal(['deleted lost 1→1', 'modified kept 1→backup']);
    const lists = world.count('get');
    await world.clock.advance('75s');
    expect(world.count('get')).to.equal(lists);
  });

  it('keeps a quiet watch alive by its bookmarks', async () => {
    await world.follow();
    await world.clock.advance('4m');
    expect(world.count('watch')).to.equal(1);
  });

  for (const how of ['as an event', 'as a status']) {
    it(`lists again on 410 ${how}, and reports the difference as proper changes`, async () => {
      for (const name of ['same', 'changed', 'deleted', 'reborn']) await world.create(name);
      let expired: string | undefined;
      world.intercept = async (request, next) => {
        const from = /[?&]resourceVersion=(\d+)/.exec(request.path)?.[1];
        if (!isWatch(request) || (expired !== undefined && from !== expired)) return next();
        if (expired === undefined) {
          expired = from;
          await world.set('changed', '2');
          await world.remove('deleted');
          await world.remove('reborn');
          await world.create('reborn', '9');
          await world.create('new');
        }
        const gone = failure(410, 'Expired');
        return how === 'as a status' ? json(410, gone) : { status: 200, headers: {}, body: lines(request.signal, [{ type: 'ERROR', object: gone }], 'close') };
      };
      await world.follow();
      expect(world.take().filter((text) => !text.endsWith('initial')).sort()).to.deep.equal(
        ['added new', 'added reborn', 'deleted deleted 1→1', 'deleted reborn 1→1', 'modified changed 1→2'],
      );
      expect(world.held).to.deep.equal(['changed=2', 'new=1', 'reborn=9', 'same=1']);
    });
  }

  it('falls back to one answer when a continue token expires between pages', async () => {
    for (const name of ['a', 'b', 'c']) await world.create(name);
    world.intercept = (request, next) => (request.path.includes('continue=') ? Promise.resolve(json(410, failure(410, 'Expired'))) : next());
    await world.follow({ pageSize: 2 });
    expect(world.held).to.deep.equal(['a=1', 'b=1', 'c=1']);
    expect(world.failures).to.deep.equal([]);
  });

  it('reports an object that was deleted and made anew while nobody looked as two changes', async () => {
    await world.create('a');
    await world.follow();
    world.take();
    const before = world.informer.store.get('default/a')?.metadata.uid;
    await world.remove('a');
    await world.create('a', '2');
    await world.clock.settle();
    expect(world.take()).to.deep.equal(['deleted a 1→1', 'added a']);
    expect(world.informer.store.get('default/a')?.metadata.uid).to.not.equal(before);
  });

  it('skips an object that is malformed, counts it, and goes on', async () => {
    let said = false;
    world.intercept = (request, next) => {
      if (!isWatch(request) || said) return next();
      said = true;
      const nameless = { type: 'ADDED', object: { metadata: { resourceVersion: '5' } } };
      return Promise.resolve({ status: 200, headers: {}, body: lines(request.signal, [nameless], 'close') });
    };
    await world.follow();
    expect(world.skipped).to.deep.equal(['ConfigMap without metadata.name: {"metadata":{"resourceVersion":"5"}}']);
    await world.create('a');
    await world.clock.advance('2s');
    expect(world.held).to.deep.equal(['a=1']);
  });

  it('keeps a handler that throws from hurting the store, the stream and other handlers', async () => {
    await world.follow();
    world.informer.listen(() => {
      throw new Error('broken handler');
    });
    const later: string[] = [];
    world.informer.listen(({ object }) => later.push(object.metadata.name));
    await world.create('a');
    await world.create('b');
    await world.clock.settle();
    expect(later).to.deep.equal(['a', 'b']);
    expect(world.failures).to.deep.equal(['handler: broken handler', 'handler: broken handler']);
    expect(world.held).to.deep.equal(['a=1', 'b=1']);
  });

  it('opens nothing and reports nothing after it was stopped, in backoff, while connecting, and while watching', async () => {
    for (const phase of ['backoff', 'connecting', 'watching']) {
      const local = new World();
      local.intercept = (request, next) => {
        if (!isWatch(request)) return next();
        if (phase === 'backoff') return Promise.resolve(json(500, failure(500, 'InternalError')));
        if (phase === 'connecting') return new Promise((resolve) => local.clock.schedule(5_000, () => resolve(next())));
        return next();
      };
      await local.follow();
      local.stop.abort(new Error('stopped'));
      const asked = local.requests.length;
      await local.create('late');
      await local.clock.advance('5m');
      expect(local.requests.length, phase).to.equal(asked);
      expect(local.take(), phase).to.deep.equal([]);
      expect(local.failures.length, phase).to.equal(phase === 'backoff' ? 1 : 0);
      await local.server.close();
    }
  });

  it('does not hammer a server that ends every watch at once', async () => {
    world.intercept = (request, next) => (isWatch(request) ? Promise.resolve({ status: 200, headers: {}, body: lines(request.signal, [], 'close') }) : next());
    await world.follow();
    await world.clock.advance('1m');
    expect(world.count('watch')).to.be.at.most(8);
  });

  it('counts a kind that is not served as empty if it is optional, and finds it when it comes', async () => {
    let served = false;
    world.intercept = (_request, next) => (served ? next() : Promise.resolve(json(404, failure(404, 'NotFound'))));
    await world.follow({ optional: true });
    expect([world.informer.synced, world.informer.absent]).to.deep.equal([true, true]);
    await world.create('a');
    served = true;
    await world.clock.advance('11s');
    expect(world.informer.absent).to.equal(false);
    expect(world.held).to.deep.equal(['a=1']);
    expect(world.failures).to.deep.equal([]);
  });

  it('believes only the second denial of an optional kind that was there', async () => {
    await world.create('a');
    await world.follow({ optional: true });
    let denials = 1;
    world.intercept = (request, next) => (denials > 0 && isWatch(request) ? (denials -= 1, Promise.resolve(json(404, failure(404, 'NotFound')))) : next());
    world.take();
    await world.clock.advance('20m');
    expect([world.informer.absent, world.held, world.take()]).to.deep.equal([false, ['a=1'], []]);
    denials = Infinity;
    world.intercept = () => Promise.resolve(json(404, failure(404, 'NotFound')));
    await world.clock.advance('20m');
    expect([world.informer.absent, world.held, world.take()]).to.deep.equal([true, [], ['deleted a 1→1']]);
    world.intercept = (_request, next) => next();
    await world.clock.advance('11s');
    expect([world.informer.absent, world.held, world.take()]).to.deep.equal([false, ['a=1'], ['added a']]);
  });

  it('gives up on a page of a list that is not complete after 30 seconds, and asks once, not five times', async () => {
    await world.create('a');
    let hung = 0;
    world.intercept = (request, next) => {
      if (isWatch(request) || hung > 0) return next();
      hung += 1;
      return Promise.resolve({ status: 200, headers: {}, body: lines(request.signal, ['{"metadata":{},'], 'hang') });
    };
    await world.follow();
    await world.clock.advance('29s');
    expect([world.informer.synced, world.count('get')]).to.deep.equal([false, 1]);
    await world.clock.advance('3s');
    expect([world.informer.synced, world.count('get')]).to.deep.equal([true, 2]);
    expect(world.failures[0]).to.match(/no answer from the API server: it was not complete within 30s$/);
  });

  it('waits longer and longer for a server whose watches break after their first line', async () => {
    world.intercept = (request, next) => (isWatch(request)
      ? Promise.resolve({ status: 200, headers: {}, body: lines(request.signal, [{ type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } }], 'reset') }) : next());
    await world.follow();
    await world.clock.advance('10m');
    expect(world.count('watch')).to.be.within(18, 26);
  });

  it('does not wait for a Retry-After of an hour for more than a minute', async () => {
    let asked = 0;
    world.intercept = (request, next) => (isWatch(request) && (asked += 1) === 1 ? Promise.resolve(json(503, failure(503, 'ServiceUnavailable'), { 'retry-after': '3600' })) : next());
    await world.follow();
    await world.clock.advance('59s');
    expect(asked).to.equal(1);
    await world.clock.advance('3s');
    expect(asked).to.equal(2);
  });

  it('knows how long the server has not been heard, by any clock', async () => {
    await world.follow();
    await world.clock.advance('59s');
    expect(world.informer.silence).to.be.within(58_000, 59_000);
    await world.clock.advance('2s');
    expect(world.informer.silence).to.be.below(2_000);
  });

  describe('that streams its lists', () => {
    const streaming = () => ({ shared: { budget: new ListBudget(world.clock), streaming: true } });

    it('takes what is there from one watch, and goes on with it', async () => {
      for (const name of ['a', 'b']) await world.create(name);
      await world.follow(streaming());
      expect(world.take().sort()).to.deep.equal(['added a initial', 'added b initial']);
      expect([world.informer.synced, world.count('get'), world.count('watch')]).to.deep.equal([true, 0, 1]);
      await world.set('a', '2');
      await world.remove('b');
      await world.clock.settle();
      expect(world.take()).to.deep.equal(['modified a 1→2', 'deleted b 1→1']);
      expect(world.count('watch')).to.equal(1);
    });

    it('reports the difference after 410', async () => {
      for (const name of ['kept', 'gone']) await world.create(name);
      let expired = 1;
      await world.follow({ ...streaming(), times: { inactivity: 30_000 } });
      world.take();
      world.intercept = async (request, next) => {
        if (expired === 0) return next();
        expired -= 1;
        await world.remove('gone');
        await world.create('new');
        return json(410, failure(410, 'Expired'));
      };
      // The watch ends by silence: its bookmark comes too late for this patience.
      await world.clock.advance('33s');
      expect(world.take().sort()).to.deep.equal(['added new', 'deleted gone 1→1']);
      expect([world.held, world.count('get')]).to.deep.equal([['kept=1', 'new=1'], 0]);
    });

    for (const [what, answer] of [
      ['refuses it', () => json(422, failure(422, 'Invalid'))],
      ['does not know it, and so sends no end', (signal?: AbortSignal): KubeResponse => ({ status: 200, headers: {}, body: lines(signal, [{ type: 'ADDED', object: { metadata: { name: 'a', namespace: 'default', uid: 'a', resourceVersion: '1' } } }], 'hang') })],
    ] as const) {
      it(`comes back to pages where the server ${what}`, async () => {
        await world.create('a');
        world.intercept = (request, next) => (request.path.includes('sendInitialEvents') ? Promise.resolve(answer(request.signal)) : next());
        await world.follow(streaming());
        await world.clock.advance('32s');
        expect([world.informer.synced, world.held]).to.deep.equal([true, ['a=1']]);
        expect(world.requests.filter((path) => path.includes('sendInitialEvents'))).to.have.length(1);
      });
    }

    it('never takes an interrupted list for a complete one', async () => {
      for (const name of ['a', 'b']) await world.create(name);
      let cut = 2;
      world.intercept = async (request, next) => {
        if (!request.path.includes('sendInitialEvents') || (cut -= 1) < 0) return next();
        return { status: 200, headers: {}, body: lines(request.signal, [{ type: 'ADDED', object: { metadata: { name: 'a', namespace: 'default', uid: 'x', resourceVersion: '1' } } }], cut === 1 ? 'close' : 'reset') };
      };
      await world.follow(streaming());
      expect(world.informer.synced).to.equal(false);
      await world.clock.advance('5s');
      expect([world.informer.synced, world.held]).to.deep.equal([true, ['a=1', 'b=1']]);
    });
  });

  it('keeps only metadata if it is told so', async () => {
    await world.create('a');
    await world.follow({ metadataOnly: true });
    expect(world.informer.store.get('default/a')).to.have.all.keys('apiVersion', 'kind', 'metadata');
  });

  it('takes over a list of 150,000 objects in one page without overflowing the stack', async () => {
    const items = Array.from({ length: 150_000 }, (_, index) => ({ metadata: { name: `c${index}`, namespace: 'default', uid: String(index), resourceVersion: '7' } }));
    world.intercept = (request, next) => (isWatch(request) ? next() : Promise.resolve(json(200, { metadata: { resourceVersion: '1' }, items })));
    await world.follow();
    expect(world.informer.store.size).to.equal(150_000);
  });
});
