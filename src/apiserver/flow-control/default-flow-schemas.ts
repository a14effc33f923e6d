import { timestamp } from '../clock.js';
import type { ApiObject, Clock, JsonObject, Random, Storage } from '../contracts.js';

const GROUP = 'flowcontrol.apiserver.k8s.io';
export const FLOW_SCHEMAS = `flowschemas.${GROUP}`;
export const PRIORITY_LEVELS = `prioritylevelconfigurations.${GROUP}`;

/** Shares of concurrency, what of them may be lent (percent), queues, and from how many of them a flow chooses. */
const LEVELS: Readonly<Record<string, readonly [shares: number, lendable: number, queues: number, hand: number]>> = {
  system: [30, 33, 64, 6],
  'node-high': [40, 25, 64, 6],
  'leader-election': [10, 0, 16, 4],
  'workload-high': [40, 50, 128, 6],
  'workload-low': [100, 90, 128, 6],
  'global-default': [20, 50, 128, 6],
};
const QUEUE_LENGTH = 50;

const EVERYTHING = { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] };
const leases = (verbs: string[]): JsonObject => ({ verbs, apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] });

const group = (name: string): JsonObject => ({ kind: 'Group', group: { name } });
const user = (name: string): JsonObject => ({ kind: 'User', user: { name } });
const ANYBODY = [group('system:unauthenticated'), group('system:authenticated')];
const KUBE_SYSTEM = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } };
const NODES = [group('system:nodes')];

/** Name, priority level, precedence, what tells flows apart, and whose requests: everything of theirs unless rules say what. */
const SCHEMAS: readonly (readonly [name: string, level: string, precedence: number, distinguisher: '' | 'ByUser' | 'ByNamespace', subjects: readonly JsonObject[], rules?: JsonObject])[] = [
  ['exempt', 'exempt', 1, '', [group('system:masters')]],
  ['probes', 'exempt', 2, '', ANYBODY, { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] }],
  ['system-leader-election', 'leader-election', 100, 'ByUser', [user('system:kube-controller-manager'), user('system:kube-scheduler'), KUBE_SYSTEM], { resourceRules: [leases(['get', 'create', 'update'])] }],
  ['system-node-high', 'node-high', 400, 'ByUser', NODES, { resourceRules: [{ verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], namespaces: ['*'], clusterScope: true }, leases(['*'])] }],
  ['system-nodes', 'system', 500, 'ByUser', NODES],
  ['kube-controller-manager', 'workload-high', 800, 'ByNamespace', [user('system:kube-controller-manager')]],
  ['kube-scheduler', 'workload-high', 800, 'ByNamespace', [user('system:kube-scheduler')]],
  ['kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', [KUBE_SYSTEM]],
  ['service-accounts', 'workload-low', 9000, 'ByUser', [group('system:serviceaccounts')]],
  ['global-default', 'global-default', 9900, 'ByUser', ANYBODY],
  ['catch-all', 'catch-all', 10000, 'ByUser', ANYBODY],
];

function levels(): Record<string, JsonObject> {
  const queued = Object.entries(LEVELS).map(([name, [nominalConcurrencyShares, lendablePercent, queues, handSize]]) => {
    const limitResponse = { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: QUEUE_LENGTH } };
    return [name, { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } }];
  });
  return {
    exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
    'catch-all': { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 } },
    ...Object.fromEntries(queued),
  };
}

/** Makes the flow schemas and priority levels that every cluster has, where they are not there. */
export function ensureDefaultFlowSchemas({ storage, clock, random }: { storage: Storage; clock: Clock; random: Random }): void {
  const ensure = (resource: string, kind: string, name: string, spec: JsonObject): void => {
    if (storage.get(resource, '', name)) return;
    const metadata = { name, uid: random.uuid(), generation: 1, creationTimestamp: timestamp(clock.now()), annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' } };
    storage.create(resource, { apiVersion: `${GROUP}/v1`, kind, metadata, spec, status: {} } as ApiObject);
  };
  for (const [name, spec] of Object.entries(levels())) ensure(PRIORITY_LEVELS, 'PriorityLevelConfiguration', name, spec);
  for (const [name, level, matchingPrecedence, type, subjects, rules = EVERYTHING] of SCHEMAS) {
    ensure(FLOW_SCHEMAS, 'FlowSchema', name, { priorityLevelConfiguration: { name: level }, matchingPrecedence, ...(type && { distinguisherMethod: { type } }), rules: [{ subjects, ...rules }] });
  }
}
