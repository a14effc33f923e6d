import { expect } from 'chai';
import { configMap, pod, TestCluster } from '../testing/test-cluster.js';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('Lists', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());
  const names = async (path: string): Promise<string[]> => (await cluster.ok('GET', path)).items!.map(({ metadata }) => metadata.name!);

  it('span namespaces in order of namespace and name', async () => {
    for (const namespace of ['kube-system', 'default']) for (const name of ['b', 'a']) await cluster.ok('POST', `/api/v1/namespaces/${namespace}/configmaps`, configMap(name));
    const { items } = await cluster.ok('GET', '/api/v1/configmaps');
    expect(items!.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).to.deep.equal(['default/a', 'default/b', 'kube-system/a', 'kube-system/b']);
  });

  it('select by every label operator', async () => {
    await cluster.ok('POST', MAPS, configMap('a', {}, { tier: 'web', size: '3' }));
    await cluster.ok('POST', MAPS, configMap('b', {}, { tier: 'db', size: '10' }));
    await cluster.ok('POST', MAPS, configMap('c'));
    const cases: [string, string[]][] = [
      ['tier=web', ['a']],
      ['tier==web', ['a']],
      ['tier!=web', ['b', 'c']],
      ['tier in (web, db)', ['a', 'b']],
      ['tier notin (web)', ['b', 'c']],
      ['tier', ['a', 'b']],
      ['!tier', ['c']],
      ['size>3', ['b']],
      ['size<10', ['a']],
      ['tier,size=3', ['a']],
      ['tier in (web,)', ['a']],
    ];
    for (const [selector, expected] of cases) expect(await names(`${MAPS}?labelSelector=${encodeURIComponent(selector)}`), selector).to.deep.equal(expected);
    for (const bad of ['a=b=c', 'in (', 'a in b', '-a', 'a b', 'a,', 'size>x']) {
      expect((await cluster.request('GET', `${MAPS}?labelSelector=${encodeURIComponent(bad)}`)).status, bad).to.equal(400);
    }
  });

  it('select by the fields of their kind, and name those that they cannot', async () => {
    await cluster.ok('POST', '/api/v1/namespaces/default/pods', pod('a', {}, { nodeName: 'n1' }));
    await cluster.ok('POST', '/api/v1/namespaces/default/pods', pod('b'));
    expect(await names('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')).to.deep.equal(['a']);
    expect(await names('/api/v1/pods?fieldSelector=spec.nodeName%3D')).to.deep.equal(['b']);
    expect(await names('/api/v1/pods?fieldSelector=status.phase%3DPending,metadata.name!%3Da')).to.deep.equal(['b']);
    const { status, body } = await cluster.request('GET', '/api/v1/pods?fieldSelector=spec.colour%3Dred');
    expect([status, body.message]).to.deep.equal([400, 'field label not supported: spec.colour']);
  });

  it('select slices of devices by their driver and node', async () => {
    const slices = '/apis/resource.k8s.io/v1/resourceslices';
    const slice = (name: string, spec: object): unknown => ({ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name }, spec: { pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, ...spec } });
    await cluster.ok('POST', slices, slice('a', { driver: 'gpu.example.com', nodeName: 'n1' }));
    await cluster.ok('POST', slices, slice('b', { driver: 'nic.example.com', allNodes: true }));
    expect(await names(`${slices}?fieldSelector=spec.driver%3Dgpu.example.com,spec.nodeName%3Dn1`)).to.deep.equal(['a']);
    expect(await names(`${slices}?fieldSelector=spec.nodeName%3D`)).to.deep.equal(['b']);
  });

  describe('in pages', () => {
    beforeEach(async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await cluster.ok('POST', MAPS, configMap(name));
    });

    it('show one snapshot, whatever happens meanwhile', async () => {
      const first = await cluster.ok('GET', `${MAPS}?limit=2`);
      expect(first.metadata).to.deep.include({ remainingItemCount: 3 });
      await cluster.ok('DELETE', `${MAPS}/c`);
      await cluster.ok('POST', MAPS, configMap('bb'));
      await cluster.ok('PUT', `${MAPS}/d`, configMap('d', { data: { late: 'yes' } }));
      const token = (first.metadata as { continue?: string }).continue!;
      const second = await cluster.ok('GET', `${MAPS}?limit=2&continue=${token}`);
      expect(second.items!.map(({ metadata }) => metadata.name)).to.deep.equal(['c', 'd']);
      expect(second.items![1]).not.to.have.property('data');
      expect(second.metadata.resourceVersion).to.equal(first.metadata.resourceVersion);
      const third = await cluster.ok('GET', `${MAPS}?limit=2&continue=${(second.metadata as { continue?: string }).continue}`);
      expect(third.items!.map(({ metadata }) => metadata.name)).to.deep.equal(['e']);
      expect(third.metadata).not.to.have.property('continue');
    });

    it('expire with the window, with a token to go on inconsistently', async () => {
      const first = await cluster.ok('GET', `${MAPS}?limit=2`);
      cluster.server.storage.window('configmaps').compact(cluster.server.storage.revision);
      await cluster.ok('POST', MAPS, configMap('bb'));
      cluster.server.storage.window('configmaps').compact(cluster.server.storage.revision);
      const { status, body } = await cluster.request('GET', `${MAPS}?limit=2&continue=${(first.metadata as { continue?: string }).continue}`);
      expect([status, body.reason]).to.deep.equal([410, 'Expired']);
      const rest = await names(`${MAPS}?continue=${(body.metadata as { continue?: string }).continue}`);
      expect(rest).to.deep.equal(['bb', 'c', 'd', 'e']);
    });

    it('refuse a token that is none', async () => {
      expect((await cluster.request('GET', `${MAPS}?continue=xyz`)).status).to.equal(400);
    });
  });

  it('go back to an exact revision', async () => {
    const { metadata } = await cluster.ok('POST', MAPS, configMap('a'));
    await cluster.ok('POST', MAPS, configMap('b'));
    expect(await names(`${MAPS}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`)).to.deep.equal(['a']);
    expect(await names(`${MAPS}?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=NotOlderThan`)).to.deep.equal(['a', 'b']);
    expect(await names(`${MAPS}?resourceVersion=0`)).to.deep.equal(['a', 'b']);
  });

  it('refuse revisions from the future and options that contradict each other', async () => {
    const future = await cluster.request('GET', `${MAPS}?resourceVersion=999999`);
    expect([future.status, future.body.reason]).to.deep.equal([504, 'Timeout']);
    expect(future.body.message).to.match(/^Timeout: Too large resource version: 999999, current: \d+$/);
    expect((await cluster.request('GET', `${MAPS}?resourceVersionMatch=Exact`)).body.message).to.equal(
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  });
});
