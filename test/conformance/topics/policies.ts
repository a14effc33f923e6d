import type { JsonObject } from '../../../src/apiserver/index.js';
import { clusterBinding, clusterRole, configMap, deployment, pod, rule, widget, widgets, widgetsOf } from '../objects.js';
import { MERGE } from '../session.js';
import type { Answer, Body, RequestOptions, Session } from '../session.js';
import type { Topic } from '../suite.js';
import { REGISTRATION, rules } from '../webhook-backend.js';

const POLICIES = `${REGISTRATION}/validatingadmissionpolicies`;
const BINDINGS = `${REGISTRATION}/validatingadmissionpolicybindings`;
const CONFIG_MAPS = { matchConstraints: { resourceRules: [rules('CREATE UPDATE', 'configmaps')] } };

const outcome = ({ kind, message, reason, code, details }: Body): unknown => (kind === 'Status' && message ? { code, reason, message, details } : kind);
const brief: RequestOptions = { pick: ({ kind, code, message }) => (code && message ? { code, message } : kind) };
const problems = ({ kind, details, message }: Body): unknown => (kind === 'Status' ? details?.causes ?? message : kind);

const policy = (name: string, spec: JsonObject): JsonObject => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name }, spec });
const binding = (name: string, spec: JsonObject): JsonObject => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name }, spec });

