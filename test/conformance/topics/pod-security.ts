import type { JsonObject } from '../../../src/apiserver/index.js';
import { pod } from '../objects.js';
import type { Body, Session } from '../session.js';
import { MERGE, STRATEGIC } from '../session.js';
import type { Topic } from '../suite.js';

const PREFIX = 'pod-security.kubernetes.io/';
const said = ({ message, metadata }: Body): unknown => message ?? metadata?.name;
const label = (s: Session, labels: Record<string, string | null>): Promise<unknown> =>
  s.patch(`/api/v1/namespaces/${s.namespace}`, MERGE, { metadata: { labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [PREFIX + name, value])) } }, { pick: said });
const container = (name: string, more: JsonObject = {}): JsonObject => ({ name, image: 'app:1', ...more });
const only = (more: JsonObject): JsonObject => ({ containers: [container('app', more)] });
const within = (securityContext: JsonObject): JsonObject => only({ securityContext });
const HARDENED = { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };

/** Pods that do one thing, or some, that a level may not allow. */
const SPECS: Readonly<Record<string, JsonObject>> = {
  plain: {}, hardened: within(HARDENED), privileged: within({ privileged: true }), capable: within({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_ADMIN'] } }), binding: within({ ...HARDENED, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE', 'CHOWN'] } }),
  host: { hostNetwork: true, hostPID: true, hostIPC: true }, ports: only({ ports: [{ containerPort: 1, hostPort: 81 }, { containerPort: 2, hostPort: 80 }] }), paths: { volumes: [{ name: 'a', hostPath: { path: '/' } }, { name: 'b', nfs: { server: 's', path: '/' } }, { name: 'c', emptyDir: {} }] },
  probe: only({ livenessProbe: { httpGet: { host: '1.2.3.4', port: 80 } }, lifecycle: { preStop: { tcpSocket: { host: 'h', port: 80 } } } }), proc: { hostUsers: false, ...within({ procMount: 'Unmasked' }) },
  'se-linux': { securityContext: { seLinuxOptions: { type: 'spc_t', user: 'u' } }, ...within({ seLinuxOptions: { role: 'r', type: 'container_engine_t' } }) }, seccomp: { securityContext: { seccompProfile: { type: 'Unconfined' } }, ...within({ seccompProfile: { type: 'Unconfined' } }) },
  'app-armor': within({ appArmorProfile: { type: 'Unconfined' } }), sysctls: { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }, { name: 'net.core.somaxconn', value: '1' }] } },
  root: { securityContext: { runAsUser: 0, runAsNonRoot: false }, ...within({ runAsUser: 0 }) }, users: { hostUsers: false, ...within({ runAsUser: 0 }) },
  windows: { os: { name: 'windows' }, containers: [container('app')] }, several: { initContainers: [container('first', { securityContext: { privileged: true } })], containers: [container('b', { securityContext: { privileged: true } }), container('a', { securityContext: HARDENED })] },
};

const tryAll = async (s: Session): Promise<void> => {
  for (const [name, spec] of Object.entries(SPECS)) await s.post(`${s.in('pods')}?dryRun=All`, pod(name, spec), { pick: said });
};

export const scenarios: Topic = {
  'the baseline is enforced': async (s) => {
    await label(s, { enforce: 'baseline' });
    await tryAll(s);
  },
  'restrictions are enforced': async (s) => {
    await label(s, { enforce: 'restricted' });
    await tryAll(s);
  },
  'of an older version': async (s) => {
    await label(s, { enforce: 'restricted', 'enforce-version': 'v1.18' });
    await tryAll(s);
  },
  'warnings stand for refusals': async (s) => {
    await label(s, { warn: 'restricted', 'warn-version': 'v1.30', audit: 'restricted' });
    for (const name of ['plain', 'hardened', 'host']) await s.post(`${s.in('pods')}?dryRun=All`, pod(name, SPECS[name]), { pick: said });
    const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container('app')] } };
    await s.post(`${s.in('deployments', 'apps/v1')}?dryRun=All`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { selector: { matchLabels: { app: 'a' } }, template } }, { pick: said });
    await s.post(`${s.in('cronjobs', 'batch/v1')}?dryRun=All`, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'c' }, spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container('app')] } } } } } }, { pick: said });
  },
  'templates of what is enforced are warned of': async (s) => {
    await label(s, { enforce: 'baseline' });
    const template = { metadata: { labels: { app: 'a' } }, spec: { hostNetwork: true, containers: [container('app')] } };
    await s.post(`${s.in('replicasets', 'apps/v1')}?dryRun=All`, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'r' }, spec: { selector: { matchLabels: { app: 'a' } }, template } }, { pick: said });
  },
  'labels have to make sense, and are held against the pods that are there': async (s) => {
    await label(s, { enforce: 'strict', 'enforce-version': 'v2', warn: 'x', 'audit-version': '1.2' });
    await s.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: s.unique('labelled'), labels: { [`${PREFIX}warn-version`]: 'newest' } } }, { pick: said });
    for (const name of ['plain', 'host', 'capable', 'hardened']) await s.quiet('POST', s.in('pods'), pod(name, SPECS[name]));
    await label(s, { enforce: 'baseline', 'enforce-version': 'v1.30' });
    await label(s, { enforce: 'restricted' });
    await label(s, { enforce: 'baseline' });
    // What is there stays; other images make it a new pod.
    await s.patch(s.in('pods/host'), MERGE, { metadata: { labels: { a: 'b' } } }, { pick: said });
    await s.patch(s.in('pods/host'), STRATEGIC, { spec: { containers: [{ name: 'app', image: 'app:2' }] } }, { pick: said });
    await s.patch(s.in('pods/plain/ephemeralcontainers'), STRATEGIC, { spec: { ephemeralContainers: [container('debug', { securityContext: { privileged: true } })] } }, { pick: said });
  },
};
