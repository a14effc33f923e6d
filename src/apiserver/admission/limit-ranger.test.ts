import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { pod, TestCluster } from '../testing/test-cluster.js';

const PODS = '/api/v1/namespaces/default/pods';

describe('LimitRanger', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());
  const range = (...limits: JsonObject[]): Promise<unknown> =>
    cluster.ok('POST', '/api/v1/namespaces/default/limitranges', { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'limits' }, spec: { limits } });
  const withResources = (resources: JsonObject): JsonObject => pod('p', {}, { containers: [{ name: 'app', image: 'app:1', resources }] });

  it('gives containers what they do not ask for themselves', async () => {
    await range({ type: 'Container', default: { cpu: '500m', memory: '512Mi' }, defaultRequest: { cpu: '100m', memory: '200Mi' } });
    const created = await cluster.ok('POST', PODS, withResources({ requests: { cpu: '300m' } }));
    const [container] = (created['spec'] as { containers: { resources: unknown }[] }).containers;
    expect(container!.resources).to.deep.equal({ requests: { cpu: '300m', memory: '200Mi' }, limits: { cpu: '500m', memory: '512Mi' } });
    expect(created.metadata.annotations).to.deep.equal({ 'kubernetes.io/limit-ranger': 'LimitRanger plugin set: memory request for container app; cpu, memory limit for container app' });
    expect((created['status'] as { qosClass: string }).qosClass).to.equal('Burstable');
  });

  it('refuses what is out of bounds', async () => {
    await range({ type: 'Container', min: { cpu: '50m' }, max: { cpu: '1' } });
    const { status, body } = await cluster.request('POST', PODS, withResources({ requests: { cpu: '10m' }, limits: { cpu: '2' } }));
    expect(status).to.equal(403);
    expect(body.message).to.equal('pods "p" is forbidden: [minimum cpu usage per Container is 50m, but request is 10m, maximum cpu usage per Container is 1, but limit is 2]');
  });

  it('adds a pod\'s containers up', async () => {
    await range({ type: 'Pod', max: { cpu: '1' } });
    const resources = { requests: { cpu: '600m' }, limits: { cpu: '600m' } };
    const { status, body } = await cluster.request('POST', PODS, pod('p', {}, { containers: [{ name: 'a', image: 'a', resources }, { name: 'b', image: 'b', resources }] }));
    expect(status).to.equal(403);
    expect(body.message).to.match(/^pods "p" is forbidden: \[?maximum cpu usage per Pod is 1, but limit is /);
  });
});
