import { expect } from 'chai';
import type { Admission, AdmissionVerdict } from '../dsl/admission.js';
import { Defaults, Validates } from '../dsl/admission.js';
import { ConvertsFrom, Field, ResourceKind, Version } from '../dsl/kind-decorators.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { sleep } from '../clock.js';
import type { Clock } from '../clock.js';
import type { ApiError } from '../kube/errors.js';
import type { ObjectInput } from '../kube/object.js';
import { reconcilers } from '../runtime/reconcilers.js';
import type { TestBed } from '../testing/index.js';
import { testBed } from '../testing/index.js';
import type { WebhookResponse } from './webhook-handler.js';

class Spec {
  @Field(s.int()) declare size: number;
  @Field(s.string().optional()) declare note?: string;
}
class OldSpec {
  @Field(s.string()) declare text: string;
}
@Version({ of: () => Shop, version: 'v1beta1', spec: () => OldSpec })
class OldShop extends Resource<OldSpec, unknown> {}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Shop', scope: 'Cluster', spec: () => Spec, conversion: 'Webhook' })
@ConvertsFrom(() => OldShop, {
  upgrade: (old: OldShop) => ({ ...old, spec: { size: Number(old.spec.text) } }),
  downgrade: (stored: Shop) => ({ ...stored, spec: { text: String(stored.spec.size) } }),
})
class Shop extends Resource<Spec, unknown> {}

const world: { clock?: Clock; seen: string[] } = { seen: [] };

class Rules {
  @Validates(Shop)
  async size({ spec: { size } }: Shop, { warn, old, operation }: Admission<Shop>): Promise<AdmissionVerdict> {
    world.seen.push(`${operation} ${old?.spec.size ?? '-'} ${size}`);
    if (size === 13) throw new RangeError('unlucky');
    if (size === 99 && world.clock) await sleep(world.clock, 3_600_000);
    if (size === 8) warn(8n as unknown as string);
    if (size === 7) warn('seven is a lot');
    return size > 10 ? [{ field: 'spec.size', value: size, message: 'has to be 10 at most' }] : undefined;
  }

  @Validates(Shop, { operations: ['DELETE'] })
  stays({ metadata }: Shop): AdmissionVerdict {
    return metadata.labels?.['keep'] === 'true' ? 'it is kept' : undefined;
  }

  @Defaults(Shop)
  note(shop: Shop): void {
    shop.spec.note ??= `size ${shop.spec.size}`;
  }
}

const shop = (name: string, size: number, labels: Record<string, string> = {}): ObjectInput<Shop> => ({ metadata: { name, labels }, spec: { size } });

