import { groupVersionOf } from '../../operator/kube/paths.js';
import { mustBe, count, flag, listOf, mapOf, name, oneOf, quantity, record, text, time } from './shape.js';
import type { Shape } from './shape.js';

const quantities = mapOf(quantity);
const texts = mapOf(text);

const metadata = record({
  name, namespace: text, uid: text, labels: texts, annotations: texts, creationTimestamp: time, deletionTimestamp: time,
  ownerReferences: listOf(record({ apiVersion: text, kind: text, name: text, uid: text })),
}, 'name');

const NUMERIC = ['Gt', 'Lt', 'Gte', 'Lte'];
const SET_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

const expression = (operators: readonly string[]): Shape => record({ key: name, operator: oneOf(...operators), values: listOf(text) }, 'key', 'operator');
/** Of nodes' labels. */
export const requirement: Shape = (value, path) => {
  record({ key: name, operator: oneOf(...SET_OPERATORS, ...NUMERIC), values: listOf(text), minValues: count }, 'key', 'operator')(value, path);
  const { operator, values } = value as { operator: string; values?: readonly string[] };
  if (NUMERIC.includes(operator) && !(values?.length === 1 && /^-?\d+$/.test(values[0] as string))) throw mustBe('one whole number', values, [...path, 'values']);
};
const selector = record({ matchLabels: texts, matchExpressions: listOf(expression(SET_OPERATORS)) });
const nodeExpression = expression([...SET_OPERATORS, ...NUMERIC]);
const nodeTerm = record({ matchExpressions: listOf(nodeExpression), matchFields: listOf(nodeExpression) });
const podTerm = record({
  topologyKey: name, labelSelector: selector, namespaceSelector: selector, namespaces: listOf(text), matchLabelKeys: listOf(text), mismatchLabelKeys: listOf(text),
}, 'topologyKey');
const podTerms = record({
  requiredDuringSchedulingIgnoredDuringExecution: listOf(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: listOf(record({ weight: count, podAffinityTerm: podTerm }, 'podAffinityTerm')),
});

const resources = record({ requests: quantities, limits: quantities });
const container = record({ resources, ports: listOf(record({ containerPort: count, hostPort: count, protocol: oneOf('TCP', 'UDP', 'SCTP'), hostIP: text })) });
const taint = record({ key: name, value: text, effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') }, 'key');

/** What scheduling reads of a pod. */
export const podSpec = record({
  nodeName: text,
  containers: listOf(container),
  initContainers: listOf(container),
  nodeSelector: texts,
  tolerations: listOf(record({ key: text, operator: text, value: text, effect: text })),
  affinity: record({
    nodeAffinity: record({
      requiredDuringSchedulingIgnoredDuringExecution: record({ nodeSelectorTerms: listOf(nodeTerm) }, 'nodeSelectorTerms'),
      preferredDuringSchedulingIgnoredDuringExecution: listOf(record({ weight: count, preference: nodeTerm }, 'preference')),
    }),
    podAffinity: podTerms,
    podAntiAffinity: podTerms,
  }),
  topologySpreadConstraints: listOf(record({
    maxSkew: count, minDomains: count, topologyKey: name, whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'), labelSelector: selector, matchLabelKeys: listOf(text),
    nodeAffinityPolicy: oneOf('Honor', 'Ignore'), nodeTaintsPolicy: oneOf('Honor', 'Ignore'),
  }, 'maxSkew', 'topologyKey', 'whenUnsatisfiable')),
  volumes: listOf(record({ name: text, persistentVolumeClaim: record({ claimName: name }, 'claimName') })),
  overhead: quantities,
  resources,
  schedulingGates: listOf(record({ name: text })),
}, 'containers');

const podTemplate = record({ metadata: record({ labels: texts, annotations: texts }), spec: podSpec }, 'spec');
const status = record({ conditions: listOf(record({ type: text, status: text, reason: text, message: text })) });
const machine = record({ capacity: quantities, allocatable: quantities, conditions: listOf(record({ type: text, status: text })) });
const claimSpec = record({ requirements: listOf(requirement), taints: listOf(taint), startupTaints: listOf(taint), nodeClassRef: record({ group: text, kind: text, name: text }) });
const workload = record({ replicas: count, selector, template: podTemplate }, 'template');

/** By kind: everything that is read of an object, apart from its metadata. */
const SPECS: Readonly<Record<string, { readonly spec?: Shape; readonly status?: Shape; readonly needsSpec?: boolean }>> = {
  '/Pod': { spec: podSpec, status, needsSpec: true },
  '/Node': { spec: record({ providerID: text, taints: listOf(taint) }), status: machine },
  '/PersistentVolumeClaim': { spec: record({ volumeName: text, storageClassName: text }), status: record({ phase: text }) },
  '/PersistentVolume': { spec: record({ nodeAffinity: record({ required: record({ nodeSelectorTerms: listOf(nodeTerm) }) }) }) },
  '/ReplicationController': { spec: record({ replicas: count, template: podTemplate }) },
  '/Service': { spec: record({ selector: texts }) },
  'apps/DaemonSet': { spec: workload, needsSpec: true },
  'apps/Deployment': { spec: workload, needsSpec: true },
  'apps/ReplicaSet': { spec: record({ replicas: count, selector, template: podTemplate }) },
  'apps/StatefulSet': { spec: record({ replicas: count, selector, template: podTemplate }) },
  'batch/Job': { spec: record({ parallelism: count, completions: count, suspend: flag, template: podTemplate }, 'template'), needsSpec: true },
  'policy/PodDisruptionBudget': { spec: record({ selector }) },
  'storage.k8s.io/CSINode': { spec: record({ drivers: listOf(record({ name, allocatable: record({ count }) }, 'name')) }) },
  'karpenter.sh/NodePool': { spec: record({ limits: quantities, weight: count, replicas: count, template: record({ metadata: record({ labels: texts }), spec: claimSpec }, 'spec') }, 'template'), status, needsSpec: true },
  'karpenter.sh/NodeOverlay': { spec: record({ requirements: listOf(requirement), price: text, priceAdjustment: text, capacity: quantities, weight: count }), needsSpec: true },
  'karpenter.sh/NodeClaim': { spec: claimSpec, status: machine, needsSpec: true },
};

const object = record({ apiVersion: name, kind: name, metadata }, 'apiVersion', 'kind', 'metadata');

/** Throws an InputError for the first field of an object that cannot be read. A pod's spec is checked apart: many pods share one. */
export function checkObject(value: unknown): void {
  object(value, []);
  const { apiVersion, kind, spec, status: found } = value as { apiVersion: string; kind: string; spec?: unknown; status?: unknown };
  const shapes = SPECS[`${groupVersionOf(apiVersion).group}/${kind}`];
  if (shapes?.needsSpec && spec === undefined) throw mustBe('an object', undefined, ['spec']);
  if (spec !== undefined && kind !== 'Pod') shapes?.spec?.(spec, ['spec']);
  if (found !== undefined) shapes?.status?.(found, ['status']);
}
