import type { JsonObject } from '../../../src/apiserver/index.js';
import { judge } from '../judge.js';
import { configMap, deployment } from '../objects.js';
import type { Session } from '../session.js';
import type { Topic } from '../suite.js';

const TEMPLATE = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'x' }] } };
const ONCE = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } };
const SELECTOR = { matchLabels: { a: 'b' } };
const CLUSTER_SCOPED = /^\/apis?\/(?!.*\/namespaces\/)/;

/** Makes an object, and judges changes of it by merge patch. */
async function change(s: Session, path: string, object: JsonObject, changes: readonly unknown[]): Promise<void> {
  const name = CLUSTER_SCOPED.test(path) ? s.namespace : 'a';
  await s.quiet('POST', path, { metadata: { name }, ...object });
  for (const patch of changes) await judge(s, 'PATCH', `${path}/${name}`, patch);
  if (name !== 'a') await s.quiet('DELETE', `${path}/${name}`);
}

const specs = (...list: JsonObject[]): JsonObject[] => list.map((spec) => ({ spec }));

export const scenarios: Topic = {
  'of metadata': async (s) => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'u', controller: true };
    await change(s, s.in('configmaps'), configMap('a', { k: 'v' }), [
      { metadata: { name: 'other' } }, { metadata: { namespace: 'other' } }, { metadata: { uid: 'x' } }, { metadata: { creationTimestamp: null } }, { metadata: { generation: 55 } }, { metadata: { labels: { 'bad key': 'x' } } }, { metadata: { annotations: { 'x y': 'z' } } },
      { metadata: { finalizers: ['bad'] } }, { metadata: { ownerReferences: [{}] } }, { metadata: { ownerReferences: [owner, { ...owner, name: 'y', uid: 'v' }] } }, { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }, { metadata: { resourceVersion: '1' } }, { metadata: null }, { data: null }, null, [], 5,
    ]);
  },
  'of workloads': async (s) => {
    await change(s, s.in('deployments', 'apps/v1'), deployment('a'), [...specs({ selector: { matchLabels: { c: 'd' } } }, { selector: null }, { replicas: -1 }, { template: { metadata: { labels: { app: 'c' } } } }, { strategy: { type: 'Recreate' } }, { strategy: { type: 'Recreate', rollingUpdate: null } }), { spec: null }]);
    await change(s, s.in('statefulsets', 'apps/v1'), { spec: { replicas: 0, serviceName: 'x', selector: SELECTOR, template: TEMPLATE, volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] } },
      specs({ serviceName: 'y' }, { podManagementPolicy: 'Parallel' }, { revisionHistoryLimit: 3 }, { minReadySeconds: 3 }, { volumeClaimTemplates: null }, { ordinals: { start: 2 } }, { updateStrategy: { type: 'OnDelete', rollingUpdate: null } }));
    await change(s, s.in('daemonsets', 'apps/v1'), { spec: { selector: SELECTOR, template: TEMPLATE } }, specs({ selector: { matchLabels: { c: 'd' } } }, { updateStrategy: { rollingUpdate: { maxSurge: 1 } } }, { updateStrategy: null }));
    await change(s, s.in('jobs', 'batch/v1'), { spec: { suspend: true, template: ONCE } }, specs({ completions: 3 }, { parallelism: 3 }, { completionMode: 'Indexed' }, { template: { spec: { nodeSelector: { a: 'b' } } } }, { template: { metadata: { labels: { x: 'y' } } } }, { selector: null }, { backoffLimit: 2 }, { suspend: false }, { managedBy: 'a.b/c' }, { backoffLimitPerIndex: 1 }));
    await change(s, s.in('cronjobs', 'batch/v1'), { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: ONCE } } } }, specs({ schedule: 'x' }, { timeZone: 'X/Y' }, { suspend: true }, { jobTemplate: { spec: { template: { spec: { restartPolicy: 'Always' } } } } }));
    await change(s, s.in('horizontalpodautoscalers', 'autoscaling/v2'), { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } } }, specs({ minReplicas: 5 }, { metrics: null }, { scaleTargetRef: { apiVersion: 'v1' } }, { scaleTargetRef: { apiVersion: null } }));
  },
  'of storage': async (s) => {
    await change(s, '/api/v1/persistentvolumes', { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' }, storageClassName: 'c' } },
      specs({ hostPath: { path: '/y' } }, { capacity: { storage: '2Gi' } }, { accessModes: ['ReadOnlyMany'] }, { volumeMode: 'Block' }, { storageClassName: 'd' }, { persistentVolumeReclaimPolicy: 'Delete' }, { claimRef: { name: 'x', namespace: 'y' } }));
    await change(s, s.in('persistentvolumeclaims'), { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'c' } },
      specs({ resources: { requests: { storage: '2Gi' } } }, { resources: { requests: { storage: '500Mi' } } }, { accessModes: ['ReadOnlyMany'] }, { volumeMode: 'Block' }, { storageClassName: 'd' }, { volumeName: 'x' }, { selector: SELECTOR }));
    const claim = `${s.in('persistentvolumeclaims')}/a`;
    await s.quiet('PATCH', `${claim}/status`, { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    for (const storage of ['2Gi', '500Mi']) await judge(s, 'PATCH', claim, { spec: { resources: { requests: { storage } } } });
    await change(s, '/apis/storage.k8s.io/v1/storageclasses', { provisioner: 'x.y/z', parameters: { a: 'b' } }, [{ provisioner: 'q' }, { parameters: { a: 'c' } }, { reclaimPolicy: 'Retain' }, { volumeBindingMode: 'WaitForFirstConsumer' }, { allowVolumeExpansion: true }]);
    await change(s, '/apis/storage.k8s.io/v1/csidrivers', { spec: {} }, specs({ attachRequired: false }, { podInfoOnMount: true }, { volumeLifecycleModes: ['Ephemeral'] }));
    await change(s, '/apis/storage.k8s.io/v1/csinodes', { spec: { drivers: [{ name: 'd', nodeID: 'n' }] } }, specs({ drivers: [{ name: 'd', nodeID: 'm' }] }, { drivers: [{ name: 'd', nodeID: 'n', allocatable: { count: 3 } }] }, { drivers: [] }));
    await change(s, '/apis/storage.k8s.io/v1/volumeattachments', { spec: { attacher: 'x', source: { persistentVolumeName: 'p' }, nodeName: 'n' } }, [{ spec: { nodeName: 'm' } }, { metadata: { labels: { a: 'b' } } }]);
  },
  'of nodes and what is shared': async (s) => {
    await change(s, '/api/v1/nodes', { spec: { providerID: 'a://b', podCIDR: '10.1.0.0/24' } }, [...specs({ providerID: 'a://c' }, { podCIDR: '10.2.0.0/24' }, { podCIDRs: ['10.2.0.0/24'] }, { podCIDRs: null, podCIDR: null }, { unschedulable: true }, { taints: [{ key: 'a' }] }, { externalID: 'x' }), { status: { capacity: { cpu: '-1' } } }]);
    await change(s, s.in('configmaps'), { immutable: true, data: { a: 'b' } }, [{ data: { a: 'c' } }, { immutable: false }, { binaryData: { x: 'eA==' } }, { metadata: { labels: { x: 'y' } } }]);
    await change(s, s.in('secrets'), { type: 'a/b', stringData: { a: 'b' } }, [{ type: 'c/d' }, { stringData: { a: 'c' } }]);
    await change(s, '/apis/scheduling.k8s.io/v1/priorityclasses', { value: 5 }, [{ value: 6 }, { preemptionPolicy: 'Never' }, { description: 'x' }]);
    await change(s, '/apis/node.k8s.io/v1/runtimeclasses', { handler: 'h' }, [{ handler: 'i' }, { scheduling: { nodeSelector: { a: 'b' } } }]);
    await change(s, '/apis/networking.k8s.io/v1/ingressclasses', { spec: { controller: 'a.b/c' } }, specs({ controller: 'a.b/d' }, { parameters: { kind: 'K', name: 'n', scope: 'Cluster' } }));
    await change(s, s.in('endpointslices', 'discovery.k8s.io/v1'), { addressType: 'IPv4', endpoints: [{ addresses: ['1.1.1.1'] }] }, [{ addressType: 'IPv6' }, { endpoints: [{ addresses: ['x'] }] }, { endpoints: null }]);
    await change(s, s.in('resourcequotas'), { spec: { hard: { pods: '10' } } }, specs({ scopes: ['BestEffort'] }, { hard: { cpu: '1', 'limits.cpu': '500m' } }, { hard: null }));
  },
};
