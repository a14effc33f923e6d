import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import type { ApiServer } from '../../apiserver/index.js';
import { systemClock } from '../clock.js';
import type { Credentials, KubeRequest } from '../kube/transport.js';
import { seededRandom } from '../random.js';
import type { KeyPair } from '../webhook/certificate.js';
import { issueAuthority, issueServing } from '../webhook/certificate.js';
import type { Election } from './election.js';
import { LeadershipLostError } from './election.js';
import { LeaseThread } from './lease-thread.js';

const VALID = { from: Date.UTC(2020, 0, 1), until: Date.UTC(2090, 0, 1) };
const TIMES = { leaseDuration: 10_000, renewDeadline: 8_000, retryPeriod: 50 };
const random = seededRandom(3);

describe('a lease that is kept in a thread', () => {
  let api: ApiServer;
  let server: Server;
  let authority: KeyPair;
  /** What the server takes now; what a kubeconfig names now is the same. */
  let token = 'first';
  let renewals = 0;
  let listeners: (() => void)[] = [];
  const failures: string[] = [];
  const stop = new AbortController();
  let thread: LeaseThread;
  let election: Election;
  let term: Promise<void>;

  const certificate = async (): Promise<{ key: string; cert: string }> => {
    authority = await issueAuthority('test', VALID, random);
    const { key, certificate: cert } = await issueServing(['127.0.0.1'], authority, VALID, random);
    return { key, cert };
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end('{}');
      return;
    }
    const { method = 'GET', url = '/' } = request;
    const answered = await api.handle({ method: method as KubeRequest['method'], path: url, headers: request.headers as Record<string, string>, ...(body ? { body } : {}) });
    response.writeHead(answered.status, answered.headers);
    for await (const chunk of answered.body) response.write(chunk);
    response.end();
    if (method === 'PATCH' && answered.status === 200) renewals += 1;
    for (const listener of listeners) listener();
    listeners = [];
  }
  const renewed = async (times: number): Promise<void> => {
    const before = renewals;
    const enough = (): boolean => renewals >= before + times;
    while (!enough()) await new Promise<void>((resolve) => listeners.push(resolve));
  };

  const credentials = (): Promise<Credentials> => Promise.resolve({ headers: { authorization: `Bearer ${token}` }, tls: { ca: Buffer.from(authority.certificate) } });
  const threadOf = (identity: string, read: () => Promise<Credentials>): LeaseThread => new LeaseThread({
    endpoint: { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, credentials: read },
    clock: systemClock(), userAgent: 'test', namespace: 'default', identity, times: TIMES, stallLimit: 60_000,
    observer: { failed: (error) => void failures.push((error as Error).message) },
  });

  before(async () => {
    api = createApiServer();
    server = createServer(await certificate(), (request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    thread = threadOf('a', credentials);
    election = thread.election('lead');
    term = election.run(stop.signal);
    await election.whenElected();
  });
  after(async () => {
    stop.abort(new Error('over'));
    await term;
    await thread.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await api.close();
  });

  it('is renewed there, and its age known here', async () => {
    await renewed(3);
    expect(election.fence.open).to.equal(true);
    expect(election.fence.age).to.be.within(0, TIMES.renewDeadline);
  });

  it('is kept when the token expires: the kubeconfig is asked for another one', async () => {
    token = 'second';
    await renewed(3);
    expect(election.fence.open).to.equal(true);
    expect(failures).to.deep.equal([]);
  });

  it('is kept when the certificates and their authority change', async () => {
    server.setSecureContext(await certificate());
    server.closeAllConnections();
    await renewed(3);
    expect(election.fence.open).to.equal(true);
    expect(failures.every((message) => /no answer from the API server/.test(message)), failures.join('\n')).to.equal(true);
  });

  it('is handed back, taken again, and held together with others under one name', async () => {
    const [one, other] = [threadOf('one', credentials), threadOf('other', credentials)];
    for (let turn = 0; turn < 2; turn += 1) {
      const resign = new AbortController();
      const own = one.election('own');
      const over = own.run(resign.signal);
      await own.whenElected();
      expect(own.fence.open).to.equal(true);
      resign.abort(new Error('enough'));
      await over;
      expect(own.fence.open).to.equal(false);
    }
    const resign = new AbortController();
    const parts = [one, other].map((each) => each.election('layout', '4-shards'));
    const terms = parts.map((part) => part.run(resign.signal));
    await Promise.all(parts.map((part) => part.whenElected()));
    await renewed(20);
    expect(parts.map(({ fence }) => fence.open)).to.deep.equal([true, true]);
    resign.abort(new Error('enough'));
    await Promise.all(terms);
    await Promise.all([one.close(), other.close()]);
  });

  it('is stood for as soon as there are credentials, however often they cannot be read', async () => {
    let tries = 0;
    const patient = threadOf('patient', () => ((tries += 1) < 3 ? Promise.reject(new Error('exec plugin: no such file')) : credentials()));
    const resign = new AbortController();
    const stood = patient.election('patient');
    const over = stood.run(resign.signal);
    await stood.whenElected();
    expect(failures.filter((message) => message === 'exec plugin: no such file')).to.have.length(2);
    resign.abort(new Error('enough'));
    await over;
    await patient.close();
    const hopeless = threadOf('hopeless', () => Promise.reject(new Error('never')));
    await hopeless.election('hopeless').run(AbortSignal.abort(new Error('asked to end')));
    await hopeless.close();
  });

  it('is lost with the thread', async () => {
    const broken = new LeaseThread({
      endpoint: { server: 'nowhere', credentials: () => Promise.resolve({ headers: {}, tls: {} }) },
      clock: systemClock(), userAgent: 'test', namespace: 'default', identity: 'a', times: TIMES, stallLimit: 60_000,
    });
    const error = await broken.election('lead').run(stop.signal).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(LeadershipLostError).with.property('message', 'the thread that keeps the leases ended: Invalid URL');
    await broken.close();
  });
});
