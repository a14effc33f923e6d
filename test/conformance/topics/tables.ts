import type { JsonObject } from '../../../src/apiserver/index.js';
import { configMap, deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { MERGE } from '../session.js';
import type { Body, RequestOptions, Session } from '../session.js';
import type { Topic } from '../suite.js';

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const asTable: RequestOptions = { headers: { accept: TABLE } };

/** Ages as such, for they differ from run to run. */
const cell = (value: unknown): unknown => (typeof value === 'string' ? value.replace(/^((\d+[smhdy]){1,2})$/, '<age>').replace(/\((\d+[smhdy]){1,2} ago\)/, '(<age> ago)') : value);
const columns = (definitions: Body): unknown => definitions?.map(({ name, type, format, priority }: Body) => `${name} ${type}${format ? `/${format}` : ''} ${priority}`);
/** A table in few lines: its columns and cells. */
const shown = (body: Body): unknown => (body.kind === 'Table' ? { columns: columns(body.columnDefinitions), rows: body.rows?.map(({ cells, conditions }: Body) => [cells.map(cell), conditions].filter(Boolean).map((part) => JSON.stringify(part)).join(' ')) } : body);
const table = (session: Session, path: string): Promise<unknown> => session.get(path, { ...asTable, pick: shown });

const PAST = '2020-01-02T03:04:05Z';
const TEMPLATE = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'one', image: 'nginx:1' }, { name: 'two', image: 'redis' }] } };
const container = (name: string, state: JsonObject, more: JsonObject = {}): JsonObject => ({ name, image: 'nginx', imageID: '', ready: false, restartCount: 0, state, ...more });
const running = { running: { startedAt: PAST } };
const terminated = (exitCode: number, more: JsonObject = {}): JsonObject => ({ terminated: { exitCode, startedAt: PAST, finishedAt: PAST, ...more } });
const waiting = (reason: string): JsonObject => ({ waiting: { reason } });
const condition = (type: string, status: string, reason = ''): JsonObject => ({ type, status, reason, lastTransitionTime: PAST });
const INIT = [{ name: 'first', image: 'i' }, { name: 'second', image: 'i' }];
const SIDECARS = [{ name: 'side', image: 'i', restartPolicy: 'Always' }, { name: 'second', image: 'i' }];

