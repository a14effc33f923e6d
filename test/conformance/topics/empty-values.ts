import { APPLY, MERGE, STRATEGIC, type Body, type Session } from '../session.js';
import type { Topic } from '../suite.js';

/** A pod's spec that says all that can be said without meaning anything. */
const EMPTY_HANDED = {
  hostNetwork: false, hostPID: false, nodeName: '', hostname: '', subdomain: '', priorityClassName: '', serviceAccountName: '', schedulerName: '', dnsPolicy: '', restartPolicy: '', tolerations: [{ key: 'x', operator: 'Exists', value: '', effect: '' }],
  containers: [{
    name: 'a', image: 'x', stdin: false, tty: false, workingDir: '', args: [], command: [], imagePullPolicy: '', terminationMessagePath: '', env: [{ name: 'x', value: '' }], ports: [{ containerPort: 1, hostPort: 0, name: '', hostIP: '', protocol: '' }],
    volumeMounts: [{ name: 'v', mountPath: '/x', readOnly: false, subPath: '' }], livenessProbe: { tcpSocket: { port: 1, host: '' }, initialDelaySeconds: 0, timeoutSeconds: 0 },
  }],
  volumes: [{ name: 'v', emptyDir: { medium: '' } }],
};
const DEPLOYMENT = { replicas: 0, minReadySeconds: 0, paused: false, selector: { matchLabels: { a: 'b' }, matchExpressions: [] }, template: { metadata: { labels: { a: 'b' }, annotations: {}, generateName: '' }, spec: EMPTY_HANDED } };

