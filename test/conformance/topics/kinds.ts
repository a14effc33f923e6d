import type { JsonObject } from '../../../src/apiserver/index.js';
import { judge } from '../judge.js';
import { APPLY, MERGE, type Body, type Session } from '../session.js';
import type { Topic } from '../suite.js';

const TEMPLATE = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'x' }] } };
const ONCE = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } };
const SELECTOR = { matchLabels: { a: 'b' } };
const LONG = 'x'.repeat(251);

/** Judges objects of one kind, each told by what sets it apart from one that is as it should be. */
async function judgeAll(s: Session, path: string, usual: JsonObject, differences: readonly JsonObject[], name = 'a'): Promise<void> {
  for (const difference of differences) await judge(s, 'POST', path, { metadata: { name }, ...usual, ...difference }, difference);
}

/** The same of their specs. */
const judgeSpecs = (s: Session, path: string, usual: JsonObject, specs: readonly JsonObject[], name = 'a'): Promise<void> =>
  specs.reduce<Promise<void>>(async (before, spec) => {
    await before;
    await judge(s, 'POST', path, { metadata: { name }, spec: { ...usual, ...spec } }, spec);
  }, Promise.resolve());

export const scenarios: Topic = {
  'Deployments and ReplicaSets': async (s) => {
    const usual = { selector: SELECTOR, template: TEMPLATE };
    await judgeSpecs(s, s.in('deployments', 'apps/v1'), usual, [
      { replicas: -1 }, { selector: null }, { selector: {} }, { selector: { matchLabels: { a: 'c' } } }, { selector: { matchExpressions: [{ key: 'a', operator: 'X' }] } }, { template: null }, { strategy: { type: 'X' } },
      { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }, { strategy: { rollingUpdate: { maxSurge: '150%', maxUnavailable: '150%' } } }, { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
      { strategy: { rollingUpdate: { maxSurge: '5', maxUnavailable: -1 } } }, { progressDeadlineSeconds: -1 }, { minReadySeconds: 700 }, { revisionHistoryLimit: -1 },
    ]);
    await judgeSpecs(s, s.in('replicasets', 'apps/v1'), usual, [{ selector: {} }, { replicas: -1, minReadySeconds: -1 }, { selector: { matchLabels: { a: 'c' } } }]);
  },
  'StatefulSets and DaemonSets': async (s) => {
    await judgeSpecs(s, s.in('statefulsets', 'apps/v1'), { serviceName: 'a', selector: SELECTOR, template: TEMPLATE }, [
      { podManagementPolicy: 'X' }, { updateStrategy: { type: 'X' } }, { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } }, { updateStrategy: { rollingUpdate: { partition: -1, maxUnavailable: 0 } } },
      { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'X', whenScaled: 'Y' } }, { ordinals: { start: -1 } }, { serviceName: 'Bad_' }, { volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: {} }] }, { revisionHistoryLimit: -1 }, { selector: {} },
    ]);
    await judgeSpecs(s, s.in('daemonsets', 'apps/v1'), { selector: SELECTOR, template: TEMPLATE }, [
      { updateStrategy: { type: 'X' } }, { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }, { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } }, { updateStrategy: { rollingUpdate: { maxUnavailable: '150%' } } }, { revisionHistoryLimit: -1 }, { selector: {} },
    ]);
  },
  'Jobs and CronJobs': async (s) => {
    const indexed = { completionMode: 'Indexed', completions: 5 };
    await judgeSpecs(s, s.in('jobs', 'batch/v1'), { template: ONCE }, [
      { activeDeadlineSeconds: -1, parallelism: -1 }, { completionMode: 'X' }, { completionMode: 'Indexed' }, { ...indexed, parallelism: 200_000 }, { manualSelector: true }, { selector: SELECTOR }, { backoffLimitPerIndex: 1 }, { ...indexed, maxFailedIndexes: 1 },
      { ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 9 }, { podReplacementPolicy: 'X' }, { successPolicy: { rules: [{ succeededCount: 1 }] } }, { ...indexed, successPolicy: { rules: [] } }, { ...indexed, successPolicy: { rules: [{}, { succeededIndexes: '1,9' }, { succeededIndexes: '0-1', succeededCount: 3 }] } },
      { managedBy: 'bad' }, { managedBy: 'Bad_/x y' }, { podFailurePolicy: { rules: [{ action: 'X' }] } }, { podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [0, 3, 2, 2], containerName: 'z' } }] } },
      { podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'X', values: [1] }, onPodConditions: [{ type: 'bad type', status: 'Foo' }] }] } }, { template: { spec: { ...ONCE.spec, restartPolicy: 'OnFailure' } }, podFailurePolicy: { rules: [{ action: 'Count', onPodConditions: [{ type: 'A' }] }] } },
    ]);
    await judgeSpecs(s, s.in('jobs', 'batch/v1'), { template: ONCE }, [{ ...indexed }], 'x'.repeat(62));
    await judgeSpecs(s, s.in('cronjobs', 'batch/v1'), { schedule: '* * * * *', jobTemplate: { spec: { template: ONCE } } }, [
      ...['', 'x', '61 * * * *', '5-1 * * * *', '*/0 * * * *', '1-2-3 * * * *', '1/2/3 * * * *', '* * 0 * *', '* * * jan-xyz mon', '@daily', '@often', '@every 5', '@every 1h', 'TZ=UTC * * * * *', '* * * * 7'].map((schedule) => ({ schedule })),
      { timeZone: 'Local' }, { timeZone: '' }, { timeZone: 'X/Y' }, { timeZone: '../x' }, { concurrencyPolicy: 'X' }, { startingDeadlineSeconds: -1 }, { jobTemplate: { spec: { template: ONCE, manualSelector: true } } }, { jobTemplate: { spec: { template: ONCE, selector: SELECTOR } } },
    ]);
    await judgeSpecs(s, s.in('cronjobs', 'batch/v1'), { schedule: '* * * * *', jobTemplate: { spec: { template: ONCE } } }, [{}], 'x'.repeat(53));
  },
  'HorizontalPodAutoscalers': async (s) => {
    const target = { type: 'Utilization', averageUtilization: 5 };
    const metrics = (...list: JsonObject[]): JsonObject => ({ metrics: list });
    await judgeSpecs(s, s.in('horizontalpodautoscalers', 'autoscaling/v2'), { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } }, [
      { minReplicas: 0 }, { minReplicas: 5 }, { maxReplicas: 0 }, { scaleTargetRef: {} }, { scaleTargetRef: { kind: 'a/b', name: 'a%b', apiVersion: 'a/b/c' } }, metrics({}), metrics({ type: 'X' }), metrics({ type: 'Resource' }), metrics({ type: 'Pods', resource: { name: 'cpu', target } }),
      metrics({ type: 'Resource', resource: { name: '', target: {} } }), metrics({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 0, averageValue: '0' } } }), metrics({ type: 'Pods', pods: {} }),
      metrics({ type: 'ContainerResource', containerResource: { name: 'foo', container: 'Bad_', target } }), metrics({ type: 'External', external: { metric: { name: 'a/b' }, target: { type: 'Value', value: '1', averageValue: '1' } } }),
      metrics({ type: 'Object', object: { metric: { name: 'x' }, target: { type: 'Value' } } }), { behavior: { scaleUp: { stabilizationWindowSeconds: -1 }, scaleDown: { stabilizationWindowSeconds: 4_000 } } }, { behavior: { scaleDown: { policies: [] } } },
      { behavior: { scaleDown: { selectPolicy: 'X', policies: [{ type: 'X', value: 0, periodSeconds: 0 }, { type: 'Pods', value: 1, periodSeconds: 5_000 }] } } },
    ]);
    await s.post(s.in('horizontalpodautoscalers', 'autoscaling/v2'), { metadata: { name: 'a' }, spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' }, behavior: { scaleUp: { selectPolicy: 'Min' } } } }, { pick: (body) => body.spec });
  },
  'PersistentVolumes and their claims': async (s) => {
    await judgeSpecs(s, '/api/v1/persistentvolumes', { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } }, [
      { capacity: null }, { capacity: { cpu: '1' } }, { capacity: { storage: '-1' } }, { accessModes: [] }, { accessModes: ['X'] }, { accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }, { hostPath: null }, { hostPath: {} }, { hostPath: { path: '/a/../b' } }, { nfs: { server: 'a', path: '/b' } }, { hostPath: null, nfs: { path: 'y' } },
      { hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }, { persistentVolumeReclaimPolicy: 'X' }, { storageClassName: 'Bad_' }, { volumeMode: 'X' }, { nodeAffinity: {} }, { nodeAffinity: { required: { nodeSelectorTerms: [] } } },
      { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', operator: 'In', values: ['a'] }] }] } } }, { hostPath: null, local: { path: '/x' } }, { hostPath: null, csi: {} },
      { hostPath: null, csi: { driver: 'Bad_', volumeHandle: 'x', nodePublishSecretRef: {} } }, { volumeAttributesClassName: '' },
    ]);
    await judgeSpecs(s, s.in('persistentvolumeclaims'), { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }, [
      { accessModes: [] }, { accessModes: ['X'] }, { resources: {} }, { resources: { requests: { storage: '-1' } } }, { resources: { requests: { storage: '1.5' } } }, { storageClassName: 'Bad_' }, { selector: { matchExpressions: [{ key: 'a', operator: 'X' }] } }, { volumeMode: 'X' },
      { dataSource: { kind: 'X', name: '' } }, { dataSource: { kind: 'PersistentVolumeClaim', name: '' } }, { dataSourceRef: { kind: 'X', name: 'b', apiGroup: 'Bad_' } },
    ]);
    await s.post(s.in('persistentvolumeclaims'), { metadata: { name: 'a' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '', dataSource: { kind: 'PersistentVolumeClaim', name: 'x' } } }, { pick: (body) => body.spec });
  },
  'storage classes, drivers and attachments': async (s) => {
    const topology = (...matchLabelExpressions: JsonObject[]): JsonObject => ({ matchLabelExpressions });
    await judgeAll(s, '/apis/storage.k8s.io/v1/storageclasses', { provisioner: 'x.y/z' }, [
      { provisioner: '' }, { provisioner: 'Bad prov' }, { parameters: { '': 'x' } }, { reclaimPolicy: 'Recycle' }, { volumeBindingMode: 'X' }, { allowedTopologies: [{}] }, { allowedTopologies: [topology({ key: 'a', values: [] }, { key: 'bad key', values: ['b', 'b'] })] },
      { allowedTopologies: [topology({ key: 'failure-domain.beta.kubernetes.io/zone', values: ['b'] })] }, { allowedTopologies: [topology({ key: 'a', values: ['b'] }), topology({ key: 'a', values: ['b'] })] }, { allowedTopologies: [topology({ key: 'a', values: ['b'] }, { key: 'a', values: ['c'] })] },
    ]);
    await judgeSpecs(s, '/apis/storage.k8s.io/v1/csidrivers', {}, [{ fsGroupPolicy: 'X' }, { volumeLifecycleModes: ['X'] }, { tokenRequests: [{ audience: 'a' }, { audience: 'a' }] }, { tokenRequests: [{ audience: 'a', expirationSeconds: 5 }] }, { nodeAllocatableUpdatePeriodSeconds: 5 }]);
    await judgeSpecs(s, '/apis/storage.k8s.io/v1/csinodes', {}, [{ drivers: null }, { drivers: [{}] }, { drivers: [{ name: 'Bad_', nodeID: LONG.repeat(2), topologyKeys: ['bad key', 'a', 'a'], allocatable: { count: -1 } }] }, { drivers: [{ name: 'd', nodeID: 'n' }, { name: 'd', nodeID: 'm' }] }]);
    await judgeSpecs(s, '/apis/storage.k8s.io/v1/volumeattachments', { attacher: 'x', nodeName: 'n' }, [
      { attacher: '', nodeName: '', source: {} }, { attacher: 'Bad_', source: { persistentVolumeName: 'p' } }, { source: { persistentVolumeName: '' } }, { source: { persistentVolumeName: 'p', inlineVolumeSpec: {} } }, { source: { inlineVolumeSpec: {} } }, { nodeName: 'Bad_', source: { persistentVolumeName: 'Bad_' } },
    ]);
    await judgeAll(s, s.in('csistoragecapacities', 'storage.k8s.io/v1'), { storageClassName: 'x' }, [{ storageClassName: '' }, { capacity: '-1' }, { nodeTopology: { matchLabels: { 'bad k': 'x' } } }]);
    await judgeAll(s, '/apis/storage.k8s.io/v1/volumeattributesclasses', {}, [{}, { driverName: 'Bad_', parameters: {} }, { driverName: 'x', parameters: { a: 'b' } }]);
  },
  'Nodes and Namespaces': async (s) => {
    await judgeSpecs(s, '/api/v1/nodes', {}, [
      { taints: [{ key: 'a' }] }, { taints: [{ key: 'bad key', value: 'bad value!', effect: 'X' }] }, { taints: [{ key: 'a', effect: 'NoSchedule' }, { key: 'a', effect: 'NoSchedule' }] }, { podCIDR: 'x' }, { podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] }, { externalID: 'x' }, { configSource: {} },
    ], s.namespace);
    await judgeAll(s, '/api/v1/nodes', {}, [{ status: { capacity: { cpu: '-1', pods: '1.5' } } }], s.namespace);
    await judgeSpecs(s, '/api/v1/namespaces', {}, [{ finalizers: ['noslash'] }, { finalizers: ['a.b/c'] }], s.namespace);
  },
  'ResourceQuotas and LimitRanges': async (s) => {
    const scope = (requirement: JsonObject): JsonObject => ({ scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['a'], ...requirement }] } });
    await judgeSpecs(s, s.in('resourcequotas'), {}, [
      { hard: { foo: '1', 'bad key': '1', pods: '-1', services: '1.5' } }, { hard: { cpu: '1', 'limits.cpu': '500m' } }, { scopes: ['X'] }, { scopes: ['Terminating', 'NotTerminating'] }, { scopes: ['BestEffort'], hard: { cpu: '1' } },
      scope({}), scope({ operator: 'X' }), scope({ scopeName: 'X' }), scope({ values: [] }), scope({ operator: 'Exists' }), scope({ scopeName: 'BestEffort' }),
    ]);
    for (const limits of [
      [{}], [{ type: 'X' }], [{ max: { cpu: '1' }, min: { cpu: '2' } }], [{ default: { cpu: '3' }, max: { cpu: '2' } }], [{ defaultRequest: { cpu: '3' }, default: { cpu: '2' } }], [{ maxLimitRequestRatio: { cpu: '0.5' } }], [{ max: { cpu: '1' } }, { max: { cpu: '1' } }],
      [{ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }], [{ type: 'PersistentVolumeClaim' }], [{ max: { foo: '1' } }], [{ min: { cpu: '2' }, max: { cpu: '3' }, maxLimitRequestRatio: { cpu: '5' } }], [{ defaultRequest: { cpu: '1' }, min: { cpu: '2' } }], [{ default: { 'a.b/c': '2' }, defaultRequest: { 'a.b/c': '1' } }],
    ]) await judge(s, 'POST', s.in('limitranges'), { metadata: { name: 'a' }, spec: { limits: limits.map((limit, index) => ({ ...(index > 0 || Object.keys(limit).length > 0 ? { type: 'Container' } : {}), ...limit })) } }, limits);
  },
  'Secrets, ConfigMaps and classes': async (s) => {
    await judgeAll(s, s.in('secrets'), {}, [
      { type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'x', 'tls.key': 'y' } }, { type: 'kubernetes.io/tls' }, { type: 'kubernetes.io/basic-auth' }, { type: 'kubernetes.io/ssh-auth' }, { type: 'kubernetes.io/service-account-token' }, { type: 'kubernetes.io/dockercfg' },
      ...['x', '[]', '5', '{}'].map((text) => ({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': text } })), { stringData: { 'a/b': 'x' } },
    ]);
    await judgeAll(s, s.in('configmaps'), {}, [{ data: { '': 'x', '.': 'x', '..': 'x', '..a': 'x', 'a/b': 'x' } }, { data: { a: 'x' }, binaryData: { a: 'eA==' } }]);
    await judgeAll(s, '/apis/scheduling.k8s.io/v1/priorityclasses', { value: 1 }, [{ value: 2_000_000_000 }, { preemptionPolicy: 'X' }]);
    await judgeAll(s, '/apis/scheduling.k8s.io/v1/priorityclasses', { value: 1 }, [{}], 'system-x');
    await judgeAll(s, '/apis/node.k8s.io/v1/runtimeclasses', { handler: 'h' }, [
      { handler: '' }, { handler: 'Bad_' }, { overhead: { podFixed: { cpu: '-1', foo: '1' } } }, { scheduling: { nodeSelector: { 'bad key': 'x' } } }, { scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'x' } } }, { scheduling: { tolerations: [{ operator: 'X' }, { key: 'a', effect: 'X' }, { key: 'a' }, { key: 'a' }] } },
    ]);
  },
  'Ingresses and their classes': async (s) => {
    const backend = (more: JsonObject): JsonObject => ({ rules: [], defaultBackend: more });
    const service = { service: { name: 's', port: { number: 80 } } };
    const path = (more: JsonObject): JsonObject => ({ rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend: service, ...more }] } }] });
    await judgeSpecs(s, s.in('ingresses', 'networking.k8s.io/v1'), { defaultBackend: service }, [
      { defaultBackend: null }, backend({}), backend({ service: { name: '', port: {} } }), backend({ service: { name: 'Bad_', port: { name: 'x', number: 8 } } }), backend({ service: { name: 'a', port: { number: 99_999 } } }), backend({ service: { name: 'a', port: { name: 'Bad_' } } }),
      backend({ ...service, resource: { kind: 'X', name: 'y' } }), backend({ resource: { apiGroup: 'g.x', kind: '', name: '' } }), { rules: [{ http: {} }] }, { rules: [{ http: { paths: [{}] } }] }, path({ path: 'x' }), path({ path: '/a//b' }), path({ path: '/a/../b%2f/..' }), path({ pathType: 'X' }),
      path({ pathType: null }), path({ pathType: 'ImplementationSpecific', path: '' }), path({ pathType: 'ImplementationSpecific', path: 'x' }), path({ pathType: 'Exact', path: '' }), ...['1.2.3.4', 'Bad_', '*.x', '*x', 'a.*.b'].map((host) => ({ rules: [{ host }] })), { ingressClassName: 'Bad_' },
      { tls: [{ hosts: ['Bad_', '*.a.b', '*'], secretName: 'Bad_' }] },
    ]);
    const annotated = { metadata: { name: 'a', annotations: { 'kubernetes.io/ingress.class': 'y' } } };
    await judgeAll(s, s.in('ingresses', 'networking.k8s.io/v1'), annotated, [{ spec: { defaultBackend: service } }, { spec: { defaultBackend: service, ingressClassName: 'x' } }]);
    await judgeSpecs(s, '/apis/networking.k8s.io/v1/ingressclasses', { controller: 'a.b/c' }, [
      ...['', 'x', 'a.b/c d', '/x', 'Bad_/x', LONG].map((controller) => ({ controller })), { parameters: {} }, { parameters: { kind: 'K/x', name: 'n%', apiGroup: 'Bad_', scope: 'X' } }, { parameters: { kind: 'K', name: 'n', scope: 'Namespace' } }, { parameters: { kind: 'K', name: 'n', scope: 'Cluster', namespace: 'x' } },
    ]);
  },
  'NetworkPolicies and EndpointSlices': async (s) => {
    const from = (...peers: JsonObject[]): JsonObject => ({ ingress: [{ from: peers }] });
    const ports = (...list: JsonObject[]): JsonObject => ({ egress: [{ ports: list }] });
    await judgeSpecs(s, s.in('networkpolicies', 'networking.k8s.io/v1'), { podSelector: {} }, [
      { podSelector: { matchLabels: { 'bad key': 'x' } } }, { policyTypes: ['X'] }, { policyTypes: ['Ingress', 'Egress', 'Ingress'] }, from({}), from({ ipBlock: {} }), from({ ipBlock: { cidr: 'x' } }), from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8', '11.0.0.0/9', 'x', '10.1.0.0/16'] } }),
      from({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }), from({ namespaceSelector: { matchLabels: { a: 'bad value!' } } }), ports({ port: 0 }, { port: 'Bad_' }, { protocol: 'X', port: 1 }, { port: 5, endPort: 3 }, { port: 5, endPort: 70_000 }, { endPort: 5 }, { port: 'a', endPort: 5 }),
    ]);
    const endpoint = (more: JsonObject): JsonObject => ({ endpoints: [{ addresses: ['1.1.1.1'], ...more }] });
    await judgeAll(s, s.in('endpointslices', 'discovery.k8s.io/v1'), { addressType: 'IPv4', endpoints: [] }, [
      { addressType: '' }, { addressType: 'X' }, { endpoints: null }, { endpoints: [{}] }, endpoint({ addresses: ['x', '::1', '127.0.0.1', '0.0.0.0', '169.254.0.1'] }), { addressType: 'IPv6', ...endpoint({}) }, { addressType: 'FQDN', endpoints: [{ addresses: ['Bad_', 'a', 'a.b'] }] }, { addressType: 'FQDN', endpoints: [{ addresses: ['a.b'] }] },
      endpoint({ hostname: 'Bad_', nodeName: 'Bad_', hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }), { ports: [{ name: 'Bad_', protocol: 'X', appProtocol: 'bad proto' }, { name: 'a' }, { name: 'a' }] },
    ]);
    await judgeAll(s, s.in('endpoints'), {}, [{ subsets: [{}] }, { subsets: [{ addresses: [{ ip: 'x' }, { ip: '127.0.0.1', hostname: 'Bad_' }], ports: [{ port: 0 }, { port: 81, protocol: 'X' }] }] }]);
  },
  'claims for devices': async (s) => {
    const exactly = { deviceClassName: 'c' };
    const claims = (...requests: JsonObject[]): JsonObject => ({ devices: { requests } });
    const more = (fields: JsonObject): JsonObject => ({ devices: { requests: [{ name: 'a', exactly }], ...fields } });
    await judgeSpecs(s, s.in('resourceclaims', 'resource.k8s.io/v1'), {}, [
      {}, claims({}), claims({ name: 'Bad_', exactly: { deviceClassName: 'Bad_' } }), claims({ name: 'a', exactly: {} }), claims({ name: 'a', exactly: { ...exactly, allocationMode: 'X' } }), claims({ name: 'a', exactly: { ...exactly, allocationMode: 'All', count: 2 } }),
      claims({ name: 'a', exactly: { ...exactly, count: -1, selectors: [{}], tolerations: [{ operator: 'X' }] } }), claims({ name: 'a', exactly }, { name: 'a', exactly }), claims({ name: 'a', exactly, firstAvailable: [{ name: 'b', deviceClassName: 'c' }] }),
      claims({ name: 'a', firstAvailable: [{ name: 'b', deviceClassName: 'c' }, { name: 'b' }] }), more({ constraints: [{ requests: ['b', 'a/b/c'], matchAttribute: 'x' }, { matchAttribute: 'Bad_/1x' }] }), more({ config: [{}, { requests: ['a', 'a'], opaque: { driver: 'Bad_', parameters: 5 } }] }),
    ]);
    await judgeSpecs(s, s.in('resourceclaimtemplates', 'resource.k8s.io/v1'), {}, [{ spec: claims({}) }, { metadata: { labels: { 'bad key': 'x' } }, spec: {} }]);
    await judgeSpecs(s, '/apis/resource.k8s.io/v1/deviceclasses', {}, [{ selectors: [{}] }, { config: [{}] }]);
    const offer = (...devices: JsonObject[]): JsonObject => ({ devices });
    await judgeSpecs(s, '/apis/resource.k8s.io/v1/resourceslices', { driver: 'd', pool: { name: 'p', resourceSliceCount: 1, generation: 1 }, allNodes: true }, [
      { driver: 'Bad_', pool: {}, allNodes: false }, { pool: { name: 'Bad_/x', resourceSliceCount: 0, generation: -1 }, nodeName: 'n' }, { allNodes: null, nodeName: 'Bad_' }, { allNodes: null, nodeSelector: { nodeSelectorTerms: [] } }, offer({}), offer({ name: 'a' }, { name: 'a' }),
      offer({ name: 'a', attributes: { x: {}, 'a.b/y': { int: 1, string: 'a' }, '1z': { version: 'x' } }, capacity: { 'x y': { value: '1' } } }),
    ]);
    await s.post(s.in('resourceclaims', 'resource.k8s.io/v1'), { metadata: { name: 'a' }, spec: claims({ name: 'a', exactly: { ...exactly, tolerations: [{ operator: 'Exists' }] } }) }, { pick: (body) => body.spec });
    await judge(s, 'PATCH', `${s.in('resourceclaims', 'resource.k8s.io/v1')}/a`, { metadata: { labels: { a: 'b' } } });
  },
  'of the first days keep what they had': async (s) => {
    const sets = s.in('daemonsets', 'apps/v1');
    const generation = { pick: ({ kind, metadata, ...more }: Body) => (kind === 'Status' ? more : { annotations: metadata.annotations, generation: metadata.generation, managedFields: metadata.managedFields.map(({ manager, fieldsV1 }: Body) => ({ manager, metadata: fieldsV1['f:metadata'] })) }) };
    const annotated = (value: unknown): JsonObject => ({ annotations: { 'deprecated.daemonset.template.generation': value } });
    const set = (name: string, metadata: JsonObject = {}): JsonObject => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, ...metadata }, spec: { selector: SELECTOR, template: TEMPLATE } });
    for (const [name, value] of Object.entries({ a: undefined, b: '7', c: 'x', d: '-3', e: '+4', f: '99999999999999999999' })) await s.post(sets, set(name, value === undefined ? {} : annotated(value)), generation);
    await s.patch(`${sets}/a`, MERGE, { spec: { minReadySeconds: 3 } }, generation);
    await s.patch(`${sets}/a`, MERGE, { spec: { template: { metadata: { annotations: { x: 'y' } } } } }, generation);
    for (const metadata of [annotated('9'), annotated('x'), annotated(null), { annotations: null }]) await s.patch(`${sets}/a?fieldManager=other`, MERGE, { metadata }, generation);
    await s.patch(`${sets}/a/status`, MERGE, { status: { numberReady: 3 } }, generation);
    await s.put(`${sets}/b`, set('b'), generation);
    await s.patch(`${sets}/g?fieldManager=x`, APPLY, set('g'), generation);
    await s.patch(`${sets}/g?fieldManager=x`, APPLY, { ...set('g'), spec: { selector: SELECTOR, template: { ...TEMPLATE, metadata: { labels: { a: 'b', c: 'd' } } } } }, generation);
    const classes = '/apis/storage.k8s.io/v1/volumeattributesclasses';
    await s.post(classes, { metadata: { name: s.unique('a') }, driverName: 'x.y', parameters: { a: 'b' } });
    await s.delete(`${classes}/${s.unique('a')}`);
    await s.patch(`${classes}/${s.unique('a')}`, MERGE, { metadata: { finalizers: null } });
  },
  'get their defaults': async (s) => {
    const ofSpec = { pick: (body: Body) => body.spec };
    const dry = (path: string): string => `${path}?dryRun=All`;
    const disks = [{ iscsi: { targetPortal: '1.1.1.1', iqn: 'iqn.2001-04.com.example:storage', lun: 1 } }, { rbd: { monitors: ['a'], image: 'b' } }, { azureDisk: { diskName: 'a', diskURI: 'https://blob/x' } }];
    for (const disk of disks) await s.post(dry('/api/v1/persistentvolumes'), { metadata: { name: s.namespace }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...disk } }, { pick: ({ spec, status }: Body) => ({ spec, status }) });
    await s.post(dry(s.in('podtemplates')), { metadata: { name: 'a' }, template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, volumes: [...disks, { gitRepo: { repository: 'x' } }].map((disk, index) => ({ name: `v${index}`, ...disk })) } } }, { pick: (body) => body.template.spec.volumes });
    await s.post(dry('/apis/networking.k8s.io/v1/ingressclasses'), { metadata: { name: s.namespace }, spec: { controller: 'a.b/c', parameters: { kind: 'X', name: 'y' } } }, ofSpec);
    await s.post(dry('/apis/storage.k8s.io/v1/csidrivers'), { metadata: { name: s.namespace } }, ofSpec);
    await s.post(dry('/api/v1/nodes'), { metadata: { name: s.namespace }, spec: { podCIDRs: ['10.0.0.0/24'] } }, { pick: (body) => body.spec.podCIDR });
    await s.post(dry(s.in('statefulsets', 'apps/v1')), { metadata: { name: 'a' }, spec: { selector: SELECTOR, template: TEMPLATE } }, { pick: (body) => body.spec.updateStrategy });
    await s.post(dry(s.in('horizontalpodautoscalers', 'autoscaling/v2')), { metadata: { name: 'a' }, spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'D', name: 'x' } } }, { pick: (body) => body.status });
  },
};
