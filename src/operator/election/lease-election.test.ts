import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import type { ApiServer } from '../../apiserver/index.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import { LeadershipLostError } from './election.js';
import { LeaseElection } from './lease-election.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import type { KubeTransport } from '../kube/transport.js';

const LEASE: KindRef = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };
interface Lease extends KubeObject { spec: { holderIdentity: string; leaseDurationSeconds: number; renewTime: string; acquireTime: string; leaseTransitions: number } }

class Candidate {
  readonly stop = new AbortController();
  readonly election: LeaseElection;
  reachable = true;
  outcome: unknown = 'running';
  readonly done: Promise<void>;

  constructor(readonly identity: string, server: ApiServer, clock: VirtualClock, seed: number) {
    const inner = handlerTransport(server);
    const transport: KubeTransport = { ...inner, send: (request) => (this.reachable ? inner.send(request) : Promise.reject(new Error('no route to host'))) };
    const random = seededRandom(seed);
    this.election = new LeaseElection({ client: new KubeClient(transport, { clock, random }), clock, random, namespace: 'kube-system', name: 'lead', identity });
    this.done = this.election.run(this.stop.signal).then(() => void (this.outcome = 'resigned'), (error: unknown) => void (this.outcome = error));
  }
}

describe('leader election', () => {
  let clock: VirtualClock;
  let server: ApiServer;
  let candidates: Candidate[];
  beforeEach(() => {
    clock = new VirtualClock();
    server = createApiServer({ clock, random: seededRandom(9) });
    candidates = [];
  });
  afterEach(async () => {
    for (const { stop } of candidates) stop.abort(new Error('over'));
    await clock.advance('10s');
    await server.close();
  });
  const candidate = (identity: string): Candidate => {
    const made = new Candidate(identity, server, clock, candidates.length + 1);
    candidates.push(made);
    return made;
  };
  const lease = (): Promise<Lease> => new KubeClient(handlerTransport(server), { clock, random: seededRandom(0) }).get<Lease>(LEASE, { name: 'lead', namespace: 'kube-system' });

  it('is won by one, who renews; its times have the six digits that API servers ask for', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    await clock.advance('5m');
    expect([a.election.fence.open, b.election.fence.open].filter(Boolean)).to.have.length(1);
    const { spec } = await lease();
    expect(spec.renewTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(clock.now() - Date.parse(spec.renewTime)).to.be.at.most(2_000);
    expect(spec).to.include({ leaseDurationSeconds: 15, leaseTransitions: 0 });
  });

  it('passes on at once when the leader resigns: the others watch', async () => {
    const a = candidate('a');
    await clock.settle();
    const b = candidate('b');
    await clock.advance('10s');
    a.stop.abort(new Error('rolling update'));
    await clock.advance('10ms');
    expect([a.outcome, b.election.fence.open]).to.deep.equal(['resigned', true]);
  });

  it('passes on within seconds when the leader resigns', async () => {
    const a = candidate('a');
    await clock.settle();
    const b = candidate('b');
    await clock.advance('10s');
    a.stop.abort(new Error('rolling update'));
    await clock.advance('5s');
    expect(a.outcome).to.equal('resigned');
    expect(b.election.fence.open).to.equal(true);
    expect((await lease()).spec).to.include({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('passes on after the lease has run out when the leader is cut off, and never leads twice', async () => {
    const a = candidate('a');
    await clock.settle();
    const b = candidate('b');
    await clock.advance('10s');
    a.reachable = false;
    for (let step = 0; step < 300; step += 1) {
      await clock.advance('100ms');
      expect(a.election.fence.open && b.election.fence.open, `at ${step / 10}s`).to.equal(false);
    }
    expect(a.outcome).to.be.instanceOf(LeadershipLostError);
    expect(b.election.fence.open).to.equal(true);
  });

  it('fences the leader by time alone, even if nothing of it gets to run', async () => {
    const a = candidate('a');
    await clock.settle();
    expect(a.election.fence.open).to.equal(true);
    const now = clock.now.bind(clock);
    clock.now = () => now() + 16_000;
    expect(a.election.fence.open).to.equal(false);
    clock.now = now;
  });

  it('survives a short outage without a change of leader', async () => {
    const a = candidate('a');
    await clock.settle();
    const b = candidate('b');
    await clock.advance('10s');
    a.reachable = false;
    await clock.advance('6s');
    a.reachable = true;
    await clock.advance('30s');
    expect([a.election.fence.open, b.election.fence.open]).to.deep.equal([true, false]);
    expect((await lease()).spec.leaseTransitions).to.equal(0);
  });

  it('closes the fence when the lease is too old to write, and gives up then, before others may take over', async () => {
    const a = candidate('a');
    await clock.settle();
    await clock.advance('10s');
    a.reachable = false;
    await clock.advance('9900ms');
    expect([a.election.fence.open, a.outcome]).to.deep.equal([true, 'running']);
    await clock.advance('200ms');
    expect(a.election.fence.open).to.equal(false);
    expect(a.outcome).to.be.instanceOf(LeadershipLostError).with.property('message', 'lease kube-system/lead was not renewed for 10s');
  });

  it('stops at once when somebody else writes their name into its lease', async () => {
    const a = candidate('a');
    await clock.settle();
    const user = new KubeClient(handlerTransport(server), { clock, random: seededRandom(0) });
    await user.mergePatch(LEASE, { name: 'lead', namespace: 'kube-system' }, { spec: { holderIdentity: 'thief' } });
    await clock.advance('2s');
    expect(a.election.fence.open).to.equal(false);
    expect(a.outcome).to.be.instanceOf(LeadershipLostError).with.property('message', 'lease kube-system/lead is held by thief');
    expect((await lease()).spec.holderIdentity).to.equal('thief');
  });

  it('goes on when somebody labels its lease, or deletes it', async () => {
    const a = candidate('a');
    await clock.settle();
    const user = new KubeClient(handlerTransport(server), { clock, random: seededRandom(0) });
    await user.mergePatch(LEASE, { name: 'lead', namespace: 'kube-system' }, { metadata: { labels: { looked: 'at' } } });
    await clock.advance('2s');
    expect(a.election.fence.open).to.equal(true);
    await user.delete(LEASE, { name: 'lead', namespace: 'kube-system' });
    await clock.advance('2s');
    expect(a.election.fence.open).to.equal(true);
    expect((await lease()).spec.holderIdentity).to.equal('a');
  });

  it('judges others by when it saw them renew, whatever their clocks say', async () => {
    const user = new KubeClient(handlerTransport(server), { clock, random: seededRandom(0) });
    for (const renewTime of ['2001-01-01T00:00:00.000000Z', '2099-01-01T00:00:00.000000Z']) {
      await user.create(LEASE, { metadata: { name: 'lead', namespace: 'kube-system' }, spec: { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime } });
      const a = candidate('a');
      await clock.advance('14s');
      expect(a.election.fence.open, renewTime).to.equal(false);
      await clock.advance('6s');
      expect(a.election.fence.open, renewTime).to.equal(true);
      a.stop.abort(new Error('over'));
      await clock.settle();
      await user.delete(LEASE, { name: 'lead', namespace: 'kube-system' });
    }
  });

  it('takes one more try when nothing of the process ran for longer than the lease lasts', async () => {
    const a = candidate('a');
    await clock.settle();
    const monotonic = clock.monotonic.bind(clock);
    let stopped = 0;
    clock.monotonic = () => monotonic() + stopped;
    stopped = 60_000;
    expect(a.election.fence.open).to.equal(false);
    await clock.advance('2s');
    expect([a.election.fence.open, a.outcome]).to.deep.equal([true, 'running']);
  });

  it('hands back a lease whose last answer it did not live to see', async () => {
    const inner = handlerTransport(server);
    let hold = false;
    const transport: KubeTransport = { ...inner, send: async (request) => {
      const answer = await inner.send(request);
      // The write has been stored; its answer never arrives.
      if (hold && request.method !== 'GET') await new Promise<never>((_, reject) => request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error)));
      return answer;
    } };
    const stop = new AbortController();
    const election = new LeaseElection({ client: new KubeClient(transport, { clock, random: seededRandom(1) }), clock, random: seededRandom(1), namespace: 'kube-system', name: 'lead', identity: 'a' });
    const done = election.run(stop.signal);
    await clock.settle();
    hold = true;
    await clock.advance('2s');
    stop.abort(new Error('rolling update'));
    hold = false;
    await done;
    expect((await lease()).spec.holderIdentity).to.equal('');
  });

  it('says what failed once, and when it works again', async () => {
    const told: string[] = [];
    const inner = handlerTransport(server);
    let reachable = false;
    const transport: KubeTransport = { ...inner, send: (request) => (reachable ? inner.send(request) : Promise.reject(new Error('no route to host'))) };
    const stop = new AbortController();
    const done = new LeaseElection({
      client: new KubeClient(transport, { clock, random: seededRandom(1) }), clock, random: seededRandom(1), namespace: 'kube-system', name: 'lead', identity: 'a',
      observer: { failed: (_error, times) => void told.push(`failed ${times}`), recovered: (times) => void told.push(`recovered ${times}`) },
    }).run(stop.signal);
    await clock.advance('20s');
    reachable = true;
    await clock.advance('10s');
    expect(told.length).to.be.within(3, 6);
    expect(told).to.deep.equal([...told.slice(0, -1).map((_, index) => `failed ${index + 1}`), `recovered ${told.length - 1}`]);
    stop.abort(new Error('over'));
    await done;
  });

  it('refuses times under which two could lead', () => {
    const options = { client: new KubeClient(handlerTransport(server), { clock, random: seededRandom(0) }), clock, random: seededRandom(0), namespace: 'n', name: 'l', identity: 'a' };
    expect(() => new LeaseElection({ ...options, renewDeadline: 15_000 })).to.throw(RangeError, 'renewDeadline (15000 ms) must be less than leaseDuration (15000 ms)');
    expect(() => new LeaseElection({ ...options, retryPeriod: 10_000 })).to.throw(RangeError, 'retryPeriod (10000 ms) must be more than 0 and less than renewDeadline (10000 ms)');
  });
});
