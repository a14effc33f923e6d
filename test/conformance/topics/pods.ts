import type { JsonObject } from '../../../src/apiserver/index.js';
import { judge } from '../judge.js';
import { pod } from '../objects.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

const APP = { name: 'a', image: 'x' };

/** Specs, most with one thing that is wrong, or worth a warning. */
const SPECS: readonly JsonObject[] = [
  { containers: [] }, { containers: [{ name: 'A', image: 'x' }] }, { containers: [{ name: 'a' }] }, { containers: [{ name: 'a', image: 'x' }, { name: 'a', image: 'y' }] }, { restartPolicy: 'Sometimes' }, { dnsPolicy: 'X' },
  { nodeSelector: { 'bad key': 'x' } }, { tolerations: [{ key: 'a', operator: 'Foo' }] }, { tolerations: [{ operator: 'Exists', value: 'x' }] }, { terminationGracePeriodSeconds: -1 }, { activeDeadlineSeconds: 0 },
  { containers: [{ ...APP, ports: [{ containerPort: 0 }] }] }, { containers: [{ ...APP, ports: [{ containerPort: 70000 }] }] }, { containers: [{ ...APP, ports: [{ containerPort: 80, protocol: 'X' }] }] },
  { containers: [{ ...APP, ports: [{ containerPort: 80, name: 'TOO_LONG_port_name_x' }] }] }, { containers: [{ ...APP, env: [{ name: '' }] }] }, { containers: [{ ...APP, env: [{ name: 'a=b' }] }] },
  { containers: [{ ...APP, env: [{ name: 'X', value: 'y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }] }, { containers: [{ ...APP, env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.foo' } } }] }] },
  { containers: [{ ...APP, env: [{ name: 'X', valueFrom: {} }] }] }, { containers: [{ ...APP, volumeMounts: [{ name: 'v', mountPath: '/x' }] }] },
  { containers: [{ ...APP, volumeMounts: [{ name: 'v' }] }], volumes: [{ name: 'v', emptyDir: {} }] }, { volumes: [{ name: 'v' }] }, { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] },
  { volumes: [{ name: 'V', emptyDir: {} }] }, { volumes: [{ name: 'v', emptyDir: {} }, { name: 'v', emptyDir: {} }] }, { volumes: [{ name: 'v', hostPath: {} }] }, { volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }] },
  { volumes: [{ name: 'v', secret: {} }] }, { volumes: [{ name: 'v', configMap: { name: 'x', defaultMode: 9999 } }] }, { volumes: [{ name: 'v', persistentVolumeClaim: {} }] }, { volumes: [{ name: 'v', nfs: {} }] },
  { volumes: [{ name: 'v', projected: { sources: [{}] } }] }, { volumes: [{ name: 'v', csi: {} }] }, { volumes: [{ name: 'v', downwardAPI: { items: [{ path: '../x', fieldRef: { fieldPath: 'metadata.name' } }] } }] },
  { volumes: [{ name: 'v', emptyDir: { sizeLimit: '-1' } }] }, { volumes: [{ name: 'v', ephemeral: {} }] }, { volumes: [{ name: 'v', configMap: { name: 'x', items: [{ key: 'a' }] } }] },
  { containers: [{ ...APP, resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] }, { containers: [{ ...APP, resources: { requests: { cpu: '-1' } } }] }, { containers: [{ ...APP, resources: { requests: { foo: '1' } } }] },
  { containers: [{ ...APP, resources: { requests: { 'nvidia.com/gpu': '1' } } }] }, { containers: [{ ...APP, resources: { limits: { 'nvidia.com/gpu': '1.5' } } }] }, { containers: [{ ...APP, resources: { claims: [{ name: 'x' }] } }] },
  { containers: [{ ...APP, livenessProbe: {} }] }, { containers: [{ ...APP, livenessProbe: { httpGet: { port: 0 }, exec: { command: ['x'] } } }] },
  { containers: [{ ...APP, livenessProbe: { httpGet: { port: 80 }, successThreshold: 2 } }] }, { containers: [{ ...APP, readinessProbe: { exec: {} } }] },
  { containers: [{ ...APP, readinessProbe: { tcpSocket: { port: 'Bad_port' } } }] }, { containers: [{ ...APP, readinessProbe: { grpc: { port: 0 } } }] },
  { containers: [{ ...APP, livenessProbe: { httpGet: { port: 80, scheme: 'FTP' }, periodSeconds: -1, timeoutSeconds: -1, failureThreshold: -1, initialDelaySeconds: -1 } }] }, { containers: [{ ...APP, lifecycle: { preStop: {} } }] },
  { containers: [{ ...APP, lifecycle: { preStop: { sleep: { seconds: 0 } } } }] }, { containers: [{ ...APP, lifecycle: { preStop: { sleep: { seconds: 100 } } } }] }, { containers: [{ ...APP, imagePullPolicy: 'Foo' }] },
  { containers: [{ ...APP, terminationMessagePolicy: 'Foo' }] }, { containers: [{ name: 'a', image: ' x' }] }, { containers: [{ ...APP, securityContext: { privileged: true, allowPrivilegeEscalation: false } }] },
  { securityContext: { runAsUser: -1 } }, { securityContext: { sysctls: [{ name: 'bad name', value: 'x' }] } }, { securityContext: { seccompProfile: { type: 'Foo' } } }, { securityContext: { seccompProfile: { type: 'Localhost' } } },
  { securityContext: { fsGroupChangePolicy: 'x' } }, { securityContext: { supplementalGroups: [-1] } }, { securityContext: { appArmorProfile: { type: 'X' } } },
  { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
  { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] } } } },
  { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['x'] }] }] } } } },
  { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'foo', operator: 'In', values: ['a'] }] }] } } } },
  { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }] } } }, { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } },
  { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 101, podAffinityTerm: { topologyKey: 'a b' } }] } } },
  { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a', labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] } }] } } },
  { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'X' }] }, { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }] },
  { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }, { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' }] },
  { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', nodeAffinityPolicy: 'x', nodeTaintsPolicy: 'y', matchLabelKeys: ['bad key'] }] }, { hostAliases: [{ ip: 'x', hostnames: ['A_B'] }] },
  { dnsPolicy: 'None' }, { dnsConfig: { nameservers: ['x'], searches: ['BAD_'], options: [{ name: '' }] } }, { hostname: 'A.b' }, { subdomain: 'A.b' },
  { hostNetwork: true, containers: [{ ...APP, ports: [{ containerPort: 80, hostPort: 81 }] }] }, { containers: [{ ...APP, ports: [{ containerPort: 80, hostPort: 81 }, { containerPort: 82, hostPort: 81 }] }] },
  { readinessGates: [{ conditionType: 'bad type' }] }, { schedulingGates: [{ name: 'bad name' }] }, { schedulingGates: [{ name: 'a.b/c' }, { name: 'a.b/c' }] }, { schedulingGates: [{ name: 'a.b/c' }], nodeName: 'x' }, { priority: 7 },
  { preemptionPolicy: 'X' }, { overhead: { cpu: '1' } }, { serviceAccountName: 'nope' }, { serviceAccountName: 'Bad Name' }, { nodeName: 'Bad Name' }, { imagePullSecrets: [{}] }, { initContainers: [{ name: 'app', image: 'x' }] },
  { initContainers: [{ name: 'i', image: 'x', readinessProbe: { exec: { command: ['x'] } } }] }, { initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Never' }] }, { ephemeralContainers: [{ name: 'e', image: 'x' }] },
  { os: { name: 'x' } }, { os: {} }, { os: { name: 'windows' }, securityContext: { runAsUser: 1 } }, { shareProcessNamespace: true, hostPID: true }, { resourceClaims: [{ name: 'x' }] },
  { resourceClaims: [{ name: 'x', resourceClaimName: 'a', resourceClaimTemplateName: 'b' }] }, { resources: { requests: { cpu: '1' }, limits: { cpu: '0.5' } } }, { hostUsers: false, hostNetwork: true }, { setHostnameAsFQDN: true },
  { containers: [{ ...APP, env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }] }] }, { containers: [{ ...APP, env: [{ name: 'A', value: '1' }, { name: 'A', value: '$(A)2' }] }] },
  { containers: [{ ...APP, ports: [{ containerPort: 80 }, { containerPort: 80 }] }] },
  { containers: [{ ...APP, ports: [{ containerPort: 80, name: 'x' }, { containerPort: 81 }] }, { name: 'b', image: 'y', ports: [{ containerPort: 81, name: 'x' }] }] },
  { containers: [{ ...APP, ports: [{ containerPort: 80, hostPort: 1 }, { containerPort: 80, hostPort: 2 }] }] },
  { containers: [{ ...APP, ports: [{ containerPort: 80, hostPort: 1, hostIP: '1.1.1.1' }, { containerPort: 80, hostPort: 1 }] }] },
  { containers: [{ ...APP, resources: { requests: { memory: '1.5' }, limits: { memory: '100m', 'ephemeral-storage': '0.5' } } }] }, { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
  { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'Exists' }] }] }, preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['bad value'] }] } }] } } },
  { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'failure-domain.beta.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }] }, { imagePullSecrets: [{ name: 'a' }, { name: 'a' }] },
  { hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] },
  { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'a' }], preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: 'a' } }] } } },
  { terminationGracePeriodSeconds: -5 },
  { containers: [{ ...APP, env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['x']" } } }, { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }, { name: 'C', valueFrom: { fieldRef: { fieldPath: "metadata.labels['bad key']" } } }, { name: 'D', valueFrom: { fieldRef: { fieldPath: "spec.foo['x']" } } }, { name: 'E', valueFrom: { resourceFieldRef: { resource: 'limits.foo' } } }, { name: 'F', valueFrom: { resourceFieldRef: {} } }, { name: 'G', valueFrom: { fieldRef: { fieldPath: 'spec.restartPolicy' } } }, { name: 'H', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['Bad/Key']" } } }] }] },
  { volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'a', items: [{ key: 'x', path: 'p' }] } }, { secret: { name: 'b', items: [{ key: 'y', path: 'p' }] } }, { serviceAccountToken: { path: '../x', expirationSeconds: 5 } }, { downwardAPI: { items: [{ path: 'a' }] } }, { configMap: {}, secret: {} }] } }] },
  { volumes: [{ name: 'v', hostPath: { path: '/x', type: 'Foo' } }, { name: 'w', configMap: { name: 'a', items: [{ key: 'a', path: '/abs' }, { key: 'b', path: '..x', mode: 1000 }] } }, { name: 'z', downwardAPI: { items: [{ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }] } }] },
  { containers: [{ ...APP, resizePolicy: [{ resourceName: 'foo', restartPolicy: 'x' }] }] },
  { containers: [{ ...APP, workingDir: 'rel', stdin: true, volumeMounts: [{ name: 'v', mountPath: 'rel', subPath: '../x' }, { name: 'v', mountPath: '/a:b', subPath: 'x', subPathExpr: 'y' }, { name: 'v', mountPath: '/c', mountPropagation: 'X' }] }], volumes: [{ name: 'v', emptyDir: { medium: 'x' } }] },
  { containers: [{ ...APP, volumeDevices: [{ name: 'v', devicePath: '' }] }], volumes: [{ name: 'v', emptyDir: {} }] },
  { containers: [{ ...APP, envFrom: [{}, { configMapRef: {} }, { prefix: 'a=b', secretRef: { name: 'x' } }, { configMapRef: { name: 'a' }, secretRef: { name: 'b' } }] }] },
  { initContainers: [{ ...APP, name: 'i', restartPolicy: 'Foo' }, { ...APP, name: 'j', lifecycle: { preStop: { exec: { command: ['x'] } } } }, { ...APP, name: 'k', restartPolicy: 'Always', readinessProbe: { exec: { command: ['x'] } } }] },
  { containers: [{ ...APP, lifecycle: { preStop: { httpGet: {} }, postStart: { exec: {}, httpGet: { port: 80 } } } }] },
  { containers: [{ ...APP, livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'bad header', value: 'x' }] } } }] }, { schedulerName: 'bad name' },
  { tolerations: [{ key: 'bad key', operator: 'Exists' }, { key: 'a', value: 'bad value!' }, { key: 'a', operator: 'Exists', tolerationSeconds: 5 }, { key: 'a', effect: 'Foo' }, { key: 'a', operator: 'Lt', value: '5' }] },
  { containers: [{ ...APP, resources: { limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '1' } } }] }, { containers: [{ ...APP, resources: { limits: { 'kubernetes.io/foo': '1' } } }] },
  { dnsConfig: { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } }, { dnsPolicy: 'None', dnsConfig: {} }, { hostNetwork: true, containers: [{ ...APP, ports: [{ containerPort: 80 }] }] },
];

