import 'reflect-metadata';
import { X509CertificateGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import { webcrypto } from 'node:crypto';
import { request as secureRequest } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { createApiServer, type ApiServer, type Listener } from '../../src/apiserver/index.js';

const MAPS = '/api/v1/namespaces/default/configmaps';

describe('The API over HTTP', () => {
  let server: ApiServer;
  let listener: Listener;
  beforeEach(async () => {
    server = createApiServer();
    listener = await server.listen();
  });
  afterEach(() => server.close());

  const create = (name: string): Promise<unknown> =>
    request(`${listener.url}${MAPS}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } }) });

  it('answers health checks and its version', async () => {
    for (const path of ['/healthz', '/livez', '/readyz']) {
      const { statusCode, body } = await request(listener.url + path);
      expect([statusCode, await body.text()]).to.deep.equal([200, 'ok']);
    }
    const version = (await (await request(`${listener.url}/version`)).body.json()) as { gitVersion: string };
    expect(version.gitVersion).to.match(/^v1\.\d+\.\d+/);
    expect(await (await request(`${listener.url}/metrics`)).body.text()).to.match(/apiserver_storage_objects\{resource="namespaces"\} 4/);
  });

  it('compresses when asked', async () => {
    const { headers, body } = await request(`${listener.url}/api/v1/namespaces`, { headers: { 'accept-encoding': 'gzip' } });
    expect(headers['content-encoding']).to.equal('gzip');
    const list = JSON.parse(gunzipSync(Buffer.from(await body.arrayBuffer())).toString()) as { kind: string };
    expect(list.kind).to.equal('NamespaceList');
  });

  it('streams a watch line by line, and forgets it when the client leaves', async () => {
    const leave = new AbortController();
    const { body, headers } = await request(`${listener.url}${MAPS}?watch=true`, { headers: { 'accept-encoding': 'gzip' }, signal: leave.signal });
    expect(headers).not.to.have.property('content-encoding');
    const lines = body[Symbol.asyncIterator]();
    await create('a');
    const first = JSON.parse(String((await lines.next()).value)) as { type: string; object: { metadata: { name: string } } };
    expect([first.type, first.object.metadata.name]).to.deep.equal(['ADDED', 'a']);
    await create('b');
    expect(String((await lines.next()).value)).to.contain('"name":"b"');
    leave.abort();
    await lines.next().catch(() => undefined);
  });

  it('refuses bodies that are too large', async () => {
    const { statusCode, body } = await request(`${listener.url}${MAPS}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: 'x'.repeat(4 * 1024 * 1024) });
    expect(statusCode).to.equal(413);
    expect(((await body.json()) as { reason: string }).reason).to.equal('RequestEntityTooLarge');
  });

  it('says so when its port is taken', async () => {
    const problem = await server.listen({ port: listener.port }).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(problem).to.equal('EADDRINUSE');
  });

  it('speaks TLS to clients with any certificate or none', async () => {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({ name: 'CN=localhost', keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } }, webcrypto as never);
    const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    const cert = certificate.toString('pem');
    const secure = await server.listen({ tls: { cert, key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` } });
    expect(secure.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
    const status = await new Promise((resolve, reject) => {
      secureRequest(`${secure.url}/healthz`, { ca: cert, servername: 'localhost', checkServerIdentity: () => undefined }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).to.equal(200);
  });

  it('knows clients by certificates of its authority', async () => {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.createSelfSigned({ name: 'CN=ann, O=team, O=system:masters', keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } }, webcrypto as never);
    const cert = certificate.toString('pem');
    const key = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')}\n-----END PRIVATE KEY-----\n`;
    const whoami = async (url: string): Promise<unknown> => {
      const connect = { ca: cert, cert, key, checkServerIdentity: () => undefined };
      const { body } = await request(`${url}/apis/authentication.k8s.io/v1/selfsubjectreviews`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}', dispatcher: new Agent({ connect }) });
      return ((await body.json()) as { status: { userInfo: unknown } }).status.userInfo;
    };
    expect(await whoami((await server.listen({ tls: { cert, key, ca: cert } })).url)).to.deep.equal({ username: 'ann', groups: ['team', 'system:masters', 'system:authenticated'] });
    expect(await whoami((await server.listen({ tls: { cert, key } })).url)).to.deep.include({ username: 'system:admin' });
  });

  it('ends watches when it closes', async () => {
    const { body } = await request(`${listener.url}${MAPS}?watch=true`);
    const ended = body.text().then(
      () => 'ended',
      () => 'ended',
    );
    await server.close();
    expect(await ended).to.equal('ended');
  });
});
