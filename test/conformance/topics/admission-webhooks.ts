import type { JsonObject } from '../../../src/apiserver/index.js';
import { configMap, deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { APPLY, JSON_PATCH, MERGE } from '../session.js';
import type { Body, RequestOptions } from '../session.js';
import type { Topic } from '../suite.js';
import { allow, deny, patchWith, rules, WebhookBackend } from '../webhook-backend.js';
import type { Reply } from '../webhook-backend.js';

const outcome = ({ kind, message, reason, code, details }: Body): unknown => (kind === 'Status' && message ? { code, reason, message, details } : kind);
const brief: RequestOptions = { pick: outcome };
/** Without what the URL and the other scenarios tell. */
const whole = (request: Body, { apiVersion, kind, url }: Body): unknown => ({ apiVersion, kind, url, request });
const short = ({ operation, resource, subResource, name, namespace, dryRun, options, object, oldObject, kind }: Body): unknown =>
  ({ operation, resource: `${resource.group}/${resource.version}/${resource.resource}`, subResource, name, namespace, dryRun, options, kind: kind.kind, object: object?.metadata?.name ?? object, oldObject: oldObject?.metadata?.name ?? oldObject });

export const scenarios: Topic = {
  'tells webhooks of writes': async (s) => {
    const backend = await WebhookBackend.start(s);
    const maps = s.in('configmaps');
    await backend.register('Validating', [backend.webhook('all', { rules: [rules('*', '*/*')] })]);
    await s.quiet('POST', maps, configMap('a', { one: '1' }));
    backend.tell(whole);
    await s.quiet('POST', `${maps}?dryRun=All&fieldManager=me&fieldValidation=Strict`, configMap('b'), { as: ['ada', 'system:masters'] });
    backend.tell(whole);
    await s.quiet('PUT', `${maps}/a`, configMap('a', { two: '2' }));
    backend.tell(whole);
    await s.quiet('PATCH', `${maps}/a`, { data: { three: '3' } }, { headers: { 'content-type': MERGE } });
    backend.tell(short);
    await s.quiet('PATCH', `${maps}/a?fieldManager=x&force=true`, configMap('a', { four: '4' }), { headers: { 'content-type': APPLY } });
    backend.tell(short);
    await s.quiet('PATCH', `${maps}/c?fieldManager=x`, configMap('c'), { headers: { 'content-type': APPLY } });
    backend.tell(short);
    await s.quiet('POST', maps, { metadata: { generateName: 'made-' } });
    backend.tell(({ name, object }) => ({ named: name !== '' && name === object.metadata.name, name: name === '' ? name : 'something', generateName: object.metadata.generateName }));
    await s.quiet('DELETE', `${maps}/a`, { gracePeriodSeconds: 5, propagationPolicy: 'Background', preconditions: {} });
    backend.tell(whole);
    await s.quiet('DELETE', `${maps}?labelSelector=none`);
    backend.tell(short);
    await s.quiet('DELETE', `${maps}?fieldSelector=metadata.name%3Dc&propagationPolicy=Background`);
    backend.tell(short);
    await s.quiet('GET', maps);
    backend.tell();
  },
  'tells webhooks of subresources': async (s) => {
    const backend = await WebhookBackend.start(s);
    const pods = s.in('pods');
    const deployments = s.in('deployments', 'apps/v1');
    await s.quiet('POST', deployments, deployment('d'));
    await s.quiet('POST', pods, pod('p'));
    await s.quiet('POST', pods, pod('q'));
    await backend.register('Validating', [backend.webhook('all', { rules: [rules('*', '*/*', { apiGroups: ['*'], apiVersions: ['*'] })] })]);
    await s.quiet('PATCH', `${pods}/p/status`, { status: { message: 'hello' } }, { headers: { 'content-type': MERGE } });
    backend.tell(short);
    await s.quiet('PUT', `${deployments}/d/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'd', namespace: s.namespace }, spec: { replicas: 2 } });
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, requestKind: request.requestKind, object: request.object, oldObject: request.oldObject }));
    await s.quiet('PATCH', `${deployments}/d/scale`, { spec: { replicas: 3 } }, { headers: { 'content-type': MERGE } });
    backend.tell(short);
    await s.quiet('POST', `${s.in('serviceaccounts')}/default/token`, { spec: { audiences: ['x'] } });
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('POST', `${pods}/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } });
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('POST', `${pods}/p/eviction?dryRun=All`, { metadata: { name: 'p', namespace: s.namespace } });
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('PATCH', `${pods}/p/ephemeralcontainers`, { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } }, { headers: { 'content-type': MERGE } });
    backend.tell(short);
    await s.quiet('POST', `${pods}/p/exec?command=ls&command=-l&container=app&stdout=true&tty=true`);
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('POST', `${pods}/p/attach?stdin=1`);
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('POST', `${pods}/p/portforward?ports=80`);
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('GET', `${pods}/p/proxy/healthz`);
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
    await s.quiet('DELETE', `${pods}/q`);
    backend.tell(short);
    await s.quiet('POST', `/apis/authorization.k8s.io/v1/namespaces/${s.namespace}/localsubjectaccessreviews`, { spec: { user: 'ada', resourceAttributes: { namespace: s.namespace, verb: 'get', resource: 'pods' } } });
    backend.tell((request) => ({ ...(short(request) as JsonObject), kind: request.kind, object: request.object }));
  },
  'refuses what a webhook refuses': async (s) => {
    const backend = await WebhookBackend.start(s);
    const maps = s.in('configmaps');
    await backend.register('Validating', [backend.webhook('judge', { rules: [rules('CREATE UPDATE DELETE', 'configmaps')] })]);
    const refused = async (reply: Reply): Promise<void> => {
      backend.on('judge', () => reply);
      await s.post(maps, configMap('a'));
    };
    await refused(deny());
    await refused(deny({ message: 'not today' }));
    await refused(deny({ reason: 'NotFound' }));
    await refused(deny({ code: 404, reason: 'NotFound', message: 'nowhere', details: { name: 'x', causes: [{ field: 'data.a', reason: 'FieldValueInvalid', message: 'is bad' }] } }));
    await refused(deny({ code: 200, status: 'Success', message: 'fine' }));
    await refused(deny({ code: 599, message: 'odd', metadata: { resourceVersion: '7' }, status: 'Unheard' }));
    await refused({ response: { allowed: false, warnings: ['careful', 'with "quotes" and \\', `long ${'x'.repeat(300)}`, 'two\nlines', ''], auditAnnotations: { a: 'b' } } });
    await refused({ response: { warnings: ['only warned'] } });
    backend.on('judge', () => allow({ warnings: ['allowed', 'allowed', 'twice'], auditAnnotations: { key: 'value' }, status: { message: 'ignored' } }));
    await s.post(maps, configMap('a'), brief);
    backend.on('judge', () => deny({ message: 'kept' }));
    await s.patch(`${maps}/a`, MERGE, { data: { a: 'b' } });
    await s.delete(`${maps}/a`);
    await s.delete(maps);
    await s.delete(`${maps}/none`);
    await s.get(`${maps}/a`, brief);
  },
  'changes what a webhook changes': async (s) => {
    const backend = await WebhookBackend.start(s);
    const maps = s.in('configmaps');
    await backend.register('Mutating', [backend.webhook('change', { rules: [rules('CREATE UPDATE DELETE', 'configmaps pods')] })]);
    const seen = ({ name, object: { metadata, ...object } }: Body): unknown => ({ name, object: { ...object, metadata: { ...metadata, managedFields: metadata.managedFields?.length } } });
    const changed = async (reply: Reply, object: JsonObject, options: RequestOptions = {}): Promise<void> => {
      backend.on('change', () => reply);
      await s.post(object['kind'] === 'Pod' ? s.in('pods') : maps, object, options);
    };
    await changed(patchWith({ op: 'add', path: '/data/two', value: '2' }, { op: 'add', path: '/metadata/labels', value: { l: 'v' } }), configMap('a', { one: '1' }));
    backend.on('change', () => patchWith({ op: 'replace', path: '/data/one', value: 'changed' }));
    await s.patch(`${maps}/a`, MERGE, { data: { three: '3' } });
    await s.patch(`${maps}/a?fieldManager=applier`, APPLY, configMap('a', { four: '4' }));
    await changed(patchWith({ op: 'remove', path: '/data' }, { op: 'add', path: '/metadata/finalizers', value: ['example.com/x'] }), configMap('b', { one: '1' }));
    backend.on('change', () => patchWith({ op: 'remove', path: '/metadata/finalizers' }));
    await s.patch(`${maps}/b`, JSON_PATCH, [{ op: 'add', path: '/data', value: { x: 'y' } }]);
    await changed(patchWith({ op: 'add', path: '/spec/containers/0/env', value: [{ name: 'A', value: 'b' }] }), pod('p'), { pick: ({ spec, metadata }) => ({ env: spec.containers[0].env, policy: spec.restartPolicy, managers: metadata.managedFields }) });
    await changed(patchWith({ op: 'add', path: '/spec/unheard', value: 1 }), pod('q'), { pick: (body) => body.spec?.unheard ?? outcome(body) });
    await changed(patchWith({ op: 'replace', path: '/spec/restartPolicy', value: 'Unheard' }), pod('r'), brief);
    await changed(patchWith({ op: 'replace', path: '/metadata/name', value: 'other' }), configMap('c'), { pick: (body) => body.metadata?.name ?? outcome(body) });
    await changed(patchWith({ op: 'replace', path: '/metadata/namespace', value: 'default' }), configMap('d'), { pick: (body) => body.metadata?.namespace ?? outcome(body) });
    await changed(patchWith({ op: 'replace', path: '/kind', value: 'Secret' }), configMap('e'), brief);
    await changed(patchWith({ op: 'add', path: '/metadata/uid', value: 'f00' }, { op: 'add', path: '/metadata/creationTimestamp', value: '2001-01-01T00:00:00Z' }), configMap('f'), { pick: (body) => body.metadata?.uid !== 'f00' && body.metadata?.creationTimestamp });
    await changed(patchWith({ op: 'add', path: '/metadata/managedFields', value: [] }), configMap('g', { a: 'b' }), { pick: (body) => body.metadata?.managedFields ?? null });
    await changed(patchWith({ op: 'add', path: '/metadata/managedFields', value: [{ manager: 'forged', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } }] }), configMap('h', { a: 'b' }), { pick: (body) => body.metadata?.managedFields ?? null });
    await changed(patchWith({ op: 'add', path: '/metadata/managedFields', value: 'nonsense' }), configMap('i', { a: 'b' }), brief);
    await changed(patchWith(), configMap('j'), brief);
    backend.tell();
    await changed(patchWith({ op: 'add', path: '/metadata/labels', value: { x: 'y' } }), { kind: 'ConfigMap', metadata: { generateName: 'made-' } }, { pick: ({ metadata }) => metadata.labels });
    backend.tell(seen);
    backend.on('change', () => patchWith({ op: 'add', path: '/metadata/labels', value: { x: 'y' } }));
    await s.delete(`${maps}/j`, undefined, brief);
    backend.on('change', () => allow());
    await s.delete(`${maps}/j`, undefined, brief);
  },
  'refuses patches and answers that are none': async (s) => {
    const backend = await WebhookBackend.start(s);
    const maps = s.in('configmaps');
    await backend.register('Mutating', [backend.webhook('change')]);
    const patch = Buffer.from('[{"op":"add","path":"/data","value":{"a":"b"}}]').toString('base64');
    let number = 0;
    const answered = async (what: string, reply: Reply): Promise<void> => {
      s.note(`# ${what}`);
      backend.on('change', () => reply);
      await s.post(maps, configMap(`m-${++number}`), brief);
    };
    await answered('a patch of nothing there', patchWith({ op: 'remove', path: '/data/none' }));
    await answered('a patch of nowhere', patchWith({ op: 'add', path: '/data/a/b/c', value: 1 }));
    await answered('a replacement of nothing', patchWith({ op: 'replace', path: '/metadata/labels/x', value: 'y' }));
    await answered('a test that fails', patchWith({ op: 'test', path: '/metadata/name', value: 'other' }));
    await answered('an operation that is none', patchWith({ op: 'unheard', path: '/data' }));
    await answered('a patch that gives a wrong type', patchWith({ op: 'add', path: '/data', value: { a: 1 } }));
    await answered('a patch that is no list', allow({ patchType: 'JSONPatch', patch: Buffer.from('{"op":"add"}').toString('base64') }));
    await answered('a patch that is not JSON', allow({ patchType: 'JSONPatch', patch: Buffer.from('[').toString('base64') }));
    await answered('a patch that is not Base64', allow({ patchType: 'JSONPatch', patch: '*' }));
    await answered('a patch without its type', allow({ patch }));
    await answered('a type without its patch', allow({ patchType: 'JSONPatch' }));
    await answered('an empty type', allow({ patchType: '', patch }));
    await answered('a type that is unheard of', allow({ patchType: 'MergePatch', patch }));
    await answered('another uid', allow({ uid: 'other' }));
    await answered('no uid', allow({ uid: '' }));
    await answered('no response', { body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' } });
    await answered('another version', { body: { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', response: { uid: 'x', allowed: true } } });
    await answered('a version that is unheard of', { body: { apiVersion: 'admission.k8s.io/v9', kind: 'AdmissionReview', response: { allowed: true } } });
    await answered('another kind', { body: { apiVersion: 'v1', kind: 'ConfigMap' } });
    await answered('no kind', { body: { response: { allowed: true } } });
    await answered('a Status', { body: { apiVersion: 'v1', kind: 'Status', status: 'Failure', message: 'no', code: 403, reason: 'Forbidden' } });
    await answered('a wrong type', { body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { allowed: 'yes' } } });
    await answered('nothing', { body: '' });
    await answered('no JSON', { body: '<html>' });
    await answered('a text', { contentType: 'text/plain', body: 'hello' });
    await answered('404', { status: 404, body: 'not here' });
    await answered('500', { status: 500, contentType: 'text/plain', body: 'broken' });
    await answered('503 with a Status', { status: 503, body: { apiVersion: 'v1', kind: 'Status', status: 'Failure', message: 'come later', reason: 'ServiceUnavailable', code: 503 } });
    await answered('a redirection', { status: 302 });
    await answered('201', { status: 201, body: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { allowed: true } } });
  },
  'wants no patches of those who validate': async (s) => {
    const backend = await WebhookBackend.start(s);
    await backend.register('Validating', [backend.webhook('judge')]);
    backend.on('judge', () => patchWith({ op: 'add', path: '/data', value: { a: 'b' } }));
    await s.post(s.in('configmaps'), configMap('a'), brief);
    backend.on('judge', () => allow({ patchType: 'JSONPatch' }));
    await s.post(s.in('configmaps'), configMap('a'), brief);
  },
  'does without webhooks that fail, where it may': async (s) => {
    const backend = await WebhookBackend.start(s);
    const maps = s.in('configmaps');
    const selected = (label: string): JsonObject => ({ objectSelector: { matchLabels: { label } } });
    const nowhere = { clientConfig: { url: 'https://127.0.0.1:1/x', caBundle: backend.caBundle } };
    await backend.register('Validating', [
      backend.webhook('lax', { failurePolicy: 'Ignore', ...selected('lax') }), backend.webhook('absent', { ...nowhere, ...selected('absent') }), backend.webhook('absent-lax', { ...nowhere, failurePolicy: 'Ignore', ...selected('absent-lax') }),
      backend.webhook('stranger', { clientConfig: { url: `${backend.url}/x` }, ...selected('stranger') }), backend.webhook('slow', { timeoutSeconds: 1, ...selected('slow') }),
      backend.webhook('service', { clientConfig: { service: { namespace: s.namespace, name: 'none', path: '/x' } }, ...selected('service') }),
      backend.webhook('portless', { clientConfig: { service: { namespace: s.namespace, name: 'unready' } }, ...selected('portless') }),
      backend.webhook('query', { clientConfig: { url: `${backend.url}/query/`, caBundle: backend.caBundle }, ...selected('query') }),
    ]);
    await s.quiet('POST', s.in('services'), { apiVersion: 'v1', kind: 'Service', metadata: { name: 'unready' }, spec: { selector: { app: 'none' }, ports: [{ port: 8443 }] } });
    await s.until(s.in('services/unready'), ({ status }) => status === 200);
    backend.on('lax', () => ({ status: 500 }));
    backend.on('slow', () => 'never');
    for (const label of ['lax', 'absent', 'absent-lax', 'stranger', 'slow', 'service', 'portless', 'query']) {
      await s.post(maps, configMap(label, {}, { labels: { label } }), brief);
    }
    backend.tell((_request, { url, headers }) => ({ url, accept: headers.accept, type: headers['content-type'] }));
    backend.on('lax', () => deny({ message: 'a refusal is no failure' }));
    await s.post(maps, configMap('refused', {}, { labels: { label: 'lax' } }), brief);
  },
  'asks one webhook after the other, and again': async (s) => {
    const backend = await WebhookBackend.start(s);
    const maps = s.in('configmaps');
    const append = (letter: string) => ({ object }: Body): Reply => patchWith({ op: 'add', path: '/data/seen', value: `${object.data?.seen ?? ''}${letter}` });
    for (const letter of ['a', 'b', 'c']) backend.on(letter, append(letter));
    // Configurations come in the order of their names.
    await backend.register('Mutating', [backend.webhook('c')], s.unique('z'));
    await backend.register('Mutating', [backend.webhook('b', { reinvocationPolicy: 'IfNeeded' }), backend.webhook('a', { reinvocationPolicy: 'IfNeeded' })], s.unique('m'));
    await s.post(maps, configMap('one', { seen: '' }), { pick: ({ data }) => data });
    backend.tell(({ object }) => object.data);
    for (const letter of ['a', 'b', 'c']) backend.on(letter, ({ object }) => (object.data.seen.includes(letter) ? allow() : append(letter)({ object })));
    await s.post(maps, configMap('two', { seen: '' }), { pick: ({ data }) => data });
    backend.tell(({ object }) => object.data);
    for (const letter of ['a', 'b', 'c']) backend.on(letter, () => allow());
    await s.post(maps, configMap('three', { seen: '' }), { pick: ({ data }) => data });
    backend.tell();
    backend.on('b', () => deny({ message: 'b says no' }));
    await s.post(maps, configMap('four', { seen: '' }), brief);
    backend.tell();
  },
  'validates what was changed, and asks validating webhooks last': async (s) => {
    const backend = await WebhookBackend.start(s);
    await backend.register('Mutating', [backend.webhook('change', { rules: [rules('CREATE UPDATE', 'pods')] })]);
    await backend.register('Validating', [backend.webhook('judge', { rules: [rules('CREATE UPDATE', 'pods')] })]);
    backend.on('change', () => patchWith({ op: 'add', path: '/metadata/labels', value: { changed: 'yes' } }));
    await s.post(s.in('pods'), pod('a'), { pick: ({ metadata }) => metadata.labels });
    backend.tell(({ object, operation }) => ({ operation, labels: object.metadata.labels, policy: object.spec.restartPolicy, account: object.spec.serviceAccountName, uid: typeof object.metadata.uid, volumes: object.spec.volumes?.length, status: object.status }));
    await s.post(s.in('pods'), pod('b', { restartPolicy: 'Unheard' }), brief);
    backend.tell();
    backend.on('change', () => patchWith({ op: 'add', path: '/metadata/labels', value: { changed: 'not a label!' } }));
    await s.post(s.in('pods'), pod('c'), { pick: ({ code }) => code });
    backend.tell();
    backend.on('change', () => deny());
    await s.post(s.in('pods'), pod('d'), { pick: ({ code }) => code });
    backend.tell();
    await s.post(s.in('pods'), pod('a'), { pick: ({ code, message }) => ({ code, message }) });
    backend.tell();
  },
  'has webhooks for custom resources in the version that they want': async (s) => {
    const backend = await WebhookBackend.start(s);
    const schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 3, maximum: 10 } } } } };
    const version = (name: string, storage: boolean): JsonObject => ({ name, served: true, storage, schema: { openAPIV3Schema: schema }, subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } } });
    await s.define(widgets(s, {}, {}, { versions: [version('v1', true), version('v2', false)] }));
    const of = (versions: string[]): JsonObject => ({ rules: [{ operations: ['*'], apiGroups: [s.group], apiVersions: versions, resources: ['widgets', 'widgets/status', 'widgets/scale'] }] });
    await backend.register('Mutating', [backend.webhook('equivalent', of(['v2'])), backend.webhook('exact', { ...of(['v2']), matchPolicy: 'Exact' }), backend.webhook('both', of(['v2', 'v1']))]);
    const seen = ({ kind, resource, requestKind, requestResource, object, oldObject, operation, subResource, requestSubResource }: Body): unknown =>
      ({ kind, resource, requestKind, requestResource, object: object && { apiVersion: object.apiVersion, kind: object.kind, spec: object.spec }, oldObject: oldObject?.apiVersion, operation, subResource, requestSubResource });
    await s.post(widgetsOf(s), widget(s, 'a', {}), brief);
    backend.tell(seen);
    await s.post(widgetsOf(s, 'v2'), { ...widget(s, 'b', {}), apiVersion: `${s.group}/v2` }, brief);
    backend.tell(({ kind }) => kind.version);
    await s.patch(`${widgetsOf(s)}/a/status`, MERGE, { status: {} }, brief);
    backend.tell(seen);
    await s.patch(`${widgetsOf(s)}/a/scale`, MERGE, { spec: { replicas: 2 } }, brief);
    backend.tell(seen);
    backend.on('equivalent', () => patchWith({ op: 'add', path: '/spec/size', value: 11 }, { op: 'add', path: '/spec/unheard', value: 1 }));
    await s.post(widgetsOf(s), widget(s, 'c', {}), brief);
    backend.on('equivalent', () => patchWith({ op: 'replace', path: '/spec', value: { unheard: 1 } }));
    await s.post(widgetsOf(s), widget(s, 'd', {}), { pick: ({ spec, apiVersion }) => ({ apiVersion, spec }) });
    await s.delete(`${widgetsOf(s)}/d`, undefined, brief);
    backend.tell(({ operation, kind }) => `${operation} ${kind.version}`);
  },
};
