import type { JsonObject } from '../../../src/apiserver/index.js';
import { widget, widgets, widgetsOf } from '../objects.js';
import { APPLY, JSON_PATCH, MERGE } from '../session.js';
import type { Body, RequestOptions, Session } from '../session.js';
import type { Topic } from '../suite.js';
import { WebhookBackend } from '../webhook-backend.js';
import type { Reply } from '../webhook-backend.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const outcome: RequestOptions = { pick: ({ kind, code, reason, message, details }) => (kind === 'Status' && message ? { code, reason, message, details } : kind) };
const spec: RequestOptions = { pick: ({ apiVersion, kind, metadata, spec: own, status, message }) => (kind === 'Status' ? message : { apiVersion, labels: metadata.labels, generation: metadata.generation, spec: own, status }) };

const success = (convertedObjects: readonly Body[]): Reply => ({ response: { convertedObjects, result: { status: 'Success' } } });

/** v1 has `spec.size`, v2 `spec.dimensions.size`. */
function converted(object: Body, desired: string): Body {
  const size = object.spec.size ?? object.spec.dimensions?.size;
  return { ...object, apiVersion: desired, spec: desired.endsWith('/v2') ? { dimensions: { size } } : { size } };
}
const convert = ({ objects, desiredAPIVersion }: Body): Reply => success(objects.map((each: Body) => converted(each, desiredAPIVersion)));

/** Widgets in two versions, between which the backend converts. */
async function define(s: Session, backend: WebhookBackend, conversion: JsonObject = {}): Promise<void> {
  const size = { type: 'integer', maximum: 10 };
  const version = (name: string, storage: boolean, properties: JsonObject): JsonObject => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties }, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } }, subresources: { status: {} } });
  await s.define(widgets(s, {}, {}, {
    versions: [version('v1', true, { size: { ...size, default: 1 } }), version('v2', false, { dimensions: { type: 'object', default: {}, properties: { size: { ...size, default: 2 } } } })],
    conversion: { strategy: 'Webhook', webhook: { clientConfig: backend.client('convert'), conversionReviewVersions: ['v1'], ...conversion } },
  }));
  await s.until(widgetsOf(s, 'v2'), ({ status }) => status === 200);
}

const v2 = (s: Session, name: string, own: JsonObject, more: JsonObject = {}): JsonObject => ({ ...widget(s, name, own, more), apiVersion: `${s.group}/v2` });

