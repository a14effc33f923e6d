import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { createRegistry } from '../kinds/registry.js';
import { schemaNode } from '../schema/schema-node.js';
import { createOpenApi } from './handler.js';
import { encodeMessage } from './protobuf.js';

interface Spec {
  paths: Record<string, Record<string, JsonObject & { parameters?: { name: string }[] }>>;
  components: { schemas: Record<string, JsonObject & { properties: Record<string, JsonObject> }> };
  definitions: Spec['components']['schemas'];
}

/** Every `$ref` in a document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

describe('OpenAPI', () => {
  const registry = createRegistry();
  const handler = createOpenApi(registry, { version: 'v1.32.4' });
  const get = (url: string, headers: Record<string, string> = {}): NonNullable<ReturnType<typeof handler>> => {
    const [path = '', query = ''] = url.split('?');
    const answer = handler({ path, query: new URLSearchParams(query), headers });
    if (!answer) throw new Error(`${url} is not served`);
    return answer;
  };
  const spec = (url: string): Spec => JSON.parse(get(url).body as string) as Spec;
  const index = (): Record<string, { serverRelativeURL: string }> => (JSON.parse(get('/openapi/v3').body as string) as { paths: Record<string, { serverRelativeURL: string }> }).paths;

  it('has a document for each group and version, under its hash', () => {
    expect(index()).to.include.keys('api/v1', 'apis/apps/v1', 'apis/apiextensions.k8s.io/v1');
    const url = index()['apis/apps/v1']!.serverRelativeURL;
    expect(url).to.match(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
    expect(get(url).headers).to.include({ 'cache-control': 'public, immutable' });
    expect(get('/openapi/v3/apis/apps/v1?hash=OLD')).to.deep.include({ status: 301 }).and.nested.property('headers.location', url);
  });

  it('answers 304 to those who have it already', () => {
    const { etag } = get('/openapi/v3/api/v1').headers;
    expect(get('/openapi/v3/api/v1', { 'if-none-match': etag! }).status).to.equal(304);
  });

  it('refers to nothing that it does not define', () => {
    for (const path of Object.keys(index())) {
      const document = spec(`/openapi/v3/${path}`);
      for (const reference of new Set(references(document))) expect(document.components.schemas, `${path}: ${reference}`).to.have.property(reference.replace('#/components/schemas/', ''));
    }
    const v2 = spec('/openapi/v2');
    for (const reference of new Set(references(v2))) expect(v2.definitions, reference).to.have.property(reference.replace('#/definitions/', ''));
  });

  it('says how lists merge', () => {
    const { schemas } = spec('/openapi/v3/api/v1').components;
    expect(schemas['io.k8s.api.core.v1.PodSpec']!.properties['containers']).to.include({ 'x-kubernetes-patch-merge-key': 'name', 'x-kubernetes-patch-strategy': 'merge', 'x-kubernetes-list-type': 'map' });
    expect(schemas['io.k8s.api.core.v1.ServicePort']!.properties['protocol']).to.include({ default: 'TCP' });
  });

  it('describes built-in types and their fields', () => {
    const { schemas } = spec('/openapi/v3/api/v1').components;
    expect(schemas['io.k8s.api.core.v1.Pod']!['description']).to.match(/^Pod is a collection of containers/);
    expect(schemas['io.k8s.api.core.v1.PodSpec']!.properties['nodeName']!['description']).to.be.a('string').and.not.equal('');
  });

  it('tells kubectl that fields are validated by the server', () => {
    const patch = spec('/openapi/v3/apis/apps/v1').paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']!['patch']!;
    expect(patch.parameters!.map(({ name }) => name)).to.include.members(['dryRun', 'fieldValidation', 'fieldManager', 'force']);
    expect(patch['x-kubernetes-group-version-kind']).to.deep.equal({ group: 'apps', version: 'v1', kind: 'Deployment' });
  });

  it('rebuilds only the documents that changed', () => {
    const before = get('/openapi/v3/api/v1').body;
    const [template] = registry.list();
    const added = { ...template!, group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing' };
    registry.replace([], [added]);
    expect(index()).to.include.keys('apis/example.com/v1');
    expect(get('/openapi/v3/api/v1').body).to.equal(before);
    registry.replace([added], []);
    expect(index()).to.not.include.keys('apis/example.com/v1');
  });

  it('says nothing in version 2 of custom resources that may hold anything, for kubectl would refuse the rest', () => {
    const [template] = registry.list();
    const open = { ...template!, group: 'example.com', version: 'v1', plural: 'things', kind: 'Thing', custom: true, schema: schemaNode({ type: 'object', properties: { a: { type: 'string' } }, 'x-kubernetes-preserve-unknown-fields': true }) };
    registry.replace([], [open]);
    expect(spec('/openapi/v2').definitions['com.example.v1.Thing']).to.deep.equal({ type: 'object', 'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Thing' }] });
    expect(spec('/openapi/v3/apis/example.com/v1').components.schemas['com.example.v1.Thing']!.properties).to.include.keys('a', 'metadata');
    registry.replace([open], []);
  });

  it('serves version 2 as protobuf to clients that want it', () => {
    const answer = get('/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' });
    expect(answer.headers['content-type']).to.equal('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
    const body = Buffer.from(answer.body as Uint8Array);
    expect(body.subarray(0, 5)).to.deep.equal(Buffer.from([0x0a, 3, ...Buffer.from('2.0')]));
    expect(body.includes('io.k8s.api.core.v1.PodSpec')).to.equal(true);
  });

  it('writes protobuf as its specification says', () => {
    expect(encodeMessage([[1, 150], [2, 'testing'], [3, undefined], [4, [true, false]]])).to.deep.equal(Buffer.from([0x08, 0x96, 0x01, 0x12, 7, ...Buffer.from('testing'), 0x20, 1, 0x20, 0]));
  });
});
