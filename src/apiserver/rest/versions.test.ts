import { expect } from 'chai';
import type { ApiObject, ConversionHook, JsonObject } from '../contracts.js';
import { TestCluster } from '../testing/test-cluster.js';
import type { WebhookCall, WebhookTransport } from '../webhook/webhook-transport.js';

const THINGS = (version: string): string => `/apis/example.com/${version}/things`;

const version = (name: string, storage: boolean, properties: JsonObject): JsonObject => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
});

const crd = (conversion: JsonObject | undefined): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [version('v1beta1', false, { seconds: { type: 'integer' } }), version('v1', true, { duration: { type: 'string' }, mode: { type: 'string', default: 'fast' } })],
    ...(conversion && { conversion }),
  },
});

const WEBHOOK = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://example.com/convert' } } };

/** v1beta1 counts seconds where v1 has a duration. */
const hook: ConversionHook = {
  convert: async (objects, toApiVersion) =>
    objects.map((object): ApiObject => {
      const spec = object['spec'] as { seconds?: number; duration?: string; mode?: string };
      const converted = toApiVersion.endsWith('/v1') ? { duration: `${spec.seconds}s` } : { seconds: Number.parseInt(spec.duration ?? '0', 10) };
      return { ...object, apiVersion: toApiVersion, spec: converted };
    }),
};

