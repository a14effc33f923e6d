import { createPublicKey, verify } from 'node:crypto';
import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { TestCluster } from '../testing/test-cluster.js';

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

describe('Authentication', () => {
  let cluster: TestCluster;
  beforeEach(async () => {
    cluster = new TestCluster({ tokens: { boss: { name: 'boss', groups: ['system:masters'] } } });
    await cluster.ok('POST', ACCOUNTS, { metadata: { name: 'robot' } });
  });
  afterEach(() => cluster.server.close());

  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const tokenFor = async (spec: JsonObject = {}): Promise<string> => ((await cluster.ok('POST', `${ACCOUNTS}/robot/token`, { spec }))['status'] as { token: string }).token;
  const whoami = async (headers: Record<string, string>): Promise<JsonObject> => ((await cluster.ok('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, headers))['status'] as { userInfo: JsonObject }).userInfo;
  const review = async (token: string, audiences?: string[]): Promise<unknown> => (await cluster.ok('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token, ...(audiences && { audiences }) } }))['status'];
  const pod = { metadata: { name: 'p' }, spec: { serviceAccountName: 'robot', nodeName: 'n', containers: [{ name: 'c', image: 'i' }] } };

  it('knows static tokens, and nobody by others', async () => {
    expect(await whoami(bearer('boss'))).to.deep.equal({ username: 'boss', groups: ['system:masters', 'system:authenticated'] });
    const { status, body } = await cluster.request('GET', '/api', undefined, bearer('wrong'));
    expect(status).to.equal(401);
    expect(body).to.deep.equal({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 });
  });

  it('takes those for anonymous who come over a connection without a credential, and for who their certificate says', async () => {
    const ask = async (peer: NonNullable<Parameters<typeof cluster.server.handle>[0]['peer']>): Promise<string> => {
      const { body } = await cluster.server.handle({ method: 'GET', path: '/api/v1/nodes', headers: {}, peer });
      let text = '';
      for await (const chunk of body) text += String(chunk);
      return (JSON.parse(text) as { message?: string }).message ?? 'allowed';
    };
    expect(await ask({})).to.contain('User "system:anonymous" cannot list');
    expect(await ask({ certificate: { commonName: 'ann', organizations: [] } })).to.contain('User "ann" cannot list');
    expect(await ask({ certificate: { commonName: 'root', organizations: ['system:masters'] } })).to.equal('allowed');
  });

  it('knows service accounts by the tokens that it signed for them', async () => {
    const user = await whoami(bearer(await tokenFor()));
    expect(user).to.deep.include({ username: 'system:serviceaccount:default:robot', groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'] });
    const account = await cluster.ok('GET', `${ACCOUNTS}/robot`);
    expect(user['uid']).to.equal(account.metadata.uid);
    const token = await tokenFor();
    const [header, claims, signature] = token.split('.') as [string, string, string];
    const forged = Buffer.from(JSON.stringify({ ...(JSON.parse(Buffer.from(claims, 'base64url').toString()) as object), sub: 'system:admin' })).toString('base64url');
    expect((await cluster.request('GET', '/api', undefined, bearer(`${header}.${forged}.${signature}`))).status).to.equal(401);
    expect((await cluster.request('GET', '/api', undefined, bearer(await tokenFor({ audiences: ['vault'] })))).status).to.equal(401);
  });

  it('forgets tokens with their time, their account and what they are bound to', async () => {
    const short = await tokenFor({ expirationSeconds: 600 });
    await cluster.ok('POST', '/api/v1/namespaces/default/pods', pod);
    const bound = await tokenFor({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' }, expirationSeconds: 3607 });
    expect((await whoami(bearer(bound)))['extra']).to.deep.include({ 'authentication.kubernetes.io/pod-name': ['p'], 'authentication.kubernetes.io/node-name': ['n'] });
    await cluster.clock.advance(700_000);
    expect(await review(short)).to.deep.equal({ user: {}, error: '[invalid bearer token, service account token has expired]' });
    // Mounted tokens outlive their hour for clients that do not read them again.
    await cluster.clock.advance(7_200_000);
    expect(await review(bound)).to.deep.include({ authenticated: true, audiences: [ISSUER] });
    await cluster.ok('DELETE', '/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0');
    expect(await review(bound)).to.deep.include({ error: '[invalid bearer token, service account token has been invalidated]' });
    const last = await tokenFor();
    await cluster.ok('DELETE', `${ACCOUNTS}/robot`);
    expect((await cluster.request('GET', '/api', undefined, bearer(last))).status).to.equal(401);
  });

  it('reviews tokens for the audiences that are asked about', async () => {
    const token = await tokenFor({ audiences: ['vault', 'other'] });
    expect(await review(token, ['vault', 'x'])).to.deep.include({ authenticated: true, audiences: ['vault'] });
    expect(await review(token)).to.deep.equal({ user: {}, error: `[invalid bearer token, token audiences ["vault" "other"] is invalid for the target audiences ["${ISSUER}"]]` });
    expect(await review('nonsense')).to.deep.equal({ user: {}, error: 'invalid bearer token' });
  });

  it('refuses token requests that cannot be', async () => {
    const refused = async (spec: JsonObject, metadata: JsonObject = {}): Promise<string> => (await cluster.request('POST', `${ACCOUNTS}/robot/token`, { metadata, spec })).body.message!;
    await cluster.ok('POST', '/api/v1/namespaces/default/pods', { ...pod, spec: { ...pod.spec, serviceAccountName: 'default' } });
    expect(await refused({ expirationSeconds: 599 })).to.contain('may not specify a duration less than 10 minutes');
    expect(await refused({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'none' } })).to.equal('pods "none" not found');
    expect(await refused({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } })).to.contain('to pod running with different serviceaccount name.');
    expect(await refused({ boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } })).to.equal('cannot bind token to object of type apps/v1, Kind=Deployment');
    expect(await refused({}, { name: 'other' })).to.contain('must match the service account name if specified');
  });

  it('publishes how others check its tokens', async () => {
    const configuration = await cluster.ok('GET', '/.well-known/openid-configuration', undefined, { host: '10.0.0.1:6443' });
    expect(configuration).to.deep.include({ issuer: ISSUER, jwks_uri: 'https://10.0.0.1:6443/openid/v1/jwks', id_token_signing_alg_values_supported: ['ES256'] });
    const { keys } = (await cluster.ok('GET', '/openid/v1/jwks')) as unknown as { keys: { kid: string }[] };
    const [header, claims, signature] = (await tokenFor()).split('.') as [string, string, string];
    expect((JSON.parse(Buffer.from(header, 'base64url').toString()) as JsonObject)['kid']).to.equal(keys[0]!.kid);
    const key = createPublicKey({ key: keys[0]!, format: 'jwk' });
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))).to.equal(true);
  });
});
