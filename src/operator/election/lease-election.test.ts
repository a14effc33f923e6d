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
});