describe('Versions of a custom resource', () => {
  let cluster: TestCluster;
  afterEach(() => cluster.server.close());

  const open = async (conversion: JsonObject | undefined, conversions: Record<string, ConversionHook> = {}, webhooks?: WebhookTransport): Promise<void> => {
    cluster = new TestCluster({ conversions, ...(webhooks ? { webhooks } : {}) });
    await cluster.ok('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd(conversion));
  };
  const thing = (v: string, spec: JsonObject): JsonObject => ({ apiVersion: `example.com/${v}`, kind: 'Thing', metadata: { name: 't' }, spec });

  it('are stored in one and served in all, through the conversion', async () => {
    await open(WEBHOOK, { 'things.example.com': hook });
    const created = await cluster.ok('POST', THINGS('v1beta1'), thing('v1beta1', { seconds: 30 }));
    expect(created).to.deep.include({ apiVersion: 'example.com/v1beta1', spec: { seconds: 30 } });
    expect(cluster.server.storage.get('things.example.com', '', 't')).to.deep.include({ apiVersion: 'example.com/v1', spec: { duration: '30s' } });
    expect(await cluster.ok('GET', `${THINGS('v1')}/t`)).to.deep.include({ apiVersion: 'example.com/v1', spec: { duration: '30s', mode: 'fast' } });
    expect((await cluster.ok('GET', THINGS('v1beta1'))).items![0]).to.deep.include({ spec: { seconds: 30 } });
  });

  it('are watched and patched in the version asked for', async () => {
    await open(WEBHOOK, { 'things.example.com': hook });
    const watch = await cluster.watch(`${THINGS('v1beta1')}?watch=1`);
    await cluster.ok('POST', THINGS('v1'), thing('v1', { duration: '5s' }));
    await cluster.patch(`${THINGS('v1beta1')}/t`, 'merge', { spec: { seconds: 7 } });
    expect(await watch.seen()).to.deep.equal(['ADDED t', 'MODIFIED t']);
    expect(watch.lines.map(({ object }) => [object.apiVersion, object['spec']])).to.deep.equal([
      ['example.com/v1beta1', { seconds: 5 }],
      ['example.com/v1beta1', { seconds: 7 }],
    ]);
    expect((await cluster.ok('GET', `${THINGS('v1')}/t`))['spec']).to.deep.include({ duration: '7s' });
    await watch.close();
  });

  it('survive two writers while the conversion thinks', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let slow = false;
    await open(WEBHOOK, {
      'things.example.com': {
        async convert(objects, to) {
          if (slow) await held;
          return hook.convert(objects, to);
        },
      },
    });
    await cluster.ok('POST', THINGS('v1'), thing('v1', { duration: '1s' }));
    slow = true;
    const labelled = cluster.patch(`${THINGS('v1beta1')}/t`, 'merge', { metadata: { labels: { a: 'b' } } });
    await cluster.patch(`${THINGS('v1')}/t`, 'merge', { spec: { duration: '9s' } });
    release();
    expect((await labelled).status).to.equal(200);
    const now = await cluster.ok('GET', `${THINGS('v1')}/t`);
    expect([now['spec'], now.metadata.labels]).to.deep.equal([{ duration: '9s', mode: 'fast' }, { a: 'b' }]);
  });

  it('end a watch with an error event when the conversion fails', async () => {
    let broken = false;
    await open(WEBHOOK, {
      'things.example.com': {
        convert(objects, to) {
          if (broken) throw new Error('no idea');
          return hook.convert(objects, to);
        },
      },
    });
    const watch = await cluster.watch(`${THINGS('v1beta1')}?watch=1`);
    await watch.seen();
    broken = true;
    await cluster.ok('POST', THINGS('v1'), thing('v1', { duration: '5s' }));
    expect(await watch.seen()).to.deep.equal(['ERROR 500']);
    expect(watch.ended).to.equal(true);
  });

  it('differ in name only without a conversion', async () => {
    await open(undefined);
    await cluster.ok('POST', THINGS('v1'), thing('v1', { duration: '5s' }));
    // What this version's schema does not know is pruned on the way out.
    expect(await cluster.ok('GET', `${THINGS('v1beta1')}/t`)).to.deep.include({ apiVersion: 'example.com/v1beta1', spec: {} });
  });

  it('are converted by the webhook that the CRD names, with everything in one review', async () => {
    const calls: WebhookCall[] = [];
    await open({ ...WEBHOOK, webhook: { ...WEBHOOK.webhook, clientConfig: { ...WEBHOOK.webhook.clientConfig, caBundle: Buffer.from('PEM').toString('base64') } } }, {}, async (call) => {
      calls.push(call);
      const { request: { uid, desiredAPIVersion, objects } } = JSON.parse(call.body) as { request: { uid: string; desiredAPIVersion: string; objects: ApiObject[] } };
      const response = { uid, result: { status: 'Success' }, convertedObjects: await hook.convert(objects, desiredAPIVersion) };
      return { status: 200, body: JSON.stringify({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response }) };
    });
    for (const name of ['a', 'b']) await cluster.ok('POST', THINGS('v1'), { ...thing('v1', { duration: '7s' }), metadata: { name } });
    expect((await cluster.ok('GET', THINGS('v1beta1'))).items!.map(({ spec }) => spec)).to.deep.equal([{ seconds: 7 }, { seconds: 7 }]);
    expect(calls.map(({ url, certificateAuthority }) => [url, certificateAuthority])).to.deep.equal([['https://example.com/convert?timeout=30s', 'PEM']]);
  });

  it('say so when the conversion fails or is wrong', async () => {
    await open(WEBHOOK, {}, () => Promise.reject(new Error('nobody is there')));
    const missing = await cluster.request('POST', THINGS('v1beta1'), thing('v1beta1', { seconds: 1 }));
    expect([missing.status, missing.body.message]).to.deep.equal([
      500,
      'conversion webhook for example.com/v1beta1, Kind=Thing failed: Post "https://example.com/convert?timeout=30s": nobody is there',
    ]);
    await cluster.server.close();
    await open(WEBHOOK, { 'things.example.com': { convert: () => [] } });
    expect((await cluster.request('POST', THINGS('v1beta1'), thing('v1beta1', { seconds: 1 }))).body.message).to.contain('returned 0 objects, expected 1');
  });

  it('apply today\'s defaults to what was stored before', async () => {
    await open(undefined);
    await cluster.ok('POST', THINGS('v1'), thing('v1', { duration: '5s' }));
    const definition = await cluster.ok('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com');
    const { versions } = definition['spec'] as { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: JsonObject } } } } }[] };
    versions[1]!.schema.openAPIV3Schema.properties.spec.properties['late'] = { type: 'integer', default: 3 };
    await cluster.ok('PUT', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com', definition);
    expect((await cluster.ok('GET', `${THINGS('v1')}/t`))['spec']).to.deep.equal({ duration: '5s', mode: 'fast', late: 3 });
  });
});
