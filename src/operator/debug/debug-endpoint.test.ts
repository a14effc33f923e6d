import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import type { ApiServer } from '../../apiserver/index.js';
import { Reconciler, Step } from '../dsl/decorators.js';
import type { Outcome } from '../dsl/outcome.js';
import { done } from '../dsl/outcome.js';
import { ConfigMap } from '../kinds/core.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import { seededRandom } from '../random.js';
import { reconcilers } from '../runtime/reconcilers.js';
import type { TestBed } from '../testing/test-bed.js';
import { testBed } from '../testing/test-bed.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { DebugAccess } from './debug-access.js';
import type { EndpointFile } from './endpoint-file.js';
import { EndpointFileError, readEndpointFiles, writeEndpointFile } from './endpoint-file.js';
import { TOKEN_HEADER } from './explain-request.js';

@Reconciler({ for: ConfigMap, name: 'reader', root: false })
class Reader {
  @Step() read(): Outcome { return done(); }
}

const ask = (url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<{ status: number; body: string }> => new Promise((resolve, reject) => {
  get(url, { headers, method }, (response) => {
    let body = '';
    response.on('data', (part: Buffer) => (body += part.toString()));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
  }).on('error', reject);
});

describe('The debug endpoint', () => {
  let folder: string;
  let bed: TestBed;
  let file: EndpointFile;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'karpenter-ts-')), 'run');
    bed = await testBed(reconcilers(Reader), { operator: { debug: { folder } } });
    await bed.api.create(ConfigMap, { metadata: { name: 'settings' }, data: {} });
    // Its sockets are real: the clock comes to rest between their turns.
    while (bed.logs.every(({ message }) => message !== 'started')) await bed.settle();
    [file] = (await readEndpointFiles(folder)).files as [EndpointFile];
  });
  afterEach(async () => {
    await bed.close();
    await rm(folder, { recursive: true, force: true });
  });
  const explain = (query: string, token: string | undefined = file.token) => ask(`${file.endpoint}/debug/explain?${query}`, token === undefined ? {} : { authorization: `Bearer ${token}` });

  it('explains to whom the file was meant for, as JSON and as text', async () => {
    const { status, body } = await explain('kind=cm&name=settings');
    expect(status).to.equal(200);
    expect(JSON.parse(body)).to.deep.include({ operator: 'test', leading: true, findings: [] });
    const text = await explain('kind=configmaps&name=settings&namespace=default&format=text');
    expect(text.body).to.match(/^ConfigMap default\/settings \(v1, /).and.to.include('reader: not to run until something changes');
    expect((await ask(`${file.endpoint}/debug/explain?kind=cm&name=settings`, { [TOKEN_HEADER]: file.token })).status, 'through a proxy that takes authorization away').to.equal(200);
  });

  it('keeps its file to its user, and takes it away at the end', async () => {
    const [name = ''] = await readdir(folder);
    expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, name))).mode & 0o777]).to.deep.equal([0o700, 0o600]);
    expect(file).to.include({ operator: 'test', server: 'in-process', pid: process.pid });
    expect(file.token).to.have.length(43);
    await bed.stop();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  for (const [what, query, status, message] of [
    ['an unknown kind', 'kind=kites&name=a', 400, '"kites" is no kind that this operator has to do with; it knows configmaps (cm)'],
    ['an object that is not there', 'kind=cm&name=nothing&namespace=default', 404, 'there is no ConfigMap "nothing" in namespace default'],
    ['a singleton that is not there', 'kind=singleton&name=x', 404, 'there is no singleton "x" at work; there are none'],
    ['a query without a name', 'kind=cm', 400, 'the query has to have kind and name'],
  ] as const) {
    it(`says of ${what} what it is`, async () => {
      const answer = await explain(query);
      expect([answer.status, JSON.parse(answer.body)]).to.deep.equal([status, { error: message }]);
    });
  }

  it('lets nobody in without the token, and answers nothing else', async () => {
    const url = `${file.endpoint}/debug/explain?kind=cm&name=settings`;
    expect((await ask(url)).status).to.equal(401);
    const wrong = await explain('kind=cm&name=settings', `${file.token.slice(0, -1)}!`);
    expect([wrong.status, (JSON.parse(wrong.body) as { error: string }).error]).to.deep.equal([401, 'the token is neither that of the endpoint file nor one that the API server knows: invalid bearer token']);
    expect((await ask(`${file.endpoint}/metrics`)).status).to.equal(404);
    expect((await ask(url, { authorization: `Bearer ${file.token}` }, 'POST')).status).to.equal(405);
  });
});

