import { expect } from 'chai';
import { configMap, TestCluster } from '../testing/test-cluster.js';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('Patches', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', MAPS, configMap('a', { data: { x: '1', y: '1' } }));
  });
  afterEach(() => cluster.server.close());

  it('merge: null deletes, objects merge', async () => {
    const { body } = await cluster.patch(`${MAPS}/a`, 'merge', { data: { x: null, z: '2' } });
    expect(body['data']).to.deep.equal({ y: '1', z: '2' });
  });

  it('JSON: operations apply in order, and all or none', async () => {
    const { body } = await cluster.patch(`${MAPS}/a`, 'json', [
      { op: 'test', path: '/data/x', value: '1' },
      { op: 'replace', path: '/data/x', value: '2' },
      { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
      { op: 'remove', path: '/data/y' },
    ]);
    expect(body['data']).to.deep.equal({ x: '2' });
    const refused = await cluster.patch(`${MAPS}/a`, 'json', [{ op: 'replace', path: '/data/x', value: '3' }, { op: 'test', path: '/data/x', value: 'no' }]);
    expect(refused.status).to.equal(422);
    expect((await cluster.ok('GET', `${MAPS}/a`))['data']).to.deep.equal({ x: '2' });
  });

  it('check a resourceVersion that they bring', async () => {
    const { status, body } = await cluster.patch(`${MAPS}/a`, 'merge', { metadata: { resourceVersion: '1' }, data: { x: '2' } });
    expect([status, body.reason]).to.deep.equal([409, 'Conflict']);
  });

  it('cannot change identity', async () => {
    expect((await cluster.patch(`${MAPS}/a`, 'merge', { metadata: { name: 'b' } })).body.message).to.equal('the name of the object (b) does not match the name on the URL (a)');
    expect((await cluster.patch(`${MAPS}/a`, 'merge', { kind: 'Secret' })).body.message).to.match(/converting \(v1\.Secret\) to \(core\.ConfigMap\): unknown conversion$/);
  });

  it('leave no trace of a prototype', async () => {
    const { body } = await cluster.request('PATCH', `${MAPS}/a`, '{"metadata":{"annotations":{"__proto__":"x"}}}', { 'content-type': 'application/merge-patch+json' });
    expect(({} as Record<string, unknown>)['x']).to.equal(undefined);
    expect(body['kind']).to.be.oneOf(['ConfigMap', 'Status']);
  });

  it('of other types are refused', async () => {
    const { status, body } = await cluster.request('PATCH', `${MAPS}/a`, {}, { 'content-type': 'application/json' });
    expect(status).to.equal(415);
    expect(body.message).to.equal('415: Unsupported Media Type');
  });
});
