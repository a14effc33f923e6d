import { expect } from 'chai';
import { createApiServer } from '../../apiserver/index.js';
import { seededRandom } from '../random.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import type { KubeClientOptions } from './client-options.js';
import { KubeClient } from './client.js';
import type { ApiError } from './errors.js';
import { NotLeaderError, TransportError, isAlreadyExists, isConflict, isInvalid, isNotFound, isTooManyRequests } from './errors.js';
import { handlerTransport } from './handler-transport.js';
import type { KindRef, KubeObject } from './object.js';
import { RequestDeadline } from './request-deadline.js';
import type { KubeRequest, KubeResponse, KubeTransport } from './transport.js';

const NODE: KindRef = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };
const POD: KindRef = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
const PDB: KindRef = { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', namespaced: true };
const DEPLOYMENT: KindRef = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
interface Node extends KubeObject { spec: { unschedulable?: boolean; futureField?: string } }
interface Pod extends KubeObject { spec: { nodeName?: string }; status: { conditions?: { type: string; status: string }[] } }
interface Deployment extends KubeObject { spec: { replicas: number } }

const failure = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);

/** Answers in turn, the last for ever after; an Error is thrown instead. */
function scripted(...answers: (Error | { status: number; body?: unknown; headers?: Record<string, string> })[]): KubeTransport & { requests: KubeRequest[] } {
  const requests: KubeRequest[] = [];
  return {
    requests,
    send(request) {
      const answer = answers[Math.min(requests.length, answers.length - 1)] as (typeof answers)[number];
      requests.push(request);
      if (answer instanceof Error) return Promise.reject(answer);
      const { status, body = {}, headers = {} } = answer;
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return Promise.resolve<KubeResponse>({ status, headers, body: (async function* () { yield text; })() });
    },
    close: () => Promise.resolve(),
  };
}

function clientOf(transport: KubeTransport, options: Partial<KubeClientOptions> = {}): { client: KubeClient; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { clock, client: new KubeClient(transport, { clock, random: seededRandom(1), ...options }) };
}

