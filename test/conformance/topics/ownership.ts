import { deployment, pod, widgets, widgetsOf } from '../objects.js';
import { APPLY, MERGE } from '../session.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

/** Who owns what; of an object that was refused, why. */
const owners = { pick: ({ metadata, message }: Body): unknown => message ?? metadata?.managedFields ?? null };

export const scenarios: Topic = {
  'of new objects is what was asked for and its defaults, not what admission and the server add': async (s) => {
    await s.post('/api/v1/namespaces', { metadata: { name: s.unique('made') }, spec: { finalizers: ['a.example.com/keep'] } }, owners);
    await s.post('/api/v1/namespaces?dryRun=All', { metadata: { generateName: 'made-' } }, owners);
    await s.post(s.in('services'), { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }], type: 'NodePort' } }, owners);
    await s.post(s.in('pods'), pod('a'), owners);
    await s.post(s.in('persistentvolumeclaims'), { metadata: { name: 'a' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }, owners);
    await s.post('/api/v1/persistentvolumes', { metadata: { name: s.unique('volume') }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } }, owners);
    await s.post('/api/v1/nodes', { metadata: { name: s.unique('node') }, status: { capacity: { cpu: '1' } } }, owners);
    await s.post(s.in('jobs', 'batch/v1'), { metadata: { name: 'a' }, spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } } } }, owners);
    await s.post(`${s.in('serviceaccounts')}/default/token`, { spec: {} }, { pick: ({ metadata, spec }) => ({ metadata, spec }) });
  },
  'stays as it is where the server changes more than was asked for': async (s) => {
    await s.quiet('POST', s.in('services'), { metadata: { name: 'a' }, spec: { ports: [{ port: 80 }], type: 'NodePort' } });
    await s.patch(`${s.in('services')}/a?fieldManager=other`, MERGE, { spec: { type: 'LoadBalancer' } }, owners);
    await s.quiet('POST', s.in('pods'), pod('a'));
    await s.post(`${s.in('pods')}/a/binding`, { metadata: { name: 'a' }, target: { kind: 'Node', name: 'unheard' } }, owners);
    await s.get(`${s.in('pods')}/a`, owners);
    await s.patch(`${s.in('pods')}/a/status?fieldManager=kubelet`, MERGE, { status: { phase: 'Running' } }, owners);
  },
  'of replicas is told through the scale': async (s) => {
    const deployments = s.in('deployments', 'apps/v1');
    const scale = `${deployments}/a/scale`;
    const book = (): Promise<Body> => s.get(`${deployments}/a`, owners);
    const apply = (query: string, spec: object): Promise<Body> => s.patch(`${scale}?fieldManager=applier${query}`, APPLY, { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'a' }, spec });
    await s.quiet('POST', deployments, deployment('a'));
    await s.patch(`${scale}?fieldManager=scaler`, MERGE, { spec: { replicas: 5 } });
    await book();
    await s.put(`${scale}?fieldManager=other`, { metadata: { name: 'a' }, spec: { replicas: 5 } });
    await book();
    await apply('', { replicas: 7 });
    await apply('&force=true', { replicas: 7 });
    await book();
    await apply('', {});
    await book();
    await s.patch(scale, MERGE, { spec: { replicas: null } });
    await book();
  },
  'of what old versions fill in is whose the object is': async (s) => {
    const [old, now] = ['v1', 'v2'].map((version) => s.in('horizontalpodautoscalers', `autoscaling/${version}`)) as [string, string];
    const spec = { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } };
    await s.post(old, { metadata: { name: 'a' }, spec });
    await s.get(`${now}/a`);
    await s.post(now, { metadata: { name: 'b' }, spec });
    await s.get(`${old}/b`);
    await s.patch(`${old}/c?fieldManager=x`, APPLY, { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'c' }, spec }, owners);
    await s.patch(`${old}/a`, MERGE, { spec: { targetCPUUtilizationPercentage: 70 } }, owners);
    await s.patch(`${old}/a`, MERGE, { spec: { targetCPUUtilizationPercentage: null } });
    await s.post('/apis/networking.k8s.io/v1/ipaddresses', { metadata: { name: '192.0.2.7' }, spec: { parentRef: { group: '', resource: 'services', namespace: 'x', name: 'y' } } });
  },
  'of one who applies is the same in every version': async (s) => {
    const version = (name: string, storage: boolean): object => ({ name, served: true, storage, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } } } } } });
    await s.define(widgets(s, {}, {}, { versions: [version('v1', true), version('v2', false)] }));
    const apply = (name: string, spec: object): Promise<Body> => s.patch(`${widgetsOf(s, name)}/a?fieldManager=me`, APPLY, { apiVersion: `${s.group}/${name}`, kind: 'Widget', metadata: { name: 'a' }, spec });
    await apply('v1', { a: 'x' });
    await apply('v2', { a: 'x', b: 'y' });
    await apply('v2', { b: 'y' });
    await apply('v1', { a: 'z' });
  },
};
