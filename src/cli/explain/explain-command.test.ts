import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { writeEndpointFile } from '../../operator/debug/endpoint-file.js';
import type { Explanation } from '../../operator/explain/explanation.js';
import { explainCommand, targetOf } from './explain-command.js';
import type { ExplainFlags } from './explain-command.js';

const explanation = (change: Partial<Explanation> = {}): Explanation => ({
  operator: 'karpenter', now: '2026-01-01T00:00:00.000Z', leading: true,
  object: { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', name: 'default', exists: true },
  findings: [], conditions: [], finalizers: [], reconcilers: [], notes: [], ...change,
});

describe('karpenter-ts explain', () => {
  let folder: string;
  const servers: Server[] = [];
  const before = { ...process.env };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'karpenter-ts-'));
    Object.assign(process.env, { XDG_RUNTIME_DIR: folder, KUBECONFIG: join(folder, 'none') });
  });
  afterEach(async () => {
    process.env = { ...before };
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** An HTTP server that answers with JSON, and its URL. */
  async function serve(answer: (request: IncomingMessage, url: string) => { status?: number; body: unknown }): Promise<string> {
    const server = createServer((request, response) => {
      const { status = 200, body } = answer(request, request.url ?? '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  /** A local operator, found by its file. */
  async function operator(server: string, told: Explanation): Promise<void> {
    let token = '';
    const endpoint = await serve(({ headers, url }) => {
      if (headers.authorization !== `Bearer ${token}`) return { status: 401, body: { error: 'a bearer token is needed' } };
      return url?.includes('name=default') ? { body: told } : { status: 404, body: { error: 'there is no NodePool "other"' } };
    });
    ({ token } = await writeEndpointFile(join(folder, 'karpenter-ts'), { operator: told.operator, server, endpoint }));
  }
  async function kubeconfig(server: string, user: object = { token: 'users-own' }): Promise<string> {
    const path = join(folder, `kubeconfig-${new URL(server).port}`);
    await writeFile(path, stringify({
      apiVersion: 'v1', kind: 'Config', 'current-context': 'c', clusters: [{ name: 'k', cluster: { server } }], contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }], users: [{ name: 'u', user }],
    }));
    return path;
  }
  async function explain(words: string, flags: Partial<ExplainFlags> = {}): Promise<string> {
    let printed = '';
    await explainCommand(words.split(' '), { output: 'text', leaderElectionNamespace: 'karpenter', leaderElectionName: 'karpenter-leader-election', debugPort: 8000, ...flags }, (text) => (printed += text));
    return printed;
  }
  const refusal = async (...args: Parameters<typeof explain>): Promise<string> => explain(...args).then((text) => `printed ${text}`, (error: Error) => error.message);

  it('reads KIND/NAME and KIND NAME', () => {
    expect(targetOf(['no/a'])).to.deep.equal({ kind: 'no', name: 'a' });
    expect(targetOf(['no', 'a'])).to.deep.equal({ kind: 'no', name: 'a' });
    for (const words of [['no'], ['no/'], ['/a'], ['no/a/b'], ['no', 'a/b'], ['no', 'a', 'b']]) expect(() => targetOf(words), words.join(' ')).to.throw('write KIND/NAME, for example nodeclaim/default-x7k2p');
  });

  it('asks the operator of this machine, with no flag at all', async () => {
    await operator('https://10.0.0.1', explanation());
    expect(await explain('nodepool/default')).to.equal('NodePool default (karpenter.sh/v1)\n\n- nothing is the matter\n');
    expect(JSON.parse(await explain('nodepool/default', { output: 'json' }))).to.deep.equal(explanation());
    expect(await explain('nodepool/default', { output: 'yaml' })).to.match(/^operator: karpenter\nnow: .*\nleading: true\nobject:\n {2}apiVersion: karpenter.sh\/v1\n/);
    expect(await refusal('nodepool/other')).to.equal('there is no NodePool "other"');
  });

  it('prefers the replica that leads', async () => {
    await operator('https://10.0.0.1', explanation({ leading: false, leader: 'b', findings: ['this replica stands by'] }));
    await operator('https://10.0.0.1', explanation({ findings: ['the leader knows'] }));
    expect(await explain('nodepool/default')).to.include('the leader knows');
  });

  it('lets the kubeconfig choose among clusters, and asks for it', async () => {
    await operator('https://127.0.0.1:1111', explanation({ findings: ['one'] }));
    await operator('https://127.0.0.1:2222', explanation({ findings: ['two'] }));
    expect(await refusal('nodepool/default')).to.match(/^operators of several clusters run here; choose one with --kubeconfig: karpenter \(process \d+\) on https:\/\/127.0.0.1:\d+, karpenter/);
    expect(await explain('nodepool/default', { kubeconfig: await kubeconfig('https://localhost:2222') })).to.include('- two');
    process.env['KUBECONFIG'] = await kubeconfig('https://127.0.0.1:1111/');
    expect(await explain('nodepool/default')).to.include('- one');
  });

  describe('of an operator in the cluster', () => {
    /** An API server with a lease, whose proxy passes requests on to a pod. */
    const cluster = (holder: string | undefined, pod: (request: IncomingMessage) => { status?: number; body: unknown }): Promise<string> => serve((request, url) => {
      if (url === '/apis/coordination.k8s.io/v1/namespaces/karpenter/leases/karpenter-leader-election') {
        return holder === undefined ? { status: 404, body: { kind: 'Status', code: 404, reason: 'NotFound', message: 'leases.coordination.k8s.io "karpenter-leader-election" not found' } } : { body: { metadata: {}, spec: { holderIdentity: holder } } };
      }
      if (url.startsWith('/api/v1/namespaces/karpenter/pods/karpenter-5d9-x_y:8000/proxy/debug/explain?kind=nodepool&name=default')) return pod(request);
      return { status: 404, body: { message: `nothing at ${url}` } };
    });
    const choose = async (server: string, user?: object): Promise<Partial<ExplainFlags>> => ({ kubeconfig: await kubeconfig(server, user) });

    it('asks the pod that holds the lease through the proxy, as the user of the kubeconfig', async () => {
      const server = await cluster('karpenter-5d9-x_y_0b1c', ({ headers }) => ({ body: explanation({ findings: [`token ${String(headers['x-karpenter-ts-token'])}`] }) }));
      expect(await explain('nodepool/default', await choose(server))).to.include('- token users-own');
      expect(await explain('nodepool/default', { ...(await choose(server, {})), token: 'given' })).to.include('- token given');
    });

    it('says who is missing, and what a user lacks', async () => {
      const pod = (status: number, error: string) => () => ({ status, body: { error } });
      expect(await refusal('nodepool/default', await choose(await cluster(undefined, pod(200, ''))))).to.match(/^no leader: there is no lease karpenter\/karpenter-leader-election; is the operator installed there\?/);
      expect(await refusal('nodepool/default', await choose(await cluster('', pod(200, ''))))).to.equal('no leader: nobody holds the lease karpenter/karpenter-leader-election; the operator is being restarted, or does not run');
      expect(await refusal('nodepool/default', await choose(await cluster('karpenter-5d9-x_y_1', pod(403, 'user "eve" may not get /debug/explain'))))).to.equal('not authorised: user "eve" may not get /debug/explain');
      expect(await refusal('nodepool/default', await choose(await cluster('karpenter-5d9-x_y_1', pod(401, 'who?'))))).to.equal('not authenticated: who?');
      expect(await refusal('nodepool/default', await choose(await cluster('x_1', pod(200, '')), { 'client-certificate-data': 'eA==' }))).to.match(/^the user of the kubeconfig has no bearer token/);
      expect(await refusal('nodepool/default')).to.match(/^no operator of this user runs on this machine, and /);
    });
  });
});
