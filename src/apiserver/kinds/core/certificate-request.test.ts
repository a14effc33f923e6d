import { expect } from 'chai';
import type { JsonObject } from '../../contracts.js';
import { TestCluster } from '../../testing/test-cluster.js';

const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const REQUEST = base64('-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n');
const CERTIFICATE = base64('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
const SIGNER = 'example.com/signer';

describe('Certificate signing requests', () => {
  let cluster: TestCluster;
  const body = (name: string, more: JsonObject = {}): JsonObject => ({ metadata: { name }, spec: { request: REQUEST, signerName: SIGNER, usages: ['client auth'], username: 'somebody else', ...more } });
  const refusal = async (path: string, patch: JsonObject, headers: Record<string, string> = {}): Promise<string> => (await cluster.request('PATCH', path, patch, { 'content-type': 'application/merge-patch+json', ...headers })).body.message!;
  const APPROVED = { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'test' }] } };

  beforeEach(async () => {
    cluster = new TestCluster();
    await cluster.ok('POST', REQUESTS, { ...body('a'), status: APPROVED.status });
  });
  afterEach(() => cluster.server.close());

  it('say who asked, whatever they say themselves, and are decided nowhere but in their approval', async () => {
    const stored = await cluster.ok('GET', `${REQUESTS}/a`);
    expect(stored['spec']).to.deep.include({ username: 'system:admin', groups: ['system:masters', 'system:authenticated'] });
    expect(stored['status']).to.deep.equal({});
    expect(await refusal(`${REQUESTS}/a/status`, APPROVED)).to.contain('status.conditions: Forbidden: updates may not add a condition of type "Approved"');
    const { conditions } = (await cluster.patch(`${REQUESTS}/a/approval`, 'merge', APPROVED)).body['status'] as { conditions: JsonObject[] };
    expect(conditions[0]).to.include({ type: 'Approved', lastUpdateTime: '2024-01-01T00:00:00Z', lastTransitionTime: '2024-01-01T00:00:00Z' });
    expect(await refusal(`${REQUESTS}/a/approval`, { status: { conditions: [] } })).to.contain('updates may not remove a condition of type "Approved"');
    expect(await refusal(`${REQUESTS}/a/approval`, { status: { certificate: CERTIFICATE } })).to.contain('status.certificate: Forbidden: updates may not set certificate content');
    expect((await cluster.patch(`${REQUESTS}/a/status`, 'merge', { status: { certificate: CERTIFICATE } })).status).to.equal(200);
    expect(await refusal(`${REQUESTS}/a/status`, { status: { certificate: base64('-----BEGIN CERTIFICATE-----\nAAAA\n') } })).to.contain('updates may not modify existing certificate content');
    expect((await cluster.ok('GET', `${REQUESTS}?fieldSelector=spec.signerName%3D${SIGNER}`)).items).to.have.length(1);
  });

  it('are approved and signed by who may do so for the signer', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const rules = (verbs: string[], resources: string[], resourceNames?: string[]): JsonObject => ({ apiGroups: ['certificates.k8s.io'], resources, verbs, ...(resourceNames && { resourceNames }) });
    await cluster.ok('POST', `${rbac}/clusterroles`, { metadata: { name: 'r' }, rules: [rules(['patch'], ['certificatesigningrequests/approval', 'certificatesigningrequests/status']), rules(['approve'], ['signers'], ['example.com/*'])] });
    await cluster.ok('POST', `${rbac}/clusterrolebindings`, { metadata: { name: 'b' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ann' }] });
    const ann = { 'impersonate-user': 'ann' };
    await cluster.ok('POST', REQUESTS, body('b', { signerName: 'other.com/signer' }));
    expect((await cluster.request('PATCH', `${REQUESTS}/a/approval`, APPROVED, { ...ann, 'content-type': 'application/merge-patch+json' })).status).to.equal(200);
    expect(await refusal(`${REQUESTS}/b/approval`, APPROVED, ann)).to.contain('user not permitted to approve requests with signerName "other.com/signer"');
    expect(await refusal(`${REQUESTS}/a/status`, { status: { certificate: CERTIFICATE } }, ann)).to.contain('user not permitted to sign requests with signerName "example.com/signer"');
  });

  it('are refused where they ask for nothing that could be signed', async () => {
    const problem = async (more: JsonObject): Promise<string> => (await cluster.request('POST', REQUESTS, body('c', more))).body.message!;
    expect(await problem({ request: base64('nothing') })).to.contain('PEM block type must be CERTIFICATE REQUEST');
    expect(await problem({ usages: [] })).to.contain('spec.usages: Required value');
    expect(await problem({ signerName: 'signer' })).to.contain('spec.signerName: Invalid value: "signer"');
    expect(await problem({ expirationSeconds: 10 })).to.contain('may not specify a duration less than 600 seconds');
  });
});
