import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import type { Answer } from '../testing/test-cluster.js';
import { settled, TestCluster } from '../testing/test-cluster.js';

const HERE = '/api/v1/namespaces/default';

describe('Resource quotas', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = new TestCluster();
  });
  afterEach(() => cluster.server.close());

  const quota = (hard: JsonObject, more: JsonObject = {}): Promise<unknown> => cluster.ok('POST', `${HERE}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard, ...more } });
  const pod = (name: string, requests?: JsonObject, spec: JsonObject = {}, limits?: JsonObject): Promise<Answer> =>
    cluster.request('POST', `${HERE}/pods`, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i', resources: { ...(requests && { requests }), ...(limits && { limits }) } }], ...spec } });
  const used = async (): Promise<unknown> => {
    await settled();
    return ((await cluster.ok('GET', `${HERE}/resourcequotas/q`))['status'] as { used?: unknown }).used;
  };

  it('refuse pods that ask for more than is left, and say what was asked for', async () => {
    await quota({ pods: '3', 'requests.cpu': '1', memory: '1Gi' });
    expect((await pod('a', { cpu: '600m', memory: '256Mi' })).status).to.equal(201);
    expect(await used()).to.deep.equal({ pods: '1', 'requests.cpu': '600m', memory: '256Mi' });
    const { status, body } = await pod('b', { cpu: '500m', memory: '1Gi' });
    expect(status).to.equal(403);
    expect(body.message).to.equal('pods "b" is forbidden: exceeded quota: q, requested: memory=1Gi,requests.cpu=500m, used: memory=256Mi,requests.cpu=600m, limited: memory=1Gi,requests.cpu=1');
    expect((await pod('c', { cpu: '1m' })).body.message).to.equal('pods "c" is forbidden: failed quota: q: must specify memory for: c');
  });

  it('give back what ended, or was deleted', async () => {
    await quota({ pods: '1', 'count/pods': '2' });
    await pod('a');
    expect((await pod('b')).status).to.equal(403);
    await cluster.patch(`${HERE}/pods/a/status`, 'merge', { status: { phase: 'Succeeded' } });
    expect(await used()).to.deep.equal({ pods: '0', 'count/pods': '1' });
    expect((await pod('b')).status).to.equal(201);
    expect((await pod('c')).body.message).to.contain('requested: count/pods=1,pods=1, used: count/pods=2,pods=1');
    await cluster.ok('DELETE', `${HERE}/pods/a`);
    expect(await used()).to.deep.equal({ pods: '1', 'count/pods': '1' });
  });

  it('count init containers one after another, sidecars along with what follows, and overhead', async () => {
    await quota({ 'limits.cpu': '10' });
    const limit = (cpu: string, restartPolicy?: string): JsonObject => ({ image: 'i', name: `c${cpu}`, resources: { limits: { cpu } }, ...(restartPolicy && { restartPolicy }) });
    await cluster.ok('POST', `${HERE}/pods`, { metadata: { name: 'p' }, spec: { initContainers: [limit('1', 'Always'), limit('4')], containers: [limit('2')] } });
    expect(await used()).to.deep.equal({ 'limits.cpu': '5' });
  });

  it('look at what their scopes take in only', async () => {
    await quota({ pods: '1' }, { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } });
    await cluster.ok('POST', '/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: 'high' }, value: 10 });
    expect((await pod('a')).status).to.equal(201);
    expect(await used()).to.deep.equal({ pods: '0' });
    expect((await pod('b', undefined, { priorityClassName: 'high' })).status).to.equal(201);
    expect((await pod('c', undefined, { priorityClassName: 'high' })).status).to.equal(403);
  });

  it('count a claim for the attributes that it has as well as for those that it wants', async () => {
    await quota({ persistentvolumeclaims: '5' }, { scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['gold'] }] } });
    const CLAIM = `${HERE}/persistentvolumeclaims/c`;
    await cluster.ok('POST', `${HERE}/persistentvolumeclaims`, { metadata: { name: 'c' }, spec: { volumeAttributesClassName: 'silver', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
    expect(await used()).to.deep.equal({ persistentvolumeclaims: '0' });
    await cluster.patch(`${CLAIM}/status`, 'merge', { status: { currentVolumeAttributesClassName: 'gold' } });
    expect(await used()).to.deep.equal({ persistentvolumeclaims: '1' });
  });

  it('limit devices by their class, as many as a claim could get', async () => {
    await quota({ 'gold.deviceclass.resource.k8s.io/devices': '3', 'count/resourceclaims.resource.k8s.io': '5' });
    const claim = (name: string, requests: JsonObject[]): Promise<Answer> => cluster.request('POST', '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims', { metadata: { name }, spec: { devices: { requests } } });
    expect((await claim('a', [{ name: 'r', exactly: { deviceClassName: 'gold', count: 2 } }, { name: 's', exactly: { deviceClassName: 'iron' } }])).status).to.equal(201);
    expect((await claim('b', [{ name: 'r', firstAvailable: [{ name: 'x', deviceClassName: 'iron' }, { name: 'y', deviceClassName: 'gold', count: 2 }] }])).status).to.equal(403);
    expect((await claim('b', [{ name: 'r', exactly: { deviceClassName: 'gold' } }])).status).to.equal(201);
    expect(await used()).to.deep.equal({ 'gold.deviceclass.resource.k8s.io/devices': '3', 'count/resourceclaims.resource.k8s.io': '2' });
  });

  it('limit services, claims and the number of any kind', async () => {
    // The API server's own service is the first.
    await quota({ services: '2', 'services.nodeports': '1', 'requests.storage': '5Gi', 'gold.storageclass.storage.k8s.io/requests.storage': '3Gi', 'count/deployments.apps': '0' });
    const service = (name: string, spec: JsonObject): Promise<Answer> => cluster.request('POST', `${HERE}/services`, { metadata: { name }, spec });
    expect((await service('s', { ports: [{ port: 80 }] })).status).to.equal(201);
    expect((await service('t', { ports: [{ port: 80 }] })).body.message).to.contain('exceeded quota: q, requested: services=1, used: services=2, limited: services=2');
    expect((await cluster.patch(`${HERE}/services/s`, 'merge', { spec: { type: 'NodePort' } })).status).to.equal(200);
    expect((await cluster.patch(`${HERE}/services/s`, 'merge', { spec: { ports: [{ port: 80, name: 'a' }, { port: 81, name: 'b' }] } })).body.message).to.contain('requested: services.nodeports=1, used: services.nodeports=1');
    const claim = (name: string, storageClassName: string, storage: string): Promise<Answer> => cluster.request('POST', `${HERE}/persistentvolumeclaims`, { metadata: { name }, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } } });
    expect((await claim('one', 'gold', '2Gi')).status).to.equal(201);
    expect((await claim('two', 'gold', '2Gi')).body.message).to.contain('requested: gold.storageclass.storage.k8s.io/requests.storage=2Gi');
    expect((await claim('two', 'iron', '2Gi')).status).to.equal(201);
    expect(await used()).to.deep.equal({ services: '2', 'services.nodeports': '1', 'requests.storage': '4Gi', 'gold.storageclass.storage.k8s.io/requests.storage': '2Gi', 'count/deployments.apps': '0' });
    expect((await cluster.request('POST', '/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'd' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } } } })).body.message)
      .to.equal('deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0');
  });
});
