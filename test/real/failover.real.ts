import { expect } from 'chai';
import { AuditLog, credentialOf } from '../support/audit-log.js';
import type { AuditedWrite } from '../support/audit-log.js';
import type { OperatorProcess } from '../support/operator-process.js';
import { RealCluster } from '../support/real-cluster.js';
import { eventually } from '../support/sandbox-process.js';

const LEASE = 'leases';
/** What standbys write, too: certificates of webhooks, and whom to trust. */
const SHARED = ['secrets', 'customresourcedefinitions', LEASE];
/** With default times: the lease lasts 15 s, and is tried for every 2 s. */
const LEASE_DURATION = 15_000;

interface Replica {
  name: string;
  credential: string;
  process: OperatorProcess;
}

describe('replicas of Karpenter on a real control plane', function failover() {
  this.timeout(240_000);
  const cluster = new RealCluster();
  const audit = new AuditLog(cluster.folder);
  const replicas: Replica[] = [];
  const enough = new AbortController();
  let work: Promise<void> | undefined;
  let [a, b, c, d, e]: (Replica | undefined)[] = [];

  async function start(name: string): Promise<Replica> {
    const token = await cluster.token();
    const process = await cluster.operator({ token, environment: { NODE_OPTIONS: '--inspect=127.0.0.1:0' }, flags: ['--webhook-port', '0', '--disable-controller-warmup', 'false'] });
    const replica = { name, credential: credentialOf(token), process };
    replicas.push(replica);
    await process.logged('standing by');
    return replica;
  }

  const ledWrites = (): AuditedWrite[] => audit.writes().filter(({ resource }) => !SHARED.includes(resource));
  const nameOf = ({ credential }: AuditedWrite): string => replicas.find((replica) => replica.credential === credential)?.name ?? credential;
  /** When the replica wrote first after a moment, in milliseconds since the epoch. */
  async function writes(replica: Replica, since: number): Promise<number> {
    let first = 0;
    await eventually(`${replica.name} writes`, 90_000, () => {
      first = ledWrites().find(({ credential, received, stored }) => stored && credential === replica.credential && received > since)?.answered ?? 0;
      return Promise.resolve(first > 0 || replica.process.tail);
    });
    return first;
  }
  const report = (what: string, from: number, until: number): void => console.log(`      ${what}: the next one wrote after ${((until - from) / 1_000).toFixed(1)} s`);

  before(async () => {
    await cluster.startPlane(...audit.flags);
    await cluster.install();
    await cluster.attach();
    await cluster.kubectl('apply', '-f', 'config/samples/nodepool.yaml');
    a = await start('a');
    await a.process.logged('elected');
    b = await start('b');
    // Every change of a pool's template has its hash written anew.
    work = (async () => {
      for (let turn = 0; !enough.signal.aborted; turn += 1) {
        await cluster.fetch('/apis/karpenter.sh/v1/nodepools/default', { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' }, body: JSON.stringify({ spec: { template: { metadata: { labels: { turn: `t${turn}` } } } } }) });
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    await writes(a, 0);
  });
  after(async () => {
    enough.abort();
    await work;
    for (const { process } of replicas) process.signal('SIGKILL');
    await Promise.all(replicas.map(({ process }) => process.ended));
    await cluster.stop();
  });

  it('take over from one that is killed, after its lease', async () => {
    const killed = Date.now();
    expect(await a?.process.end('SIGKILL')).to.equal('SIGKILL');
    const until = await writes(b as Replica, killed);
    report('kill -9', killed, until);
    expect(until - killed).to.be.above(LEASE_DURATION / 2);
  });

  it('take over from one that is stopped, which writes nothing more when it goes on, and ends', async () => {
    c = await start('c');
    const stopped = Date.now();
    b?.process.signal('SIGSTOP');
    report('SIGSTOP', stopped, await writes(c, stopped));
    b?.process.signal('SIGCONT');
    expect(await b?.process.ended, b?.process.tail).to.not.equal(0);
  });

  it('take over from one whose main loop is blocked, which hands its lease back and ends', async () => {
    d = await start('d');
    const blocked = Date.now();
    await c?.process.block(120_000);
    const until = await writes(d, blocked);
    report('a blocked loop', blocked, until);
    expect(await c?.process.ended).to.equal('SIGKILL');
    expect(until - blocked).to.be.below(120_000);
  });

  it('take over at once from one that is asked to end', async () => {
    e = await start('e');
    const asked = Date.now();
    const ending = d?.process.end('SIGTERM');
    report('SIGTERM', asked, await writes(e, asked));
    expect(await ending, d?.process.tail).to.equal(0);
  });

  it('end when somebody takes the lease, saying who', async () => {
    await cluster.kubectl('patch', 'lease', 'karpenter-leader-election', '-n', 'karpenter', '--type=merge', '-p', '{"spec":{"holderIdentity":"somebody"}}');
    expect(await e?.process.ended, e?.process.tail).to.equal(1);
    expect(e?.process.tail).to.include('lease karpenter/karpenter-leader-election is held by somebody');
  });

  it('never wrote without the lease, by the order in which the API server stored it all', () => {
    const stored = audit.writes().filter(({ revision, stored: done }) => done && revision !== undefined).sort((left, right) => (left.revision ?? 0) - (right.revision ?? 0));
    const trespasses: string[] = [];
    const order: string[] = [];
    let holder = '';
    for (const write of stored) {
      if (write.resource === LEASE) holder = write.holder ? nameOf(write) : '';
      else if (!SHARED.includes(write.resource)) {
        if (order.at(-1) !== nameOf(write)) order.push(nameOf(write));
        if (nameOf(write) !== holder) trespasses.push(`${nameOf(write)} wrote ${write.resource} at ${write.revision} while ${holder || 'nobody'} held the lease`);
      }
    }
    expect(order).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(trespasses).to.deep.equal([]);
    expect(ledWrites().length).to.be.above(100);
  });

  it('never even tried to, not counting on conflicts', () => {
    const terms = audit.writes().filter(({ resource, stored }) => resource === LEASE && stored).map((write) => ({ ...write, name: write.holder ? nameOf(write) : '' }));
    const attempts = ledWrites().filter((write) => {
      // Whoever was given the lease may write before the log has the end of that request.
      const allowed = [terms.findLast(({ received }) => received <= write.received), terms.findLast(({ answered }) => answered <= write.received)].map((term) => term?.name);
      return !allowed.includes(nameOf(write));
    });
    expect(attempts.map((write) => `${nameOf(write)} tried to ${write.verb} ${write.resource}`)).to.deep.equal([]);
  });
});
