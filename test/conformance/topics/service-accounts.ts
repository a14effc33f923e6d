import type { JsonObject } from '../../../src/apiserver/index.js';
import { binding, configMap, pod, role, rule } from '../objects.js';
import { MERGE } from '../session.js';
import type { Answer, Body, RequestOptions, Session } from '../session.js';
import type { Topic } from '../suite.js';

const RBAC = 'rbac.authorization.k8s.io/v1';
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const outcome: RequestOptions = { pick: ({ kind, code, message, reason, details }) => (kind === 'Status' && message ? { code, reason, message, details } : kind) };

/** What a token says; times by their distance from when it was made. */
function claims(token: string): unknown {
  const { iat, exp, nbf, 'kubernetes.io': own, ...rest } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, Body>;
  return { ...rest, expiresAfter: exp - iat, validAfter: nbf - iat, 'kubernetes.io': { ...own, ...(own.warnafter && { warnafter: own.warnafter - iat }) } };
}

/** Without the token, which is another one in every run. */
const request = ({ status, ...rest }: Body): unknown => (rest.kind === 'Status' ? { ...rest, status } : { ...rest, status: { ...status, token: typeof status.token } });

async function tokenOf(s: Session, account: string, spec: JsonObject = {}): Promise<string> {
  return (await s.quiet('POST', `${s.in('serviceaccounts')}/${account}/token`, { spec })).body.status?.token ?? '';
}

const who = (s: Session, token: string): Promise<Answer> => s.post(REVIEWS, {}, { token, pick: ({ status, message }) => status?.userInfo ?? message });