/** Puts a policy in force in the scenario's namespace, and waits until it is: every binding's own marker in a label is refused. */
async function enforce(s: Session, spec: JsonObject, bound: JsonObject = {}, name = 'policy'): Promise<string> {
  const full = s.unique(name);
  const marked = `!has(object.metadata.labels) || !("probe" in object.metadata.labels) || object.metadata.labels.probe != "${full}"`;
  const { validations = [], matchConstraints = CONFIG_MAPS.matchConstraints, ...rest } = spec as { validations?: JsonObject[]; matchConstraints?: { resourceRules: JsonObject[] } };
  const matched = { ...matchConstraints, resourceRules: [...matchConstraints.resourceRules, rules('CREATE', 'endpoints')] };
  const probe = { expression: `request.resource.resource != "endpoints" || (${marked})`, message: 'probed' };
  const { status, text } = await s.quiet('POST', POLICIES, policy(full, { matchConstraints: matched, validations: [...validations, probe], ...rest }));
  if (status !== 201) throw new Error(`the policy was refused: ${text}`);
  const { matchResources = {}, ...more } = bound as { matchResources?: JsonObject };
  await s.quiet('POST', BINDINGS, binding(full, { policyName: full, validationActions: ['Deny'], matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': s.namespace } }, ...matchResources }, ...more }));
  await attempt(s, s.in('endpoints'), { metadata: { name: 'probe', labels: { probe: full } } }, ({ status: code, headers }) => code !== 201 || /Validation failed/.test(String(headers['warning'])));
  return full;
}

/** Looks for a long text in itself, which costs 640,000. */
const DEAR = 'object.data.a.contains(object.data.a)';
const TWICE = 'object.data.a + object.data.a';
const LONG_TEXT = 'x'.repeat(8_000);

/** A policy of secrets that have no more than a ConfigMap says. */
const LIMITED = {
  paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConstraints: { resourceRules: [rules('CREATE', 'secrets')] },
  validations: [{ expression: 'request.resource.resource == "endpoints" || size(object.data) <= int(params.data.most)', messageExpression: '"at most " + params.data.most + " by " + params.metadata.name' }],
};
const secret = (name: string): JsonObject => ({ metadata: { name }, data: { a: '', b: '' } });

/** Tries to create something, without doing it, until the answer is as wanted: policies and parameters are read from caches. */
async function attempt(s: Session, path: string, object: JsonObject, wanted: (answer: Answer) => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const answer = await s.quiet('POST', `${path}?dryRun=All`, object);
    if (wanted(answer)) return;
    if (performance.now() > deadline) throw new Error(`POST ${path} is still not answered as wanted: ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const scenarios: Topic = {
  'refuses what does not hold': async (s) => {
    await enforce(s, {
      validations: [
        { expression: 'object.data.a != "x"' }, { expression: 'object.data.a != "y"', message: ' no y ', reason: 'Forbidden' }, { expression: 'object.data.a != "z"', messageExpression: '"no " + object.data.a + " in " + object.metadata.name', reason: 'RequestEntityTooLarge' },
        { expression: 'object.data.a != "w"', message: 'fallback', messageExpression: '"several\\nlines"' }, { expression: 'object.data.a != "v"', messageExpression: '"  "' }, { expression: 'object.data.a != "u"', messageExpression: 'string(object.data.none)', message: 'not there' },
        { expression: '\n  object.data.a != "t"\n' }, { expression: 'object.data.a != "s"', reason: 'Invalid', message: 'm' },
      ],
    });
    for (const a of ['ok', 'x', 'y', 'z', 'w', 'v', 'u', 't', 's']) await s.post(s.in('configmaps'), configMap(a, { a }), { pick: outcome });
    await s.post(s.in('configmaps'), configMap('none'), { pick: outcome });
    await s.patch(`${s.in('configmaps')}/ok`, MERGE, { data: { a: 'x' } }, { pick: outcome });
    await s.post(s.in('configmaps'), { metadata: { generateName: 'made-' }, data: { a: 'x' } }, { pick: ({ message, details }) => ({ starts: message.slice(0, 17), causes: details.causes }) });
    await s.delete(`${s.in('configmaps')}/ok`, undefined, brief);
  },
  'warns, audits, or refuses, as the binding says': async (s) => {
    const spec = { validations: [{ expression: 'object.data.a != "x"', message: 'no x' }, { expression: 'object.data.b != "x"', message: 'no b' }], auditAnnotations: [{ key: 'seen', valueExpression: '"a is " + object.data.a' }] };
    const warns = await enforce(s, spec, { validationActions: ['Warn', 'Audit'] });
    await s.post(s.in('configmaps'), configMap('a', { a: 'x', b: 'x' }), brief);
    await s.post(s.in('configmaps'), configMap('b', { a: 'y', b: 'y' }), brief);
    await s.post(s.in('configmaps'), configMap('c', { a: 'x' }), brief);
    await s.patch(`${BINDINGS}/${warns}`, MERGE, { spec: { validationActions: ['Audit'] } }, { pick: ({ spec: { validationActions }, metadata }) => ({ validationActions, generation: metadata.generation }) });
  },
  'counts what cannot be decided by its failure policy': async (s) => {
    await enforce(s, { validations: [{ expression: 'object.data.none == "1"' }, { expression: 'object.data.a == "1"' }] }, {}, 'strict');
    await s.post(s.in('configmaps'), configMap('a', { a: '1' }), { pick: outcome });
    await s.post(s.in('configmaps'), configMap('b', { none: 'x', a: '1' }), { pick: outcome });
    await s.quiet('DELETE', `${BINDINGS}/${s.unique('strict')}`);
    await enforce(s, { failurePolicy: 'Ignore', validations: [{ expression: 'object.data.none == "1"' }, { expression: 'object.data.a == "1"' }] }, {}, 'lax');
    await attempt(s, s.in('configmaps'), configMap('c', { a: '1' }), ({ status }) => status === 201);
    await s.post(s.in('configmaps'), configMap('c', { a: '1' }), { pick: outcome });
    await s.post(s.in('configmaps'), configMap('d', { a: '2' }), { pick: outcome });
  },
  'evaluates what it may name': async (s) => {
    const user = s.unique('ada');
    await s.quiet('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', clusterRole(user, [rule('create get', 'configmaps'), { verbs: ['get'], nonResourceURLs: ['/metrics'] }]));
    await s.quiet('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', clusterBinding(user, `ClusterRole/${user}`, `User/${user}`));
    await s.quiet('PATCH', `/api/v1/namespaces/${s.namespace}`, { metadata: { labels: { tier: 'gold' } } }, { headers: { 'content-type': MERGE } });
    const named = (name: string, expression: string): JsonObject => ({ expression: `object.metadata.name != "${name}" || (${expression})`, message: `${name} does not hold` });
    await enforce(s, {
      variables: [{ name: 'name', expression: 'object.metadata.name' }, { name: 'length', expression: 'size(variables.name)' }, { name: 'broken', expression: 'object.data.none' }],
      validations: [
        named('request', `request.operation == "CREATE" && request.userInfo.username == "${user}" && "g" in request.userInfo.groups && request.resource.resource == "configmaps" && request.kind.kind == "ConfigMap" && request.namespace == object.metadata.namespace && request.name == "request" && request.dryRun == false && !has(request.subResource) && request.requestKind.version == "v1"`),
        named('options', 'request.options.kind == "CreateOptions" && request.options.fieldManager == "me"'),
        named('old', 'oldObject == null'), named('namespace', 'namespaceObject.metadata.labels.tier == "gold" && namespaceObject.status.phase == "Active" && "kubernetes" in namespaceObject.spec.finalizers'),
        named('variables', 'variables.length == 9 && variables.name == "variables"'), named('broken', 'variables.broken == "x"'), named('unused', 'true'),
        named('may', 'authorizer.group("").resource("configmaps").namespace(request.namespace).check("create").allowed() && !authorizer.group("").resource("secrets").check("get").allowed() && authorizer.path("/metrics").check("get").allowed() && !authorizer.path("/metrics").check("post").allowed()'),
        named('request-resource', 'authorizer.requestResource.check("create").allowed() && !authorizer.requestResource.check("delete").allowed()'),
        named('account', `!authorizer.serviceAccount("${s.namespace}", "default").group("").resource("configmaps").check("get").allowed()`),
        named('reason', 'authorizer.requestResource.check("get").reason().startsWith("RBAC: allowed by ClusterRoleBinding") && !authorizer.requestResource.check("get").errored() && authorizer.requestResource.check("get").error() == ""'),
        named('named', 'authorizer.group("").resource("configmaps").subresource("x").name("y").check("get").allowed()'),
      ],
    });
    for (const name of ['request', 'options', 'old', 'namespace', 'variables', 'broken', 'unused', 'may', 'request-resource', 'account', 'reason', 'named']) await s.post(`${s.in('configmaps')}${name === 'options' ? '?fieldManager=me' : ''}`, configMap(name), { ...brief, as: [user, 'g'] });
  },
  'costs no more than it may': async (s) => {
    const most = async (name: string, spec: JsonObject): Promise<void> => {
      const full = await enforce(s, { ...spec, validations: (spec['validations'] as JsonObject[]).map(({ expression, ...more }) => ({ expression: `request.resource.resource == "endpoints" || (${String(expression)})`, ...more })) }, {}, name);
      await s.post(s.in('configmaps'), configMap(name, { a: LONG_TEXT }), { ...brief, hidden: true });
      await s.quiet('DELETE', `${BINDINGS}/${full}`);
      // Its probe is let through once it is no longer in force.
      await attempt(s, s.in('endpoints'), { metadata: { name: 'probe', labels: { probe: full } } }, ({ status }) => status === 201);
    };
    const times = (count: number, validation: JsonObject): JsonObject[] => Array.from({ length: count }, (_, index) => JSON.parse(JSON.stringify(validation).replaceAll('INDEX', String(index))) as JsonObject);
    await most('alone', { validations: [{ expression: `(${TWICE}).contains(${TWICE})` }] });
    await most('lax', { failurePolicy: 'Ignore', validations: [{ expression: `(${TWICE}).contains(${TWICE})` }] });
    await most('few', { validations: times(9, { expression: DEAR }) });
    await most('together', { validations: times(40, { expression: DEAR }) });
    await most('together-lax', { failurePolicy: 'Ignore', validations: times(40, { expression: DEAR }) });
    await most('shared', { variables: [{ name: 'dear', expression: DEAR }], validations: times(40, { expression: 'variables.dear' }) });
    await most('variables', { variables: times(40, { name: 'vINDEX', expression: DEAR }), validations: times(40, { expression: 'variables.vINDEX' }) });
    await most('messages', { validations: times(40, { expression: 'true', messageExpression: `${DEAR} ? "yes" : "no"` }) });
    await most('notes', { validations: [{ expression: 'true' }], auditAnnotations: times(20, { key: 'kINDEX', valueExpression: `${DEAR} ? "yes" : "no"` }) });
    await most('when', { matchConditions: times(20, { name: 'cINDEX', expression: `request.resource.resource == "endpoints" || ${DEAR}` }), validations: [{ expression: 'false', message: 'conditions held' }] });
    await most('decided', { matchConditions: [{ name: 'first', expression: 'request.resource.resource == "endpoints"' }, ...times(20, { name: 'cINDEX', expression: `request.resource.resource == "endpoints" || ${DEAR}` })], validations: [{ expression: 'false', message: 'conditions held' }] });
  },
  'compares with the old object': async (s) => {
    await enforce(s, { matchConstraints: { resourceRules: [rules('UPDATE DELETE', 'configmaps')] }, validations: [{ expression: 'request.operation == "DELETE" || object.data.a == oldObject.data.a', message: 'a stays' }, { expression: 'request.operation != "DELETE" || (object == null && !("keep" in oldObject.data))', message: 'it is kept' }] });
    await s.quiet('POST', s.in('configmaps'), configMap('a', { a: '1', keep: '' }));
    await s.patch(s.in('configmaps/a'), MERGE, { data: { a: '2' } }, brief);
    await s.patch(s.in('configmaps/a'), MERGE, { data: { b: '2' } }, brief);
    await s.delete(s.in('configmaps/a'), undefined, brief);
    await s.delete(s.in('configmaps'), undefined, brief);
    await s.patch(s.in('configmaps/a'), MERGE, { data: { keep: null } }, brief);
    await s.delete(s.in('configmaps/a'), undefined, brief);
  },
  'is about the requests that it matches': async (s) => {
    const no = { validations: [{ expression: 'request.resource.resource == "endpoints"', messageExpression: 'request.operation + " " + request.resource.resource + "/" + (has(request.subResource) ? request.subResource : "")' }] };
    await enforce(s, {
      ...no, matchConstraints: {
        resourceRules: [rules('CREATE', 'pods pods/eviction pods/binding'), rules('UPDATE', '*/scale', { apiGroups: ['apps'] }), rules('CREATE', 'configmaps', { resourceNames: ['named'] }), rules('CREATE', 'secrets')], excludeResourceRules: [rules('CREATE', 'secrets', { resourceNames: ['free'] })],
        objectSelector: { matchExpressions: [{ key: 'free', operator: 'DoesNotExist' }] },
      },
      matchConditions: [{ name: 'not-exempt', expression: '!has(object.metadata) || !has(object.metadata.annotations) || !("exempt" in object.metadata.annotations)' }],
    });
    await s.quiet('POST', s.in('deployments', 'apps/v1'), deployment('d'));
    await s.post(s.in('pods'), pod('p'), brief);
    await s.post(s.in('pods'), pod('q', {}, { labels: { free: '' } }), brief);
    await s.post(s.in('pods'), pod('r', {}, { annotations: { exempt: '' } }), brief);
    await s.post(s.in('pods/q/eviction'), { metadata: { name: 'q' } }, brief);
    await s.post(s.in('pods/q/binding'), { metadata: { name: 'q' }, target: { name: 'n' } }, brief);
    await s.patch(s.in('deployments/d/scale', 'apps/v1'), MERGE, { spec: { replicas: 2 } }, brief);
    await s.post(s.in('configmaps'), configMap('named'), brief);
    await s.post(s.in('configmaps'), configMap('other'), brief);
    await s.post(s.in('secrets'), { metadata: { name: 'a' } }, brief);
    await s.post(s.in('secrets'), { metadata: { name: 'free' } }, brief);
  },
  'sees objects in the version that it names': async (s) => {
    const version = (name: string, storage: boolean): JsonObject => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } });
    await s.define(widgets(s, {}, {}, { versions: [version('v1', true), version('v2', false)] }));
    const constraints = { resourceRules: [{ operations: ['CREATE'], apiGroups: [s.group], apiVersions: ['v2'], resources: ['widgets'] }] };
    await enforce(s, { matchConstraints: constraints, validations: [{ expression: 'request.resource.resource == "endpoints"', messageExpression: 'object.apiVersion + " " + request.kind.version + " " + request.requestKind.version + " " + request.resource.version' }] });
    await s.post(widgetsOf(s), widget(s, 'a', {}), brief);
    await s.post(widgetsOf(s, 'v2'), { ...widget(s, 'b', {}), apiVersion: `${s.group}/v2` }, brief);
  },
  'takes parameters by their name': async (s) => {
    await s.quiet('POST', s.in('configmaps'), configMap('limits', { most: '2' }));
    await enforce(s, LIMITED, { paramRef: { name: 'limits', namespace: s.namespace, parameterNotFoundAction: 'Deny' } });
    await s.post(s.in('secrets'), secret('a'), brief);
    await s.quiet('PATCH', s.in('configmaps/limits'), { data: { most: '1' } }, { headers: { 'content-type': MERGE } });
    await attempt(s, s.in('secrets'), secret('b'), ({ status }) => status !== 201);
    await s.post(s.in('secrets'), secret('b'), brief);
    await s.quiet('DELETE', s.in('configmaps/limits'));
    await attempt(s, s.in('secrets'), secret('c'), ({ text }) => /no params found/.test(text));
    await s.post(s.in('secrets'), secret('c'), { pick: outcome });
  },
  'takes parameters by their labels': async (s) => {
    await s.quiet('POST', s.in('configmaps'), configMap('one', { most: '1' }, { labels: { limits: 'yes' } }));
    await s.quiet('POST', s.in('configmaps'), configMap('nine', { most: '9' }, { labels: { limits: 'yes' } }));
    await enforce(s, LIMITED, { paramRef: { selector: { matchLabels: { limits: 'yes' } }, parameterNotFoundAction: 'Deny' } });
    await s.post(s.in('secrets'), secret('a'), brief);
    await s.quiet('DELETE', s.in('configmaps/one'));
    await attempt(s, s.in('secrets'), secret('b'), ({ status }) => status === 201);
    await s.post(s.in('secrets'), secret('b'), brief);
  },
  'refuses policies that cannot be': async (s) => {
    const name = s.unique('p');
    const refused = (spec: JsonObject): Promise<unknown> => s.post(POLICIES, policy(name, spec), { pick: problems });
    const valid = { ...CONFIG_MAPS, validations: [{ expression: 'true' }] };
    await refused({});
    await refused({ matchConstraints: {}, validations: [] });
    await refused({ ...valid, failurePolicy: 'Never' });
    for (const paramKind of [{}, { apiVersion: 'a/b/c', kind: 'X' }, { apiVersion: 'V1', kind: 'Not A Kind' }, { apiVersion: 'g/', kind: 'X' }, { apiVersion: 'G/v1', kind: 'X' }]) await refused({ ...valid, paramKind });
    await refused({ ...valid, matchConstraints: { matchPolicy: 'Some', objectSelector: { matchLabels: { a: '-' } }, resourceRules: [{ ...rules('create', '*/* pods'), resourceNames: ['a', 'a', 'b/c'] }], excludeResourceRules: [{}] } });
    for (const validation of [
      { expression: '' }, { expression: ' ' }, { expression: '"text"' }, { expression: 'object.x' }, { expression: 'unheard.x == 1' }, { expression: 'params.x == 1' }, { expression: 'variables.x == 1' }, { expression: 'request.x == 1' }, { expression: 'namespaceObject.x == 1' }, { expression: 'size(1) == 1' },
      { expression: 'true', message: '  ' }, { expression: 'true', message: 'a\nb' }, { expression: 'true', messageExpression: ' ' }, { expression: 'true', messageExpression: '1' }, { expression: 'true', messageExpression: 'authorizer.path("/").check("get").reason()' }, { expression: 'true', reason: 'Gone' }, { expression: 'true', reason: 'Unauthorized' },
      { expression: 'object.x.y == authorizer' }, { expression: 'authorizer.unheard()' }, { expression: 'authorizer.group("").check("get").allowed()' },
    ]) await refused({ ...CONFIG_MAPS, validations: [validation] });
    for (const variables of [[{ name: 'a', expression: '1' }, { name: 'a', expression: '2' }], [{ name: 'a-b', expression: '1' }], [{ name: 'in', expression: '1' }], [{ name: '', expression: '' }], [{ name: 'a', expression: 'variables.b' }, { name: 'b', expression: '1' }], [{ name: 'a', expression: 'unheard' }]]) await refused({ ...valid, variables });
    await refused({ ...CONFIG_MAPS, variables: [{ name: 'a', expression: '1' }], validations: [{ expression: 'variables.a == "x"' }, { expression: 'variables.c == 1' }] });
    for (const auditAnnotations of [[{ key: '', valueExpression: '""' }], [{ key: 'a b', valueExpression: '1' }], [{ key: 'a', valueExpression: '' }], [{ key: 'a', valueExpression: '"x"' }, { key: 'a', valueExpression: 'null' }], [{ key: 'a', valueExpression: 'object.x' }]]) await refused({ ...CONFIG_MAPS, auditAnnotations });
    await refused({ ...valid, matchConditions: [{ name: 'a', expression: 'params.x == 1' }, { name: 'b', expression: 'variables.x == 1' }] });
  },
  'refuses bindings that cannot be': async (s) => {
    const refused = (spec: JsonObject): Promise<unknown> => s.post(BINDINGS, binding(s.unique('b'), spec), { pick: problems });
    await refused({});
    for (const validationActions of [[], ['Deny', 'Deny'], ['Deny', 'Warn'], ['Unheard', 'Audit']]) await refused({ policyName: 'a', validationActions });
    await refused({ policyName: 'Not A Name', validationActions: ['Deny'] });
    for (const paramRef of [{}, { name: 'a' }, { name: 'a/b', parameterNotFoundAction: 'Deny' }, { name: 'a', selector: {}, parameterNotFoundAction: 'Deny' }, { selector: { matchLabels: { a: '-' } }, parameterNotFoundAction: 'Unheard' }]) await refused({ policyName: 'a', validationActions: ['Deny'], paramRef });
    await refused({ policyName: 'a', validationActions: ['Deny'], matchResources: { matchPolicy: 'Some', resourceRules: [{ ...rules('*', '*'), scope: 'Some' }] } });
  },
  'fills in what policies leave out': async (s) => {
    await s.post(POLICIES, policy(s.unique('p'), { ...CONFIG_MAPS, validations: [{ expression: 'true' }] }), { pick: ({ spec, metadata }) => ({ spec, generation: metadata.generation }) });
    await s.post(BINDINGS, binding(s.unique('p'), { policyName: 'none', validationActions: ['Audit'], matchResources: { resourceRules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] }, paramRef: { name: 'a', parameterNotFoundAction: 'Allow' } }), { pick: ({ spec, metadata }) => ({ spec, generation: metadata.generation }) });
  },
  'tells what is wrong with the types that it matches': async (s) => {
    const checked = async (name: string, spec: JsonObject): Promise<void> => {
      await s.quiet('POST', POLICIES, policy(s.unique(name), spec));
      await s.until(`${POLICIES}/${s.unique(name)}`, ({ body }) => body.status?.observedGeneration === 1);
      await s.get(`${POLICIES}/${s.unique(name)}`, { pick: ({ status }) => status });
    };
    const deployments = { matchConstraints: { resourceRules: [rules('*', 'deployments', { apiGroups: ['apps'] })] } };
    await checked('right', { ...deployments, validations: [{ expression: 'object.spec.replicas > 1 && (oldObject == null || object.metadata.labels["a"] == "b") && object.spec.template.spec.containers.all(c, c.image != "")' }] });
    await checked('wrong', { ...deployments, variables: [{ name: 'replicas', expression: 'object.spec.replicas' }, { name: 'none', expression: 'object.spec.none' }], validations: [
      { expression: 'object.spec.replicas > "1"', messageExpression: '"got " + object.spec.replicas' }, { expression: 'object.spec.maxRetries < 10' }, { expression: 'variables.replicas == "x"' }, { expression: 'object.spec.template.spec.containers.exists(c, c.unheard)' }, { expression: 'object.metadata.labels.all(l, l == 1)' }, { expression: 'object.spec.strategy.rollingUpdate.maxSurge == 1' },
    ] });
    await checked('several', { matchConstraints: { resourceRules: [rules('*', 'statefulsets deployments', { apiGroups: ['apps'] }), rules('*', 'configmaps')] }, validations: [{ expression: 'object.spec.serviceName == "x"' }, { expression: 'object.spec.replicas > "1"' }] });
    await checked('any', { matchConstraints: { resourceRules: [rules('*', '*', { apiGroups: ['*'] }), rules('*', 'unheard'), rules('*', 'pods/status')] }, validations: [{ expression: 'object.spec.unheard > 1' }] });
    await checked('params', { ...deployments, paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'params.data.x == 1' }, { expression: 'params.unheard == 1' }] });
  },
};