describe('the API client', () => {
  const server = createApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
  const { client } = clientOf(handlerTransport(server), { fieldManager: 'tests' });
  after(() => server.close());

  it('says how a list goes on as soon as the server has said so, and takes nothing in objects for it', async () => {
    for (const [body, said] of [
      ['{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"abc","remainingItemCount":3},"items":[]}', ['abc']],
      ['{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"n","annotations":{"x":"y","continue":"no"}}}]}', []],
      ['{"kind":"NodeList","items":[{"metadata":{"name":"n"},"continue":"no"}],"metadata":{"resourceVersion":"7","continue":"late"}}', []],
    ] as const) {
      const heard: string[] = [];
      await clientOf(scripted({ status: 200, body })).client.list(NODE, { limit: 1, goesOn: (token) => heard.push(token) });
      expect(heard).to.deep.equal(said);
    }
  });

  it('creates, reads, patches and deletes, and keeps fields that it does not know', async () => {
    const created = await client.create<Node>(NODE, { metadata: { name: 'n1' }, spec: {} });
    expect(created).to.include({ apiVersion: 'v1', kind: 'Node' });
    const patched = await client.mergePatch<Node>(NODE, { name: 'n1' }, { spec: { unschedulable: true } });
    expect(patched.spec.unschedulable).to.equal(true);
    const byJson = await client.jsonPatch<Node>(NODE, { name: 'n1' }, [{ op: 'test', path: '/spec/unschedulable', value: true }, { op: 'remove', path: '/spec/unschedulable' }]);
    expect(byJson.spec.unschedulable).to.equal(undefined);
    expect((await client.list<Node>(NODE)).items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).to.include('Node n1');
    await client.delete(NODE, { name: 'n1', preconditions: { uid: created.metadata.uid } });
    expect(await client.find(NODE, { name: 'n1' })).to.equal(undefined);
  });

  it('writes status apart from the rest', async () => {
    await client.create(NODE, { metadata: { name: 'n2' } });
    const patched = await client.mergePatch<Node & { status: { phase?: string } }>(NODE, { name: 'n2' }, { spec: { unschedulable: true }, status: { phase: 'Running' } }, { subresource: 'status' });
    expect(patched.status.phase).to.equal('Running');
    expect(patched).to.not.have.nested.property('spec.unschedulable');
  });

  it('binds, evicts under a budget, and scales', async () => {
    await client.create(NODE, { metadata: { name: 'n3' } });
    await client.create(POD, { metadata: { name: 'p', namespace: 'default', labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    await client.bind({ name: 'p', namespace: 'default' }, 'n3');
    expect((await client.get<Pod>(POD, { name: 'p', namespace: 'default' })).spec.nodeName).to.equal('n3');
    await client.create(PDB, { metadata: { name: 'b', namespace: 'default' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'a' } } } });
    await client.mergePatch(POD, { name: 'p', namespace: 'default' }, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }, { subresource: 'status' });
    const refused = await failure(client.evict({ name: 'p', namespace: 'default' }));
    expect(isTooManyRequests(refused)).to.equal(true);
    const template = { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    await client.create(DEPLOYMENT, { metadata: { name: 'd', namespace: 'default' }, spec: { replicas: 1, selector: { matchLabels: { app: 'd' } }, template } });
    await client.scale(DEPLOYMENT, { name: 'd', namespace: 'default' }, 7);
    expect((await client.get<Deployment>(DEPLOYMENT, { name: 'd', namespace: 'default' })).spec.replicas).to.equal(7);
  });

  it('rejects with what the server says: reason, code and the causes by field', async () => {
    const missing = await failure(client.get(NODE, { name: 'absent' }));
    expect(isNotFound(missing)).to.equal(true);
    expect(missing).to.include({ code: 404, reason: 'NotFound', message: 'nodes "absent" not found' });
    await client.create(NODE, { metadata: { name: 'n4' } });
    expect(isAlreadyExists(await failure(client.create(NODE, { metadata: { name: 'n4' } })))).to.equal(true);
    expect(isConflict(await failure(client.mergePatch(NODE, { name: 'n4' }, { metadata: { resourceVersion: '1' }, spec: { unschedulable: true } })))).to.equal(true);
    const invalid = await failure(client.create(NODE, { metadata: { name: 'Not_A_Name' } }));
    expect(isInvalid(invalid)).to.equal(true);
    expect((invalid as ApiError).causes[0]?.field).to.equal('metadata.name');
  });

  it('lists in pages', async () => {
    const page = await client.list(NODE, { limit: 1 });
    expect(page.items).to.have.length(1);
    expect(page.continue).to.be.a('string');
    expect((await client.listAll(NODE, { limit: 1 })).map(({ metadata }) => metadata.name)).to.deep.equal((await client.list(NODE)).items.map(({ metadata }) => metadata.name));
  });

  it('sends nothing that would point at something else than one object of the kind', async () => {
    const transport = scripted({ status: 200 });
    const { client: guarded } = clientOf(transport);
    const attempt = async (call: () => Promise<unknown>): Promise<unknown> => failure((async () => call())());
    // "..": the namespace itself; "" and none at all: every pod in it; "p/status": a subresource.
    for (const name of ['..', '.', '', 'p/status', 'p%2Fstatus', undefined as unknown as string]) {
      const target = { name, namespace: 'default' };
      for (const call of [
        () => guarded.get(POD, target), () => guarded.delete(POD, target), () => guarded.mergePatch(POD, target, {}), () => guarded.apply(POD, { metadata: target }),
        () => guarded.replace(POD, { metadata: target } as unknown as KubeObject), () => guarded.evict(target),
      ]) expect(await attempt(call)).to.be.instanceOf(TypeError).with.property('message').that.match(/Pod: .*name/);
    }
    for (const namespace of ['..', 'a/b']) {
      for (const call of [() => guarded.get(POD, { name: 'p', namespace }), () => guarded.list(POD, { namespace }), () => guarded.create(POD, { metadata: { name: 'p', namespace } })]) {
        expect(await attempt(call)).to.be.instanceOf(TypeError).with.property('message').that.match(/namespace/);
      }
    }
    expect(transport.requests).to.deep.equal([]);
    // Names of RBAC objects are path segments, and may have colons.
    await guarded.get(NODE, { name: 'system:node' });
    expect(transport.requests.map(({ path }) => path)).to.deep.equal(['/api/v1/nodes/system%3Anode']);
  });
});

describe('retries of the API client', () => {
  it('repeat a read that failed, with growing waits, five times in all', async () => {
    const transport = scripted({ status: 503 });
    const { client, clock } = clientOf(transport);
    const rejected = failure(client.get(NODE, { name: 'n' }));
    await clock.advance('1m');
    expect(await rejected).to.include({ code: 503, reason: 'ServiceUnavailable' });
    expect(transport.requests).to.have.length(5);
  });

  it('repeat a write only when the server says that it may be', async () => {
    const ambiguous = scripted({ status: 500 });
    const first = clientOf(ambiguous);
    expect(await failure(first.client.create(NODE, { metadata: { name: 'n' } }))).to.include({ code: 500 });
    expect(ambiguous.requests).to.have.length(1);

    const reset = scripted(new Error('read ECONNRESET'));
    const second = clientOf(reset);
    expect(await failure(second.client.create(NODE, { metadata: { name: 'n' } }))).to.be.instanceOf(TransportError);
    expect(reset.requests).to.have.length(1);

    const throttled = scripted({ status: 429, headers: { 'retry-after': '3' } }, { status: 201, body: { metadata: { name: 'n' } } });
    const third = clientOf(throttled);
    const created = third.client.create(NODE, { metadata: { name: 'n' } });
    await third.clock.advance('2900ms');
    expect(throttled.requests).to.have.length(1);
    await third.clock.advance('200ms');
    await created;
    expect(throttled.requests).to.have.length(2);
  });

  it('leave it to the caller to come back in an hour: whoever waits here holds a worker', async () => {
    const transport = scripted({ status: 503, headers: { 'retry-after': '3600' } });
    const { client } = clientOf(transport);
    expect(await failure(client.get(NODE, { name: 'n' }))).to.include({ code: 503, retryAfter: 3_600_000 });
    expect(transport.requests).to.have.length(1);
  });

  it('never repeat an eviction that a budget forbids', async () => {
    const transport = scripted({ status: 429, headers: { 'retry-after': '10' }, body: { kind: 'Status', status: 'Failure', reason: 'TooManyRequests', code: 429 } });
    const { client } = clientOf(transport);
    expect(isTooManyRequests(await failure(client.evict({ name: 'p', namespace: 'default' })))).to.equal(true);
    expect(transport.requests).to.have.length(1);
  });

  it('end with the signal, while waiting too', async () => {
    const { client, clock } = clientOf(scripted({ status: 503 }));
    const abort = new AbortController();
    const rejected = failure(client.get(NODE, { name: 'n', signal: abort.signal }));
    await clock.flush();
    abort.abort(new Error('enough'));
    expect(await rejected).to.include({ message: 'enough' });
    expect(clock.timers).to.equal(0);
  });

  it('end at once under a signal that aborted while the request waited for its turn', async () => {
    const clock = new VirtualClock();
    expect(new RequestDeadline(clock, 60_000, AbortSignal.abort(new Error('enough'))).signal.reason).to.include({ message: 'enough' });
  });

  it('name what came instead of JSON', async () => {
    const { client } = clientOf(scripted({ status: 200, body: '<html>login</html>' }));
    expect(await failure(client.get(NODE, { name: 'n' }))).to.include({ message: 'GET /api/v1/nodes/n: the answer is not JSON: <html>login</html>' });
  });
});

describe('limits of the API client', () => {
  it('hold requests to its rate, and report the wait', async () => {
    const transport = scripted({ status: 200, body: {} });
    const waits: number[] = [];
    const { client, clock } = clientOf(transport, {
      rate: { qps: 10, burst: 2 },
      metrics: { requested: () => undefined, retried: () => undefined, limited: (_traits, seconds) => waits.push(seconds) },
    });
    const all = Promise.all(Array.from({ length: 12 }, () => client.get(NODE, { name: 'n' })));
    await clock.flush();
    expect(transport.requests).to.have.length(2);
    await clock.advance('500ms');
    expect(transport.requests).to.have.length(7);
    await clock.advance('500ms');
    await all;
    expect(waits.filter((seconds) => seconds > 0)).to.have.length(10);
  });

  it('refuse writes of a process that does not lead, and let reads through', async () => {
    const transport = scripted({ status: 200, body: {} });
    const { client } = clientOf(transport, { mayWrite: () => false });
    await client.get(NODE, { name: 'n' });
    expect(await failure(client.mergePatch(NODE, { name: 'n' }, {}))).to.be.instanceOf(NotLeaderError);
    expect(await failure(client.delete(NODE, { name: 'n' }))).to.be.instanceOf(NotLeaderError);
    expect(transport.requests).to.have.length(1);
  });

  it('reject when the lead was lost while the answer was under way: nobody goes on as if it led', async () => {
    let leading = true;
    const transport = scripted({ status: 200, body: {} });
    const { client } = clientOf({ ...transport, send: (request) => {
      leading = false;
      return transport.send(request);
    } }, { mayWrite: () => leading });
    expect(await failure(client.mergePatch(NODE, { name: 'n' }, {}))).to.be.instanceOf(NotLeaderError);
    expect(transport.requests).to.have.length(1);
  });
});
