import { expect } from 'chai';
import { configMap, pod, TestCluster } from '../testing/test-cluster.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

describe('Objects', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  describe('create', () => {
    it('fills in what the server decides', async () => {
      const { status, body } = await cluster.request('POST', MAPS, configMap('a', { data: { x: '1' } }));
      expect(status).to.equal(201);
      expect(body.metadata).to.include({ name: 'a', namespace: 'default', creationTimestamp: '2024-01-01T00:00:00Z' });
      expect(body.metadata.uid).to.match(/^[0-9a-f-]{36}$/);
      expect(Number(body.metadata.resourceVersion)).to.equal(cluster.server.storage.revision);
    });

    it('appends five characters to generateName', async () => {
      const { body } = await cluster.request('POST', MAPS, { ...configMap(''), metadata: { generateName: 'a-' } });
      expect(body.metadata.name).to.match(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });

    it('refuses a taken name', async () => {
      await cluster.ok('POST', MAPS, configMap('a'));
      const { status, body } = await cluster.request('POST', MAPS, configMap('a'));
      expect(status).to.equal(409);
      expect(body).to.deep.include({ reason: 'AlreadyExists', message: 'configmaps "a" already exists', details: { name: 'a', kind: 'configmaps' } });
    });

    it('refuses a namespace that is not there', async () => {
      const { status, body } = await cluster.request('POST', '/api/v1/namespaces/nowhere/configmaps', configMap('a'));
      expect([status, body.message]).to.deep.equal([404, 'namespaces "nowhere" not found']);
    });

    it('refuses a namespace other than the URL\'s', async () => {
      const { status, body } = await cluster.request('POST', MAPS, { ...configMap('a'), metadata: { name: 'a', namespace: 'kube-system' } });
      expect([status, body.message]).to.deep.equal([400, 'the namespace of the provided object does not match the namespace sent on the request']);
    });

    it('names object, field, value and what is allowed for a bad name', async () => {
      const { status, body } = await cluster.request('POST', MAPS, configMap('A_b'));
      expect(status).to.equal(422);
      expect(body.reason).to.equal('Invalid');
      expect(body.message).to.match(/^ConfigMap "A_b" is invalid: metadata\.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of/);
      expect((body['details'] as { causes: unknown[] }).causes).to.have.length(1);
    });

    it('stores nothing on a dry run', async () => {
      const { status, body } = await cluster.request('POST', `${MAPS}?dryRun=All`, configMap('a'));
      expect(status).to.equal(201);
      expect(body.metadata.uid).to.be.a('string');
      expect((await cluster.request('GET', `${MAPS}/a`)).status).to.equal(404);
      expect((await cluster.request('POST', `${MAPS}?dryRun=Some`, configMap('a'))).body.message).to.equal(
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
      );
    });

    it('reads YAML', async () => {
      const { status, body } = await cluster.request('POST', MAPS, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n', { 'content-type': 'application/yaml' });
      expect(status).to.equal(201);
      expect(body['data']).to.deep.equal({ x: '1' });
    });

    it('warns of unknown fields, refuses them or is silent, as asked', async () => {
      const odd = pod('a', {}, { imagee: 'x' });
      const warned = await cluster.request('POST', `${PODS}?dryRun=All`, odd);
      expect(warned.headers['warning']).to.contain('299 - "unknown field \\"spec.imagee\\"');
      const strict = await cluster.request('POST', `${PODS}?dryRun=All&fieldValidation=Strict`, odd);
      expect(strict.status).to.equal(400);
      expect(strict.body.message).to.match(/^Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec\.imagee"/);
      const silent = await cluster.request('POST', `${PODS}?dryRun=All&fieldValidation=Ignore`, odd);
      expect(silent.headers).not.to.have.property('warning');
      expect(silent.body['spec']).not.to.have.property('imagee');
    });

    it('names what is wrong with a body in its order', async () => {
      const text = JSON.stringify(pod('a', {}, { imagee: 'x', nodeName: 'a' })).replace('"nodeName":"a"', '"nodeName":"a","nodeName":"b","imageee":1');
      const { body } = await cluster.request('POST', `${PODS}?fieldValidation=Strict`, text);
      expect(body.message).to.match(/strict decoding error: unknown field "spec\.imagee".*, duplicate field "spec\.nodeName", unknown field "spec\.imageee"/);
    });

    it('refuses bodies of other types', async () => {
      const { status, body } = await cluster.request('POST', MAPS, 'x', { 'content-type': 'text/plain' });
      expect([status, body.reason]).to.deep.equal([415, 'UnsupportedMediaType']);
    });
  });

  describe('update', () => {
    it('refuses a stale resourceVersion and takes none at all', async () => {
      const created = await cluster.ok('POST', MAPS, configMap('a'));
      await cluster.ok('PUT', `${MAPS}/a`, configMap('a', { data: { x: '1' } }));
      const { status, body } = await cluster.request('PUT', `${MAPS}/a`, { ...created, data: { x: '2' } });
      expect(status).to.equal(409);
      expect(body).to.deep.include({
        reason: 'Conflict',
        message: 'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      });
    });

    it('changes no resourceVersion when nothing changes', async () => {
      const created = await cluster.ok('POST', MAPS, configMap('a', { data: { x: '1' } }));
      const { body } = await cluster.request('PUT', `${MAPS}/a`, created);
      expect(body.metadata.resourceVersion).to.equal(created.metadata.resourceVersion);
    });

    it('refuses another uid', async () => {
      await cluster.ok('POST', MAPS, configMap('a'));
      const { status, body } = await cluster.request('PUT', `${MAPS}/a`, { ...configMap('a'), metadata: { name: 'a', uid: 'other' } });
      expect([status, body.message]).to.satisfy(([code, message]: [number, string]) => code === 409 && message.includes('Precondition failed: UID in precondition: other, UID in object meta: '));
    });

    it('counts generations of the spec only, and keeps spec and status apart', async () => {
      const path = '/apis/apps/v1/namespaces/default/deployments';
      const deployment = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } } },
        status: { replicas: 7 },
      };
      const created = await cluster.ok('POST', path, deployment);
      expect(created.metadata.generation).to.equal(1);
      expect(created['status'] ?? {}).to.not.deep.include({ replicas: 7 });

      const labelled = await cluster.patch(`${path}/web`, 'merge', { metadata: { labels: { a: 'b' } }, status: { replicas: 7 } });
      expect(labelled.body.metadata.generation).to.equal(1);
      expect(labelled.body['status'] ?? {}).to.not.deep.include({ replicas: 7 });

      const status = await cluster.patch(`${path}/web/status`, 'merge', { spec: { replicas: 9 }, status: { replicas: 7 } });
      expect(status.body.metadata.generation).to.equal(1);
      expect(status.body['spec']).to.deep.include({ replicas: 1 });
      expect(status.body['status']).to.deep.include({ replicas: 7 });

      const scaled = await cluster.patch(`${path}/web`, 'merge', { spec: { replicas: 2 } });
      expect(scaled.body.metadata.generation).to.equal(2);
    });

    it('answers 404 for what is not there', async () => {
      const { status, body } = await cluster.request('PUT', `${MAPS}/a`, configMap('a'));
      expect([status, body.message]).to.deep.equal([404, 'configmaps "a" not found']);
    });
  });

  describe('delete', () => {
    it('answers a Status with the uid', async () => {
      const { metadata } = await cluster.ok('POST', MAPS, configMap('a'));
      const { status, body } = await cluster.request('DELETE', `${MAPS}/a`);
      expect(status).to.equal(200);
      expect(body).to.deep.include({ kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps', uid: metadata.uid } });
    });

    it('checks preconditions', async () => {
      await cluster.ok('POST', MAPS, configMap('a'));
      const { status, body } = await cluster.request('DELETE', `${MAPS}/a`, { preconditions: { uid: 'x' } });
      expect(status).to.equal(409);
      expect(body.message).to.contain('the UID in the precondition (x) does not match the UID in record');
    });

    it('waits for finalizers, and takes no new ones meanwhile', async () => {
      await cluster.ok('POST', MAPS, { ...configMap('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } });
      const deleted = await cluster.ok('DELETE', `${MAPS}/a`);
      expect(deleted.metadata.deletionTimestamp).to.equal('2024-01-01T00:00:00Z');
      const added = await cluster.patch(`${MAPS}/a`, 'merge', { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } });
      expect(added.status).to.equal(422);
      expect(added.body.message).to.contain('metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}');
      await cluster.patch(`${MAPS}/a`, 'merge', { metadata: { finalizers: null } });
      expect((await cluster.request('GET', `${MAPS}/a`)).status).to.equal(404);
    });

    it('gives a pod on a node its grace, which only a second delete shortens', async () => {
      await cluster.ok('POST', PODS, pod('p', {}, { nodeName: 'n' }));
      const first = await cluster.ok('DELETE', `${PODS}/p`);
      expect(first.metadata).to.include({ deletionTimestamp: '2024-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 });
      const longer = await cluster.ok('DELETE', `${PODS}/p`, { gracePeriodSeconds: 60 });
      expect(longer.metadata.deletionGracePeriodSeconds).to.equal(30);
      const shorter = await cluster.ok('DELETE', `${PODS}/p`, { gracePeriodSeconds: 5 });
      expect(shorter.metadata).to.include({ deletionTimestamp: '2024-01-01T00:00:05Z', deletionGracePeriodSeconds: 5 });
      await cluster.ok('DELETE', `${PODS}/p`, { gracePeriodSeconds: 0 });
      expect((await cluster.request('GET', `${PODS}/p`)).status).to.equal(404);
    });

    it('removes a pod that no node has at once', async () => {
      await cluster.ok('POST', PODS, pod('p'));
      await cluster.ok('DELETE', `${PODS}/p`);
      expect((await cluster.request('GET', `${PODS}/p`)).status).to.equal(404);
    });

    it('deletes what a selector takes out of a collection', async () => {
      for (const name of ['a', 'b', 'c']) await cluster.ok('POST', MAPS, configMap(name, {}, { keep: name === 'b' ? 'yes' : 'no' }));
      const { items } = await cluster.ok('DELETE', `${MAPS}?labelSelector=keep%3Dno`);
      expect(items!.map(({ metadata }) => metadata.name)).to.deep.equal(['a', 'c']);
      expect((await cluster.ok('GET', MAPS)).items!.map(({ metadata }) => metadata.name)).to.deep.equal(['b']);
    });
  });

  it('answers unknown resources, methods and versions as kube-apiserver does', async () => {
    expect((await cluster.request('GET', '/apis/apps/v1/things')).body.message).to.equal('the server could not find the requested resource');
    expect((await cluster.request('GET', '/apis/example.com/v1/things')).status).to.equal(404);
    expect((await cluster.request('POST', '/api/v1/pods', pod('p'))).status).to.equal(405);
    expect((await cluster.request('POST', `${MAPS}/a`, configMap('a'))).status).to.equal(405);
    expect((await cluster.request('POST', MAPS, { ...configMap('a'), apiVersion: 'v2' })).body.message).to.contain('no kind "ConfigMap" is registered for version "v2"');
    expect((await cluster.request('GET', MAPS, undefined, { accept: 'application/cbor' })).status).to.equal(406);
    expect((await cluster.request('GET', MAPS, undefined, { accept: 'application/cbor, application/json' })).status).to.equal(200);
    expect((await cluster.request('GET', `${MAPS}?timeout=abc`)).body.message).to.equal('invalid timeout specified in the request URL - time: invalid duration "abc"');
  });
});
