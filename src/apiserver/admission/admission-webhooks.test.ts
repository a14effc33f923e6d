import { expect } from 'chai';
import type { JsonObject } from '../contracts.js';
import { TestCluster } from '../testing/test-cluster.js';
import type { WebhookCall } from '../webhook/webhook-transport.js';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const RULES = [{ operations: ['CREATE', 'UPDATE', 'DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }];

type Answer = (request: JsonObject & { object: { data?: Record<string, string> } | null; oldObject: JsonObject | null }) => JsonObject;

/** A cluster whose webhooks are this function, called once for each review. */
function clusterWith(answer: Answer): { cluster: TestCluster; calls: WebhookCall[] } {
  const calls: WebhookCall[] = [];
  const cluster = new TestCluster({
    webhooks: (call) => {
      calls.push(call);
      const { request } = JSON.parse(call.body) as { request: Parameters<Answer>[0] & { uid: string } };
      return Promise.resolve({ status: 200, body: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, ...answer(request) } }) });
    },
  });
  return { cluster, calls };
}

const configure = (cluster: TestCluster, kind: 'Validating' | 'Mutating', webhook: JsonObject = {}): Promise<unknown> =>
  cluster.request('POST', `${CONFIGURATIONS}/${kind.toLowerCase()}webhookconfigurations`, {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name: 'test' },
    webhooks: [{ name: 'test.example.com', rules: RULES, sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { service: { namespace: 'system', name: 'hook', path: '/admit' } }, ...webhook }],
  });
const configMap = (data: Record<string, string>): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data });
const patchOf = (...operations: JsonObject[]): JsonObject => ({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') });

describe('Admission webhooks of the API server', () => {
  it('refuse a write, with the message and the code of the webhook', async () => {
    const { cluster, calls } = clusterWith(({ object }) => ({ allowed: object?.data?.['good'] === 'yes', warnings: ['careful'], status: { code: 403, reason: 'Forbidden', message: 'not good' } }));
    await configure(cluster, 'Validating');
    const refused = await cluster.request('POST', CONFIG_MAPS, configMap({ good: 'no' }));
    expect(refused.status).to.equal(403);
    expect(refused.body.message).to.equal('admission webhook "test.example.com" denied the request: not good');
    expect(refused.headers['warning']).to.equal('299 - "careful"');
    expect((await cluster.request('POST', CONFIG_MAPS, configMap({ good: 'yes' }))).status).to.equal(201);
    expect(calls[0]?.url).to.equal('https://hook.system.svc:443/admit?timeout=10s');
    expect(calls[0]?.service).to.deep.equal({ namespace: 'system', name: 'hook', port: 443 });
  });

  it('see the old object of an update and of a deletion', async () => {
    const seen: string[] = [];
    const { cluster } = clusterWith((request) => {
      seen.push(`${String(request['operation'])} ${String(request.object !== null)} ${String(request.oldObject !== null)}`);
      return { allowed: request['operation'] !== 'DELETE' };
    });
    await configure(cluster, 'Validating');
    await cluster.request('POST', CONFIG_MAPS, configMap({}));
    await cluster.request('PUT', `${CONFIG_MAPS}/map`, configMap({ a: 'b' }));
    expect((await cluster.request('DELETE', `${CONFIG_MAPS}/map`)).status).to.equal(400);
    expect(seen).to.deep.equal(['CREATE true false', 'UPDATE true true', 'DELETE false true']);
    expect((await cluster.request('GET', `${CONFIG_MAPS}/map`)).status).to.equal(200);
  });

  it('change objects by JSON patch, and are asked again about what later ones changed', async () => {
    const { cluster, calls } = clusterWith(({ object }) => patchOf({ op: 'add', path: '/data/count', value: String(Number(object?.data?.['count'] ?? 0) + 1) }));
    const hook = { rules: RULES, sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { url: 'https://127.0.0.1:1/' } };
    await cluster.request('POST', `${CONFIGURATIONS}/mutatingwebhookconfigurations`, {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'test' },
      webhooks: [{ name: 'one.example.com', reinvocationPolicy: 'IfNeeded', ...hook }, { name: 'two.example.com', ...hook }],
    });
    const { body } = await cluster.request('POST', CONFIG_MAPS, configMap({ count: '0' }));
    expect(body['data']).to.deep.equal({ count: '3' });
    expect(calls).to.have.length(3);
  });

  it('that fail refuse the write, or are passed over, as their failurePolicy says', async () => {
    for (const [failurePolicy, status] of [['Fail', 500], ['Ignore', 201]] as const) {
      const { cluster } = clusterWith(() => ({ uid: 'another', allowed: true }));
      await configure(cluster, 'Validating', { failurePolicy });
      const { status: actual, body } = await cluster.request('POST', CONFIG_MAPS, configMap({}));
      expect(actual).to.equal(status);
      if (failurePolicy === 'Fail') expect(body.message).to.match(/^Internal error occurred: failed calling webhook "test\.example\.com": received invalid webhook response: expected response\.uid=/);
    }
  });

  it('are not asked where their rules, selectors and match conditions do not match, nor about themselves', async () => {
    const { cluster, calls } = clusterWith(() => ({ allowed: false }));
    await configure(cluster, 'Validating', { matchConditions: [{ name: 'big', expression: 'size(object.data) > 1' }], rules: [{ ...RULES[0], apiGroups: ['*'], resources: ['*'] }], objectSelector: { matchExpressions: [{ key: 'skip', operator: 'DoesNotExist' }] } });
    expect((await cluster.request('POST', CONFIG_MAPS, configMap({ a: '1' }))).status).to.equal(201);
    expect((await cluster.request('POST', CONFIG_MAPS, { ...configMap({ a: '1', b: '2' }), metadata: { name: 'skipped', labels: { skip: '' } } })).status).to.equal(201);
    expect((await cluster.request('DELETE', `${CONFIGURATIONS}/validatingwebhookconfigurations/test`)).status).to.equal(200);
    expect(calls).to.have.length(0);
  });

  it('with side effects are not registered, and those from before do not take part in dry runs', async () => {
    const { cluster } = clusterWith(() => ({ allowed: true }));
    await configure(cluster, 'Validating', {});
    const [stored] = cluster.server.storage.list('validatingwebhookconfigurations.admissionregistration.k8s.io');
    const webhooks = (stored!['webhooks'] as object[]).map((webhook) => ({ ...webhook, sideEffects: 'Some' }));
    expect((await cluster.request('PUT', `${CONFIGURATIONS}/validatingwebhookconfigurations/test`, { ...stored!, webhooks })).body.message).to.contain('webhooks[0].sideEffects: Unsupported value: "Some"');
    cluster.server.storage.update('validatingwebhookconfigurations.admissionregistration.k8s.io', { ...stored!, webhooks });
    const { status } = await cluster.request('POST', `${CONFIG_MAPS}?dryRun=All`, configMap({}));
    expect(status).to.equal(400);
  });
});
