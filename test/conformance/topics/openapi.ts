import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../src/apiserver/index.js';
import { widgets } from '../objects.js';
import type { Answer, Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const GNOSTIC = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
/** They name every group that an API server ever had. */
const OF_ALL_GROUPS = new Set([`${META}.DeleteOptions`, `${META}.WatchEvent`]);
/** Of each, one field is told differently: a default of 0 of what is left out when it is 0, and a text that is said to be a list. */
const DIFFERENT = new Set(['io.k8s.api.autoscaling.v1.ScaleSpec', 'io.k8s.api.core.v1.ReplicationControllerSpec', 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceSpec']);
/** Kinds that are compared field by field; of the others it shows only whether they are the same. */
const IN_FULL = ['core.v1.Pod', 'core.v1.PodSpec', 'core.v1.Container', 'core.v1.Node', 'core.v1.NodeSpec', 'core.v1.NodeStatus', 'core.v1.ServiceSpec', 'core.v1.ServicePort', 'core.v1.ConfigMap', 'core.v1.Event', 'core.v1.PodList', 'core.v1.AppArmorProfile', 'apps.v1.DeploymentSpec', 'apps.v1.DeploymentStrategy', 'batch.v1.CronJobSpec', 'coordination.v1.LeaseSpec', 'policy.v1.PodDisruptionBudgetSpec', 'autoscaling.v2.MetricTarget'];
const WIDGET = { type: 'object', required: ['size'], properties: { size: { type: 'integer', minimum: 1, default: 3, description: 'how big' }, note: { type: 'string', nullable: true, enum: ['a', 'b'] }, either: { 'x-kubernetes-int-or-string': true }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, parts: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } }, limits: { type: 'object', additionalProperties: { type: 'string', pattern: '^x' } } }, 'x-kubernetes-validations': [{ rule: 'self.size > 0' }] };

/** Without words and the order of what is in none, and with a reference as such whether something stands beside it or not. */
function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essence);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name, content]) => !(name === 'description' && typeof content === 'string')).map(([name, content]): [string, unknown] => {
    if (name === 'allOf' && (content as JsonObject[]).length === 1) return ['$ref', (content as [JsonObject])[0]['$ref']];
    return [name, name === 'required' && Array.isArray(content) ? [...(content as string[])].sort() : essence(content)];
  });
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
/** The members of an object, by name. */
const membersOf = (object: Body): [string, Body][] => Object.entries<Body>(object).sort(([left], [right]) => (left < right ? -1 : 1));
const types = (list: readonly string[]): string => [...list].sort().join();
const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(essence(value))).digest('hex').slice(0, 8);
const withoutGroups = (name: string, { 'x-kubernetes-group-version-kind': kinds, ...schema }: Body): unknown => ({ ...schema, ...(!OF_ALL_GROUPS.has(name) && kinds && { kinds }) });
const builtIn = (session: Session): Promise<string[]> => session.quiet('GET', '/openapi/v3').then(({ text }) => Object.keys((JSON.parse(text) as Body).paths).filter((name) => /\/v\d[a-z\d]*$/.test(name) && !/example\.com|^openid|metrics/.test(name)).sort());
const outcome = ({ status, headers, text }: Answer): string => `${status} ${headers['content-type'] ?? 'no type'} ${text === '' ? 'no body' : 'a body'} etag ${(headers['etag'] ?? 'none').replace(/[0-9A-F]{128}/, 'SHA512')} cache-control: ${headers['cache-control'] ?? 'none'} vary: ${[headers['vary'] ?? 'none'].flat().join().replace('Accept-Encoding,', '')}`;

