import { expect } from 'chai';
import { Ledger } from '../support/ledger.js';
import { ReplicaProcess } from '../support/replica-process.js';

describe('replicas that are processes of their own', function failover() {
  this.timeout(60_000);
  const ledger = new Ledger();
  const replicas: ReplicaProcess[] = [];
  const replica = (identity: string): ReplicaProcess => {
    const started = new ReplicaProcess(identity, ledger.url);
    replicas.push(started);
    return started;
  };
  let [a, b, c]: ReplicaProcess[] = [];

  before(() => ledger.open());
  after(async () => {
    for (const each of replicas) each.signal('SIGKILL');
    await Promise.all(replicas.map(({ ended }) => ended));
    await ledger.close();
  });

  it('keep the lease through a main loop that is blocked for less than the limit', async () => {
    a = replica('a');
    await ledger.writtenBy('a');
    b = replica('b');
    a.block(600);
    await a.logged('unblocked');
    await ledger.writtenBy('a');
    expect(ledger.holders).to.deep.equal(['a']);
  });

  it('end when it is blocked for longer, saying why, and hand the lease to the next', async () => {
    a?.block(600_000);
    await ledger.writtenBy('b');
    expect(await a?.ended).to.equal('SIGKILL');
    expect(a?.output).to.match(/"level":"ERROR".*"message":"the main loop has been blocked for \d\.\ds, longer than stallLimit \(1\.5s\): handing back the lease and ending the process".*"leases":\["lead"\],"identity":"a"/);
    expect(ledger.holders).to.deep.equal(['a', '', 'b']);
  });

  it('write nothing after SIGSTOP and SIGCONT once another one leads, and end', async () => {
    c = replica('c');
    await ledger.writtenBy('b');
    b?.signal('SIGSTOP');
    await ledger.writtenBy('c');
    b?.signal('SIGCONT');
    expect(await b?.ended, b?.output).to.equal(1);
    expect(b?.output).to.match(/"message":"ended","error":"lease default\/lead (is held by c|was not renewed for 1\.6s)"/);
    expect(ledger.holders).to.deep.equal(['a', '', 'b', 'c']);
  });

  it('hand the lease over at SIGTERM', async () => {
    replica('d');
    await ledger.writtenBy('c');
    c?.signal('SIGTERM');
    await ledger.writtenBy('d');
    expect(await c?.ended, c?.output).to.equal(0);
    expect(ledger.holders).to.deep.equal(['a', '', 'b', 'c', '', 'd']);
  });

  it('never wrote without the lease, by the order in which the API server stored it all', () => {
    expect(ledger.log.length).to.be.above(20);
    expect(ledger.trespasses).to.deep.equal([]);
  });
});