/** Pods by name: spec, status, metadata. */
const PODS: Record<string, [JsonObject, JsonObject?, JsonObject?]> = {
  'a-new': [{}],
  'b-bound': [{ nodeName: 'n1', hostNetwork: true }, { phase: 'Pending', hostIP: '10.0.0.1', podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00::1' }], containerStatuses: [container('app', waiting('ContainerCreating'))] }],
  'c-running': [{ nodeName: 'n1' }, { phase: 'Running', podIPs: [{ ip: '10.1.0.2' }], podIP: '10.1.0.2', conditions: [condition('Ready', 'True')], containerStatuses: [container('app', running, { ready: true, started: true })] }],
  'd-unready': [{ nodeName: 'n1', containers: [{ name: 'app', image: 'a' }, { name: 'more', image: 'b' }] }, { phase: 'Running', containerStatuses: [container('app', running, { ready: true }), container('more', running, { restartCount: 3, lastState: terminated(1) })] }],
  'e-crashing': [{}, { phase: 'Running', containerStatuses: [container('app', waiting('CrashLoopBackOff'), { restartCount: 7, lastState: terminated(137, { reason: 'OOMKilled' }) })] }],
  'f-image': [{}, { phase: 'Pending', containerStatuses: [container('app', waiting('ImagePullBackOff'))] }],
  'g-done': [{ restartPolicy: 'Never' }, { phase: 'Succeeded', containerStatuses: [container('app', terminated(0, { reason: 'Completed' }))] }],
  'h-failed': [{ restartPolicy: 'Never' }, { phase: 'Failed', containerStatuses: [container('app', terminated(2, { reason: 'Error' }))] }],
  'i-evicted': [{}, { phase: 'Failed', reason: 'Evicted', message: 'low on memory' }],
  'j-signal': [{}, { phase: 'Failed', containerStatuses: [container('app', terminated(0, { signal: 9 }))] }],
  'k-exit': [{}, { phase: 'Failed', containerStatuses: [container('app', terminated(3))] }],
  'l-partly': [{ containers: [{ name: 'app', image: 'a' }, { name: 'more', image: 'b' }] }, { phase: 'Running', conditions: [condition('Ready', 'True')], containerStatuses: [container('app', terminated(0, { reason: 'Completed' })), container('more', running, { ready: true })] }],
  'm-partly-unready': [{ containers: [{ name: 'app', image: 'a' }, { name: 'more', image: 'b' }] }, { phase: 'Running', containerStatuses: [container('app', terminated(0, { reason: 'Completed' })), container('more', running, { ready: true })] }],
  'n-init': [{ initContainers: INIT }, { phase: 'Pending', initContainerStatuses: [container('first', terminated(0)), container('second', running)], containerStatuses: [container('app', waiting('PodInitializing'))] }],
  'o-init-waiting': [{ initContainers: INIT }, { phase: 'Pending', initContainerStatuses: [container('first', waiting('PodInitializing')), container('second', waiting('PodInitializing'))], containerStatuses: [container('app', waiting('PodInitializing'))] }],
  'p-init-error': [{ initContainers: INIT }, { phase: 'Pending', initContainerStatuses: [container('first', terminated(1, { reason: 'Error' }), { restartCount: 2, lastState: terminated(1) })] }],
  'q-init-exit': [{ initContainers: INIT }, { phase: 'Pending', initContainerStatuses: [container('first', terminated(4))] }],
  'r-init-signal': [{ initContainers: INIT }, { phase: 'Pending', initContainerStatuses: [container('first', terminated(1, { signal: 15 }))] }],
  's-init-crashing': [{ initContainers: INIT }, { phase: 'Pending', initContainerStatuses: [container('first', waiting('CrashLoopBackOff'), { restartCount: 5 })] }],
  't-sidecar': [{ initContainers: SIDECARS }, { phase: 'Running', conditions: [condition('Initialized', 'True'), condition('Ready', 'True')], initContainerStatuses: [container('side', running, { ready: true, started: true, restartCount: 1, lastState: terminated(1) }), container('second', terminated(0))], containerStatuses: [container('app', running, { ready: true })] }],
  'u-sidecar-init': [{ initContainers: SIDECARS }, { phase: 'Pending', initContainerStatuses: [container('side', running, { ready: true, started: true }), container('second', running)] }],
  'v-sidecar-starting': [{ initContainers: SIDECARS }, { phase: 'Pending', initContainerStatuses: [container('side', running, { started: false }), container('second', waiting('PodInitializing'))] }],
  'w-gated': [{ schedulingGates: [{ name: 'example.com/wait' }] }],
  'x-gates': [{ readinessGates: [{ conditionType: 'example.com/a' }, { conditionType: 'example.com/b' }] }, { phase: 'Running', nominatedNodeName: 'n9', conditions: [condition('example.com/a', 'True'), condition('example.com/b', 'False')] }],
  'y-lost': [{ nodeName: 'n1' }, { phase: 'Running', reason: 'NodeLost', containerStatuses: [container('app', running, { ready: true })] }],
  'z-leaving': [{ nodeName: 'n1' }, { phase: 'Running', containerStatuses: [container('app', running, { ready: true })] }],
};

export const scenarios: Topic = {
  'columns of every kind': async (s) => {
    const { body: { groups } } = await s.quiet('GET', '/apis');
    const builtIn = groups.filter(({ name }: Body) => !/\.example\.com/.test(name)).flatMap(({ versions }: Body) => versions.map(({ groupVersion }: Body) => `/apis/${groupVersion}`));
    for (const root of ['/api/v1', ...builtIn]) {
      const { body: { resources } } = await s.quiet('GET', root);
      for (const { name } of resources.filter((resource: Body) => resource.verbs.includes('list'))) s.note(`${root}/${name}: ${JSON.stringify(columns((await s.quiet('GET', `${root}/${name}?limit=1`, undefined, asTable)).body.columnDefinitions))}`);
    }
  },
  'pods in many states': async (s) => {
    const pods = s.in('pods');
    for (const [name, [spec, status, metadata]] of Object.entries(PODS)) {
      await s.quiet('POST', pods, pod(name, spec, metadata));
      if (status) await s.quiet('PATCH', `${pods}/${name}/status`, { status }, { headers: { 'content-type': MERGE } });
    }
    await s.quiet('DELETE', `${pods}/z-leaving`);
    await s.quiet('DELETE', `${pods}/y-lost`);
    await table(s, pods);
    await table(s, `${pods}/c-running`);
    await table(s, `${pods}/nowhere`);
    await table(s, `${pods}?fieldSelector=metadata.name=nowhere`);
    await table(s, `${pods}?limit=2`);
  },
  'nodes': async (s) => {
    const nodes: Record<string, [JsonObject, JsonObject, JsonObject]> = {
      a: [{}, {}, {}],
      b: [{ unschedulable: true }, { conditions: [condition('Ready', 'True')], addresses: [{ type: 'InternalIP', address: '10.0.0.1' }, { type: 'ExternalIP', address: '54.0.0.1' }, { type: 'InternalIP', address: 'fd00::2' }], nodeInfo: { kubeletVersion: 'v1.35.0', osImage: 'Bottlerocket', kernelVersion: '6.1', containerRuntimeVersion: 'containerd://2.0', architecture: 'amd64', bootID: '', machineID: '', systemUUID: '', kubeProxyVersion: '', operatingSystem: 'linux' } }, { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/': '', 'kubernetes.io/role': 'gpu' }],
      c: [{}, { conditions: [condition('Ready', 'Unknown'), condition('MemoryPressure', 'True')] }, { 'node-role.kubernetes.io/control-plane': '' }],
      d: [{ unschedulable: true }, { conditions: [condition('Ready', 'False')], addresses: [{ type: 'Hostname', address: 'd' }] }, { 'kubernetes.io/role': '' }],
    };
    for (const [name, [spec, status, labels]] of Object.entries(nodes)) {
      await s.quiet('POST', '/api/v1/nodes', { metadata: { name: s.unique(name), labels: { run: s.namespace, ...labels } }, spec });
      await s.quiet('PATCH', `/api/v1/nodes/${s.unique(name)}/status`, { status }, { headers: { 'content-type': MERGE } });
    }
    await table(s, `/api/v1/nodes?labelSelector=run=${s.namespace}`);
  },
  'workloads': async (s) => {
    const apps = { selector: { matchLabels: { app: 'x' } }, template: TEMPLATE };
    const make = async (resource: string, version: string, name: string, spec: JsonObject, status?: JsonObject): Promise<void> => {
      await s.quiet('POST', s.in(resource, version), { metadata: { name }, spec });
      if (status) await s.quiet('PATCH', `${s.in(resource, version)}/${name}/status`, { status }, { headers: { 'content-type': MERGE } });
    };
    await make('deployments', 'apps/v1', 'a', apps);
    await make('deployments', 'apps/v1', 'b', { ...apps, replicas: 5, selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['y', 'x'] }, { key: 'b', operator: 'DoesNotExist' }] } }, { replicas: 5, readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1, unavailableReplicas: 4 });
    await make('replicasets', 'apps/v1', 'a', { ...apps, replicas: 0 });
    await make('replicasets', 'apps/v1', 'b', { ...apps, replicas: 3 }, { replicas: 3, readyReplicas: 2, fullyLabeledReplicas: 3, availableReplicas: 1 });
    await make('statefulsets', 'apps/v1', 'a', { ...apps, serviceName: 'x' });
    await make('statefulsets', 'apps/v1', 'b', { ...apps, serviceName: 'x', replicas: 2 }, { replicas: 2, readyReplicas: 1 });
    await make('daemonsets', 'apps/v1', 'a', { ...apps, template: { ...TEMPLATE, spec: { ...TEMPLATE.spec, nodeSelector: { z: 'y', a: 'b' } } } });
    await make('daemonsets', 'apps/v1', 'b', apps, { desiredNumberScheduled: 5, currentNumberScheduled: 4, numberReady: 3, updatedNumberScheduled: 2, numberAvailable: 1, numberMisscheduled: 0 });
    await make('replicationcontrollers', 'v1', 'a', { selector: { app: 'x', b: 'c' }, replicas: 2, template: { ...TEMPLATE, metadata: { labels: { app: 'x', b: 'c' } } } }, { replicas: 1, readyReplicas: 1 });
    await s.quiet('POST', s.in('podtemplates'), { metadata: { name: 'a' }, template: TEMPLATE });
    const { body: owner } = await s.quiet('GET', `${s.in('daemonsets', 'apps/v1')}/b`);
    await s.quiet('POST', s.in('controllerrevisions', 'apps/v1'), { metadata: { name: 'a', ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'b', uid: owner.metadata.uid, controller: true }] }, revision: 3, data: { a: 1 } });
    await s.quiet('POST', s.in('controllerrevisions', 'apps/v1'), { metadata: { name: 'b' }, revision: 12, data: {} });
    for (const wrong of [{ revision: 1 }, { revision: 1, data: 'x' }, { revision: -1, data: null }]) await s.post(s.in('controllerrevisions', 'apps/v1'), { metadata: { name: 'c' }, ...wrong });
    await s.patch(`${s.in('controllerrevisions', 'apps/v1')}/a`, MERGE, { data: { b: 2 } });
    for (const resource of ['deployments', 'replicasets', 'statefulsets', 'daemonsets', 'controllerrevisions']) await table(s, s.in(resource, 'apps/v1'));
    await table(s, s.in('replicationcontrollers'));
    await table(s, s.in('podtemplates'));
    await s.get(`${s.in('deployments', 'apps/v1')}/b/scale`, { ...asTable, pick: shown });
    await s.get(`${s.in('deployments', 'apps/v1')}/b/status`, { ...asTable, pick: shown });
  },
  'jobs': async (s) => {
    const jobs = s.in('jobs', 'batch/v1');
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'one', image: 'i' }] } };
    const list: Record<string, [JsonObject, JsonObject?, JsonObject?]> = {
      a: [{}],
      b: [{ completions: 5, parallelism: 2 }, { active: 2, succeeded: 3, startTime: PAST }],
      c: [{ suspend: true }, { conditions: [condition('Suspended', 'True')] }],
      d: [{ completions: 1 }, { startTime: PAST, completionTime: '2020-01-02T03:14:05Z', succeeded: 1, uncountedTerminatedPods: {}, conditions: [{ ...condition('SuccessCriteriaMet', 'True'), lastProbeTime: PAST }, { ...condition('Complete', 'True'), lastProbeTime: PAST }] }],
      e: [{}, { startTime: PAST, failed: 1, uncountedTerminatedPods: {}, conditions: [{ ...condition('FailureTarget', 'True'), lastProbeTime: PAST }, { ...condition('Failed', 'True'), lastProbeTime: PAST }] }],
      f: [{ parallelism: 3 }, { startTime: PAST, active: 3 }],
      g: [{}, { startTime: PAST, active: 1, conditions: [{ ...condition('FailureTarget', 'True'), lastProbeTime: PAST }] }],
      h: [{}, { startTime: PAST, active: 1, conditions: [{ ...condition('SuccessCriteriaMet', 'True'), lastProbeTime: PAST }] }],
      i: [{}, { startTime: PAST, active: 1 }, { finalizers: ['example.com/wait'] }],
    };
    for (const [name, [spec, status, metadata]] of Object.entries(list)) {
      const made = await s.quiet('POST', jobs, { metadata: { name, ...metadata }, spec: { ...spec, template } });
      const answer = status && await s.quiet('PATCH', `${jobs}/${name}/status`, { status }, { headers: { 'content-type': MERGE } });
      s.note(`${name}: ${made.status} ${answer?.status ?? ''} ${answer?.body.message ?? ''}`);
    }
    await s.quiet('DELETE', `${jobs}/i`);
    await table(s, jobs);
    const cronJobs = s.in('cronjobs', 'batch/v1');
    await s.quiet('POST', cronJobs, { metadata: { name: 'a' }, spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template } } } });
    await s.quiet('POST', cronJobs, { metadata: { name: 'b' }, spec: { schedule: '@daily', timeZone: 'Europe/Berlin', suspend: true, jobTemplate: { spec: { template } } } });
    await s.quiet('PATCH', `${cronJobs}/b/status`, { status: { lastScheduleTime: PAST, active: [{ kind: 'Job', name: 'x' }, { kind: 'Job', name: 'y' }] } }, { headers: { 'content-type': MERGE } });
    await table(s, cronJobs);
    await s.quiet('PATCH', `${jobs}/i`, { metadata: { finalizers: null } }, { headers: { 'content-type': MERGE } });
  },
  'autoscalers and budgets': async (s) => {
    const scalers = s.in('horizontalpodautoscalers', 'autoscaling/v2');
    const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, maxReplicas: 9 };
    const cpu = (target: JsonObject): JsonObject => ({ type: 'Resource', resource: { name: 'cpu', target } });
    const list: Record<string, [JsonObject, JsonObject?]> = {
      a: [{}],
      b: [{ minReplicas: 2, metrics: [cpu({ type: 'Utilization', averageUtilization: 60 })] }, { currentReplicas: 3, desiredReplicas: 4, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '1' } } }] }],
      c: [{ metrics: [cpu({ type: 'AverageValue', averageValue: '500m' }), { type: 'Pods', pods: { metric: { name: 'p' }, target: { type: 'AverageValue', averageValue: '10' } } }, { type: 'Object', object: { metric: { name: 'o' }, describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' }, target: { type: 'Value', value: '5' } } }, { type: 'External', external: { metric: { name: 'e' }, target: { type: 'AverageValue', averageValue: '7' } } }] }],
      d: [{ metrics: [{ type: 'External', external: { metric: { name: 'e' }, target: { type: 'Value', value: '8' } } }, { type: 'ContainerResource', containerResource: { name: 'memory', container: 'app', target: { type: 'Utilization', averageUtilization: 70 } } }] }, { currentReplicas: 1, desiredReplicas: 1, currentMetrics: [{ type: 'External', external: { metric: { name: 'e' }, current: { value: '4' } } }, { type: 'ContainerResource', containerResource: { name: 'memory', container: 'app', current: { averageUtilization: 20, averageValue: '1' } } }] }],
      e: [{ metrics: [{ type: 'Object', object: { metric: { name: 'o' }, describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' }, target: { type: 'AverageValue', averageValue: '5' } } }, { type: 'External', external: { metric: { name: 'e' }, target: { type: 'AverageValue', averageValue: '7' } } }] }],
    };
    for (const [name, [more, status]] of Object.entries(list)) {
      await s.quiet('POST', scalers, { metadata: { name }, spec: { ...spec, ...more } });
      if (status) await s.quiet('PATCH', `${scalers}/${name}/status`, { status }, { headers: { 'content-type': MERGE } });
    }
    await table(s, scalers);
    await table(s, s.in('horizontalpodautoscalers', 'autoscaling/v1'));
    for (const name of ['b', 'c', 'd', 'e']) await s.get(`${s.in('horizontalpodautoscalers', 'autoscaling/v1')}/${name}`, { pick: ({ metadata, spec: wanted, status }) => ({ annotations: metadata.annotations, spec: wanted, status }) });
    await s.patch(`${scalers}/d`, MERGE, { spec: { behavior: { scaleUp: { stabilizationWindowSeconds: 5, selectPolicy: 'Min', policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] } } } }, { pick: ({ spec: { behavior } }) => behavior });
    const { body: old } = await s.get(`${s.in('horizontalpodautoscalers', 'autoscaling/v1')}/d`, { pick: ({ metadata }) => metadata.annotations });
    await s.put(`${s.in('horizontalpodautoscalers', 'autoscaling/v1')}/d`, { ...old, spec: { ...old.spec, maxReplicas: 7, targetCPUUtilizationPercentage: 50 } }, { pick: ({ metadata, spec: wanted }) => ({ annotations: metadata.annotations, spec: wanted }) });
    await s.patch(`${scalers}/d`, MERGE, { spec: { behavior: null } }, { pick: ({ spec: { behavior } }) => behavior ?? 'none' });
    await s.patch(`${scalers}/d`, MERGE, { spec: { behavior: {} } }, { pick: ({ spec: { behavior } }) => behavior ?? 'none' });
    await s.get(`${scalers}/d`, { pick: ({ metadata, spec: wanted }) => ({ annotations: metadata.annotations, spec: wanted }) });
    const budgets = s.in('poddisruptionbudgets', 'policy/v1');
    await s.quiet('POST', budgets, { metadata: { name: 'a' }, spec: { minAvailable: '50%', selector: {} } });
    await s.quiet('POST', budgets, { metadata: { name: 'b' }, spec: { maxUnavailable: 1, selector: {} } });
    await s.quiet('PATCH', `${budgets}/b/status`, { status: { disruptionsAllowed: 4, currentHealthy: 5, desiredHealthy: 1, expectedPods: 5 } }, { headers: { 'content-type': MERGE } });
    await s.quiet('POST', budgets, { metadata: { name: 'c' }, spec: { selector: {} } });
    await table(s, budgets);
  },
  'services and what is behind them': async (s) => {
    const services = s.in('services');
    const make = (name: string, spec: JsonObject): Promise<unknown> => s.quiet('POST', services, { metadata: { name }, spec });
    await make('a', { clusterIP: 'None', selector: { b: 'c', a: 'b' }, ports: [{ port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }] });
    await make('b', { clusterIP: 'None' });
    await make('c', { type: 'ExternalName', externalName: 'example.com' });
    await make('d', { clusterIP: 'None', externalIPs: ['1.2.3.4', '1.2.3.5'], ports: [{ port: 80 }] });
    await table(s, services);
    await make('e', { type: 'LoadBalancer', ports: [{ port: 443, nodePort: 31443 }] });
    await make('f', { type: 'LoadBalancer', externalIPs: ['1.2.3.4'], ports: [{ port: 443, nodePort: 31444 }] });
    await s.quiet('PATCH', `${services}/f/status`, { status: { loadBalancer: { ingress: [{ ip: '5.6.7.8' }, { hostname: 'lb.example.com' }] } } }, { headers: { 'content-type': MERGE } });
    await s.get(services, { ...asTable, pick: ({ rows }) => rows.slice(4).map(({ cells }: Body) => JSON.stringify([...cells.slice(0, 2), ...cells.slice(3)].map(cell))) });
    for (const name of ['e', 'f']) await s.quiet('DELETE', `${services}/${name}`);
    await s.quiet('POST', s.in('endpoints'), { metadata: { name: 'a' }, subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ name: 'x', port: 80 }, { name: 'y', port: 81 }] }, { notReadyAddresses: [{ ip: '10.0.0.3' }], ports: [{ name: 'x', port: 80 }] }] });
    await s.quiet('POST', s.in('endpoints'), { metadata: { name: 'b' } });
    await s.quiet('POST', s.in('endpoints'), { metadata: { name: 'c' }, subsets: [{ addresses: [{ ip: '10.0.0.1' }] }] });
    await table(s, s.in('endpoints'));
    const slices = s.in('endpointslices', 'discovery.k8s.io/v1');
    await s.quiet('POST', slices, { metadata: { name: 'a' }, addressType: 'IPv4', endpoints: [] });
    await s.quiet('POST', slices, { metadata: { name: 'b' }, addressType: 'IPv4', endpoints: ['1', '2', '3', '4', '5'].map((n) => ({ addresses: [`10.0.0.${n}`] })), ports: [{ name: 'a', port: 1 }, { name: 'b', port: 2 }, { name: 'c', port: 3 }, { name: 'd', port: 4 }] });
    await s.quiet('POST', slices, { metadata: { name: 'c' }, addressType: 'FQDN', endpoints: [{ addresses: ['a.example.com'] }], ports: [{ name: '' }] });
    await table(s, slices);
    const networking = (resource: string): string => s.in(resource, 'networking.k8s.io/v1');
    const backend = { service: { name: 'x', port: { number: 80 } } };
    const http = { paths: [{ path: '/', pathType: 'Prefix', backend }] };
    await s.quiet('POST', networking('ingresses'), { metadata: { name: 'a' }, spec: { defaultBackend: backend } });
    await s.quiet('POST', networking('ingresses'), { metadata: { name: 'b' }, spec: { ingressClassName: 'x', tls: [{ hosts: ['a'] }], rules: ['a.b', 'b.b', 'c.b', 'd.b', 'e.b'].map((host) => ({ host, http })) } });
    await s.quiet('PATCH', `${networking('ingresses')}/b/status`, { status: { loadBalancer: { ingress: [{ ip: '5.6.7.8' }, { hostname: 'lb.example.com' }] } } }, { headers: { 'content-type': MERGE } });
    await s.quiet('POST', networking('ingresses'), { metadata: { name: 'c' }, spec: { rules: [{ http }] } });
    await table(s, networking('ingresses'));
    await s.quiet('POST', networking('networkpolicies'), { metadata: { name: 'a' }, spec: { podSelector: {} } });
    await s.quiet('POST', networking('networkpolicies'), { metadata: { name: 'b' }, spec: { podSelector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['e', 'd'] }, { key: 'f', operator: 'Exists' }] } } });
    await table(s, networking('networkpolicies'));
  },
  'configuration and storage in a namespace': async (s) => {
    await s.quiet('POST', s.in('configmaps'), configMap('a', { one: '1', two: '2' }));
    await s.quiet('POST', s.in('configmaps'), { ...configMap('b', {}), binaryData: { one: 'eA==' } });
    await table(s, s.in('configmaps'));
    await s.quiet('POST', s.in('secrets'), { metadata: { name: 'a' }, stringData: { x: 'y' } });
    await s.quiet('POST', s.in('secrets'), { metadata: { name: 'b' }, type: 'example.com/mine' });
    await table(s, s.in('secrets'));
    await s.quiet('POST', s.in('serviceaccounts'), { metadata: { name: 'a' }, secrets: [{ name: 'x' }, { name: 'y' }] });
    await table(s, s.in('serviceaccounts'));
    const claims = s.in('persistentvolumeclaims');
    const claim = { accessModes: ['ReadWriteOnce', 'ReadOnlyMany'], resources: { requests: { storage: '5Gi' } } };
    await s.quiet('POST', claims, { metadata: { name: 'a' }, spec: { ...claim, storageClassName: 'fast' } });
    await s.quiet('POST', claims, { metadata: { name: 'b' }, spec: { ...claim, volumeMode: 'Block', volumeName: 'pv', volumeAttributesClassName: 'gold' } });
    await s.quiet('PATCH', `${claims}/b/status`, { status: { phase: 'Bound', accessModes: ['ReadWriteMany', 'ReadWriteOncePod', 'ReadWriteOnce'], capacity: { storage: '6Gi' } } }, { headers: { 'content-type': MERGE } });
    await s.quiet('POST', claims, { metadata: { name: 'c', finalizers: ['example.com/wait'] }, spec: claim });
    await s.quiet('DELETE', `${claims}/c`);
    await table(s, claims);
    await s.quiet('PATCH', `${claims}/c`, { metadata: { finalizers: null } }, { headers: { 'content-type': MERGE } });
    await s.quiet('POST', s.in('resourcequotas'), { metadata: { name: 'a' }, spec: { hard: { 'requests.cpu': '4', 'limits.cpu': '8', 'count/widgets.example.com': '9', services: '100' } } });
    await s.quiet('PATCH', `${s.in('resourcequotas')}/a/status`, { status: { hard: { 'requests.cpu': '4', 'limits.cpu': '8', services: '100' }, used: { 'requests.cpu': '1', services: '7' } } }, { headers: { 'content-type': MERGE } });
    await s.get(s.in('resourcequotas'), { ...asTable, pick: ({ columnDefinitions, rows }) => ({ columns: columns(columnDefinitions), cells: rows[0].cells.length }) });
    await s.quiet('POST', s.in('limitranges'), { metadata: { name: 'a' }, spec: { limits: [{ type: 'Pod', max: { cpu: '4' } }] } });
    await table(s, s.in('limitranges'));
    const leases = s.in('leases', 'coordination.k8s.io/v1');
    await s.quiet('POST', leases, { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } });
    await s.quiet('POST', leases, { metadata: { name: 'b' }, spec: {} });
    await table(s, leases);
  },
  'events': async (s) => {
    const events = s.in('events');
    const event = (name: string, more: JsonObject): Promise<unknown> => s.quiet('POST', events, { metadata: { name }, involvedObject: { kind: 'Pod', name: 'x', namespace: s.namespace, fieldPath: 'spec.containers{app}' }, reason: 'Because', message: ' several words\n', type: 'Normal', ...more });
    await event('a', { source: { component: 'kubelet', host: 'n1' }, firstTimestamp: PAST, lastTimestamp: PAST, count: 3 });
    await event('b', { source: { component: 'kubelet' }, involvedObject: { namespace: s.namespace } });
    await event('c', { reportingComponent: 'example.com/c', reportingInstance: 'c-0', action: 'Do', eventTime: '2020-01-02T03:04:05.000000Z', type: 'Warning', series: { count: 7, lastObservedTime: '2020-01-02T03:04:05.000000Z' } });
    await event('d', { firstTimestamp: PAST, source: { component: 'x', host: 'h' }, count: 0 });
    await event('e', { reportingComponent: 'example.com/c', reportingInstance: 'c-0', action: 'Do', eventTime: '2020-01-02T03:04:05.000000Z' });
    await table(s, events);
    await table(s, s.in('events', 'events.k8s.io/v1'));
  },
  'kinds of the cluster': async (s) => {
    const one = async (path: string, name: string, body: JsonObject, status?: JsonObject): Promise<void> => {
      const { status: code, body: answer } = await s.quiet('POST', path, { metadata: { name: s.unique(name), labels: { run: s.namespace } }, ...body });
      if (code !== 201) s.note(`${path} ${name}: ${answer.message}`);
      if (status) await s.quiet('PATCH', `${path}/${s.unique(name)}/status`, { status }, { headers: { 'content-type': MERGE } });
    };
    const all = (path: string): Promise<unknown> => table(s, `${path}?labelSelector=run=${s.namespace}`);
    const storage = (resource: string): string => `/apis/storage.k8s.io/v1/${resource}`;
    const volume = { capacity: { storage: '5Gi' }, accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'h' } };
    await one('/api/v1/persistentvolumes', 'a', { spec: volume });
    await one('/api/v1/persistentvolumes', 'b', { spec: { ...volume, persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'fast', volumeMode: 'Block', volumeAttributesClassName: 'gold', claimRef: { namespace: 'n', name: 'c' } } }, { phase: 'Failed', reason: 'Broken' });
    await all('/api/v1/persistentvolumes');
    await one(storage('storageclasses'), 'a', { provisioner: 'p' });
    await one(storage('storageclasses'), 'b', { provisioner: 'p', reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer', allowVolumeExpansion: true });
    await s.quiet('PATCH', `${storage('storageclasses')}/${s.unique('b')}`, { metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } }, { headers: { 'content-type': MERGE } });
    await all(storage('storageclasses'));
    await one(storage('csidrivers'), 'a', { spec: {} });
    await one(storage('csidrivers'), 'b', { spec: { attachRequired: false, podInfoOnMount: true, storageCapacity: true, requiresRepublish: true, tokenRequests: [{ audience: 'x' }, { audience: 'y' }], volumeLifecycleModes: ['Ephemeral', 'Persistent'] } });
    await all(storage('csidrivers'));
    await one(storage('csinodes'), 'a', { spec: { drivers: [{ name: 'x', nodeID: 'y' }] } });
    await all(storage('csinodes'));
    await one(storage('volumeattachments'), 'a', { spec: { attacher: 'x', nodeName: 'n', source: { persistentVolumeName: 'pv' } } }, { attached: true });
    await all(storage('volumeattachments'));
    await one(storage('volumeattributesclasses'), 'a', { driverName: 'x', parameters: { a: 'b' } });
    await all(storage('volumeattributesclasses'));
    await one('/apis/scheduling.k8s.io/v1/priorityclasses', 'a', { value: -5, preemptionPolicy: 'Never' });
    await all('/apis/scheduling.k8s.io/v1/priorityclasses');
    await one('/apis/node.k8s.io/v1/runtimeclasses', 'a', { handler: 'x' });
    await all('/apis/node.k8s.io/v1/runtimeclasses');
    await one('/apis/networking.k8s.io/v1/ingressclasses', 'a', { spec: { controller: 'example.com/x' } });
    await one('/apis/networking.k8s.io/v1/ingressclasses', 'b', { spec: { controller: 'example.com/x', parameters: { apiGroup: 'example.com', kind: 'K', name: 'n' } } });
    await all('/apis/networking.k8s.io/v1/ingressclasses');
    const webhook = { name: 'a.example.com', clientConfig: { url: 'https://x/' }, sideEffects: 'None', admissionReviewVersions: ['v1'] };
    for (const resource of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
      await one(`/apis/admissionregistration.k8s.io/v1/${resource}`, 'a', { webhooks: [webhook, { ...webhook, name: 'b.example.com' }] });
      await all(`/apis/admissionregistration.k8s.io/v1/${resource}`);
    }
    await one('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies', 'a', { spec: { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] }, validations: [{ expression: 'true' }, { expression: 'true' }] } });
    await all('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies');
    await one('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings', 'a', { spec: { policyName: 'nothing', validationActions: ['Audit'], paramRef: { name: 'x', parameterNotFoundAction: 'Deny' } } });
    await all('/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings');
    await one('/apis/resource.k8s.io/v1/deviceclasses', 'a', { spec: {} });
    await all('/apis/resource.k8s.io/v1/deviceclasses');
    await one('/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations', 'a', { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 2, queueLengthLimit: 9 } } } } });
    await one('/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations', 'b', { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } });
    await all('/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations');
    await one('/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', 'a', { spec: { priorityLevelConfiguration: { name: s.unique('a') }, matchingPrecedence: 700, distinguisherMethod: { type: 'ByUser' }, rules: [] } });
    await s.until(`/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/${s.unique('a')}`, ({ body }) => body.status?.conditions?.length > 0);
    await all('/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas');
    await one('/apis/certificates.k8s.io/v1/certificatesigningrequests', 'a', { spec: { signerName: 'example.com/x', usages: ['client auth'], request: 'bm9uZQ==' } });
    await all('/apis/certificates.k8s.io/v1/certificatesigningrequests');
    await s.get('/api/v1/componentstatuses', { ...asTable, pick: ({ columnDefinitions }) => columns(columnDefinitions) });
  },
  'roles, namespaces and definitions': async (s) => {
    const rbac = (resource: string): string => s.in(resource, 'rbac.authorization.k8s.io/v1');
    await s.quiet('POST', rbac('roles'), { metadata: { name: 'a' }, rules: [] });
    await table(s, rbac('roles'));
    await s.quiet('POST', rbac('rolebindings'), { metadata: { name: 'a' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ada' }, { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'bob' }, { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'all' }, { kind: 'ServiceAccount', name: 'sa', namespace: s.namespace }] });
    await table(s, rbac('rolebindings'));
    await s.quiet('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: s.unique('a') }, rules: [] });
    await table(s, `/apis/rbac.authorization.k8s.io/v1/clusterroles/${s.unique('a')}`);
    await s.quiet('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { metadata: { name: s.unique('a') }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: s.unique('a') } });
    await table(s, `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${s.unique('a')}`);
    await table(s, `/api/v1/namespaces/${s.namespace}`);
    await s.define(widgets(s, { type: 'object' }));
    await table(s, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${s.group}`);
  },
  'what rows have of objects': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', { one: '1' }));
    const whole = (body: Body): unknown => (body.kind === 'Table' ? { ...body, columnDefinitions: columns(body.columnDefinitions), rows: body.rows.map(({ cells, ...more }: Body) => ({ cells: JSON.stringify(cells.map(cell)), ...more })) } : body);
    for (const include of ['', 'None', 'Metadata', 'Object', 'Other']) await s.get(`${maps}/a?includeObject=${include}`, { ...asTable, pick: whole });
    await s.get(`${maps}?includeObject=Object&fieldSelector=metadata.name=a`, { ...asTable, pick: whole });
    await s.get(`${maps}/a`, { headers: { accept: TABLE.replace('v=v1', 'v=v1beta1') }, pick: whole });
    await s.get(`${maps}/a`, { headers: { accept: TABLE.replace('v=v1', 'v=v2') } });
    await s.get(`${maps}/a`, { headers: { accept: TABLE.replace('json', 'yaml') }, pick: ({ kind }) => kind });
    await s.post(maps, configMap('b', {}), { ...asTable, pick: whole });
    await s.patch(`${maps}/b`, MERGE, { data: { x: 'y' } }, { headers: { accept: TABLE }, pick: whole });
    await s.put(`${maps}/b`, configMap('b', {}), { ...asTable, pick: whole });
    await s.delete(`${maps}/b`, undefined, { ...asTable, pick: whole });
    await s.delete(`${maps}?fieldSelector=metadata.name=a`, undefined, { ...asTable, pick: whole });
    await s.get(`${maps}/nowhere`, asTable);
  },
  'tables of custom resources': async (s) => {
    const printer = [
      { name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Note', type: 'string', jsonPath: '.spec.note', priority: 1, description: 'a note' }, { name: 'On', type: 'boolean', jsonPath: '.spec.on' },
      { name: 'When', type: 'date', jsonPath: '.spec.when' }, { name: 'Weight', type: 'number', jsonPath: '.spec.weight', format: 'double' }, { name: 'Items', type: 'string', jsonPath: '.spec.items[*].name' }, { name: 'First', type: 'string', jsonPath: '.spec.items[?(@.name=="a")].value' },
      { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' }, { name: 'Object', type: 'string', jsonPath: '.spec' }, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ];
    await s.define(widgets(s, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { additionalPrinterColumns: printer }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', {}));
    await s.quiet('POST', widgetsOf(s), widget(s, 'b', { size: 3, note: 'x', on: false, when: PAST, weight: 1.5, items: [{ name: 'a', value: 1 }, { name: 'b', value: 2 }] }, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'c', { size: 'many', note: 4, on: 'yes', when: 'soon', weight: 2, items: [] }));
    await table(s, widgetsOf(s));
    await table(s, `${widgetsOf(s)}/b`);
  },
  'tables in watches': async (s) => {
    const maps = s.in('configmaps');
    const pick = (body: Body): unknown => (body.kind === 'Table' ? { columns: columns(body.columnDefinitions) ?? 'none', metadata: Object.keys(body.metadata), rows: body.rows.map(({ cells, object }: Body) => ({ cells: JSON.stringify(cells.map(cell)), kind: object?.kind ?? 'none', name: object?.metadata.name ?? 'none' })) } : body);
    await s.quiet('POST', maps, configMap('a', {}, { labels: { watched: 'yes' } }));
    const watch = await s.watch(`${maps}?watch=true&labelSelector=watched`, { ...asTable, pick });
    await watch.expect(1);
    await s.quiet('POST', maps, configMap('b', { x: 'y' }, { labels: { watched: 'yes' } }));
    await s.quiet('PATCH', `${maps}/b`, { data: { z: 'y' } }, { headers: { 'content-type': MERGE } });
    await s.quiet('DELETE', `${maps}/b`);
    await watch.expect(3);
    const initial = await s.watch(`${maps}?watch=true&labelSelector=watched&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&includeObject=None`, { ...asTable, pick });
    await initial.expect(2);
    const whole = await s.watch(`${maps}?watch=true&labelSelector=watched&includeObject=Object`, { ...asTable, pick });
    await whole.expect(1);
  },
  'bookmarks in watched tables': async (s) => {
    await s.define(widgets(s, { type: 'object', properties: { size: { type: 'integer' } } }, { additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }] }));
    const pick = (body: Body): unknown => (body.kind === 'Table' ? body.rows.map(({ cells, object }: Body) => `${JSON.stringify(cells.map(cell))} ${object.kind} ${JSON.stringify(object.metadata.annotations)}`) : body);
    const initial = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name=nothing';
    for (const [resource, version] of [['pods', 'v1'], ['services', 'v1'], ['secrets', 'v1'], ['events', 'v1'], ['persistentvolumeclaims', 'v1'], ['deployments', 'apps/v1'], ['statefulsets', 'apps/v1'], ['daemonsets', 'apps/v1'], ['jobs', 'batch/v1'], ['cronjobs', 'batch/v1'], ['poddisruptionbudgets', 'policy/v1'], ['leases', 'coordination.k8s.io/v1'], ['horizontalpodautoscalers', 'autoscaling/v2'], ['endpointslices', 'discovery.k8s.io/v1'], ['ingresses', 'networking.k8s.io/v1'], ['roles', 'rbac.authorization.k8s.io/v1'], ['rolebindings', 'rbac.authorization.k8s.io/v1'], ['widgets', `${s.group}/v1`]] as const) {
      const watch = await s.watch(`${s.in(resource, version)}?${initial}`, { ...asTable, pick });
      await watch.expect(1);
    }
    for (const path of ['/api/v1/nodes', '/api/v1/namespaces', '/api/v1/persistentvolumes', '/apis/storage.k8s.io/v1/storageclasses', '/apis/scheduling.k8s.io/v1/priorityclasses', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', '/apis/node.k8s.io/v1/runtimeclasses']) {
      const watch = await s.watch(`${path}?${initial}`, { ...asTable, pick });
      await watch.expect(1);
    }
  },
  'say what their columns are': async (s) => {
    for (const [prefix, version, resources] of [
      ['/api', 'v1', 'configmaps endpoints events namespaces nodes persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers resourcequotas limitranges secrets serviceaccounts services'],
      ['/apis', 'apps/v1', 'controllerrevisions daemonsets deployments replicasets statefulsets'], ['/apis', 'batch/v1', 'cronjobs jobs'], ['/apis', 'autoscaling/v2', 'horizontalpodautoscalers'], ['/apis', 'autoscaling/v1', 'horizontalpodautoscalers'], ['/apis', 'policy/v1', 'poddisruptionbudgets'],
      ['/apis', 'storage.k8s.io/v1', 'csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses'], ['/apis', 'networking.k8s.io/v1', 'ingressclasses ingresses ipaddresses networkpolicies servicecidrs'], ['/apis', 'discovery.k8s.io/v1', 'endpointslices'],
      ['/apis', 'rbac.authorization.k8s.io/v1', 'clusterrolebindings clusterroles rolebindings roles'], ['/apis', 'scheduling.k8s.io/v1', 'priorityclasses'], ['/apis', 'node.k8s.io/v1', 'runtimeclasses'], ['/apis', 'coordination.k8s.io/v1', 'leases'], ['/apis', 'events.k8s.io/v1', 'events'],
      ['/apis', 'admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations'], ['/apis', 'apiextensions.k8s.io/v1', 'customresourcedefinitions'], ['/apis', 'apiregistration.k8s.io/v1', 'apiservices'],
      ['/apis', 'certificates.k8s.io/v1', 'certificatesigningrequests'], ['/apis', 'flowcontrol.apiserver.k8s.io/v1', 'flowschemas prioritylevelconfigurations'], ['/apis', 'resource.k8s.io/v1', 'deviceclasses resourceclaims resourceclaimtemplates resourceslices'],
    ] as const) {
      for (const resource of resources.split(' ')) {
        const { body } = await s.quiet('GET', `${prefix}/${version}/${resource}`, undefined, asTable);
        s.note(`${version} ${resource}`);
        for (const { name, description } of body.columnDefinitions) s.note(`< ${name}: ${description}`);
      }
    }
  },
  'empty tables': async (s) => {
    for (const [resource, version] of [['pods', 'v1'], ['deployments', 'apps/v1'], ['events', 'v1'], ['leases', 'coordination.k8s.io/v1'], ['cronjobs', 'batch/v1']] as const) await s.get(s.in(resource, version), { ...asTable, pick: ({ metadata, columnDefinitions, ...more }) => ({ ...more, metadata: Object.keys(metadata), columns: columns(columnDefinitions) }) });
    await s.quiet('POST', s.in('deployments', 'apps/v1'), deployment('a'));
    await s.get(`${s.in('deployments', 'apps/v1')}?limit=1`, { ...asTable, pick: shown });
  },
};