export const scenarios: Topic = {
  'schemas of every built-in kind': async (s) => {
    for (const name of await builtIn(s)) {
      const { body } = await s.quiet('GET', `/openapi/v3/${name}`);
      s.note(`${name}: openapi ${body.openapi}, title ${body.info.title}, ${Object.keys(body.components).sort().join()}`);
      for (const [schema, content] of membersOf(body.components.schemas)) if (!DIFFERENT.has(schema)) s.note(`${name} ${schema}: ${digest(withoutGroups(schema, content))}`);
    }
  },
  'schemas of common kinds, field by field': async (s) => {
    for (const name of ['api/v1', 'apis/apps/v1', 'apis/batch/v1', 'apis/coordination.k8s.io/v1', 'apis/policy/v1', 'apis/autoscaling/v2']) {
      const { body } = await s.quiet('GET', `/openapi/v3/${name}`);
      for (const kind of IN_FULL) {
        const schema = body.components.schemas[`io.k8s.api.${kind}`];
        if (!schema) continue;
        const { properties, ...more } = essence(schema) as Body;
        s.note(`${name} ${kind}: ${JSON.stringify(more)}`);
        for (const [field, content] of Object.entries(properties ?? {})) s.note(`${name} ${kind}.${field}: ${JSON.stringify(content)}`);
      }
    }
  },
  'operations of every path': async (s) => {
    for (const name of await builtIn(s)) {
      const { body: { paths } } = await s.quiet('GET', `/openapi/v3/${name}`);
      for (const [path, item] of membersOf(paths).filter(([each]) => !each.includes('/watch/'))) {
        const { parameters = [], ...operations } = item;
        s.note(`${path}: ${membersOf(operations).map(([method, { operationId, 'x-kubernetes-action': action = 'none' }]) => `${method} ${operationId} ${action}`).join(', ')}; ${parameters.map((parameter: Body) => parameter.name).join(' ')}; ${digest(item)}`);
      }
    }
  },
  'version 2': async (s) => {
    const { body } = await s.quiet('GET', '/openapi/v2');
    s.note(`swagger ${body.swagger}, ${JSON.stringify(body.security)}, ${JSON.stringify(essence(body.securityDefinitions))}`);
    for (const [name, schema] of membersOf(body.definitions).filter(([each]) => each.startsWith('io.k8s.api.') && !DIFFERENT.has(each))) s.note(`${name}: ${digest(schema)}`);
    const { paths } = body;
    for (const path of ['/api/v1/namespaces/{namespace}/pods/{name}', '/apis/apps/v1/namespaces/{namespace}/deployments', '/api/v1/namespaces/{namespace}/pods/{name}/exec']) {
      for (const [method, { operationId, consumes, produces, tags, responses, ...operation }] of membersOf(paths[path]).filter(([each]) => each !== 'parameters')) s.note(`${path} ${method} ${operationId} ${tags.join()} takes ${types(method === 'get' ? [] : consumes)} gives ${types(produces)} ${JSON.stringify(essence(responses))} ${operation['x-kubernetes-action']} ${JSON.stringify(essence(operation['x-kubernetes-group-version-kind']))}`);
    }
  },
  'how documents are served': async (s) => {
    const index = await s.quiet('GET', '/openapi/v3');
    s.note(`index: ${outcome(index)}`);
    const apps = (JSON.parse(index.text) as Body).paths['apis/apps/v1'];
    s.note(JSON.stringify(apps).replace(/[0-9A-F]{128}/, 'SHA512'));
    const said = async (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
      const answer = await s.quiet('GET', path, undefined, { headers });
      const { location, expires } = answer.headers;
      s.note(`${path.replace(/[0-9A-F]{128}/, 'SHA512')} ${Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[0-9A-F]{128}/, 'SHA512')}`).join()}: ${outcome(answer)}${location ? ` location ${location.replace(/[0-9A-F]{128}/, 'SHA512')}` : ''}${expires ? ` expires ${/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC$/.test(expires) ? 'some time' : expires}` : ''}`);
      return answer;
    };
    const { headers: { etag = '' } } = await said('/openapi/v3/apis/apps/v1');
    for (const path of [apps.serverRelativeURL, '/openapi/v3/apis/apps/v1?hash=OLD', '/openapi/v3/apis/apps/v1?hash=', '/openapi/v3/apis/nothing/v1', '/openapi/v3/', '/openapi', '/openapi/v2/', '/openapi/v4', '/openapi/v2']) await said(path);
    for (const tag of [etag, '"OTHER"']) await said('/openapi/v3/apis/apps/v1', { 'if-none-match': tag });
    await said(apps.serverRelativeURL, { 'if-none-match': etag });
    for (const accept of ['application/json', '*/*', 'application/*', 'text/html', 'application/yaml']) {
      await said('/openapi/v3/apis/apps/v1', { accept });
      await said('/openapi/v2', { accept });
    }
    for (const accept of [GNOSTIC, GNOSTIC.replace('@', '.'), `${GNOSTIC},application/json`, `application/json,${GNOSTIC}`]) await said('/openapi/v2', { accept });
    const two = await s.quiet('GET', '/openapi/v2');
    await said('/openapi/v2', { 'if-none-match': String(two.headers['etag']) });
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) for (const path of ['/openapi/v2', '/openapi/v3', '/openapi/v3/apis/apps/v1']) s.note(`${method} ${path}: ${outcome(await s.quiet(method, path))}`);
  },
  'documents of custom resources': async (s) => {
    await s.define(widgets(s, WIDGET, { subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } } }));
    const path = `/openapi/v3/apis/${s.group}/v1`;
    await s.until(path, ({ status, text }) => status === 200 && text.includes('how big'));
    const run = s.unique('').slice(1);
    // Operations have its name in capitals.
    const note = (line: string): void => s.note(line.replaceAll(run.charAt(0).toUpperCase() + run.slice(1), run));
    const { body } = await s.quiet('GET', path);
    const { components: { schemas }, paths } = essence(body) as Body;
    const own = (of: Record<string, Body>): unknown => Object.fromEntries(Object.entries(of).filter(([name]) => !name.startsWith('io.k8s')));
    s.note(JSON.stringify(own(schemas), undefined, 1));
    s.note(`others: ${Object.keys(schemas).filter((name) => name.startsWith('io.k8s')).sort().join(' ')}`);
    for (const [each, item] of membersOf(paths).filter(([name]) => !name.includes('/watch/'))) {
      for (const [method, { operationId, parameters = [], requestBody, responses, tags, ...more }] of membersOf(item).filter(([name]) => name !== 'parameters')) {
        note(`${each} ${method} ${operationId} ${(tags ?? []).join()} ${more['x-kubernetes-action']} ${JSON.stringify(more['x-kubernetes-group-version-kind'])} (${parameters.map(({ name }: Body) => name).join(' ')}) takes ${Object.keys(requestBody?.content ?? {}).sort().join()} gives ${Object.keys(responses).join()} ${Object.keys(responses['200'].content).sort().join()}`);
      }
      s.note(`${each}: ${(item.parameters ?? []).map(({ name }: Body) => name).join(' ')}`);
    }
    const version2 = await s.until('/openapi/v2', ({ body: { definitions } }) => Object.keys(definitions ?? {}).some((name) => name.includes(s.group.split('.')[0]!)));
    s.note(JSON.stringify(essence(Object.fromEntries(Object.entries<Body>(version2.body.definitions).filter(([name]) => name.includes(s.group.split('.')[0]!)))), undefined, 1));
    const before = (JSON.parse((await s.quiet('GET', '/openapi/v3')).text) as Body).paths[`apis/${s.group}/v1`].serverRelativeURL;
    await s.quiet('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${s.group}`);
    await s.until(path, ({ status }) => status === 404);
    s.note(`afterwards: ${(await s.quiet('GET', before)).status}`);
  },
  'what a delete answers': async (s) => {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'i' }] } };
    const storage = (resource: string): string => `/apis/storage.k8s.io/v1/${resource}`;
    const dynamic = (resource: string): string => s.in(resource, 'resource.k8s.io/v1');
    const bodies: [string, JsonObject][] = [
      [s.in('configmaps'), {}], [s.in('secrets'), {}], [s.in('serviceaccounts'), {}], [s.in('services'), { spec: { clusterIP: 'None' } }], [s.in('podtemplates'), { template: { ...template, metadata: { labels: { a: 'b' } } } }], [s.in('resourcequotas'), { spec: {} }], [s.in('limitranges'), { spec: { limits: [] } }], [s.in('pods'), template],
      [storage('csidrivers'), { spec: {} }], [storage('csinodes'), { spec: { drivers: [] } }], [storage('storageclasses'), { provisioner: 'x' }], [storage('volumeattachments'), { spec: { attacher: 'x', nodeName: 'n', source: { persistentVolumeName: 'pv' } } }], [storage('volumeattributesclasses'), { driverName: 'x', parameters: { a: 'b' } }],
      ['/apis/resource.k8s.io/v1/deviceclasses', { spec: {} }], [dynamic('resourceclaims'), { spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'x' } }] } } }], [dynamic('resourceclaimtemplates'), { spec: { spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'x' } }] } } } }],
      ['/apis/scheduling.k8s.io/v1/priorityclasses', { value: 1 }], [s.in('leases', 'coordination.k8s.io/v1'), { spec: {} }], [s.in('jobs', 'batch/v1'), { spec: { template } }], ['/api/v1/nodes', {}],
    ];
    for (const [path, body] of bodies) {
      const { status } = await s.quiet('POST', path, { metadata: { name: s.unique('x') }, ...body });
      await s.delete(`${path}/${s.unique('x')}`, undefined, { pick: ({ kind, apiVersion, details }) => ({ made: status, kind, apiVersion, of: details?.kind }) });
    }
  },
};
