import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { forbidden } from '../status.js';
import { configMap, pod, settled, TestCluster, type Answer } from '../testing/test-cluster.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SECRETS = '/api/v1/namespaces/default/secrets';

describe('Garbage collection', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  const owned = (name: string, owners: Answer['body'][], fields: JsonObject = {}, reference: JsonObject = {}): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, ownerReferences: owners.map(({ metadata }) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name, uid: metadata.uid, ...reference })), ...fields },
  });
  const exists = async (path: string): Promise<boolean> => {
    await settled();
    return (await cluster.request('GET', path)).status === 200;
  };

  it('takes dependents along, down to the last generation', async () => {
    const owner = await cluster.ok('POST', MAPS, configMap('owner'));
    const child = await cluster.ok('POST', SECRETS, owned('child', [owner]));
    await cluster.ok('POST', SECRETS, { ...owned('grandchild', []), metadata: { name: 'grandchild', ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'child', uid: child.metadata.uid }] } });
    await cluster.ok('DELETE', `${MAPS}/owner`);
    expect([await exists(`${SECRETS}/child`), await exists(`${SECRETS}/grandchild`)]).to.deep.equal([false, false]);
  });

  it('keeps what has another owner, and forgets the lost one', async () => {
    const first = await cluster.ok('POST', MAPS, configMap('first'));
    const second = await cluster.ok('POST', MAPS, configMap('second'));
    await cluster.ok('POST', SECRETS, owned('child', [first, second]));
    await cluster.ok('DELETE', `${MAPS}/first`);
    await settled();
    const child = await cluster.ok('GET', `${SECRETS}/child`);
    expect(child.metadata.ownerReferences!.map(({ name }) => name)).to.deep.equal(['second']);
  });

  it('knows owners by uid: a namesake owns nothing', async () => {
    const gone = await cluster.ok('POST', MAPS, configMap('owner'));
    await cluster.ok('DELETE', `${MAPS}/owner`);
    await cluster.ok('POST', MAPS, configMap('owner'));
    await cluster.ok('POST', SECRETS, owned('child', [gone]));
    expect(await exists(`${SECRETS}/child`)).to.equal(false);
  });

  it('leaves dependents alone when they are orphaned', async () => {
    const owner = await cluster.ok('POST', MAPS, configMap('owner'));
    await cluster.ok('POST', SECRETS, owned('child', [owner]));
    await cluster.ok('DELETE', `${MAPS}/owner?propagationPolicy=Orphan`);
    expect(await exists(`${MAPS}/owner`)).to.equal(false);
    expect((await cluster.ok('GET', `${SECRETS}/child`)).metadata).not.to.have.property('ownerReferences');
  });

  it('holds an owner in the foreground until what blocks it is gone', async () => {
    const owner = await cluster.ok('POST', MAPS, configMap('owner'));
    await cluster.ok('POST', SECRETS, owned('child', [owner], { finalizers: ['example.com/hold'] }, { blockOwnerDeletion: true }));
    await cluster.ok('POST', SECRETS, owned('free', [owner], { finalizers: ['example.com/hold'] }));
    const deleted = await cluster.ok('DELETE', `${MAPS}/owner`, { propagationPolicy: 'Foreground' });
    expect(deleted.metadata.finalizers).to.deep.equal(['foregroundDeletion']);
    expect(await exists(`${MAPS}/owner`)).to.equal(true);
    expect((await cluster.ok('GET', `${SECRETS}/child`)).metadata.deletionTimestamp).to.be.a('string');
    await cluster.patch(`${SECRETS}/child`, 'merge', { metadata: { finalizers: null } });
    expect(await exists(`${MAPS}/owner`)).to.equal(false);
    expect((await cluster.ok('GET', `${SECRETS}/free`)).metadata.deletionTimestamp).to.be.a('string');
  });

  it('is not caught in a circle of owners', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await cluster.ok('POST', MAPS, configMap(name));
    for (const [index, name] of names.entries()) {
      const owner = names.at(index - 1)!;
      const { uid } = (await cluster.ok('GET', `${MAPS}/${owner}`)).metadata;
      await cluster.patch(`${MAPS}/${name}`, 'merge', { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid, controller: true, blockOwnerDeletion: true }] } });
    }
    await cluster.ok('DELETE', `${MAPS}/a`, { propagationPolicy: 'Foreground' });
    for (const name of names) expect(await exists(`${MAPS}/${name}`), name).to.equal(false);
  });

  it('tries again what admission refuses', async () => {
    await cluster.server.close();
    let refuses = true;
    cluster = new TestCluster({
      admission: [
        {
          validate({ operation, definition, name }) {
            if (refuses && operation === 'DELETE' && definition.plural === 'secrets') throw forbidden(definition, name, 'not now');
          },
        },
      ],
    });
    const owner = await cluster.ok('POST', MAPS, configMap('owner'));
    await cluster.ok('POST', SECRETS, owned('child', [owner]));
    await cluster.ok('DELETE', `${MAPS}/owner`);
    expect(await exists(`${SECRETS}/child`)).to.equal(true);
    refuses = false;
    await cluster.clock.advance(1_000);
    expect(await exists(`${SECRETS}/child`)).to.equal(false);
  });

  it('can be left out', async () => {
    await cluster.server.close();
    cluster = new TestCluster({ garbageCollection: false });
    const owner = await cluster.ok('POST', MAPS, configMap('owner'));
    await cluster.ok('POST', SECRETS, owned('child', [owner]));
    await cluster.ok('DELETE', `${MAPS}/owner`);
    expect(await exists(`${SECRETS}/child`)).to.equal(true);
  });
});