export const scenarios: Topic = {
  'issues tokens': async (s) => {
    const accounts = s.in('serviceaccounts');
    await s.quiet('POST', accounts, { metadata: { name: 'robot' } });
    const asked = (spec: JsonObject | undefined, more: JsonObject = {}): Promise<Answer> => s.post(`${accounts}/robot/token`, { ...(spec && { spec }), ...more }, { pick: request });
    s.show('claims:', claims((await asked({})).body.status.token));
    s.show('claims:', claims((await asked({ audiences: ['vault', 'other'], expirationSeconds: 600 })).body.status.token));
    await asked(undefined);
    await asked({ audiences: [], expirationSeconds: 7200 });
    await asked({}, { metadata: { name: 'robot', namespace: s.namespace, labels: { a: 'b' } } });
    await asked({}, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' });
    await s.post(`${accounts}/robot/token?dryRun=All`, { spec: {} }, { pick: request });
  },
  'refuses requests for tokens that cannot be': async (s) => {
    const accounts = s.in('serviceaccounts');
    await s.quiet('POST', accounts, { metadata: { name: 'robot' } });
    const refused = (body: JsonObject): Promise<Answer> => s.post(`${accounts}/robot/token`, body, outcome);
    for (const expirationSeconds of [599, 0, -1, 2 ** 32 + 1]) await refused({ spec: { expirationSeconds } });
    await refused({ spec: { expirationSeconds: 'long' } });
    await refused({ spec: { audiences: 'one' } });
    await refused({ metadata: { name: 'other' } });
    await refused({ metadata: { namespace: 'default' } });
    await refused({ metadata: { uid: '12345678-1234-1234-1234-123456789012' } });
    await refused({ apiVersion: 'v1', kind: 'ConfigMap' });
    await s.post(`${accounts}/none/token`, {}, outcome);
    await s.post('/api/v1/namespaces/no-such-namespace/serviceaccounts/default/token', {}, outcome);
    await s.get(`${accounts}/robot/token`, outcome);
    await s.post(`${accounts}/robot/token`, {}, { ...outcome, as: ['ada'] });
    for (const boundObjectRef of [
      { apiVersion: 'v1', kind: 'Pod', name: 'none' }, { apiVersion: 'v1', kind: 'Secret', name: 'none' }, { apiVersion: 'v1', kind: 'Node', name: s.unique('none') }, { apiVersion: 'v1', kind: 'ConfigMap', name: 'none' }, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, { kind: 'Pod', name: 'none' }, {},
    ]) await refused({ spec: { boundObjectRef } });
    await s.quiet('POST', s.in('pods'), pod('other'));
    await refused({ spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'other' } } });
    await s.quiet('POST', s.in('secrets'), { metadata: { name: 'secret' } });
    await refused({ spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'secret', uid: '12345678-1234-1234-1234-123456789012' } } });
  },
  'binds tokens to pods, secrets and nodes': async (s) => {
    const accounts = s.in('serviceaccounts');
    await s.quiet('POST', accounts, { metadata: { name: 'robot' } });
    await s.until(`${accounts}/robot`, ({ status }) => status === 200);
    await s.quiet('POST', s.in('pods'), pod('pending', { serviceAccountName: 'robot' }));
    await s.quiet('POST', s.in('pods'), pod('lost', { serviceAccountName: 'robot', nodeName: s.unique('gone') }));
    await s.quiet('POST', '/api/v1/nodes', { metadata: { name: s.unique('node') } });
    await s.quiet('POST', s.in('pods'), pod('placed', { serviceAccountName: 'robot', nodeName: s.unique('node') }));
    await s.quiet('POST', s.in('secrets'), { metadata: { name: 'secret' } });
    const bound = async (kind: string, name: string, more: JsonObject = {}): Promise<() => Promise<string>> => {
      const { body } = await s.post(`${accounts}/robot/token`, { spec: { boundObjectRef: { apiVersion: 'v1', kind, name }, ...more } }, { pick: request });
      s.show('claims:', claims(body.status.token));
      await who(s, body.status.token);
      const spares = await Promise.all([1, 2, 3].map(() => tokenOf(s, 'robot', { boundObjectRef: { apiVersion: 'v1', kind, name }, ...more })));
      return () => firstRefused(s, spares);
    };
    const ofPod = await bound('Pod', 'pending', { expirationSeconds: 3607 });
    await bound('Pod', 'lost');
    await bound('Pod', 'placed');
    const ofSecret = await bound('Secret', 'secret');
    const ofNode = await bound('Node', s.unique('node'));
    for (const path of [s.in('pods/pending'), s.in('secrets/secret'), `/api/v1/nodes/${s.unique('node')}`]) await s.quiet('DELETE', `${path}?gracePeriodSeconds=0`);
    for (const refused of [ofPod, ofSecret, ofNode]) await who(s, await refused());
  },
  'lets service accounts do what they may': async (s) => {
    await s.quiet('POST', s.in('serviceaccounts'), { metadata: { name: 'robot' } });
    await s.quiet('POST', s.in('roles', RBAC), role('reader', [rule('get list', 'configmaps')]));
    await s.quiet('POST', s.in('rolebindings', RBAC), { ...binding('reader', 'Role/reader'), subjects: [{ kind: 'ServiceAccount', name: 'robot' }] });
    await s.quiet('POST', s.in('rolebindings', RBAC), binding('all', 'Role/reader', `Group/system:serviceaccounts:${s.namespace}`));
    const token = await tokenOf(s, 'robot');
    await s.until(s.in('configmaps'), ({ status }) => status === 200, { token });
    await s.get(s.in('configmaps/none'), { token, ...outcome });
    await s.post(s.in('configmaps'), configMap('a'), { token, ...outcome });
    await s.get(s.in('secrets'), { token, ...outcome });
    await s.get('/api/v1/namespaces/default/configmaps', { token, ...outcome });
    await s.get(s.in('configmaps/none'), { token: await tokenOf(s, 'robot', { audiences: ['vault'] }), ...outcome });
    const other = await tokenOf(s, 'default');
    await s.until(s.in('configmaps'), ({ status }) => status === 200, { token: other });
    await s.get(s.in('configmaps/none'), { token: other, ...outcome });
    await s.get(s.in('configmaps/none'), { token: `${token}x`, ...outcome });
    await who(s, token);
  },
  'forgets the tokens of accounts that go': async (s) => {
    const accounts = s.in('serviceaccounts');
    await s.quiet('POST', accounts, { metadata: { name: 'robot' } });
    const tokens = await Promise.all([1, 2, 3].map(() => tokenOf(s, 'robot')));
    await s.delete(`${accounts}/robot`, undefined, { pick: ({ kind }) => kind });
    const token = await firstRefused(s, tokens);
    await who(s, token);
    await s.quiet('POST', accounts, { metadata: { name: 'robot' } });
    await who(s, token);
    const again = await tokenOf(s, 'robot');
    await s.quiet('POST', '/api/v1/namespaces', { metadata: { name: s.unique('other') } });
    const path = `/api/v1/namespaces/${s.unique('other')}/serviceaccounts/default`;
    await s.until(path, ({ status }) => status === 200);
    const others = await Promise.all([1, 2, 3].map(async () => (await s.quiet('POST', `${path}/token`, {})).body.status.token as string));
    await who(s, again);
    await s.quiet('DELETE', `/api/v1/namespaces/${s.unique('other')}`);
    await s.until(path, ({ status }) => status === 404);
    await who(s, await firstRefused(s, others));
  },
  'gives every namespace an account': async (s) => {
    await s.get(s.in('serviceaccounts'), { pick: ({ items }) => items.map(({ metadata, ...rest }: Body) => ({ name: metadata.name, managers: metadata.managedFields, ...rest })) });
    await s.quiet('DELETE', s.in('serviceaccounts/default'));
    await s.until(s.in('serviceaccounts/default'), ({ status }) => status === 200);
    await s.post(s.in('serviceaccounts'), { metadata: { name: 'full' }, secrets: [{ name: 'a' }, { name: 'b' }], imagePullSecrets: [{ name: 'pull' }], automountServiceAccountToken: false });
    await s.patch(s.in('serviceaccounts/full'), MERGE, { secrets: [{ name: 'c' }], imagePullSecrets: null }, { pick: ({ secrets, imagePullSecrets, automountServiceAccountToken }) => ({ secrets, imagePullSecrets, automountServiceAccountToken }) });
    await s.post(s.in('serviceaccounts'), { metadata: { name: 'Upper' } }, outcome);
  },
  'admits pods with their accounts': async (s) => {
    const pods = s.in('pods');
    await s.quiet('POST', s.in('serviceaccounts'), { metadata: { name: 'pulls' }, imagePullSecrets: [{ name: 'a' }, { name: 'b' }], secrets: [{ name: 'mountable' }] });
    await s.quiet('POST', s.in('serviceaccounts'), { metadata: { name: 'shy' }, automountServiceAccountToken: false });
    await s.quiet('POST', s.in('serviceaccounts'), { metadata: { name: 'strict', annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } }, secrets: [{ name: 'mountable' }] });
    for (const name of ['pulls', 'shy', 'strict']) await s.until(s.in(`serviceaccounts/${name}`), ({ status }) => status === 200);
    const short = ({ metadata, spec, code, message }: Body): unknown => (code ? { code, message } : {
      name: metadata.name, account: spec.serviceAccountName, deprecated: spec.serviceAccount, pulls: spec.imagePullSecrets, volumes: spec.volumes?.map(plain), mounts: [...(spec.initContainers ?? []), ...spec.containers].map(({ name, volumeMounts }: Body) => ({ name, volumeMounts: volumeMounts?.map(plain) })),
    });
    const admitted = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): Promise<Answer> => s.post(pods, pod(name, spec, metadata), { pick: short });
    await admitted('a');
    await admitted('b', { serviceAccountName: 'none' });
    await admitted('c', { serviceAccountName: 'pulls' });
    await admitted('d', { serviceAccountName: 'pulls', imagePullSecrets: [{ name: 'own' }] });
    await admitted('e', { serviceAccountName: 'shy' });
    await admitted('f', { serviceAccountName: 'shy', automountServiceAccountToken: true });
    await admitted('g', { automountServiceAccountToken: false });
    await admitted('h', { serviceAccount: 'shy' });
    await admitted('i', { serviceAccount: 'shy', serviceAccountName: 'pulls' });
    await admitted('j', { initContainers: [{ name: 'init', image: 'i' }], containers: [{ name: 'one', image: 'i', volumeMounts: [{ name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] }, { name: 'two', image: 'i' }], volumes: [{ name: 'own', emptyDir: {} }] });
    await admitted('k', { serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName: 'other' } }] });
    await admitted('l', { serviceAccountName: 'strict', volumes: [{ name: 'v', secret: { secretName: 'mountable' } }] });
    await admitted('m', { serviceAccountName: 'strict', containers: [{ name: 'c', image: 'i', env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'other', key: 'k' } } }] }] });
    await admitted('n', { serviceAccountName: 'strict', imagePullSecrets: [{ name: 'other' }] });
    await admitted('mirror', { serviceAccountName: 'pulls' }, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    await admitted('mirrored', {}, { annotations: { 'kubernetes.io/config.mirror': 'x' } });
    await s.patch(`${pods}/a`, MERGE, { spec: { serviceAccountName: 'shy' } }, { pick: ({ code, message }) => ({ code, begins: message.split('\n')[0] }) });
  },
  'publishes how tokens are checked': async (s) => {
    await s.get('/.well-known/openid-configuration', { pick: ({ jwks_uri: uri, id_token_signing_alg_values_supported: algorithms, ...rest }) => ({ ...rest, keysAt: new URL(uri).pathname, algorithms: algorithms.length }) });
    const keys = { accept: 'application/jwk-set+json' };
    const { headers } = await s.get('/openid/v1/jwks', { headers: keys, pick: (body) => body.keys.map((key: Body) => ({ use: key.use, kid: typeof key.kid, alg: typeof key.alg })) });
    s.note(`content-type: ${headers['content-type']}, cache-control: ${headers['cache-control']}`);
    for (const accept of ['application/json', 'text/html', '*/*', '']) await s.get('/openid/v1/jwks', { headers: { accept }, pick: ({ kind, message, keys: found }) => (kind ? { kind, message } : found.length) });
    await s.get('/openid/v1/jwks', { as: ['ada'], ...outcome });
    await s.get('/.well-known/openid-configuration', { token: '', ...outcome });
    const token = await tokenOf(s, 'default');
    await s.get('/.well-known/openid-configuration', { token, pick: ({ issuer }) => issuer });
    await s.get('/.well-known/openid-configuration', { headers: { accept: 'text/html' }, ...outcome });
    await s.post('/openid/v1/jwks', {}, outcome);
  },
  'makes tokens for secrets that ask for them': async (s) => {
    const secret = (name: string, account?: string): JsonObject => ({ metadata: { name, ...(account && { annotations: { 'kubernetes.io/service-account.name': account } }) }, type: 'kubernetes.io/service-account-token' });
    await s.post(s.in('secrets'), secret('none'), outcome);
    await s.quiet('POST', s.in('secrets'), secret('token', 'default'));
    const { body } = await s.until(s.in('secrets/token'), ({ body: { data } }) => Boolean(data?.token));
    s.show('secret:', { annotations: body.metadata.annotations, type: body.type, data: Object.keys(body.data).sort(), namespace: Buffer.from(body.data.namespace, 'base64').toString() === s.namespace });
    const token = Buffer.from(body.data.token, 'base64').toString();
    s.show('claims:', JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()));
    await who(s, token);
    const used = await s.until(s.in('secrets/token'), ({ body: { metadata } }) => metadata.labels !== undefined);
    s.show('used:', { today: used.body.metadata.labels['kubernetes.io/legacy-token-last-used'] === new Date().toISOString().slice(0, 10), labels: Object.keys(used.body.metadata.labels), managedFields: used.body.metadata.managedFields });
    await s.patch(s.in('secrets/token'), MERGE, { metadata: { labels: { 'kubernetes.io/legacy-token-invalid-since': '2020-01-01' } } }, { pick: () => 'done' });
    await s.until(s.in('secrets'), ({ status }) => status === 401, { token });
    await s.get(s.in('secrets'), { token, ...outcome });
    await s.quiet('POST', s.in('secrets'), secret('orphan', 'no-such-account'));
    await s.until(s.in('secrets/orphan'), ({ status }) => status === 404);
  },
};

/** Names of volumes are made up. */
const plain = ({ name, ...rest }: Body): unknown => ({ name: name.replace(/^kube-api-access-.{5}$/, 'kube-api-access-<generated>'), ...rest });

/** The first of some tokens that is good for nothing. One that was good once is good for some seconds more, so that none may have been used. */
async function firstRefused(s: Session, tokens: readonly string[]): Promise<string> {
  for (const token of tokens) {
    if ((await s.quiet('GET', '/api', undefined, { token })).status === 401) return token;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('all tokens are good still');
}