const SELECTOR = { matchLabels: { a: 'b' } };
const template = (spec: JsonObject): JsonObject => ({ metadata: { labels: { a: 'b' } }, spec: { containers: [APP], ...spec } });
/** What makes pods: its resource, version and spec around a template. */
const MAKERS: readonly (readonly [string, string, (template: JsonObject) => JsonObject])[] = [
  ['deployments', 'apps/v1', (made) => ({ selector: SELECTOR, template: made })],
  ['replicasets', 'apps/v1', (made) => ({ selector: SELECTOR, template: made })],
  ['statefulsets', 'apps/v1', (made) => ({ serviceName: 'a', selector: SELECTOR, template: made })],
  ['daemonsets', 'apps/v1', (made) => ({ selector: SELECTOR, template: made })],
  ['replicationcontrollers', 'v1', (made) => ({ selector: { a: 'b' }, template: made })],
  ['jobs', 'batch/v1', (made) => ({ template: made })],
  ['cronjobs', 'batch/v1', (made) => ({ schedule: '* * * * *', jobTemplate: { spec: { template: made } } })],
];

export const scenarios: Topic = {
  'are validated': async (s) => {
    for (const spec of SPECS) await judge(s, 'POST', s.in('pods'), pod('a', spec), spec);
  },
  'are best called by a label of DNS': async (s) => {
    for (const name of ['a', 'a.b', `${'x'.repeat(60)}.yyzzzzz`, 'Bad_']) await judge(s, 'POST', s.in('pods'), pod(name), name);
  },
  'know by their labels where they run': async (s) => {
    const [zoned, plain] = [s.unique('zoned'), s.unique('plain')];
    const node = (name: string, spec: JsonObject, labels: JsonObject): Promise<unknown> => s.post('/api/v1/nodes', { metadata: { name, labels }, spec }, { pick: ({ spec: made, metadata }) => ({ spec: made, managedFields: metadata.managedFields }) });
    await node(zoned, { taints: [{ key: 'a', effect: 'NoExecute' }] }, { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r', 'kubernetes.io/arch': 'x' });
    await node(plain, { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule', value: 'x' }] }, {});
    const labels = { pick: ({ metadata, message }: Body): unknown => message ?? { labels: metadata.labels, managedFields: metadata.managedFields } };
    const own = { 'topology.kubernetes.io/zone': 'own', a: 'b' };
    await s.post(s.in('pods'), { metadata: { name: 'made', labels: own }, spec: { nodeName: zoned, containers: [APP] } }, labels);
    await s.post(s.in('pods'), { metadata: { name: 'elsewhere', labels: own }, spec: { nodeName: s.unique('unheard'), containers: [APP] } }, labels);
    for (const [name, target] of [['a', { kind: 'Node', name: zoned }], ['b', { kind: 'Node', name: plain }], ['c', { name: zoned }], ['d', { kind: 'Node', name: s.unique('unheard') }]] as const) {
      await s.quiet('POST', s.in('pods'), { metadata: { name, labels: own }, spec: { containers: [APP] } });
      await s.post(`${s.in('pods')}/${name}/binding`, { metadata: { name, labels: { bound: 'yes' }, annotations: { bound: 'too' } }, target }, { pick: ({ status }) => status });
      await s.get(`${s.in('pods')}/${name}`, { pick: ({ metadata, spec }) => ({ labels: metadata.labels, annotations: metadata.annotations, nodeName: spec.nodeName, managedFields: metadata.managedFields.length }) });
    }
  },
  'that others make are validated as templates': async (s) => {
    for (const [resource, version, specOf] of MAKERS) {
      const once = resource === 'jobs' || resource === 'cronjobs' ? { restartPolicy: 'Never' } : {};
      for (const spec of [{ nodeSelector: { 'beta.kubernetes.io/arch': 'x' } }, { restartPolicy: 'Unheard' }, { restartPolicy: 'OnFailure' }, { restartPolicy: 'Always' }, { containers: [] }, { activeDeadlineSeconds: 5 }, { ephemeralContainers: [{ name: 'e', image: 'x' }] }, { containers: [APP, APP] }]) {
        await judge(s, 'POST', s.in(resource, version), { metadata: { name: 'a' }, spec: specOf(template({ ...once, ...spec })) }, spec);
      }
      await judge(s, 'POST', s.in(resource, version), { metadata: { name: 'a.b' }, spec: specOf(template(once)) }, 'a.b');
    }
  },
};
