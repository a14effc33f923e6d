import type { JsonObject } from '../../../src/apiserver/index.js';
import { judge } from '../judge.js';
import { deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { problems } from '../problems.js';
import { MERGE } from '../session.js';
import type { Session } from '../session.js';
import type { Topic } from '../suite.js';

const seen = { pick: problems };
const CONTAINER = { name: 'app', image: 'x' };
const TEMPLATE = { metadata: { labels: { a: 'b' } }, spec: { containers: [CONTAINER] } };
const SELECTOR = { matchLabels: { a: 'b' } };
const ONCE = { spec: { restartPolicy: 'Never', containers: [CONTAINER] } };
const FINISHED = [{ type: 'SuccessCriteriaMet', status: 'True' }, { type: 'Complete', status: 'True' }];
const containerStatus = (state: object): object => ({ name: 'app', image: 'x', imageID: '', ready: false, restartCount: 0, state });

/** Makes an object and tries statuses on it, one after the other. */
async function report(s: Session, path: string, object: JsonObject, statuses: readonly object[]): Promise<void> {
  await s.quiet('POST', path, object);
  for (const status of statuses) await s.patch(`${path}/${(object['metadata'] as { name: string }).name}/status`, MERGE, { status }, seen);
}

const a = { metadata: { name: 'a' } };

/** What statuses of custom resources may be. */
const STATUS = {
  type: 'object', required: ['n'],
  properties: { n: { type: 'integer', maximum: 5 }, t: { type: 'string', maxLength: 3, enum: ['a', 'b'] }, l: { type: 'array', maxItems: 1, items: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } } }, o: { type: 'object', properties: { p: { type: 'string', pattern: '^a$' } } } },
};

