import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { createApiServer, type ApiServer } from '../../src/apiserver/index.js';
import { hasKubectl, Kubectl } from './kubectl.js';

const POD = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } }, spec: { nodeName: 'n1', containers: [{ name: 'app', image: 'i', ports: [{ name: 'http', containerPort: 80 }] }] } });
const SERVICE = JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 8080, targetPort: 'http' }] } });
/** As the controller of a cluster makes it for the service. */
const SLICE = JSON.stringify({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } }, addressType: 'IPv4',
  ports: [{ name: '', port: 80, protocol: 'TCP' }], endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', namespace: 'default', name: 'web' } }],
});
/** More than fits into the buffers of two sockets. */
const LARGE = 'x'.repeat(5_000_000);

describe('kubectl with a running pod', function () {
  this.timeout(60_000);
  let server: ApiServer;
  let kubectl: Kubectl;
  let url: string;
  let process: Server;
  let followed: () => void = () => undefined;

  before(async function () {
    if (!hasKubectl) {
      console.warn('SKIPPED: kubectl is not on the path; connections with pods were not tried');
      this.skip();
    }
    process = createServer((request, response) => void response.end(request.url === '/large' ? LARGE : `hello from ${request.url}${request.headers.authorization ? ' with credentials' : ''}`)).listen(0, '127.0.0.1');
    await once(process, 'listening');
    server = createApiServer({
      podPorts: (namespace, pod, port) => (namespace === 'default' && pod === 'web' && port === 80 ? { host: '127.0.0.1', port: (process.address() as AddressInfo).port } : undefined),
      async *nodeLogs(_namespace, _pod, _container, { follow }) {
        yield 'first\n';
        if (follow) await new Promise<void>((resolve) => (followed = resolve));
        yield 'second\n';
      },
    });
    ({ url } = await server.listen());
    kubectl = new Kubectl(url);
    await kubectl.ok('create -f -', POD);
    await kubectl.ok('create -f -', SERVICE);
    await kubectl.ok('create -f -', SLICE);
    await kubectl.ok('patch pod web --subresource=status --type merge -p {"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}');
  });
  after(async () => {
    kubectl?.close();
    await server?.close();
    process?.close();
  });

  /** Forwards a port of the target for as long as `use` takes; resolves with what kubectl complained of meanwhile. */
  async function forwarding(target: string, port: number, env: NodeJS.ProcessEnv, use: (local: string) => Promise<void>): Promise<string> {
    const child = spawn('kubectl', ['--server', url, '--kubeconfig', '/dev/null', 'port-forward', target, `:${port}`], { env: { ...globalThis.process.env, ...env } });
    let complaints = '';
    child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    await use(`http://${/127\.0\.0\.1:\d+/.exec(line)![0]}`);
    child.kill();
    await once(child, 'close');
    return complaints;
  }

  for (const [protocol, env] of Object.entries({ 'a WebSocket': {}, SPDY: { KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' } })) {
    it(`forwards a service's port over ${protocol}, for several connections and much data`, async () => {
      await forwarding('svc/web', 8080, env, async (local) => {
        expect(await Promise.all(['/a', '/b'].map(async (path) => (await fetch(`${local}${path}`)).text()))).to.deep.equal(['hello from /a', 'hello from /b']);
        expect((await (await fetch(`${local}/large`)).text()).length).to.equal(LARGE.length);
      });
    });
  }

  it('says why a port leads nowhere', async () => {
    const complaints = await forwarding('pod/web', 81, {}, async (local) => {
      expect(await fetch(local).then(() => 'answered', () => 'no answer')).to.equal('no answer');
    });
    expect(complaints).to.contain('error forwarding port 81 to pod web: no container runs in this cluster, and nothing else listens there in its place');
  });

  it('passes requests on to what listens behind a pod, and behind a service', async () => {
    const path = '/api/v1/namespaces/default';
    for (const target of ['pods/web', 'pods/web:80', 'pods/http:web:80', 'services/web', 'services/web:8080']) expect(await kubectl.ok(`get --raw ${path}/${target}/proxy/where?x=1`), target).to.equal('hello from /where?x=1');
    expect(await kubectl.ok(`get --raw ${path}/pods/web/proxy`)).to.equal('hello from /');
    const said = await fetch(`${url}${path}/pods/web/proxy/`, { method: 'POST', body: 'a question', headers: { authorization: 'Bearer secret' } });
    expect(await said.text()).to.equal('hello from /');
  });

  it('says why a request cannot be passed on', async () => {
    const refusal = async (target: string): Promise<object> => {
      const response = await fetch(`${url}/api/v1/namespaces/default/${target}`);
      const { reason, message } = (await response.json()) as { reason: string; message: string };
      return { code: response.status, reason, message };
    };
    expect(await refusal('pods/web:81/proxy/')).to.deep.equal({ code: 503, reason: 'ServiceUnavailable', message: 'error trying to reach service: no container runs in this cluster, and nothing else listens there in its place' });
    expect(await refusal('pods/gopher:web:80/proxy/')).to.deep.equal({ code: 400, reason: 'BadRequest', message: 'invalid pod request "gopher:web:80"' });
    expect(await refusal('pods/other/proxy/')).to.deep.equal({ code: 404, reason: 'NotFound', message: 'pods "other" not found' });
    expect(await refusal('pods/we%b/proxy/')).to.include({ code: 404, reason: 'NotFound' });
    expect(await refusal('services/web:81/proxy/')).to.deep.equal({ code: 503, reason: 'ServiceUnavailable', message: 'no service port 81 found for service "web"' });
  });

  it('says that there is nothing to execute or to attach to, in a pod that is there', async () => {
    expect(await kubectl.fails('exec web -- ls')).to.contain('Error from server (NotImplemented): pods/exec is not possible: the containers of this cluster do not run');
    expect(await kubectl.fails('attach web')).to.contain('pods/attach is not possible');
    expect(await kubectl.fails('exec nobody -- ls')).to.equal('Error from server (NotFound): pods "nobody" not found');
  });

  it('follows logs line by line', async () => {
    const child = spawn('kubectl', ['--server', url, '--kubeconfig', '/dev/null', 'logs', '-f', '-l', 'app=web']);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).to.equal('first');
    followed();
    expect((await lines.next()).value).to.equal('second');
    await once(child, 'close');
  });
});