describe('Access to explanations from other machines', () => {
  let server: ApiServer;
  let access: DebugAccess;
  let token: string;
  beforeEach(async () => {
    const clock = new VirtualClock();
    server = createApiServer({ clock, random: seededRandom(1) });
    const client = new KubeClient(handlerTransport(server), { clock, random: seededRandom(2) });
    access = new DebugAccess(client, 'local', clock);
    await client.create({ group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true }, { metadata: { name: 'operator', namespace: 'default' } });
    const response = await handlerTransport(server).send({
      method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts/operator/token', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
    });
    let body = '';
    for await (const part of response.body) body += part.toString();
    ({ status: { token } } = JSON.parse(body) as { status: { token: string } });
    const rbac = (kind: string, plural: string) => ({ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural, namespaced: false });
    grant = async () => {
      await client.create(rbac('ClusterRole', 'clusterroles'), { metadata: { name: 'explain' }, rules: [{ nonResourceURLs: ['/debug/explain'], verbs: ['get'] }] });
      await client.create(rbac('ClusterRoleBinding', 'clusterrolebindings'), {
        metadata: { name: 'explain' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'explain' }, subjects: [{ kind: 'ServiceAccount', name: 'operator', namespace: 'default' }],
      });
    };
  });
  afterEach(() => server.close());
  let grant: () => Promise<void>;
  const refusal = async (given: string | undefined, isLocal = false) => access.refuse({ token: given, isLocal }, '/debug/explain');

  it('takes a token that the API server knows, and its permission', async () => {
    expect(await refusal(token)).to.deep.equal({
      status: 403, message: 'user "system:serviceaccount:default:operator" may not get /debug/explain; a ClusterRole with nonResourceURLs: ["/debug/explain"], verbs: ["get"] would allow it',
    });
    await grant();
    expect(await refusal(token)).to.equal(undefined);
    expect(await refusal(token, true), 'from here, too').to.equal(undefined);
  });

  it('never is the token of the file', async () => {
    expect((await refusal('local'))?.status).to.equal(401);
    expect(await refusal('local', true)).to.equal(undefined);
    expect((await refusal(undefined, true))?.status).to.equal(401);
  });

  it('asks the API server about so many tokens a second and no more', async () => {
    const statuses = [];
    for (let guess = 0; guess < 25; guess += 1) statuses.push((await refusal(`guess-${guess}`))?.status);
    expect(statuses).to.deep.equal([...Array<number>(20).fill(401), ...Array<number>(5).fill(429)]);
    expect(await refusal('local', true), 'whoever has the file waits for nobody').to.equal(undefined);
  });

  it('is refused while the API server cannot be asked', async () => {
    const deaf = new KubeClient({ send: () => Promise.reject(new Error('connection refused')), close: () => Promise.resolve() }, { clock: new VirtualClock(), random: seededRandom(1) });
    const answer = await new DebugAccess(deaf, undefined, new VirtualClock()).refuse({ token, isLocal: false }, '/debug/explain');
    expect(answer?.status).to.equal(503);
    expect(answer?.message).to.match(/^the API server could not be asked who this is: .*connection refused/);
  });
});

describe('Endpoint files', () => {
  let folder: string;
  beforeEach(async () => { folder = join(await mkdtemp(join(tmpdir(), 'karpenter-ts-')), 'run'); });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const write = () => writeEndpointFile(folder, { operator: 'karpenter', server: 'https://one', endpoint: 'http://127.0.0.1:1234' });
  const problem = async (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

  it('have another token each time', async () => {
    const [first, second] = [await write(), await write()];
    expect(first.path).to.equal(second.path);
    expect(first.token).to.not.equal(second.token);
    expect((JSON.parse(await readFile(second.path, 'utf8')) as EndpointFile).token).to.equal(second.token);
  });

  it('are not written where others could put links, or look', async () => {
    await mkdir(folder, { mode: 0o755 });
    expect(String(await problem(write()))).to.match(/has mode 0755: others could read the token; its mode has to be 0700/);
    await rm(folder, { recursive: true });
    await symlink(tmpdir(), folder);
    expect(await problem(write())).to.be.instanceOf(EndpointFileError).with.property('message').that.matches(/is a symbolic link/);
    await rm(folder);
  });

  it('are left out when others could have read them, or their process is gone', async () => {
    const { path } = await write();
    await chmod(path, 0o644);
    const dead = { operator: 'karpenter', server: '', endpoint: '', token: '', pid: 2 ** 22 + 1 };
    await writeFile(join(folder, 'karpenter.4194305.1.json'), JSON.stringify(dead), { mode: 0o600 });
    await writeFile(join(folder, 'notes.txt'), 'anything');
    const { files, refused } = await readEndpointFiles(folder);
    expect(files).to.deep.equal([]);
    expect(await readdir(folder), 'what a dead process left').to.have.members(['notes.txt', path.split('/').at(-1)]);
    expect(refused.join()).to.match(/has mode 0644: others could read the token; its mode has to be 0600$/);
  });

  it('are none where there is no folder', async () => {
    expect(await readEndpointFiles(folder)).to.deep.equal({ files: [], refused: [] });
  });
});
