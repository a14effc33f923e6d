import { expect } from 'chai';
import type { ApiObject } from '../contracts.js';
import { TestCluster } from '../testing/test-cluster.js';
import { decodeProtobuf, PROTOBUF } from './protobuf.js';
import { encodeObject } from './protobuf-writer.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const PARTIAL = `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`;

const OBJECTS: ApiObject[] = [
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', generation: 3, creationTimestamp: '2024-02-29T23:59:59Z', finalizers: ['a/b', 'c/d'], managedFields: [{ manager: 'm', operation: 'Apply', fieldsV1: { 'f:data': {} } }] }, data: { key: Buffer.from([0, 255, 7]).toString('base64') }, immutable: false },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 0, selector: { matchLabels: { a: 'b' } }, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } }, template: { metadata: {}, spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '500m' } }, securityContext: { runAsUser: 4_294_967_296 } }], volumes: [{ name: 'v', emptyDir: {} }], tolerations: [{ operator: 'Exists', tolerationSeconds: -1 }] } } } },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: { renewTime: '2024-01-01T00:00:00.123456Z', leaseDurationSeconds: 15 } },
  {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'w.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'w', kind: 'W' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { n: { type: 'number', maximum: 1.5, default: { a: [1] } }, m: { type: 'object', additionalProperties: { type: 'string' } }, l: { type: 'array', items: { type: 'string' } } } } } }] },
  },
];

describe('Protobuf answers', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', MAPS, { metadata: { name: 'a', labels: { x: 'y' } }, data: { k: 'v' } });
  });
  afterEach(() => cluster.server.close());

  /** The bytes of an answer, or of a watch's first frame. */
  async function bytes(path: string, accept: string): Promise<{ status: number; type: string; body: Buffer }> {
    const stop = new AbortController();
    const { status, headers, body } = await cluster.send('GET', path, undefined, { accept }, stop.signal);
    const chunks: Buffer[] = [];
    for await (const chunk of body) {
      chunks.push(Buffer.from(chunk));
      if (path.includes('watch')) break;
    }
    stop.abort();
    return { status, type: headers['content-type']!, body: Buffer.concat(chunks) };
  }

  for (const object of OBJECTS) {
    it(`say of a ${object.kind} what JSON says`, () => {
      expect(decodeProtobuf(encodeObject(object)!)).to.deep.equal(object);
    });
  }

  it('are given to clients that ask for them, first or only', async () => {
    const { type, body } = await bytes(`${MAPS}/a`, `${PROTOBUF},application/json`);
    expect(type).to.equal(PROTOBUF);
    expect(decodeProtobuf(body)).to.deep.include({ kind: 'ConfigMap', data: { k: 'v' } });
    expect((await bytes(`${MAPS}/a`, `application/json,${PROTOBUF}`)).type).to.equal('application/json');
    expect((await bytes(`${MAPS}/a`, `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1,application/json`)).type).to.equal('application/json');
  });

  it('hold lists, or the metadata of their items alone', async () => {
    const { body } = await bytes(MAPS, PROTOBUF);
    expect(body.subarray(0, 30).toString()).to.contain('v1').and.to.contain('ConfigMapList');
    expect(body.includes('v')).to.equal(true);
    const partial = (await bytes(`${MAPS}/a`, PARTIAL)).body;
    expect(decodeProtobuf(partial)).to.deep.include({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' }).and.not.to.have.property('data');
  });

  it('come in frames when they are watched', async () => {
    const { type, body } = await bytes(`${MAPS}?watch=true`, PROTOBUF);
    expect(type).to.equal(`${PROTOBUF};stream=watch`);
    expect(body.readUInt32BE(0)).to.equal(body.length - 4);
    expect(body.subarray(4, 11)).to.deep.equal(Buffer.from([0x0a, 5, ...Buffer.from('ADDED')]));
    expect(decodeProtobuf(body.subarray(body.indexOf('k8s\0')))).to.deep.include({ kind: 'ConfigMap', data: { k: 'v' } });
  });
});
