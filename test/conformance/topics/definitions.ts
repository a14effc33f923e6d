import { widget, widgets, widgetsOf } from '../objects.js';
import { problems } from '../problems.js';
import { MERGE } from '../session.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** What is said of a definition; accepted ones are not kept. */
const judge = (s: Session, crd: object): Promise<Body> => s.post(`${CRDS}?dryRun=All`, crd, { pick: (body) => (body.kind === 'Status' ? body : { spec: body.spec }) });
const schema = (s: Session, spec: object): Promise<Body> => s.post(`${CRDS}?dryRun=All`, widgets(s, spec as never), { pick: (body) => (body.kind === 'Status' ? { message: body.message, causes: body.details?.causes, code: body.code } : 'accepted') });
const conditions = (body: Body): unknown => ({ conditions: body.status?.conditions, acceptedNames: body.status?.acceptedNames, storedVersions: body.status?.storedVersions });

export const scenarios: Topic = {
  'get defaults, and are established': async (s) => {
    const crd = widgets(s, OPEN);
    (crd['spec'] as Body).names = { plural: 'widgets', kind: 'Widget' };
    await s.post(CRDS, crd);
    await s.until(`${CRDS}/widgets.${s.group}`, ({ body }) => body.status?.conditions?.some((condition: Body) => condition.type === 'Established' && condition.status === 'True'));
    await s.get(`${CRDS}/widgets.${s.group}`);
    await s.get(`${CRDS}/widgets.${s.group}/status`, { pick: conditions });
  },
  'are refused when names, versions or scope are wrong': async (s) => {
    const base = (more: object, name = `widgets.${s.group}`): object => { const crd = widgets(s, OPEN) as Body; return { ...crd, metadata: { name }, spec: { ...crd.spec, ...more } }; };
    await judge(s, base({}, 'wrong.name'));
    await judge(s, base({ group: 'nodots' }, 'widgets.nodots'));
    await judge(s, base({ group: 'x.k8s.io' }, 'widgets.x.k8s.io'));
    await judge(s, base({ scope: 'Everywhere' }));
    await judge(s, base({ names: { plural: 'Widgets', kind: 'widget', singular: 'Wid', shortNames: ['W'], categories: ['All'], listKind: 'x' } }));
    await judge(s, base({ names: {} }));
    await judge(s, base({ versions: [] }));
    const version = (widgets(s, OPEN)['spec'] as Body).versions[0];
    await judge(s, base({ versions: [version, version] }));
    await judge(s, base({ versions: [{ ...version, storage: false }] }));
    await judge(s, base({ versions: [version, { ...version, name: 'v2' }] }));
    await judge(s, base({ versions: [{ ...version, name: 'V1' }, { ...version, name: '1v', storage: false }] }));
    await judge(s, base({ versions: [{ ...version, schema: undefined }] }));
    await judge(s, base({ versions: [{ ...version, served: undefined }] }));
    await judge(s, base({ preserveUnknownFields: true }));
    await judge(s, base({ conversion: { strategy: 'Webhook' } }));
    await judge(s, base({ conversion: { strategy: 'Unheard' } }));
    await judge(s, base({ conversion: { strategy: 'None', webhook: { conversionReviewVersions: ['v1'] } } }));
    await judge(s, base({ conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v9'], clientConfig: { url: 'http://x' } } } }));
    await judge(s, base({ conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: 'https://x', service: { name: 'a', namespace: 'b' } } } } }));
    await judge(s, base({ versions: [{ ...version, deprecationWarning: 'old' }] }));
    await judge(s, base({ versions: [{ ...version, deprecated: true, deprecationWarning: 'x'.repeat(257) }] }));
    await judge(s, base({ versions: [{ ...version, additionalPrinterColumns: [{ name: 'A', type: 'unheard', jsonPath: '.x' }, { name: '', type: 'string', jsonPath: 'x' }, { name: 'F', type: 'string', format: 'unheard', jsonPath: '.x[' }] }] }));
    await judge(s, base({ versions: [{ ...version, subresources: { scale: { specReplicasPath: '.x', statusReplicasPath: '.y', labelSelectorPath: 'z' } } }] }));
    await judge(s, base({ versions: [{ ...version, subresources: { scale: { specReplicasPath: '.spec.list[0]', statusReplicasPath: '' } } }] }));
    await judge(s, base({ versions: [{ ...version, selectableFields: [{ jsonPath: '.spec.unheard' }, { jsonPath: '.metadata.name' }, { jsonPath: 'x' }] }] }));
    await judge(s, { ...widgets(s, OPEN), metadata: { name: `widgets.${s.group}`, annotations: { 'api-approved.kubernetes.io': 'x' } } });
  },
  'need structural schemas': async (s) => {
    await schema(s, {});
    await schema(s, { type: 'object', properties: { a: {} } });
    await schema(s, { type: 'object', properties: { a: { type: 'unheard' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: [{ type: 'string' }] } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } });
    await schema(s, { type: 'object', additionalProperties: false });
    await schema(s, { type: 'object', additionalProperties: true });
    await schema(s, { type: 'object', properties: { a: { anyOf: [{ type: 'integer' }, { type: 'string' }] } } });
    await schema(s, { type: 'object', properties: { a: { 'x-kubernetes-int-or-string': true } } });
    await schema(s, { type: 'object', properties: { a: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } } });
    await schema(s, { type: 'object', properties: { a: { 'x-kubernetes-int-or-string': true, type: 'string' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ properties: { a: { minLength: 1, description: 'x' } } }, { properties: { b: { minLength: 1 } } }] });
    await schema(s, { type: 'object', properties: { a: { type: 'string' } }, not: { properties: { a: { type: 'string' } } }, oneOf: [{ required: ['a'] }] });
    await schema(s, { type: 'object', properties: { a: { type: 'string', uniqueItems: true } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', $ref: '#/x', id: 'x', definitions: { x: {} } } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', pattern: '(' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', format: 'unheard' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', default: 1 } } });
    await schema(s, { type: 'object', properties: { b: { type: 'integer', default: 1.5, minimum: 2 } } });
    await schema(s, { type: 'object', properties: { c: { type: 'object', properties: { d: { type: 'string' } }, default: { e: 1 } } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', enum: ['x', 'y'], default: 'z' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', nullable: true, default: null } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', minLength: 5, maxLength: 3 } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'map' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k', 'k', 'z'] } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: { type: 'object', properties: { k: { type: 'object' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: { type: 'object', properties: { k: { type: 'string' } } }, 'x-kubernetes-list-type': 'set' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'unheard' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', 'x-kubernetes-list-type': 'set' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-map-keys': ['k'] } } });
    await schema(s, { type: 'object', properties: { a: { type: 'object', 'x-kubernetes-map-type': 'unheard' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', 'x-kubernetes-map-type': 'atomic' } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', 'x-kubernetes-preserve-unknown-fields': true } } });
    await schema(s, { type: 'object', properties: { a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false } } });
    await schema(s, { type: 'object', properties: { a: { type: 'object', 'x-kubernetes-embedded-resource': true } } });
    await schema(s, { type: 'object', properties: { a: { type: 'string', 'x-kubernetes-embedded-resource': true } } });
    await schema(s, { type: 'object', properties: { metadata: { type: 'object' } }, required: ['x'] });
    await s.post(`${CRDS}?dryRun=All`, widgets(s, OPEN, { schema: { openAPIV3Schema: { type: 'object', properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 3 }, labels: { type: 'object' } } }, apiVersion: { type: 'string', pattern: 'x' } } } } }));
    await s.post(`${CRDS}?dryRun=All`, widgets(s, OPEN, { schema: { openAPIV3Schema: { type: 'string' } } }));
    await s.post(`${CRDS}?dryRun=All`, widgets(s, OPEN, { schema: { openAPIV3Schema: { type: 'object', nullable: true } } }));
    await s.post(`${CRDS}?dryRun=All`, widgets(s, OPEN, { schema: { openAPIV3Schema: { properties: { spec: OPEN } } } }));
    await s.post(`${CRDS}?dryRun=All`, widgets(s, OPEN, { schema: {} }));
  },
  'prune, default and coerce nothing': async (s) => {
    await s.define(widgets(s, {
      type: 'object',
      properties: {
        mode: { type: 'string', default: 'fast' }, size: { type: 'integer' }, nested: { type: 'object', properties: { deep: { type: 'string', default: 'd' } } }, filled: { type: 'object', default: {}, properties: { x: { type: 'integer', default: 3 } } },
        list: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer', default: 1 } } } }, map: { type: 'object', additionalProperties: { type: 'object', properties: { n: { type: 'integer', default: 2 } } } }, nul: { type: 'string', nullable: true, default: 'n' }, open: OPEN,
        half: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { known: { type: 'object', properties: { a: { type: 'string' } } } } }, ios: { 'x-kubernetes-int-or-string': true },
      },
    }));
    const path = widgetsOf(s);
    const seen = { pick: (body: Body) => (body.kind === 'Status' ? problems(body) : body.spec ?? null) };
    await s.post(path, widget(s, 'a', {}), seen);
    await s.post(path, { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name: 'without-spec' } }, seen);
    await s.post(path, widget(s, 'b', { nested: {}, list: [{}, { n: 5 }, { z: 1 }], map: { a: {}, b: { n: 7 } }, nul: null, mode: null, open: { any: { thing: null } }, half: { x: 1, known: { a: 'x', b: 'y' } }, ios: 5 }), seen);
    await s.post(path, widget(s, 'c', { size: '5' }), seen);
    await s.post(path, widget(s, 'd', { size: 1.5 }), seen);
    await s.post(path, widget(s, 'e', { size: 2.0, ios: 'x' }), seen);
    await s.post(path, widget(s, 'f', { size: null }), seen);
    await s.post(path, widget(s, 'g', { ios: true, list: 'x', nested: [], map: 1 }), seen);
    await s.post(path, widget(s, 'h', { size: 9_007_199_254_740_993n.toString() }), seen);
    await s.patch(`${path}/a`, MERGE, { spec: { mode: null } }, seen);
    await s.patch(`${path}/a`, MERGE, { spec: { unheard: 1 } }, seen);
    await s.get(`${path}/without-spec`);
  },
  'say what is wrong with a resource': async (s) => {
    await s.define(widgets(s, {
      type: 'object', required: ['must', 'also'], minProperties: 1, maxProperties: 14,
      properties: {
        must: { type: 'string' }, also: { type: 'integer' }, text: { type: 'string', minLength: 2, maxLength: 4, pattern: '^[a-z]+$' }, pick: { type: 'string', enum: ['a', 'b'] }, number: { type: 'number', minimum: 1, maximum: 5, exclusiveMaximum: true, multipleOf: 0.5 }, count: { type: 'integer', format: 'int32', minimum: 0 },
        list: { type: 'array', minItems: 1, maxItems: 2, items: { type: 'string' } }, set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }, when: { type: 'string', format: 'date-time' }, day: { type: 'string', format: 'date' }, ip: { type: 'string', format: 'ipv4' }, mail: { type: 'string', format: 'email' }, uuid: { type: 'string', format: 'uuid' }, span: { type: 'string', format: 'duration' }, bytes: { type: 'string', format: 'byte' },
        cidr: { type: 'string', format: 'cidr' }, uri: { type: 'string', format: 'uri' }, host: { type: 'string', format: 'hostname' }, yes: { type: 'boolean' }, either: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
        any: { type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ required: ['a'] }, { required: ['b'] }] }, all: { type: 'object', properties: { a: { type: 'string' } }, allOf: [{ required: ['a'] }, { properties: { a: { minLength: 2 } } }] }, none: { type: 'object', properties: { a: { type: 'string' } }, not: { required: ['a'] } },
        keyed: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object', required: ['k'], properties: { k: { type: 'string' } } } }, small: { type: 'object', additionalProperties: { type: 'integer' }, maxProperties: 1 },
      },
    }));
    const seen = { pick: problems };
    const path = `${widgetsOf(s)}?dryRun=All`;
    const bad = (spec: object): Promise<unknown> => s.post(path, widget(s, 'a', { must: 'x', also: 1, ...spec }), seen);
    await s.post(path, widget(s, 'a', {}), seen);
    for (const text of ['a', 'abcde', 'AB', '', 'éé', '😀😀']) await bad({ text });
    for (const spec of [
      { pick: 'c' }, { number: 0 }, { number: 5 }, { number: 1.3 }, { number: 'x' }, { count: -1 }, { count: 3_000_000_000 }, { list: [] }, { list: ['a', 'b', 'c'] }, { list: [1] }, { set: ['a', 'a'] }, { when: 'now' }, { when: '2020-01-01T00:00:00Z' }, { day: '2020-13-01' }, { ip: '1.2.3' }, { mail: 'x' }, { uuid: 'x' }, { span: '1h' }, { span: '1x' }, { bytes: '!' },
      { cidr: '10.0.0.0' }, { uri: 'not a uri' }, { host: '-x' }, { yes: 'true' }, { either: {} }, { either: { a: 'x', b: 'y' } }, { any: {} }, { all: {} }, { all: { a: 'x' } }, { none: { a: 'x' } }, { keyed: [{ k: 'a' }, { k: 'a' }] }, { keyed: [{}] }, { small: { a: 1, b: 2 } }, { small: { a: 'x' } }, { must: 1, also: 'x' }, { must: null },
      { text: 'a', pick: 'c', number: 0, list: [], yes: 1 },
    ]) await bad(spec);
    await s.post(path, { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec: [] }, seen);
    await s.post(path, { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec: 'x' }, seen);
    await s.post(path, { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name: 'Bad_Name', labels: { x: 'bad value!' } }, spec: { must: 'x', also: 1 } }, seen);
    await s.post(path, { apiVersion: `${s.group}/v1`, kind: 'Gadget', metadata: { name: 'a' }, spec: {} }, { pick: ({ message, code, reason }) => ({ message, code, reason }) });
    await s.post(path, { spec: { must: 'x', also: 1 } }, { pick: ({ message, code, reason }) => ({ message, code, reason }) });
    await s.post(path, widget(s, 'a', { must: 'x', also: 1 }, { status: 'odd' }), seen);
  },
  'have status and scale when they say so': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: { size: { type: 'integer' } } }, {
      subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size', labelSelectorPath: '.status.selector' } },
    }));
    const path = widgetsOf(s);
    await s.post(path, widget(s, 'a', { size: 1 }, { status: { size: 9 } }));
    await s.put(`${path}/a/status`, widget(s, 'a', { size: 5 }, { status: { size: 1, selector: 'app=x' } }));
    await s.patch(`${path}/a`, MERGE, { status: { size: 7 }, spec: { size: 2 } });
    await s.get(`${path}/a/status`);
    await s.get(`${path}/a/scale`);
    await s.patch(`${path}/a/scale`, MERGE, { spec: { replicas: 4 } });
    await s.put(`${path}/a/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a', namespace: s.namespace }, spec: { replicas: 6 } });
    await s.put(`${path}/a/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a', namespace: s.namespace, resourceVersion: '1' }, spec: { replicas: 6 } });
    await s.put(`${path}/a/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'b' }, spec: { replicas: 6 } });
    await s.patch(`${path}/a/scale`, MERGE, { spec: { replicas: -1 } });
    await s.get(`${path}/missing/scale`);
    await s.get(`${path}/a`, { pick: ({ metadata, spec, status }) => ({ generation: metadata.generation, spec, status }) });
    await s.post(path, widget(s, 'b', {}));
    await s.get(`${path}/b/scale`);
    await s.post(`${path}/a/status`, {});
    await s.delete(`${path}/a/status`);
    await s.patch(`${path}/a/status?fieldManager=m`, 'application/apply-patch+yaml', widget(s, 'a', { size: 8 }, { status: { size: 3 } }));
  },
  'without subresources, status is a field as Body': async (s) => {
    await s.define(widgets(s, OPEN));
    const path = widgetsOf(s);
    await s.post(path, widget(s, 'a', {}, { status: { x: 1 } }));
    await s.patch(`${path}/a`, MERGE, { status: { x: 2 } }, { pick: ({ metadata, status }) => ({ generation: metadata.generation, status }) });
    await s.get(`${path}/a/status`);
    await s.get(`${path}/a/scale`);
    await s.patch(`${path}/a/status`, MERGE, {});
  },
  'serve several versions of what they store': async (s) => {
    const spec = { type: 'object', properties: { size: { type: 'integer' } } };
    const schemaOf = (more: object = {}): object => ({ openAPIV3Schema: { type: 'object', properties: { spec: { ...spec, properties: { ...spec.properties, ...more } } } } });
    await s.define(widgets(s, spec, {}, {
      versions: [
        { name: 'v1alpha1', served: false, storage: false, schema: schemaOf() },
        { name: 'v1beta1', served: true, storage: false, deprecated: true, schema: schemaOf({ beta: { type: 'string', default: 'b' } }) },
        { name: 'v1beta2', served: true, storage: false, deprecated: true, deprecationWarning: 'please leave v1beta2', schema: schemaOf() },
        { name: 'v1', served: true, storage: true, schema: schemaOf({ one: { type: 'string', default: '1' } }) },
      ],
    }));
    await s.post(widgetsOf(s, 'v1beta1'), { ...widget(s, 'a', { size: 1 }), apiVersion: `${s.group}/v1beta1` });
    await s.get(`${widgetsOf(s)}/a`);
    await s.get(`${widgetsOf(s, 'v1beta2')}/a`);
    await s.get(widgetsOf(s, 'v1beta2'), { pick: ({ kind, apiVersion, items }) => ({ kind, apiVersion, versions: items.map(({ apiVersion: version }: Body) => version) }) });
    await s.get(`${widgetsOf(s, 'v1alpha1')}/a`);
    await s.patch(`${widgetsOf(s, 'v1beta1')}/a`, MERGE, { spec: { beta: 'x' } });
    await s.get(`${CRDS}/widgets.${s.group}`, { pick: conditions });
    await s.get(`/apis/${s.group}`);
    await s.get(`/apis/${s.group}/v1`);
    await s.get(`/apis/${s.group}/v1beta1`);
    await s.get(`/apis/${s.group}/v1alpha1`);
    await s.get(`/apis/${s.group}/v2`);
  },
  'are updated with care': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: { size: { type: 'integer' } } }));
    const path = `${CRDS}/widgets.${s.group}`;
    await s.patch(path, MERGE, { spec: { group: 'other.example.com' } });
    await s.patch(path, MERGE, { spec: { scope: 'Cluster' } });
    await s.patch(path, MERGE, { spec: { names: { plural: 'gadgets' } } });
    await s.patch(path, MERGE, { spec: { names: { kind: 'Gadget' } } }, { pick: ({ spec, message, metadata }) => ({ names: spec?.names, message, generation: metadata?.generation }) });
    await s.patch(path, MERGE, { spec: { names: { kind: 'Widget' } } }, { pick: ({ spec, message, metadata }) => ({ names: spec?.names, message, generation: metadata?.generation }) });
    await s.patch(path, MERGE, { spec: { versions: [] } });
    await s.patch(`${path}/status`, MERGE, { status: { storedVersions: [] } });
    await s.patch(`${path}/status`, MERGE, { status: { storedVersions: ['v9'] } });
    await s.patch(path, MERGE, { metadata: { labels: { x: 'y' } } }, { pick: ({ metadata }) => ({ labels: metadata.labels, generation: metadata.generation }) });
  },
  'wait for each other\'s names': async (s) => {
    await s.define(widgets(s, OPEN, {}, { names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] } }));
    const other = { ...widgets(s, OPEN), metadata: { name: `others.${s.group}` } } as Body;
    other.spec = { ...other.spec, names: { plural: 'others', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] } };
    await s.quiet('POST', CRDS, other);
    await s.until(`${CRDS}/others.${s.group}`, ({ body }) => body.status?.conditions?.length >= 2);
    await s.get(`${CRDS}/others.${s.group}`, { pick: conditions });
    await s.get(`/apis/${s.group}/v1`, { pick: ({ resources }) => resources.map(({ name }: Body) => name) });
    await s.delete(`${CRDS}/widgets.${s.group}`, undefined, { pick: ({ kind, metadata }) => ({ kind, finalizers: metadata?.finalizers }) });
    await s.until(`${CRDS}/others.${s.group}`, ({ body }) => body.status?.conditions?.some((condition: Body) => condition.type === 'Established' && condition.status === 'True'));
    await s.get(`${CRDS}/others.${s.group}`, { pick: conditions });
  },
  'take their resources along, finalizers first': async (s) => {
    await s.define(widgets(s, OPEN));
    await s.quiet('POST', widgetsOf(s), widget(s, 'free', {}));
    await s.quiet('POST', widgetsOf(s), { ...widget(s, 'held', {}), metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    const crd = `${CRDS}/widgets.${s.group}`;
    await s.delete(crd, undefined, { pick: ({ metadata }) => ({ finalizers: metadata.finalizers, deleted: metadata.deletionTimestamp }) });
    await s.until(`${widgetsOf(s)}/free`, ({ status }) => status === 404);
    await s.until(crd, ({ body }) => body.status.conditions.some(({ type, reason }: Body) => type === 'Terminating' && reason === 'InstanceDeletionInProgress'));
    await s.get(crd, { pick: conditions });
    await s.post(widgetsOf(s), widget(s, 'late', {}));
    await s.get(`${widgetsOf(s)}/held`, { pick: ({ metadata }) => ({ finalizers: metadata.finalizers, deleted: metadata.deletionTimestamp }) });
    await s.patch(`${widgetsOf(s)}/held`, MERGE, { metadata: { finalizers: null } }, { pick: ({ kind }) => kind });
    await s.until(crd, ({ status }) => status === 404);
    await s.until(`/apis/${s.group}/v1`, ({ status }) => status === 404);
    await s.get(`${widgetsOf(s)}/held`);
    await s.get(`/apis/${s.group}`);
  },
  'choose by the fields that they name': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: { color: { type: 'string' }, size: { type: 'integer' }, on: { type: 'boolean' } } }, { selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.size' }, { jsonPath: '.spec.on' }] }));
    for (const [name, spec] of Object.entries({ a: { color: 'red', size: 1 }, b: { color: 'blue', on: true }, c: {} })) await s.quiet('POST', widgetsOf(s), widget(s, name, spec));
    for (const selector of ['spec.color=red', 'spec.color!=red', 'spec.color=', 'spec.size=1', 'spec.on=true', 'spec.on=', 'spec.color=red,spec.size=1', 'metadata.name=a', 'spec.unheard=x', `metadata.namespace=${s.namespace}`, 'status.x=y']) {
      await s.get(`${widgetsOf(s)}?fieldSelector=${encodeURIComponent(selector)}`, { pick: (body) => (body.items ? body.items.map((item: Body) => item.metadata.name) : body) });
    }
    const watch = await s.watch(`${widgetsOf(s)}?watch=true&fieldSelector=spec.color=red`, { pick: ({ metadata, spec }) => ({ name: metadata.name, spec }) });
    await s.quiet('PATCH', `${widgetsOf(s)}/a`, { spec: { color: 'blue' } }, { headers: { 'content-type': MERGE } });
    await s.quiet('PATCH', `${widgetsOf(s)}/b`, { spec: { color: 'red' } }, { headers: { 'content-type': MERGE } });
    await watch.expect(3);
  },
  'have columns of their own': async (s) => {
    await s.define(widgets(s, OPEN, { additionalPrinterColumns: [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size', description: 'How big.' }, { name: 'Far', type: 'string', jsonPath: '.spec.far', priority: 1 }, { name: 'Since', type: 'date', jsonPath: '.spec.since' }, { name: 'List', type: 'string', jsonPath: '.spec.list[*]' }, { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
      { name: 'Object', type: 'string', jsonPath: '.spec.object' }, { name: 'Yes', type: 'boolean', jsonPath: '.spec.yes' }, { name: 'Number', type: 'number', format: 'double', jsonPath: '.spec.number' }, { name: 'Escaped', type: 'string', jsonPath: '.metadata.labels.example\\.com/x' },
    ] }));
    await s.quiet('POST', widgetsOf(s), { ...widget(s, 'a', { size: 3, far: 'away', since: '2001-01-01T00:00:00Z', list: ['x', 'y'], object: { a: 1 }, yes: true, number: 1.5 }, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }), metadata: { name: 'a', labels: { 'example.com/x': 'label' } } });
    await s.quiet('POST', widgetsOf(s), widget(s, 'b', { size: 'three', since: 'never', yes: 'no', number: 7, list: 'x' }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'c', {}));
    await s.get(widgetsOf(s), { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }, pick: ({ columnDefinitions, rows }) => ({ columnDefinitions: columnDefinitions.map(({ description, ...column }: Body) => ({ ...column, ...(column.name !== 'Name' && { description }) })), rows: rows.map(({ cells }: Body) => cells.map((cell: unknown) => (/^\d+y/.test(String(cell)) ? '<years>' : cell))) }) });
  },
};