export const scenarios: Topic = {
  'are left out of workloads, as if they had not been given': async (s) => {
    await s.post(s.in('deployments', 'apps/v1'), { metadata: { name: 'a', generateName: '', labels: {} }, spec: DEPLOYMENT });
    await s.post(s.in('jobs', 'batch/v1'), { metadata: { name: 'a' }, spec: { suspend: false, backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } } } }, { pick: ({ spec: { suspend, backoffLimit, parallelism } }) => ({ suspend, backoffLimit, parallelism }) });
    const managers = { pick: ({ spec, metadata }: Body) => ({ minReadySeconds: spec.minReadySeconds, paused: spec.paused, managedFields: metadata.managedFields }) };
    await s.patch(s.in('deployments/a', 'apps/v1'), MERGE, { spec: { minReadySeconds: 4, paused: true } }, managers);
    await s.patch(s.in('deployments/a', 'apps/v1'), STRATEGIC, { spec: { minReadySeconds: 0, paused: false } }, managers);
  },
  'belong to who applies them all the same': async (s) => {
    const apply = (manager: string, spec: object): Promise<unknown> => s.patch(`${s.in('deployments/b', 'apps/v1')}?fieldManager=${manager}`, APPLY, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'b' }, spec });
    await apply('x', DEPLOYMENT);
    await apply('y', { minReadySeconds: 5 });
    await apply('x', DEPLOYMENT);
  },
  'are left out of other kinds': async (s) => {
    await s.post(s.in('services'), { metadata: { name: 'a' }, spec: { clusterIP: 'None', sessionAffinity: '', publishNotReadyAddresses: false, loadBalancerIP: '', externalName: '', healthCheckNodePort: 0, ports: [{ port: 1, name: '', nodePort: 0, targetPort: 0 }] } });
    await s.post(s.in('services'), { metadata: { name: 'b' }, spec: { clusterIP: '', type: '', ports: [{ port: 1, targetPort: '' }] } }, { pick: ({ spec }) => spec.ports });
    await s.post(s.in('configmaps'), { metadata: { name: 'a' }, data: {}, immutable: false, binaryData: {} });
    await s.post(s.in('secrets'), { metadata: { name: 'a' }, data: { a: '' }, type: '', stringData: {} });
    await s.post(s.in('endpointslices', 'discovery.k8s.io/v1'), { metadata: { name: 'b' }, addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'], conditions: {}, hostname: '', deprecatedTopology: {} }], ports: [{ name: '', port: 80 }] });
    await s.post(s.in('networkpolicies', 'networking.k8s.io/v1'), { metadata: { name: 'a' }, spec: { podSelector: {}, ingress: [], egress: [{}], policyTypes: [] } });
    await s.post(s.in('poddisruptionbudgets', 'policy/v1'), { metadata: { name: 'a' }, spec: { minAvailable: 0, selector: { matchLabels: {} } } });
    await s.post(s.in('rolebindings', 'rbac.authorization.k8s.io/v1'), { metadata: { name: 'a' }, subjects: [], roleRef: { kind: 'Role', name: 'x', apiGroup: '' } });
    await s.post(s.in('leases', 'coordination.k8s.io/v1'), { metadata: { name: 'a' }, spec: { holderIdentity: '', leaseTransitions: 0 } });
    await s.post(s.in('endpoints'), { metadata: { name: 'a' }, subsets: [{ addresses: [{ ip: '1.2.3.4', hostname: '' }], ports: [{ port: 1, name: '', protocol: '' }] }, {}] });
    await s.post('/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: s.unique('a') }, provisioner: 'x.y', parameters: {}, mountOptions: [], allowVolumeExpansion: false });
    await s.post('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: s.unique('a') }, value: 0, globalDefault: false, description: '' });
    await s.post('/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: s.unique('a') }, handler: 'x', overhead: {}, scheduling: {} });
    await s.post('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', { metadata: { name: s.unique('a') }, webhooks: [] });
    await s.patch('/api/v1/namespaces/NS'.replace('NS', s.namespace), STRATEGIC, { metadata: { labels: { a: '' }, annotations: {}, generateName: '' } }, { pick: ({ metadata: { labels, generateName } }) => ({ labels, generateName }) });
  },
  'of pods are their references’ names, which have a default': async (s) => {
    const pod = async (spec: object): Promise<unknown> => s.post(`${s.in('pods')}?dryRun=All`, { metadata: { name: 'a' }, spec: { containers: [{ name: 'a', image: 'x' }], ...spec } }, {
      pick: ({ kind, message, metadata, spec: made }: Body) => (kind === 'Status' ? message : { imagePullSecrets: made.imagePullSecrets, volumes: made.volumes.slice(0, -1), managedFields: metadata.managedFields[0].fieldsV1['f:spec'] }),
    });
    for (const secret of [{}, { name: '' }]) await pod({ imagePullSecrets: [secret] });
    for (const volume of [{ projected: {} }, { projected: { sources: [] } }, { configMap: {} }, { projected: { sources: [{ configMap: {} }] } }]) await pod({ volumes: [{ name: 'x', ...volume }] });
    await pod({ containers: [{ name: 'a', image: 'x', envFrom: [{ configMapRef: {} }] }] });
  },
  'are null where lists are always written': async (s) => {
    const slices = s.in('endpointslices', 'discovery.k8s.io/v1');
    await s.post(`${s.in('roles', 'rbac.authorization.k8s.io/v1')}?dryRun=All`, { metadata: { name: 'a' }, rules: [] });
    await s.post(`${slices}?dryRun=All`, { metadata: { name: 'a' }, addressType: 'IPv4', endpoints: [], ports: [] });
    await s.post(slices, { metadata: { name: 'a' }, addressType: 'IPv4', endpoints: [], ports: [] });
    await s.patch(`${slices}/a`, MERGE, { endpoints: [{ addresses: ['1.2.3.4'] }], ports: [{ port: 3 }] });
    await s.patch(`${slices}/a`, MERGE, { endpoints: [], ports: null });
    await s.patch(`${slices}/b?fieldManager=x`, APPLY, { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'b' }, addressType: 'IPv4', endpoints: [], ports: [] });
    await s.post(s.in('limitranges'), { metadata: { name: 'a' }, spec: { limits: [] } });
    await s.post(s.in('resourceclaims', 'resource.k8s.io/v1'), { metadata: { name: 'a' }, spec: { devices: { requests: [], constraints: [] } } });
    await ofCsiNodes(s);
  },
};

async function ofCsiNodes(s: Session): Promise<void> {
  const nodes = '/apis/storage.k8s.io/v1/csinodes';
  await s.post(nodes, { metadata: { name: s.unique('a') }, spec: { drivers: [] } });
  await s.post(nodes, { metadata: { name: s.unique('b') }, spec: {} });
  await s.post(nodes, { metadata: { name: s.unique('c') }, spec: { drivers: [{ name: 'x.y', nodeID: 'n', topologyKeys: [] }] } });
  await s.patch(`${nodes}/${s.unique('c')}`, MERGE, { spec: { drivers: [] } });
  await s.get(`${nodes}/${s.unique('c')}`);
}