describe('Namespaces', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  });
  afterEach(() => cluster.server.close());

  it('exist from birth, and those cannot be deleted', async () => {
    const { items } = await cluster.ok('GET', '/api/v1/namespaces');
    expect(items!.map(({ metadata }) => metadata.name)).to.deep.equal(['default', 'kube-node-lease', 'kube-public', 'kube-system', 'team']);
    const { status, body } = await cluster.request('DELETE', '/api/v1/namespaces/default');
    expect([status, body.message]).to.deep.equal([403, 'namespaces "default" is forbidden: this namespace may not be deleted']);
  });

  it('terminate: pods go first, then the other contents, and nothing new comes in', async () => {
    await cluster.ok('POST', '/api/v1/namespaces/team/configmaps', configMap('a'));
    await cluster.ok('POST', '/api/v1/namespaces/team/pods', pod('p', {}, { nodeName: 'n' }));
    const deleted = await cluster.ok('DELETE', '/api/v1/namespaces/team');
    expect(deleted['status']).to.deep.include({ phase: 'Terminating' });
    await settled();
    const terminating = await cluster.ok('GET', '/api/v1/namespaces/team');
    const conditions = (terminating['status'] as { conditions: { type: string; message: string }[] }).conditions;
    expect(conditions.find(({ type }) => type === 'NamespaceContentRemaining')!.message).to.equal('Some resources are remaining: pods. has 1 resource instances');
    // Until the pods have ended they have what they use.
    await cluster.ok('GET', '/api/v1/namespaces/team/configmaps/a');
    const refused = await cluster.request('POST', '/api/v1/namespaces/team/configmaps', configMap('b'));
    expect([refused.status, refused.body.message]).to.deep.equal([403, 'configmaps "b" is forbidden: unable to create new content in namespace team because it is being terminated']);
    expect(JSON.stringify(refused.body['details'])).to.contain('NamespaceTerminating');
    await cluster.ok('DELETE', '/api/v1/namespaces/team/pods/p?gracePeriodSeconds=0');
    await settled();
    expect((await cluster.request('GET', '/api/v1/namespaces/team')).status).to.equal(404);
  });

  it('are kept by finalizers of others after they are empty', async () => {
    await cluster.patch('/api/v1/namespaces/team', 'merge', { metadata: { finalizers: ['example.com/hold'] } });
    await cluster.ok('DELETE', '/api/v1/namespaces/team');
    await settled();
    expect((await cluster.ok('GET', '/api/v1/namespaces/team'))['spec']).to.deep.equal({});
    await cluster.patch('/api/v1/namespaces/team', 'merge', { metadata: { finalizers: [] } });
    expect((await cluster.request('GET', '/api/v1/namespaces/team')).status).to.equal(404);
  });

  it('change their own finalizers only by finalize', async () => {
    await cluster.patch('/api/v1/namespaces/team', 'merge', { spec: { finalizers: ['example.com/other'] } });
    const namespace = await cluster.ok('GET', '/api/v1/namespaces/team');
    expect(namespace['spec']).to.deep.equal({ finalizers: ['kubernetes'] });
    const finalized = await cluster.ok('PUT', '/api/v1/namespaces/team/finalize', { ...namespace, spec: { finalizers: ['kubernetes', 'example.com/other'] } });
    expect(finalized['spec']).to.deep.equal({ finalizers: ['kubernetes', 'example.com/other'] });
  });
});

describe('Events', () => {
  const EVENTS = '/api/v1/namespaces/default/events';
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());
  const event = (name: string): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
    reason: 'Scheduled',
    message: 'hello',
    type: 'Normal',
    source: { component: 'test' },
  });

  it('expire an hour after their last write', async () => {
    await cluster.ok('POST', EVENTS, event('a'));
    await cluster.ok('POST', EVENTS, event('b'));
    await cluster.clock.advance(1_800_000);
    await cluster.patch(`${EVENTS}/a`, 'merge', { count: 2 });
    await cluster.clock.advance(1_800_000);
    expect((await cluster.ok('GET', EVENTS)).items!.map(({ metadata }) => metadata.name)).to.deep.equal(['a']);
    await cluster.clock.advance(1_800_000);
    expect((await cluster.ok('GET', EVENTS)).items).to.deep.equal([]);
  });

  it('are the same in both groups', async () => {
    await cluster.ok('POST', EVENTS, event('a'));
    const other = await cluster.ok('GET', '/apis/events.k8s.io/v1/namespaces/default/events/a');
    expect(other).to.deep.include({ apiVersion: 'events.k8s.io/v1', note: 'hello', reason: 'Scheduled' });
    expect((other['regarding'] as JsonObject)['name']).to.equal('p');
    expect((await cluster.ok('GET', `${EVENTS}?fieldSelector=involvedObject.name%3Dp,reason%3DScheduled`)).items).to.have.length(1);
    expect((await cluster.ok('GET', `${EVENTS}?fieldSelector=involvedObject.name%3Dq`)).items).to.deep.equal([]);
  });
});

describe('Root certificates', () => {
  it('are in every namespace, and come back as they were', async () => {
    const cluster = new TestCluster({ certificateAuthority: 'PEM' });
    await cluster.ok('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
    const path = '/api/v1/namespaces/team/configmaps/kube-root-ca.crt';
    const published = async (): Promise<unknown> => {
      await settled();
      return (await cluster.ok('GET', path))['data'];
    };
    expect(await published()).to.deep.equal({ 'ca.crt': 'PEM' });
    await cluster.patch(path, 'merge', { data: { 'ca.crt': 'other' } });
    expect(await published()).to.deep.equal({ 'ca.crt': 'PEM' });
    await cluster.ok('DELETE', path);
    expect(await published()).to.deep.equal({ 'ca.crt': 'PEM' });
    await cluster.server.close();
  });
});