export const scenarios: Topic = {
  'of custom resources are told of as if they were alone': async (s) => {
    await s.define(widgets(s, { type: 'object' }, { schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' }, status: STATUS } } }, subresources: { status: {} } }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', {}));
    for (const status of [{ n: 'x' }, { n: 9 }, { n: 1.5 }, { t: 'x' }, { n: 1, t: 'long' }, { n: 1, l: [{}] }, { n: 1, l: [{ x: 'y' }] }, { n: 1, l: [{ x: 1 }, { x: 2 }] }, { n: 1, o: { p: 'b' } }, { n: 1, o: 5 }, 'x', []]) await judge(s, 'PATCH', `${widgetsOf(s)}/a/status`, { status });
    await judge(s, 'PATCH', `${widgetsOf(s)}/a/status`, { status: { n: 1 } });
  },
  'of workloads count no more than there is': async (s) => {
    await report(s, s.in('deployments', 'apps/v1'), deployment('a'), [{ replicas: -1 }, { replicas: 1, updatedReplicas: 2 }, { replicas: 2, readyReplicas: 1, availableReplicas: 2 }, { unavailableReplicas: -1, observedGeneration: -1, terminatingReplicas: -1 }, { collisionCount: 5 }, { collisionCount: 4 }, { collisionCount: null }, { replicas: 3, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 }]);
    await report(s, s.in('replicasets', 'apps/v1'), { ...a, spec: { selector: SELECTOR, template: TEMPLATE } }, [{ replicas: -1 }, { replicas: 1, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 3 }, { observedGeneration: -1 }]);
    await report(s, s.in('replicationcontrollers'), { ...a, spec: { selector: { a: 'b' }, template: TEMPLATE } }, [{ replicas: 1, readyReplicas: 2 }]);
    await report(s, s.in('statefulsets', 'apps/v1'), { ...a, spec: { serviceName: 'a', selector: SELECTOR, template: TEMPLATE } }, [{ replicas: -1 }, { replicas: 1, currentReplicas: 2, updatedReplicas: 2 }, { replicas: 2, readyReplicas: 1, availableReplicas: 2 }, { collisionCount: -1, observedGeneration: -1 }]);
    await report(s, s.in('daemonsets', 'apps/v1'), { ...a, spec: { selector: SELECTOR, template: TEMPLATE } }, [{ currentNumberScheduled: -1, numberMisscheduled: -1, desiredNumberScheduled: -1, numberReady: -1 }, { currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1, numberReady: 1, collisionCount: 3 }, { collisionCount: 2 }]);
  },
  'of budgets and autoscalers count from zero': async (s) => {
    const condition = { type: 'X', status: 'True', reason: 'A', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
    await report(s, s.in('poddisruptionbudgets', 'policy/v1'), { ...a, spec: { minAvailable: 1, selector: SELECTOR } }, [{ disruptionsAllowed: -1, currentHealthy: -1, desiredHealthy: -1, expectedPods: -1 }, { disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, conditions: [{ type: 'X', status: 'True' }] }, { conditions: [{ ...condition, status: 'Unheard' }] }, { conditions: [{ ...condition, reason: 'bad reason', observedGeneration: -1 }] }, { conditions: [condition] }]);
    await report(s, s.in('horizontalpodautoscalers', 'autoscaling/v2'), { ...a, spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a', apiVersion: 'apps/v1' } } }, [{ currentReplicas: -1, desiredReplicas: -1 }]);
  },
  'of jobs that are done stay so': async (s) => {
    await report(s, s.in('jobs', 'batch/v1'), { ...a, spec: { completions: 2, template: ONCE } }, [
      { active: -1 }, { active: 0, ready: -1 }, { ready: null, succeeded: -1 }, { succeeded: 1, failed: 2, active: 1, ready: 2 }, { succeeded: 1, failed: 2, active: 1, ready: 1 }, { failed: 1 }, { succeeded: 0 }, { conditions: [{ type: 'Complete', status: 'True' }] },
      { active: 0, ready: 0, succeeded: 2, conditions: FINISHED, completionTime: '2026-01-02T00:00:00Z' }, { completionTime: '2026-01-03T00:00:00Z' }, { completedIndexes: '1' }, { uncountedTerminatedPods: { succeeded: ['a'], failed: ['a', ''] } },
      { startTime: '2026-01-01T00:00:00Z', active: 0, ready: 0, succeeded: 2, conditions: FINISHED, completionTime: '2025-01-02T00:00:00Z' }, { startTime: '2026-01-01T00:00:00Z', active: 0, ready: 0, succeeded: 2, conditions: FINISHED, completionTime: '2026-01-02T00:00:00Z' },
      { completionTime: '2026-01-03T00:00:00Z' }, { conditions: [] }, { startTime: '2026-01-01T00:00:01Z' }, { startTime: null }, { conditions: [...FINISHED, { type: 'Failed', status: 'True' }] }, { active: 1 },
    ]);
    await report(s, s.in('jobs', 'batch/v1'), { metadata: { name: 'indexed' }, spec: { completions: 3, completionMode: 'Indexed', backoffLimitPerIndex: 1, template: ONCE } }, [
      { startTime: '2026-01-01T00:00:00Z', completedIndexes: '0-1', succeeded: 2 }, { completedIndexes: '5' }, { completedIndexes: 'x' }, { completedIndexes: '1-2-3' }, { completedIndexes: '1,0' }, { completedIndexes: '2-1' }, { failedIndexes: '1' }, { failedIndexes: '2', conditions: [{ type: 'Failed', status: 'True' }] },
      { failedIndexes: '2', conditions: [{ type: 'FailureTarget', status: 'True' }, { type: 'Failed', status: 'True' }] },
    ]);
  },
  'of pods are what kubelets may say': async (s) => {
    await report(s, s.in('pods'), pod('a', { restartPolicy: 'Never', containers: [CONTAINER] }), [
      { phase: 'Running', hostIP: 'x' }, { hostIPs: [{ ip: '1.2.3.4' }, { ip: 'x' }], hostIP: '1.2.3.4' }, { hostIP: '1.2.3.4', hostIPs: [{ ip: '1.2.3.5' }] }, { podIP: 'bad', podIPs: [{ ip: 'bad' }], hostIP: null, hostIPs: null }, { podIP: '1.1.1.1', podIPs: [{ ip: '1.1.1.1' }, { ip: '1.1.1.2' }] }, { podIP: '1.1.1.1', podIPs: [{ ip: '1.1.1.1' }, { ip: '::1' }, { ip: '::2' }] },
      { podIP: '1.1.1.1', podIPs: [{ ip: '1.1.1.1' }, { ip: '::1' }] }, { nominatedNodeName: 'Bad_name' }, { conditions: [{ type: 'bad type', status: 'True' }] }, { qosClass: 'Guaranteed' }, { qosClass: null }, { resourceClaimStatuses: [{ name: 'x' }] }, { observedGeneration: -1 },
      { containerStatuses: [containerStatus({ terminated: { exitCode: 1 } })] }, { containerStatuses: [containerStatus({ running: {} })] },
    ]);
    for (const [name, restartPolicy, exitCode] of [['always', 'Always', 0], ['failed', 'OnFailure', 1], ['succeeded', 'OnFailure', 0]] as const) {
      await report(s, s.in('pods'), pod(name, { restartPolicy, containers: [CONTAINER] }), [{ containerStatuses: [containerStatus({ terminated: { exitCode } })] }, { containerStatuses: [containerStatus({ running: {} })] }]);
    }
  },
  'of what is the cluster’s have amounts, addresses and phases that can be': async (s) => {
    await report(s, '/api/v1/nodes', { metadata: { name: s.unique('node') } }, [{ capacity: { cpu: '-1' } }, { capacity: { 'a.example.com/b': '1.5' } }, { capacity: { unheard: '1' } }, { addresses: [{ type: 'InternalIP', address: '1.1.1.1' }, { type: 'InternalIP', address: '1.1.1.1' }] }]);
    await report(s, s.in('persistentvolumeclaims'), { ...a, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }, [{ capacity: { storage: '-1' } }, { allocatedResourceStatuses: { storage: 'x' } }, { allocatedResourceStatuses: { unheard: 'ControllerResizeInProgress' } }, { allocatedResources: { storage: '-1' } }, { allocatedResources: { cpu: '1' } }]);
    await report(s, s.in('resourcequotas'), { ...a, spec: { hard: { pods: '1' } } }, [{ hard: { pods: '-1' } }, { hard: { pods: '1' }, used: { pods: '1.5' } }, { used: { unheard: '1' } }, { hard: { 'bad key': '1' } }]);
    await report(s, s.in('services'), { ...a, spec: { ports: [{ port: 80 }], type: 'LoadBalancer' } }, [{ ip: 'x' }, { hostname: '1.2.3.4' }, { hostname: 'Bad_' }, {}, { ip: '1.2.3.4', ipMode: 'X' }, { ipMode: 'VIP', hostname: 'a.b' }, { ip: '1.2.3.4' }].map((ingress) => ({ loadBalancer: { ingress: [ingress] } })));
    await report(s, s.in('services'), { metadata: { name: 'inside' }, spec: { ports: [{ port: 80 }] } }, [{ loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } }]);
    await report(s, s.in('ingresses', 'networking.k8s.io/v1'), { ...a, spec: { defaultBackend: { service: { name: 'x', port: { number: 80 } } } } }, [{ loadBalancer: { ingress: [{ ip: 'x' }] } }, { loadBalancer: { ingress: [{ hostname: 'a.example.com' }] } }]);
    await report(s, s.in('resourceclaims', 'resource.k8s.io/v1'), { ...a, spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'x' } }] } } }, [{ reservedFor: [{ resource: 'pods', name: 'x', uid: 'u' }] }]);
    for (const status of [{ phase: 'Terminating' }, { phase: 'Active' }]) await s.patch(`/api/v1/namespaces/${s.namespace}/status`, MERGE, { status }, seen);
  },
};
