import { expect } from 'chai';
import fc from 'fast-check';
import type { JsonObject } from '../contracts.js';
import { configMap, TestCluster } from '../testing/test-cluster.js';

const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } }, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};

const json = fc.jsonValue({ maxDepth: 3 });
const texts = fc.dictionary(fc.constantFrom('a', 'b', 'example.com/c', '__proto__'), fc.oneof({ weight: 3, arbitrary: fc.constantFrom('x', '') }, json));
const metadata = fc.record(
  {
    name: fc.oneof({ weight: 9, arbitrary: fc.constant('a') }, json),
    namespace: fc.oneof({ weight: 9, arbitrary: fc.constant('default') }, json),
    uid: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, json),
    resourceVersion: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, json),
    labels: fc.oneof({ weight: 5, arbitrary: texts }, json),
    annotations: fc.oneof({ weight: 5, arbitrary: texts }, json),
    finalizers: fc.oneof({ weight: 3, arbitrary: fc.array(fc.constantFrom('example.com/a', 'orphan')) }, fc.array(json), json),
    ownerReferences: fc.oneof({ weight: 3, arbitrary: fc.constant([{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'x' }]) }, fc.array(json), json),
    managedFields: fc.oneof({ weight: 3, arbitrary: fc.constant([{}]) }, fc.array(fc.record({ manager: json, operation: json, fieldsV1: json })), json),
    creationTimestamp: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, json),
    deletionTimestamp: fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, json),
  },
  { requiredKeys: ['name'] },
);
const fields = fc.record({ spec: json, status: json, data: fc.oneof(texts, json), target: json, deleteOptions: json }, { requiredKeys: [] });
const COLLECTIONS = ['/api/v1/namespaces/default/configmaps', '/api/v1/namespaces/default/pods', '/apis/example.com/v1/namespaces/default/things'];
const body = fc.oneof({ weight: 1, arbitrary: json }, { weight: 9, arbitrary: fc.tuple(fc.oneof({ weight: 9, arbitrary: metadata }, json), fields).map(([meta, rest]) => ({ metadata: meta, ...rest })) });
const operations = fc.array(fc.record({ op: fc.constantFrom('add', 'replace', 'remove', 'test', 'move', 'copy'), path: fc.constantFrom('/metadata', '/metadata/labels', '/metadata/finalizers/-', '/spec', '/data/x', ''), from: fc.constantFrom('/metadata', '/data', '/kind'), value: json }), { maxLength: 3 });
const request = fc.oneof(
  fc.tuple(fc.constant('POST'), fc.constantFrom(...COLLECTIONS, `${COLLECTIONS[1]}/a/binding`, `${COLLECTIONS[1]}/a/eviction`), fc.constant('application/json'), body),
  fc.tuple(fc.constantFrom('PUT'), fc.constantFrom(...COLLECTIONS.map((path) => `${path}/a`), `${COLLECTIONS[1]}/a/status`, `${COLLECTIONS[2]}/a/status`, `${COLLECTIONS[2]}/a/scale`), fc.constant('application/json'), body),
  fc.tuple(
    fc.constant('PATCH'),
    fc.constantFrom(...COLLECTIONS.map((path) => `${path}/a`), `${COLLECTIONS[1]}/a/status`, `${COLLECTIONS[2]}/a/status`, `${COLLECTIONS[2]}/a/scale`),
    fc.constantFrom('application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'),
    body,
  ),
  fc.tuple(fc.constant('PATCH'), fc.constantFrom(...COLLECTIONS.map((path) => `${path}/a`)), fc.constant('application/json-patch+json'), operations),
  fc.tuple(fc.constantFrom('GET', 'DELETE'), fc.constantFrom(...COLLECTIONS, ...COLLECTIONS.map((path) => `${path}/a`)), fc.constant('application/json'), body),
);
const query = fc.constantFrom('', '?fieldManager=x', '?fieldManager=x&force=true', '?dryRun=All', '?fieldValidation=Strict', '?limit=1', '?labelSelector=a%3Db', '?continue=x', '?propagationPolicy=Foreground');
/** Bodies that have none of their own get the kind that belongs to their path. */
const typed = (url: string, content: unknown): unknown => {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return content;
  if (url.endsWith('/scale')) return { apiVersion: 'autoscaling/v1', kind: 'Scale', ...content };
  return url.startsWith('/apis/') ? { apiVersion: 'example.com/v1', kind: 'Thing', ...content } : { apiVersion: 'v1', kind: url.includes('pods') ? 'Pod' : 'ConfigMap', ...content };
};