export const scenarios: Topic = {
  'convert between versions': async (s) => {
    const backend = await WebhookBackend.start(s);
    backend.on('convert', convert);
    await define(s, backend);
    const [old, young] = [widgetsOf(s), widgetsOf(s, 'v2')];
    await s.post(old, widget(s, 'a', { size: 3 }), spec);
    backend.tell();
    await s.get(`${young}/a`, spec);
    backend.tell(({ desiredAPIVersion, objects }, { apiVersion, kind, url }) => ({ apiVersion, kind, url, desiredAPIVersion, objects: objects.map(({ metadata, ...rest }: Body) => ({ ...rest, metadata: { ...metadata, managedFields: metadata.managedFields.length } })) }));
    await s.post(young, v2(s, 'b', { dimensions: { size: 4 } }), spec);
    await s.post(young, v2(s, 'c', {}), spec);
    await s.get(`${old}/c`, spec);
    await s.get(young, { pick: ({ kind, apiVersion, items }) => ({ kind, apiVersion, items: items.map((item: Body) => [item.apiVersion, item.metadata.name, item.spec]) }) });
    await s.patch(`${young}/a`, MERGE, { spec: { dimensions: { size: 5 } } }, spec);
    await s.patch(`${young}/a`, JSON_PATCH, [{ op: 'replace', path: '/spec/dimensions/size', value: 6 }], spec);
    await s.patch(`${young}/a?fieldManager=x&force=true`, APPLY, v2(s, 'a', { dimensions: { size: 7 } }), spec);
    await s.patch(`${young}/a/status`, MERGE, { status: { ready: true } }, spec);
    await s.get(`${old}/a`, spec);
    await s.post(young, v2(s, 'd', { dimensions: { size: 11 } }), outcome);
    await s.patch(`${young}/a`, MERGE, { spec: { dimensions: { size: 'x' } } }, outcome);
    const watch = await s.watch(`${young}?watch=true&fieldSelector=metadata.name%3Da`, { pick: ({ apiVersion, spec: own }) => ({ apiVersion, own }) });
    await watch.expect(1);
    await s.quiet('PATCH', `${old}/a`, { spec: { size: 9 } }, { headers: { 'content-type': MERGE } });
    await watch.expect(1);
    await s.delete(`${young}/a`, undefined, { pick: ({ kind, status }) => ({ kind, status }) });
    await watch.expect(1);
  },
  'may change labels and annotations, and nothing else of the metadata': async (s) => {
    const backend = await WebhookBackend.start(s);
    backend.on('convert', convert);
    await define(s, backend);
    let number = 0;
    const changed = async (change: (metadata: Body) => Body): Promise<void> => {
      // Conversions may be remembered.
      const name = `w${++number}`;
      await s.quiet('POST', widgetsOf(s), widget(s, name, { size: 3 }, { metadata: { name, labels: { l: 'v' }, annotations: { a: 'b' } } }));
      backend.on('convert', ({ objects, desiredAPIVersion }) => success(objects.map((each: Body) => ({ ...converted(each, desiredAPIVersion), metadata: change(each.metadata) }))));
      await s.get(`${widgetsOf(s, 'v2')}/${name}`, { pick: ({ kind, message, metadata }) => (kind === 'Status' ? message : { name: metadata.name, labels: metadata.labels, annotations: metadata.annotations, finalizers: metadata.finalizers, uid: metadata.uid }) });
    };
    await changed((metadata) => ({ ...metadata, labels: { other: 'x' }, annotations: { other: 'y' } }));
    await changed(({ labels: _labels, annotations: _annotations, ...metadata }) => metadata);
    await changed((metadata) => ({ ...metadata, finalizers: ['example.com/x'], resourceVersion: '1' }));
    await changed((metadata) => ({ ...metadata, name: 'other' }));
    await changed((metadata) => ({ ...metadata, namespace: 'other' }));
    await changed((metadata) => ({ ...metadata, uid: 'other' }));
    await changed((metadata) => ({ ...metadata, labels: { l: 'not a label!' } }));
    await changed((metadata) => ({ ...metadata, labels: { l: 1 } }));
    await changed(() => undefined);
  },
  'that fail are told about': async (s) => {
    const backend = await WebhookBackend.start(s);
    backend.on('convert', convert);
    await define(s, backend);
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { size: 3 }));
    const failed = async (what: string, answer: (request: Body) => Reply): Promise<void> => {
      s.note(`# ${what}`);
      backend.on('convert', answer);
      await s.get(`${widgetsOf(s, 'v2')}/a`, outcome);
    };
    await failed('refused', () => ({ response: { result: { status: 'Failure', message: 'cannot' } } }));
    await failed('refused without a word', () => ({ response: { result: { status: 'Failure' } } }));
    await failed('no result', ({ objects }) => ({ response: { convertedObjects: objects } }));
    await failed('no objects', () => success([]));
    await failed('too many', ({ objects, desiredAPIVersion }) => success([...objects, ...objects].map((each: Body) => converted(each, desiredAPIVersion))));
    await failed('another version', ({ objects }) => success(objects));
    await failed('another kind', ({ objects, desiredAPIVersion }) => success(objects.map((each: Body) => ({ ...converted(each, desiredAPIVersion), kind: 'Other' }))));
    await failed('another uid', ({ objects, desiredAPIVersion }) => ({ response: { uid: 'other', convertedObjects: objects.map((each: Body) => converted(each, desiredAPIVersion)), result: { status: 'Success' } } }));
    await failed('no response', () => ({ body: { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' } }));
    await failed('another review', () => ({ body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' } }));
    await failed('500', () => ({ status: 500, contentType: 'text/plain', body: 'broken' }));
    await failed('404', () => ({ status: 404 }));
    await failed('no JSON', () => ({ body: '<html>' }));
    await failed('nothing', () => ({ body: '' }));
    await s.get(widgetsOf(s, 'v2'), outcome);
    await s.post(widgetsOf(s, 'v2'), v2(s, 'b', {}), outcome);
    await s.patch(`${widgetsOf(s, 'v2')}/a`, MERGE, {}, outcome);
    await s.get(`${widgetsOf(s)}/a`, outcome);
    await s.delete(`${widgetsOf(s)}/a`, undefined, { pick: ({ kind, status }) => ({ kind, status }) });
  },
  'that cannot be reached are told about': async (s) => {
    const backend = await WebhookBackend.start(s);
    await define(s, backend, { clientConfig: { url: 'https://127.0.0.1:1/convert', caBundle: backend.caBundle } });
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { size: 3 }));
    await s.get(`${widgetsOf(s, 'v2')}/a`, outcome);
    await s.patch(`${CRDS}/widgets.${s.group}`, MERGE, { spec: { conversion: { webhook: { clientConfig: { url: null, service: { namespace: s.namespace, name: 'none', path: '/c' } } } } } }, { pick: ({ spec: { conversion } }) => conversion.webhook.clientConfig.service });
    await s.until(`${widgetsOf(s, 'v2')}/a`, ({ body }) => /service/.test(body.message));
    await s.get(`${widgetsOf(s, 'v2')}/a`, outcome);
  },
  'are checked before they are stored': async (s) => {
    const refused = (conversion: JsonObject): Promise<unknown> => s.post(CRDS, widgets(s, {}, {}, { conversion }), { pick: ({ kind, details, message, spec: own }) => (kind === 'Status' ? details?.causes ?? message : own.conversion) });
    await refused({ strategy: 'Unheard' });
    await refused({ strategy: 'Webhook' });
    await refused({ strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } });
    await refused({ strategy: 'Webhook', webhook: { conversionReviewVersions: [] } });
    for (const conversionReviewVersions of [['v9'], ['v1', 'v1'], ['V1', 'v1']]) await refused({ strategy: 'Webhook', webhook: { conversionReviewVersions, clientConfig: { url: 'https://example.com' } } });
    for (const clientConfig of [{}, { url: 'http://example.com' }, { url: 'https://u@example.com/?a#b' }, { url: 'https://x', service: { namespace: 'a', name: 'b' } }, { service: { namespace: '', name: '', port: 0, path: 'x' } }, { url: 'https://x', caBundle: 'bm9uc2Vuc2U=' }]) await refused({ strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } });
  },
};