describe('The handler of webhooks', () => {
  let bed: TestBed;
  beforeEach(async () => {
    world.seen = [];
    bed = await testBed(reconcilers(Rules));
    world.clock = bed.clock;
  });
  afterEach(() => bed.close());
  const refusal = (promise: Promise<unknown>): Promise<ApiError> => promise.then(() => expect.fail('was not refused'), (error: unknown) => error as ApiError);

  it('fills in, and then judges what was filled in', async () => {
    const created = await bed.api.create(Shop, shop('a', 3));
    expect(created.spec).to.deep.equal({ size: 3, note: 'size 3' });
    const { message, code, causes } = await refusal(bed.api.create(Shop, shop('b', 11)));
    expect([code, message]).to.deep.equal([422, 'admission webhook "validate.shops.test.example.com" denied the request: Shop.test.example.com "b" is invalid: spec.size: Invalid value: 11: has to be 10 at most']);
    expect(causes).to.deep.equal([{ reason: 'FieldValueInvalid', field: 'spec.size', message: 'Invalid value: 11: has to be 10 at most' }]);
    await bed.api.client.mergePatch({ group: 'test.example.com', version: 'v1', kind: 'Shop', plural: 'shops', namespaced: false }, { name: 'a' }, { spec: { size: 4 } });
    expect(world.seen).to.deep.equal(['CREATE - 3', 'CREATE - 11', 'UPDATE 3 4']);
  });

  it('answers also when its own answer cannot be written, and goes on', async () => {
    await bed.settle();
    const request = { uid: 'u', kind: { group: 'test.example.com', version: 'v1', kind: 'Shop' }, operation: 'CREATE', object: { metadata: { name: 'a' }, spec: { size: 8 } } };
    const body = Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }));
    // More than are let in at a time: one that is never over would take its place for good.
    for (let call = 0; call < 502; call += 1) {
      const { status } = await bed.operator.webhook({ method: 'POST', path: '/validate-test-example-com-v1-shop', contentType: 'application/json', body });
      expect(status).to.equal(500);
    }
  });

  it('is asked about deletions', async () => {
    await bed.api.create(Shop, shop('a', 3, { keep: 'true' }));
    const { code, message } = await refusal(bed.api.delete(Shop, 'a'));
    expect([code, message]).to.deep.equal([403, 'admission webhook "validate.shops.test.example.com" denied the request: it is kept']);
  });

  it('judges requests in an older version by the stored one, and fills in through both', async () => {
    await bed.start();
    const old = { group: 'test.example.com', version: 'v1beta1', kind: 'Shop', plural: 'shops', namespaced: false };
    const { message } = await refusal(bed.api.client.create(old, { metadata: { name: 'a' }, spec: { text: '11' } }));
    expect(message).to.contain('spec.size: Invalid value: 11');
    await bed.api.client.create(old, { metadata: { name: 'a' }, spec: { text: '5' } });
    // Conversion to the older version loses the note, as this conversion is written.
    expect((await bed.api.get(Shop, 'a')).spec.size).to.equal(5);
  });

  it('answers a method that throws with 500, counts it, and goes on', async () => {
    const { code, message } = await refusal(bed.api.create(Shop, shop('a', 13)));
    expect(code).to.equal(500);
    expect(message).to.contain('failed calling webhook "validate.shops.test.example.com"').and.contain('unlucky');
    await bed.api.create(Shop, shop('a', 3));
    const metrics = await bed.operator.metrics.registry.metrics();
    expect(metrics).to.contain('controller_runtime_webhook_panics_total 1');
    expect(metrics).to.contain('controller_runtime_webhook_requests_total{webhook="/validate-test-example-com-v1-shop",code="500"} 1');
    expect(metrics).to.contain('controller_runtime_webhook_requests_total{webhook="/validate-test-example-com-v1-shop",code="200"} 1');
    expect(metrics).to.contain('controller_runtime_webhook_requests_in_flight{webhook="/validate-test-example-com-v1-shop"} 0');
    expect(metrics).to.contain('controller_runtime_webhook_latency_seconds_count{webhook="/mutate-test-example-com-v1-shop"} 2');
  });

  it('gives up on a method after the time that the API server waits, while others are answered', async () => {
    const slow = refusal(bed.api.create(Shop, shop('slow', 99)));
    await bed.api.create(Shop, shop('a', 3));
    await bed.advance('11s');
    expect((await slow).message).to.contain('did not end within 10000 ms');
  });

  describe('refuses', () => {
    const body = (review: unknown): Buffer => Buffer.from(typeof review === 'string' ? review : JSON.stringify(review));
    const PATH = '/validate-test-example-com-v1-shop?timeout=5s';
    const request = { uid: 'u', kind: { group: 'test.example.com', version: 'v1', kind: 'Shop' }, operation: 'CREATE', object: { ...shop('a', 3), apiVersion: 'test.example.com/v1', kind: 'Shop' } };
    const review = (changes: object): object => ({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...request, ...changes } });
    const cases: [string, { method?: string; path?: string; contentType?: string | undefined; body?: Buffer }, number, string, RegExp][] = [
      ['another method', { method: 'GET' }, 405, 'MethodNotAllowed', /GET is not supported by .*; webhooks take POST/],
      ['an unknown path', { path: '//nowhere' }, 404, 'NotFound', /there is no webhook at \/\/nowhere; there are \/validate-test-example-com-v1-shop, \/mutate-test-example-com-v1-shop, \/convert/],
      ['another content type', { contentType: 'application/yaml' }, 415, 'UnsupportedMediaType', /content type "application\/yaml" is not supported; send application\/json/],
      ['no content type', { contentType: undefined }, 415, 'UnsupportedMediaType', /content type ""/],
      ['an empty body', { body: body('') }, 400, 'BadRequest', /the body is not JSON/],
      ['malformed JSON', { body: body('{"kind":') }, 400, 'BadRequest', /the body is not JSON/],
      ['a body that is too large', { body: Buffer.alloc(8 * 2 ** 20, 0x20) }, 413, 'RequestEntityTooLarge', /limit is 7340032/],
      ['a body that nests too deep', { body: body('['.repeat(200_000)) }, 400, 'BadRequest', /nests deeper than 1000 levels/],
      ['null', { body: body('null') }, 400, 'BadRequest', /it has to be admission\.k8s\.io\/v1, Kind=AdmissionReview/],
      ['another review', { body: body({ apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview' }) }, 400, 'BadRequest', /the body is "admission\.k8s\.io\/v1beta1"/],
      ['a review without request', { body: body({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }) }, 400, 'BadRequest', /has no request with a uid/],
      ['another kind', { body: body(review({ kind: { group: '', version: 'v1', kind: 'Pod' } })) }, 400, 'BadRequest', /request\.kind is .*"Pod".*; \/validate-test-example-com-v1-shop judges .*"Shop"/],
      ['an unknown operation', { body: body(review({ operation: 'CONNECT' })) }, 400, 'BadRequest', /request\.operation is "CONNECT"; it can be "CREATE", "UPDATE", "DELETE"/],
      ['an operation without object', { body: body(review({ object: null })) }, 400, 'BadRequest', /request\.object of a CREATE is no object with metadata/],
      ['a conversion without objects', { path: '/convert', body: body({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: { uid: 'u', desiredAPIVersion: 'v1' } }) }, 400, 'BadRequest', /request\.objects a list/],
    ];
    for (const [what, call, code, reason, message] of cases) {
      it(what, async () => {
        await bed.start();
        const { status, body: text } = await bed.operator.webhook({ method: 'POST', path: PATH, contentType: 'application/json; charset=utf-8', body: body(review({})), ...call });
        const answer = JSON.parse(text) as Record<string, unknown>;
        expect([status, answer['kind'], answer['code'], answer['reason']]).to.deep.equal([code, 'Status', code, reason]);
        expect(answer['message']).to.match(message);
        expect((await bed.operator.webhook({ method: 'POST', path: PATH, contentType: 'application/json', body: body(review({})) })).status).to.equal(200);
      });
    }

    it('who comes while 500 calls are under way, and nobody once they have ended', async () => {
      await bed.start();
      const call = (size: number): Promise<WebhookResponse> =>
        bed.operator.webhook({ method: 'POST', path: PATH, contentType: 'application/json', body: body(review({ object: { ...request.object, spec: { size } } })) });
      const slow = Array.from({ length: 500 }, () => call(99));
      const { status, body: text } = await call(1);
      expect([status, (JSON.parse(text) as { reason: string }).reason]).to.deep.equal([429, 'TooManyRequests']);
      await bed.advance('5s');
      expect(new Set((await Promise.all(slow)).map((answer) => answer.status))).to.deep.equal(new Set([504]));
      expect((await call(1)).status).to.equal(200);
    });
  });

  it('converts, and says why not', async () => {
    await bed.start();
    const convert = async (desiredAPIVersion: string, objects: unknown[]): Promise<{ convertedObjects: unknown[]; result: { status: string; message?: string } }> => {
      const body = Buffer.from(JSON.stringify({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', request: { uid: 'u', desiredAPIVersion, objects } }));
      const { body: answer } = await bed.operator.webhook({ method: 'POST', path: '/convert', contentType: 'application/json', body });
      return (JSON.parse(answer) as { response: Awaited<ReturnType<typeof convert>> }).response;
    };
    const stored = { apiVersion: 'test.example.com/v1', kind: 'Shop', metadata: { name: 'a' }, spec: { size: 4 } };
    expect((await convert('test.example.com/v1beta1', [stored])).convertedObjects).to.deep.equal([{ apiVersion: 'test.example.com/v1beta1', kind: 'Shop', metadata: { name: 'a' }, spec: { text: '4' } }]);
    for (const [version, object, message] of [
      ['test.example.com/v2', stored, /has no version "v2"/], ['example.org/v1', stored, /the group is another/],
      ['test.example.com/v1', { ...stored, kind: 'Pod' }, /Pod of test\.example\.com\/v1 is not converted here; there are Shop of test\.example\.com/], ['test.example.com/v1', null, /has no apiVersion, kind and metadata/],
    ] as const) {
      const { result, convertedObjects } = await convert(version, [object]);
      expect([result.status, convertedObjects]).to.deep.equal(['Failure', []]);
      expect(result.message).to.match(message);
    }
  });
});
