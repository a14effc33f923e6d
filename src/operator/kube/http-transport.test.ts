import { KubeConfig } from '@kubernetes/client-node';
import { expect } from 'chai';
import { getEventListeners } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer as createMuteServer } from 'node:net';
import { systemClock } from '../clock.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { KubeClient } from './client.js';
import { NotLeaderError, TransportError } from './errors.js';
import { KubeConfigError, defaultTransport, httpTransport, transportTo } from './http-transport.js';
import type { KindRef, KubeObject } from './object.js';
import type { KubeTransport } from './transport.js';

const NODE: KindRef = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

describe('the HTTP transport', () => {
  let server: Server;
  let connections = 0;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let transport: KubeTransport;
  const received: IncomingMessage[] = [];

  const kubeconfig = (user: object = {}, path = ''): KubeConfig => {
    const config = new KubeConfig();
    const { port } = server.address() as AddressInfo;
    config.loadFromOptions({
      clusters: [{ name: 'c', server: `http://127.0.0.1:${port}${path}` }], users: [{ name: 'u', ...user }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x',
    });
    return config;
  };
  const clientOf = (config: KubeConfig): KubeClient => {
    transport = httpTransport(config);
    return new KubeClient(transport, { clock: systemClock(), random: seededRandom(1) });
  };
  const ok = (response: ServerResponse, body: unknown = { metadata: {} }): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  beforeEach((done) => {
    connections = 0;
    received.length = 0;
    server = createServer((request, response) => {
      received.push(request);
      answer(request, response);
    });
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1', done);
  });
  afterEach(async () => {
    await transport?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('speaks to http:// servers and below a path, with the kubeconfig\'s token, over one pool', async () => {
    answer = (_request, response) => ok(response);
    const client = clientOf(kubeconfig({ token: 'secret' }, '/k8s/clusters/c-1'));
    for (let times = 0; times < 20; times += 1) await client.get(NODE, { name: 'n' });
    expect(received[0]?.url).to.equal('/k8s/clusters/c-1/api/v1/nodes/n');
    expect(received[0]?.headers['authorization']).to.equal('Bearer secret');
    expect(received[0]?.headers['user-agent']).to.equal('karpenter-ts');
    expect(connections).to.be.at.most(2);
  });

  it('sends basic credentials and impersonation', async () => {
    answer = (_request, response) => ok(response);
    await clientOf(kubeconfig({ username: 'ann', password: 'pw', impersonateUser: 'bob' })).get(NODE, { name: 'n' });
    expect(received[0]?.headers).to.include({ authorization: `Basic ${Buffer.from('ann:pw').toString('base64')}`, 'impersonate-user': 'bob' });
  });

  it('asks the kubeconfig for fresh credentials once after a 401', async () => {
    answer = (_request, response) => (received.length === 1 ? void response.writeHead(401).end('{}') : ok(response));
    await clientOf(kubeconfig({ token: 'secret' })).get(NODE, { name: 'n' });
    expect(received).to.have.length(2);
    answer = (_request, response) => void response.writeHead(401).end('{}');
    const refused = await clientOf(kubeconfig({ token: 'secret' })).get(NODE, { name: 'n' }).catch((error: unknown) => error);
    expect(refused).to.include({ reason: 'Unauthorized', code: 401 });
  });

  it('asks once more at the moment at which a request gets its connection', async () => {
    const asked: number[] = [];
    let arrived: (response: ServerResponse) => void = () => undefined;
    const held = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    answer = (_request, response) => (received.length === 1 ? arrived(response) : ok(response));
    transport = httpTransport(kubeconfig());
    let leads = true;
    const client = new KubeClient(transport, { clock: systemClock(), random: seededRandom(1), mayWrite: () => (asked.push(received.length), leads) });
    const first = client.create(NODE, { metadata: { name: 'n' } });
    const unanswered = await held;
    expect(asked).to.deep.equal([0, 0]);
    leads = false;
    const second = await client.create(NODE, { metadata: { name: 'm' } }).catch((error: unknown) => error);
    expect(second).to.be.instanceOf(NotLeaderError);
    leads = true;
    ok(unanswered);
    await first;
    // The lead is lost between the check and the connection.
    const third = client.create(NODE, { metadata: { name: 'o' } }).catch((error: unknown) => error);
    leads = false;
    expect(await third).to.be.instanceOf(NotLeaderError);
    expect(received).to.have.length(1);
    expect(await client.get(NODE, { name: 'n' })).to.have.property('metadata');
  });

  it('streams a watch, and closes its connection at the abort', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    answer = (_request, response) => {
      response.writeHead(200);
      response.write(`${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ä' } } })}\n`);
      response.on('close', closed);
    };
    const stop = new AbortController();
    const names: string[] = [];
    const ended = (async () => {
      for await (const { object } of clientOf(kubeconfig()).watch(NODE, { signal: stop.signal })) {
        names.push((object as KubeObject).metadata.name);
        stop.abort(new Error('enough'));
      }
    })().catch((error: unknown) => error);
    expect(await ended).to.include({ message: 'enough' });
    await gone;
    expect(names).to.deep.equal(['ä']);
  });

  it('ends a request at its abort also while its credentials are being read, which need not end', async () => {
    const stop = new AbortController();
    let asked: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => (asked = resolve));
    transport = transportTo({ server: 'http://127.0.0.1:1', credentials: () => (asked(), new Promise(() => undefined)) });
    const sent = transport.send({ method: 'GET', path: '/version', headers: {}, signal: stop.signal }).catch((error: unknown) => error);
    await reading;
    stop.abort(new Error('enough'));
    expect(await sent).to.include({ message: 'enough' });
  });

  it('takes the proxy that the environment names, unless the kubeconfig names one', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', ({ url }: IncomingMessage, socket: Socket) => {
      asked.push(url ?? '');
      const { port } = server.address() as AddressInfo;
      const target = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const [before, url] = [process.env['HTTP_PROXY'], `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`];
    const config = (cluster: object): KubeConfig => Object.assign(kubeconfig(), { clusters: [{ name: 'c', server: 'http://api.example.test', skipTLSVerify: true, ...cluster }] });
    answer = (_request, response) => ok(response);
    try {
      process.env['HTTP_PROXY'] = url;
      await clientOf(config({})).get(NODE, { name: 'n' });
      await transport.close();
      process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
      await clientOf(config({ proxyUrl: url })).get(NODE, { name: 'n' });
    } finally {
      if (before === undefined) delete process.env['HTTP_PROXY'];
      else process.env['HTTP_PROXY'] = before;
      await transport.close();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    }
    expect(asked).to.deep.equal(['api.example.test:80', 'api.example.test:80']);
  });

  it('leaves nothing at a signal that outlives its requests, as that of a candidate for a lease does', async () => {
    answer = (request, response) => (request.url === '/broken' ? request.socket.destroy() : ok(response));
    const lasting = new AbortController();
    transport = httpTransport(kubeconfig());
    for (const path of ['/version', '/version', '/broken', '/version']) {
      const answered = transport.send({ method: 'GET', path, headers: {}, signal: lasting.signal }).then(async ({ body }) => {
        for await (const _ of body) void _;
      });
      if (path === '/broken') await answered.catch(() => undefined);
      else await answered;
    }
    await new Promise(setImmediate);
    expect(getEventListeners(lasting.signal, 'abort')).to.deep.equal([]);
  });

  it('asks a plugin again for credentials that the server has refused, however long they were to last', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'plugin-'));
    const file = join(folder, 'credential.json');
    const issue = (token: string): Promise<void> =>
      writeFile(file, JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token, expirationTimestamp: '2100-01-01T00:00:00Z' } }));
    try {
      await issue('first');
      answer = (_request, response) => ok(response);
      const client = clientOf(kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'cat', args: [file], interactiveMode: 'Never' } }));
      await client.get(NODE, { name: 'n' });
      await issue('second');
      answer = ({ headers }, response) => (headers.authorization === 'Bearer second' ? ok(response) : void response.writeHead(401).end('{}'));
      await client.get(NODE, { name: 'n' });
      expect(received.map(({ headers }) => headers.authorization)).to.deep.equal(['Bearer first', 'Bearer first', 'Bearer second']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('ends a request at its abort also while the connection is still being made', async function aborted() {
    this.timeout(5_000);
    const stop = new AbortController();
    const taken: Socket[] = [];
    // Takes connections, and says nothing to the handshake.
    const mute = createMuteServer((socket) => {
      taken.push(socket.on('error', () => undefined));
      stop.abort(new Error('enough'));
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'c', server: `https://127.0.0.1:${(mute.address() as AddressInfo).port}`, skipTLSVerify: true }], users: [{ name: 'u' }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }], currentContext: 'x',
    });
    expect(await clientOf(config).get(NODE, { name: 'n', signal: stop.signal }).catch((error: unknown) => error)).to.include({ message: 'enough' });
    for (const socket of taken) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });

  it('trusts no connection of its pool once one has died silently', async () => {
    const clock = new VirtualClock();
    transport = httpTransport(kubeconfig(), clock);
    const client = new KubeClient(transport, { clock, random: seededRandom(1), timeout: 5_000 });
    answer = (_request, response) => ok(response);
    await Promise.all([1, 2, 3, 4].map(() => client.get(NODE, { name: 'n' })));
    answer = () => undefined;
    const dead = client.create(NODE, { metadata: { name: 'n' } }).catch((error: unknown) => error);
    while (received.length < 5) await clock.flush();
    const old = new Set(received.map(({ socket }) => socket));
    await clock.advance('6s');
    expect((await dead) as Error).to.include({ message: 'POST /api/v1/nodes: no answer from the API server: it was not complete within 5s' });
    answer = (_request, response) => ok(response);
    await Promise.all([1, 2, 3, 4].map(() => client.get(NODE, { name: 'n' })));
    expect(old.size).to.be.above(1);
    expect(received.slice(-4).some(({ socket }) => old.has(socket))).to.equal(false);
  });

  it('tells a server that is not there from one that refuses', async () => {
    const config = kubeconfig();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const error = await clientOf(config).create(NODE, { metadata: { name: 'n' } }).catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(TransportError);
    expect((error as Error).message).to.match(/^POST \/api\/v1\/nodes: no answer from the API server: .*ECONNREFUSED/);
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });

  it('finds the cluster as kubectl does, when it is opened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
    const before = process.env['KUBECONFIG'];
    try {
      process.env['KUBECONFIG'] = join(folder, 'config');
      await writeFile(process.env['KUBECONFIG'], kubeconfig({ token: 'secret' }).exportConfig());
      answer = (_request, response) => ok(response);
      const lazy = defaultTransport();
      transport = lazy;
      await lazy.open();
      await new KubeClient(lazy, { clock: systemClock(), random: seededRandom(1) }).get(NODE, { name: 'n' });
      expect(received[0]?.headers['authorization']).to.equal('Bearer secret');
    } finally {
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
      await rm(folder, { recursive: true });
    }
  });

  it('names the contexts that there are when the current one has no server', () => {
    const config = new KubeConfig();
    config.loadFromOptions({ clusters: [], users: [], contexts: [{ name: 'other', cluster: 'c', user: 'u' }], currentContext: 'mine' });
    expect(() => httpTransport(config)).to.throw(KubeConfigError, 'kubeconfig: context "mine" names no cluster with a server; contexts: other');
  });
});
