import { expect } from 'chai';
import { StatusError } from '../status.js';
import { TestCluster } from '../testing/test-cluster.js';
import { decodeProtobuf } from './protobuf.js';

type Part = Buffer;

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  do {
    const byte = Number(left & 0x7fn);
    left >>= 7n;
    bytes.push(left > 0n ? byte | 0x80 : byte);
  } while (left > 0n);
  return Buffer.from(bytes);
}

const integer = (field: number, value: number | bigint): Part => Buffer.concat([varint(BigInt(field << 3)), varint(BigInt(value))]);
const bytes = (field: number, content: string | Buffer): Part => Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(Buffer.byteLength(content))), Buffer.from(content)]);
const message = (field: number, ...parts: Part[]): Part => bytes(field, Buffer.concat(parts));
const envelope = (apiVersion: string, kind: string, ...parts: Part[]): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), message(1, bytes(1, apiVersion), bytes(2, kind)), message(2, ...parts), bytes(3, ''), bytes(4, '')]);

describe('Protobuf bodies', () => {
  it('hold the same objects as JSON ones', () => {
    const metadata = message(1, bytes(1, 'p'), bytes(2, ''), integer(7, 0), message(8), message(11, bytes(1, 'app'), bytes(2, 'web')));
    const container = message(2, bytes(1, 'c'), bytes(2, 'image'), message(6, bytes(1, ''), integer(2, 0), integer(3, 80), bytes(4, 'TCP')), message(8, message(1, bytes(1, 'cpu'), message(2, bytes(1, '1')))));
    const volume = message(1, bytes(1, 'v'), message(2, message(2, bytes(1, ''))));
    const probe = message(2, bytes(1, 'd'), message(10, message(1, message(2, bytes(1, '/'), message(2, integer(1, 1), integer(2, 0), bytes(3, 'http')))), integer(4, 5)));
    const object = decodeProtobuf(envelope('v1', 'Pod', metadata, message(2, volume, container, probe, integer(4, 0), integer(11, 0))));
    expect(object).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', labels: { app: 'web' } },
      spec: {
        volumes: [{ name: 'v', emptyDir: {} }],
        containers: [
          { name: 'c', image: 'image', ports: [{ containerPort: 80, protocol: 'TCP' }], resources: { limits: { cpu: '1' } } },
          { name: 'd', livenessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 } },
        ],
        // A pointer in Go: zero is a value there.
        terminationGracePeriodSeconds: 0,
      },
    });
  });

  it('hold times, bytes and negative numbers', () => {
    const object = decodeProtobuf(envelope('v1', 'Secret', message(1, bytes(1, 's'), message(9, integer(1, 1_704_067_200))), message(2, bytes(1, 'key'), bytes(2, 'value'))));
    expect(object['metadata']).to.deep.equal({ name: 's', deletionTimestamp: '2024-01-01T00:00:00Z' });
    expect(object['data']).to.deep.equal({ key: Buffer.from('value').toString('base64') });
    const priority = decodeProtobuf(envelope('scheduling.k8s.io/v1', 'PriorityClass', integer(2, -5n)));
    expect(priority['value']).to.equal(-5);
  });

  it('are refused when they are none, cut off, or of an unknown kind', () => {
    expect(() => decodeProtobuf(Buffer.from('{}'))).to.throw(StatusError, 'does not appear to be a protobuf message');
    expect(() => decodeProtobuf(envelope('v1', 'Pod', message(1, bytes(1, 'p'))).subarray(0, 20))).to.throw(StatusError, 'unexpected end of data');
    expect(() => decodeProtobuf(envelope('example.com/v1', 'Thing'))).to.throw(StatusError, 'no kind "Thing" is registered for version "example.com/v1" in protobuf');
  });

  it('are stored like any other', async () => {
    const cluster = new TestCluster();
    const body = envelope('v1', 'ConfigMap', message(1, bytes(1, 'a')), message(2, bytes(1, 'x'), bytes(2, '1')));
    const { status, body: created } = await cluster.request('POST', '/api/v1/namespaces/default/configmaps', body, { 'content-type': 'application/vnd.kubernetes.protobuf' });
    expect([status, created['data']]).to.deep.equal([201, { x: '1' }]);
    await cluster.server.close();
  });
});
