import type { JsonObject } from '../../../src/apiserver/index.js';
import { configMap, pod } from '../objects.js';
import { MERGE } from '../session.js';
import type { Body, RequestOptions } from '../session.js';
import type { Topic } from '../suite.js';
import { deny, REGISTRATION, rules, WebhookBackend } from '../webhook-backend.js';

const VALIDATING = `${REGISTRATION}/validatingwebhookconfigurations`;
const MUTATING = `${REGISTRATION}/mutatingwebhookconfigurations`;

const NOTHING = { objectSelector: { matchLabels: { never: 'matches' } } };
/** Why a configuration is refused; or what it is made of. */
const pick = ({ kind, details, message, webhooks }: Body): unknown => (kind === 'Status' ? details?.causes ?? message : webhooks);
const webhook = (fields: JsonObject = {}): JsonObject => ({ name: 'a.example.com', clientConfig: { url: 'https://example.com/x' }, admissionReviewVersions: ['v1'], sideEffects: 'None', ...NOTHING, ...fields });

export const scenarios: Topic = {
  'fills in what configurations leave out': async (s) => {
    await s.post(VALIDATING, { metadata: { name: s.unique('a') }, webhooks: [webhook({ rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }], clientConfig: { service: { namespace: 'default', name: 'x' } } })] });
    await s.post(MUTATING, { metadata: { name: s.unique('b') }, webhooks: [webhook()] }, { pick });
    await s.patch(`${MUTATING}/${s.unique('b')}`, MERGE, { webhooks: [] }, { pick: ({ webhooks, metadata }) => ({ webhooks, generation: metadata.generation }) });
    await s.post(VALIDATING, { metadata: { name: s.unique('none') } }, { pick: ({ kind, webhooks, metadata }) => ({ kind, webhooks, generation: metadata.generation }) });
  },
  'refuses webhooks that cannot be': async (s) => {
    const refused = (fields: JsonObject, url = VALIDATING): Promise<unknown> => s.post(url, { metadata: { name: s.unique('a') }, webhooks: [webhook(fields)] }, { pick });
    await refused({ name: '' });
    await refused({ name: 'a.b' });
    await refused({ name: 'A.example.com' });
    await refused({ clientConfig: {} });
    await refused({ clientConfig: { url: 'https://x', service: { namespace: 'a', name: 'b' } } });
    for (const url of ['http://example.com', 'https://', 'https://u:p@example.com', 'https://example.com/#x', 'https://example.com/?a=b', 'example.com', '', 'https://exa mple.com', ':bad']) await refused({ clientConfig: { url } });
    for (const service of [{ namespace: '', name: '' }, { namespace: 'a', name: 'b', port: 0 }, { namespace: 'a', name: 'b', port: 70_000 }, { namespace: 'a', name: 'b', path: 'x' }, { namespace: 'a', name: 'b', path: '//' }, { namespace: 'a', name: 'b', path: '/a//b' }, { namespace: 'a', name: 'b', path: '/Upper/' }]) await refused({ clientConfig: { service } });
    for (const admissionReviewVersions of [[], ['v9'], ['v1', 'v1'], ['V1', 'v1'], null]) await refused({ admissionReviewVersions });
    for (const sideEffects of [null, 'Some', 'Unheard']) await refused({ sideEffects });
    for (const timeoutSeconds of [0, 31, -1]) await refused({ timeoutSeconds });
    await refused({ failurePolicy: 'Never', matchPolicy: 'Some' });
    await refused({ reinvocationPolicy: 'Often' }, MUTATING);
    await refused({ namespaceSelector: { matchExpressions: [{ key: '-', operator: 'In' }] }, objectSelector: { matchLabels: { a: '-' } } });
    await s.post(MUTATING, { metadata: { name: s.unique('a') }, webhooks: [webhook(), webhook({ name: 'b.example.com' }), webhook()] }, { pick });
    await s.post(MUTATING, { metadata: { name: 'Upper' }, webhooks: [] }, { pick });
  },
  'refuses rules that cannot be': async (s) => {
    const refused = (rule: JsonObject): Promise<unknown> => s.post(VALIDATING, { metadata: { name: s.unique('a') }, webhooks: [webhook({ rules: [rule] })] }, { pick });
    await refused({});
    for (const fields of [
      { operations: ['CREATE', '*'] }, { operations: ['create'] }, { operations: ['READ', 'DELETE'] }, { apiGroups: ['', '*'] }, { apiVersions: ['v1', '*'] }, { apiVersions: [''] },
      { resources: [''] }, { resources: ['*/*', 'pods'] }, { resources: ['*', 'pods'] }, { resources: ['*', 'pods/status'] }, { resources: ['pods/*', 'pods/status'] }, { resources: ['*/status', 'pods/status'] }, { resources: ['pods/status', 'pods/*'] },
      { scope: 'Everywhere' }, { scope: '' },
    ]) await refused(rules('CREATE', 'pods', fields));
  },
  'refuses conditions that cannot be': async (s) => {
    const refused = (...matchConditions: JsonObject[]): Promise<unknown> => s.post(VALIDATING, { metadata: { name: s.unique('a') }, webhooks: [webhook({ matchConditions })] }, { pick });
    await refused({ name: 'a', expression: 'true' }, { name: 'a', expression: 'false' });
    await refused({ name: '', expression: 'true' });
    await refused({ name: 'not a name!', expression: 'true' });
    await refused({ name: 'a', expression: '' });
    await refused({ name: 'a', expression: '  ' });
    await refused({ name: 'a', expression: '"text"' });
    await refused({ name: 'a', expression: 'params.x == 1' });
    await refused({ name: 'a', expression: 'variables.x == 1' });
    await refused({ name: 'a', expression: 'unheard' });
    await refused({ name: 'a', expression: 'request.unheard == "x"' });
    await refused({ name: 'a', expression: 'request.operation == 1' });
    await refused(...Array.from({ length: 65 }, (_, index) => ({ name: `n${index}`, expression: 'true' })));
  },
  'asks those whose rules name the request': async (s) => {
    const backend = await WebhookBackend.start(s);
    const named = (name: string, rule: JsonObject, more: JsonObject = {}): JsonObject => backend.webhook(name, { rules: [rule], ...more });
    await backend.register('Mutating', [
      named('operation', rules('UPDATE', 'configmaps')), named('any-operation', rules('*', 'configmaps')), named('group', rules('*', '*', { apiGroups: ['apps'] })), named('version', rules('*', 'configmaps', { apiVersions: ['v2'] })),
      named('all', rules('*', '*')), named('all-parts', rules('*', '*/*')), named('parts', rules('*', 'pods/*')), named('status', rules('*', '*/status')), named('cluster', rules('*', '*', { scope: 'Cluster' })), named('namespaced', rules('*', '*', { scope: 'Namespaced' })),
    ]);
    const asked = async (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<void> => {
      s.note(`# ${method} ${path}`);
      await s.quiet(method, path, body, { ...(headers && { headers }) });
      backend.tell();
    };
    await asked('POST', s.in('configmaps'), configMap('a'));
    await asked('PUT', s.in('configmaps/a'), configMap('a', { a: 'b' }));
    await asked('DELETE', s.in('configmaps/a'));
    await asked('POST', s.in('pods'), pod('p'));
    await asked('PATCH', s.in('pods/p/status'), { status: { message: 'x' } }, { 'content-type': MERGE });
    await asked('PATCH', `/api/v1/namespaces/${s.namespace}`, { metadata: { labels: { a: 'b' } } }, { 'content-type': MERGE });
  },
  'asks those whose selectors take the objects': async (s) => {
    const backend = await WebhookBackend.start(s);
    await s.quiet('PATCH', `/api/v1/namespaces/${s.namespace}`, { metadata: { labels: { tier: 'gold' } } }, { headers: { 'content-type': MERGE } });
    const own = (matchLabels: JsonObject): JsonObject => ({ namespaceSelector: { matchLabels: { ...matchLabels, 'kubernetes.io/metadata.name': s.namespace } } });
    const every = { rules: [rules('CREATE UPDATE DELETE', 'configmaps')] };
    await backend.register('Validating', [
      backend.webhook('gold', { ...every, ...own({ tier: 'gold' }) }), backend.webhook('silver', { ...every, ...own({ tier: 'silver' }) }),
      backend.webhook('app', { ...every, objectSelector: { matchLabels: { app: 'x' } } }), backend.webhook('no-app', { ...every, objectSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }), backend.webhook('everything', { ...every, objectSelector: {} }),
      backend.webhook('namespaces', { rules: [rules('UPDATE', 'namespaces')], ...own({ tier: 'gold' }) }), backend.webhook('roles', { rules: [rules('CREATE', 'clusterroles', { apiGroups: ['*'] })], namespaceSelector: {}, objectSelector: { matchLabels: { run: s.namespace } } }),
    ]);
    const tell = (): void => backend.tellSorted();
    await s.quiet('POST', s.in('configmaps'), configMap('a', {}, { labels: { app: 'x' } }));
    tell();
    await s.quiet('PUT', s.in('configmaps/a'), configMap('a', {}, { labels: { app: 'y' } }));
    tell();
    await s.quiet('PUT', s.in('configmaps/a'), configMap('a'));
    tell();
    await s.quiet('DELETE', s.in('configmaps/a'));
    tell();
    await s.quiet('PATCH', `/api/v1/namespaces/${s.namespace}`, { metadata: { labels: { tier: 'silver' } } }, { headers: { 'content-type': MERGE } });
    tell();
    await s.quiet('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: s.unique('role'), labels: { run: s.namespace } } });
    tell();
  },
  'asks those whose conditions hold': async (s) => {
    const backend = await WebhookBackend.start(s);
    const on = (name: string, expression: string | string[], more: JsonObject = {}): JsonObject =>
      backend.webhook(name, { matchConditions: [expression].flat().map((each, index) => ({ name: `c${index}`, expression: each })), objectSelector: { matchLabels: { label: name } }, ...more });
    await backend.register('Validating', [
      on('holds', ['object.data.a == "1"', 'has(object.metadata.name)']), on('not', ['object.data.a == "1"', 'object.data.a == "2"']), on('missing', 'object.data.none == "1"'), on('missing-lax', 'object.data.none == "1"', { failurePolicy: 'Ignore' }),
      on('false-and-missing', ['object.data.none == "1"', 'false']), on('two-missing', ['object.data.none == "1"', 'object.data.other == "1"']), on('request', ['request.operation == "CREATE"', 'request.userInfo.username == "admin"', '"system:masters" in request.userInfo.groups', 'request.resource.resource == "configmaps"', '!request.dryRun', 'request.options.kind == "CreateOptions"', 'oldObject == null', 'request.namespace == object.metadata.namespace']),
      on('authorizer', 'authorizer.group("").resource("configmaps").namespace("default").check("create").allowed()'), on('no-authorizer', 'authorizer.group("").resource("nodes").check("unheard").reason() == "x"'),
      on('namespace', 'namespaceObject == null'),
    ]);
    for (const label of ['holds', 'not', 'missing', 'missing-lax', 'false-and-missing', 'two-missing', 'request', 'authorizer', 'no-authorizer', 'namespace']) {
      await s.post(s.in('configmaps'), configMap(label, { a: '1' }, { labels: { label } }), { pick: ({ kind, message, code }) => (code ? { code, message } : kind) } satisfies RequestOptions);
      backend.tell();
    }
  },
  'never asks webhooks about themselves': async (s) => {
    const backend = await WebhookBackend.start(s);
    backend.on('all', () => deny());
    await backend.register('Validating', [backend.webhook('all', { rules: [rules('*', '*', { apiGroups: ['admissionregistration.k8s.io'], apiVersions: ['*'] })], namespaceSelector: {}, objectSelector: { matchLabels: { run: s.namespace } } })]);
    await s.post(MUTATING, { metadata: { name: s.unique('other'), labels: { run: s.namespace } } }, { pick: ({ kind }) => kind });
    backend.tell();
  },
};
