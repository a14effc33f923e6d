import { expect } from 'chai';
import type { JsonObject, ManagedFieldsEntry } from '../contracts.js';
import { TestCluster, type Answer } from '../testing/test-cluster.js';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const MAPS = '/api/v1/namespaces/default/configmaps';

const container = (name: string, fields: JsonObject = {}): JsonObject => ({ name, image: `${name}:1`, ...fields });

const deployment = (spec: JsonObject, containers: JsonObject[], metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers } }, ...spec },
});

describe('Server-side apply', () => {
  let cluster: TestCluster;
  beforeEach(() => (cluster = new TestCluster()));
  afterEach(() => cluster.server.close());

  const apply = (manager: string, object: JsonObject, force = false): Promise<Answer> => cluster.patch(`${DEPLOYMENTS}/web?fieldManager=${manager}${force ? '&force=true' : ''}`, 'apply', object);
  const applyMap = (manager: string, data: JsonObject | undefined, query = ''): Promise<Answer> =>
    cluster.patch(`${MAPS}/a?fieldManager=${manager}${query}`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, ...(data && { data }) });
  const managers = ({ body }: Answer): string[] => (body.metadata.managedFields ?? []).map(({ manager, operation, subresource }: ManagedFieldsEntry) => [manager, operation, subresource].filter(Boolean).join(' '));
  const podSpec = ({ body }: Answer): { containers: JsonObject[] } => (body['spec'] as { template: { spec: { containers: JsonObject[] } } }).template.spec;

  it('creates what is not there, and owns what it applied but no defaults', async () => {
    const answer = await apply('ci', deployment({ replicas: 2 }, [container('app', { ports: [{ containerPort: 80 }] })]));
    expect(answer.status).to.equal(201);
    expect(managers(answer)).to.deep.equal(['ci Apply']);
    expect(answer.body.metadata.managedFields![0]).to.deep.include({
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
      time: '2024-01-01T00:00:00Z',
      fieldsV1: {
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"app"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } } },
              },
            },
          },
        },
      },
    });
  });

  it('refuses what the schema does not declare, whatever the client asks for', async () => {
    for (const fieldValidation of ['Ignore', 'Strict']) {
      const { status, body } = await cluster.patch(`${DEPLOYMENTS}/web?fieldManager=ci&fieldValidation=${fieldValidation}`, 'apply', deployment({ replica: 2 }, [container('app')]));
      expect([status, body.message]).to.deep.equal([500, 'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema (did you mean "replicas"?)']);
    }
  });

  it('refuses keys that come twice when the client is strict, and warns of them else', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: "1"\n  x: "2"\n';
    const strict = await cluster.patch(`${MAPS}/a?fieldManager=ci&fieldValidation=Strict`, 'apply', yaml);
    expect([strict.status, strict.body.message]).to.deep.equal([400, 'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "x" already set in map']);
    const lenient = await cluster.patch(`${MAPS}/a?fieldManager=ci`, 'apply', yaml);
    expect(lenient.body['data']).to.deep.equal({ x: '2' });
    expect(lenient.headers['warning']).to.contain('already set in map');
  });

  it('changes nothing when applied again, not even times', async () => {
    const first = await apply('ci', deployment({ replicas: 2 }, [container('app')]));
    await cluster.clock.advance(60_000);
    const second = await apply('ci', deployment({ replicas: 2 }, [container('app')]));
    expect(second.body.metadata).to.deep.equal(first.body.metadata);
  });

  it('refuses to change what others own, and says whose it is', async () => {
    await applyMap('one', { x: '1' });
    const { status, body } = await applyMap('two', { x: '2' });
    expect(status).to.equal(409);
    expect(body.message).to.equal('Apply failed with 1 conflict: conflict with "one": .data.x');
    expect(body['details']).to.deep.equal({ causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' }] });
  });

  it('lists several conflicts by their managers', async () => {
    await apply('ci', deployment({ replicas: 2 }, [container('app')]));
    await cluster.patch(`${DEPLOYMENTS}/web?fieldManager=hand`, 'strategic-merge', { spec: { replicas: 3, template: { spec: { containers: [{ name: 'app', image: 'app:9' }] } } } });
    const { body } = await apply('ci', deployment({ replicas: 2 }, [container('app')]));
    expect(body.message).to.equal('Apply failed with 2 conflicts: conflicts with "hand" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="app"].image');
  });

  it('takes fields over by force', async () => {
    await applyMap('one', { x: '1', y: '1' });
    const forced = await applyMap('two', { x: '2' }, '&force=true');
    expect(forced.body['data']).to.deep.equal({ x: '2', y: '1' });
    const fields = Object.fromEntries(forced.body.metadata.managedFields!.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
    expect(fields).to.deep.equal({ one: { 'f:data': { 'f:y': {} } }, two: { 'f:data': { 'f:x': {} } } });
  });

  it('shares fields that are applied with the same value, and keeps them until the last owner drops them', async () => {
    await applyMap('one', { x: '1' });
    expect((await applyMap('two', { x: '1' })).status).to.equal(200);
    expect((await applyMap('one', undefined)).body['data']).to.deep.equal({ x: '1' });
    expect((await applyMap('two', undefined)).body).not.to.have.property('data');
  });

  it('removes what its manager no longer applies, and nothing of others', async () => {
    await apply('ci', deployment({ replicas: 2, minReadySeconds: 5 }, [container('app', { env: [{ name: 'A', value: '1' }, { name: 'B', value: '1' }] }), container('side')]));
    await cluster.patch(`${DEPLOYMENTS}/web?fieldManager=hand`, 'strategic-merge', { spec: { template: { spec: { containers: [{ name: 'extra', image: 'extra:1' }] } } } });
    const answer = await apply('ci', deployment({ replicas: 2 }, [container('app', { env: [{ name: 'B', value: '2' }] })]));
    expect(answer.status).to.equal(200);
    expect(podSpec(answer).containers.map(({ name }) => name)).to.deep.equal(['extra', 'app']);
    expect(podSpec(answer).containers[1]!['env']).to.deep.equal([{ name: 'B', value: '2' }]);
    expect(answer.body['spec']).not.to.have.property('minReadySeconds');
  });

  it('merges lists by all their keys, defaults included', async () => {
    await apply('ci', deployment({}, [container('app', { ports: [{ containerPort: 53 }] })]));
    const answer = await apply('two', deployment({}, [container('app', { ports: [{ containerPort: 53, protocol: 'UDP' }, { containerPort: 53, protocol: 'TCP' }] })]));
    expect(podSpec(answer).containers[0]!['ports']).to.deep.equal([
      { containerPort: 53, protocol: 'UDP' },
      { containerPort: 53, protocol: 'TCP' },
    ]);
  });

  it('refuses two items with one key', async () => {
    const { status, body } = await apply('ci', deployment({}, [container('app'), container('app')]));
    expect(status).to.equal(500);
    expect(body.message).to.contain('duplicate entries for key [name="app"]');
  });

  it('keeps the book of plain updates too', async () => {
    await cluster.ok('POST', `${MAPS}?fieldManager=maker`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1', y: '1' } });
    await cluster.patch(`${MAPS}/a`, 'merge', { data: { x: '2' } });
    const { body } = await cluster.request('PATCH', `${MAPS}/a`, { data: { y: null } }, { 'content-type': 'application/merge-patch+json', 'user-agent': 'kubectl/v1.32 (linux)' });
    const fields = Object.fromEntries(body.metadata.managedFields!.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
    expect(fields).to.deep.equal({ maker: { 'f:data': {} }, unknown: { 'f:data': { 'f:x': {} } } });
    const reset = await cluster.patch(`${MAPS}/a`, 'merge', { metadata: { managedFields: [] } });
    expect(reset.body.metadata).not.to.have.property('managedFields');
  });

  it('keeps status apart', async () => {
    await apply('ci', deployment({ replicas: 1 }, [container('app')]));
    const answer = await cluster.patch(`${DEPLOYMENTS}/web/status?fieldManager=controller`, 'apply', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { replicas: 9 },
      status: { replicas: 3 },
    });
    expect(answer.body['status']).to.deep.include({ replicas: 3 });
    expect(answer.body['spec']).to.deep.include({ replicas: 1 });
    expect(managers(answer)).to.deep.equal(['ci Apply', 'controller Apply status']);
  });

  it('works for custom resources, by their schema', async () => {
    const list = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'], items: { type: 'object', required: ['key'], properties: { key: { type: 'string' }, value: { type: 'integer' } } } };
    await cluster.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Cluster',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { list } } } } } }],
      },
    });
    const thing = (...items: JsonObject[]): JsonObject => ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, spec: { list: items } });
    await cluster.patch('/apis/example.com/v1/things/t?fieldManager=one', 'apply', thing({ key: 'a', value: 1 }));
    const two = await cluster.patch('/apis/example.com/v1/things/t?fieldManager=two', 'apply', thing({ key: 'b', value: 2 }));
    expect(two.body['spec']).to.deep.equal({ list: [{ key: 'a', value: 1 }, { key: 'b', value: 2 }] });
    const conflict = await cluster.patch('/apis/example.com/v1/things/t?fieldManager=two', 'apply', thing({ key: 'a', value: 2 }));
    expect(conflict.body.message).to.equal('Apply failed with 1 conflict: conflict with "one": .spec.list[key="a"].value');
    expect((await cluster.patch('/apis/example.com/v1/things/t', 'strategic-merge', {})).status).to.equal(415);
  });

  it('keeps what it applied when a schema comes to know its parts', async () => {
    const crd = (schema: JsonObject): JsonObject => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', ...schema } } }] },
    });
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await cluster.ok('POST', definitions, crd({ 'x-kubernetes-preserve-unknown-fields': true }));
    const apply = async (names: string[], field: string): Promise<JsonObject> => {
      const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, struct: { field }, names };
      const { body } = await cluster.patch('/apis/example.com/v1/things/t?fieldManager=one', 'apply', thing);
      return { struct: body['struct'], names: body['names'] };
    };
    await apply(['a', 'b'], 'x');
    await cluster.patch(`${definitions}/things.example.com`, 'merge', crd({
      'x-kubernetes-preserve-unknown-fields': null,
      properties: { struct: { type: 'object', properties: { field: { type: 'string' } } }, names: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } } },
    }));
    expect(await apply(['a', 'b', 'c'], 'y')).to.deep.equal({ struct: { field: 'y' }, names: ['a', 'b', 'c'] });
  });

  it('asks for a manager, and refuses managedFields and force elsewhere', async () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    expect((await cluster.patch(`${MAPS}/a`, 'apply', map)).body.message).to.equal('PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch');
    expect((await cluster.patch(`${MAPS}/a?fieldManager=x`, 'apply', { ...map, metadata: { name: 'a', managedFields: [{}] } })).body.message).to.equal('metadata.managedFields must be nil');
    expect((await cluster.patch(`${MAPS}/a?force=true`, 'merge', {})).body.message).to.contain('force: Forbidden: may not be specified for non-apply patch');
  });
});