describe('The server', () => {
  it('answers whatever it is sent, and never with an internal error', async () => {
    const cluster = new TestCluster();
    await cluster.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', CRD);
    const kept = { apiVersion: 'v1', metadata: { name: 'a', namespace: 'default', uid: '00000000-0000-4000-8000-000000000000', creationTimestamp: '2024-01-01T00:00:00Z' } };
    const { storage } = cluster.server;
    const restore = (resource: string, kind: string, more: JsonObject = {}): void => {
      if (!storage.get(resource, 'default', 'a')) storage.create(resource, { ...kept, kind, ...more });
    };
    await fc.assert(
      fc.asyncProperty(request, query, async ([method, url, type, content], parameters) => {
        restore('configmaps', 'ConfigMap');
        restore('pods', 'Pod', { spec: { containers: [{ name: 'app', image: 'app:1' }] }, status: { phase: 'Pending' } });
        restore('things.example.com', 'Thing', { apiVersion: 'example.com/v1' });
        const answer = await cluster.request(method, url + parameters, JSON.stringify(typed(url, content)), { 'content-type': type });
        // Kubernetes itself answers with a 500 to some nonsense, but not with one for which it has a reason.
        const isPlain = (answer.body['reason'] === undefined && answer.body.message !== undefined) || (answer.body.message?.includes('replicas field') ?? false);
        if (!isPlain) expect(answer.status, JSON.stringify(answer.body)).to.be.lessThan(500);
        if (answer.status >= 400) expect(answer.body).to.include({ kind: 'Status', status: 'Failure', code: answer.status });
      }),
      { numRuns: 1500 },
    );
    // What got in can be read, and is well-formed where everyone relies on it.
    for (const resource of cluster.server.storage.resources()) {
      for (const { metadata: stored } of cluster.server.storage.list(resource)) {
        expect(stored.name, resource).to.be.a('string');
        expect(stored.uid).to.match(/^[0-9a-f-]{36}$/);
        for (const value of Object.values<unknown>({ ...stored.labels, ...stored.annotations })) expect(value).to.be.a('string');
        expect(stored.finalizers ?? []).to.be.an('array');
        for (const owner of stored.ownerReferences ?? []) expect(owner).to.be.an('object');
      }
    }
    await cluster.server.close();
  }).timeout(60_000);

  it('says what a patch put where a text belongs', async () => {
    const cluster = new TestCluster();
    await cluster.ok('POST', '/api/v1/namespaces/default/configmaps', configMap('a'));
    for (const [patch, named] of [[{ metadata: { name: { toString: false } } }, 'cannot unmarshal object into Go struct field ObjectMeta.metadata.name of type string'], [{ kind: { toString: 1 } }, 'no kind'], [{ apiVersion: { toString: 1 } }, 'no kind "ConfigMap" is registered for version']] as const) {
      const { status, body } = await cluster.request('PATCH', '/api/v1/namespaces/default/configmaps/a', patch, { 'content-type': 'application/merge-patch+json' });
      expect([status, body.message]).to.satisfy(([code, message]: [number, string]) => code === 422 && message.includes(named), JSON.stringify(body));
    }
    await cluster.server.close();
  });

  it('says of pods that lack containers, or names of volumes, what they lack', async () => {
    const cluster = new TestCluster();
    const create = async (spec: JsonObject) => (await cluster.request('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'a' }, spec })).body.message;
    expect(await create({})).to.contain('spec.containers: Required value');
    expect(await create({ containers: [{ name: 'a', image: 'a' }], volumes: [{ emptyDir: {} }] })).to.contain('spec.volumes[0].name: Required value');
    await cluster.server.close();
  });

  it('keeps a poisoned object from hurting others', async () => {
    const cluster = new TestCluster();
    const labels: JsonObject = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`label-${index}`, 'x']));
    expect((await cluster.request('POST', '/api/v1/namespaces/default/configmaps', { ...configMap('many'), metadata: { name: 'many', labels } })).status).to.be.oneOf([201, 413, 422]);
    expect((await cluster.request('POST', '/api/v1/namespaces/default/configmaps', { ...configMap('large'), metadata: { name: 'large', annotations: { a: 'x'.repeat(1_000_000) } } })).body.message).to.contain(
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    );
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect((await cluster.request('POST', '/api/v1/namespaces/default/configmaps', `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"deep"},"data":${nested}}`)).status).to.be.within(400, 499);
    expect((await cluster.request('POST', '/api/v1/namespaces/default/configmaps', configMap('fine'))).status).to.equal(201);
    await cluster.server.close();
  });
});
