import type { Namespace, Node, Pod, PodAffinityTerm, PodSpec } from 'kubernetes-types/core/v1.js';
import type { CSINode } from 'kubernetes-types/storage/v1.js';
import { addResources, formatResources } from '../../src/api/resources.js';
import type { Resources } from '../../src/api/resources.js';
import { podRequests } from '../../src/scheduling/index.js';
import type { Decision, Snapshot, SnapshotNode } from '../../src/scheduling/index.js';
import { selects, termsOf } from './constraint-checker.js';
import { carriedOut, daemonsOn } from './materialise.js';
import type { Launch } from './materialise.js';
import { SCENARIO_STORAGE, volumeClaim } from './scenario-storage.js';

/** A pod, and the node where a scheduler is to bind it. */
export interface Expectation {
  readonly pod: Pod;
  readonly node: string;
  /**
   * It keeps to its own kind, and asks for something of the domain. Karpenter lets such a pod open a domain of its own while the others of its kind
   * are only where it may not go; kube-scheduler does not. Recorded outcomes rest on it, so the solver does as Karpenter does.
   */
  readonly opensOwnDomain: boolean;
}

/** A cluster as it is once a decision's nodes have started, and the pods that its scheduler is to bind: plain Kubernetes objects. */
export type SchedulerTrial = typeof SCENARIO_STORAGE & {
  readonly nodes: readonly Node[];
  readonly bound: readonly Pod[];
  /**
   * Orders in which the pods may come, of which one must do: the largest first, as the solver takes them; or those that are spread first, since pods
   * of which it was open in which zone they would be may have come to stand in their way.
   */
  readonly orders: readonly (readonly Expectation[])[];
  readonly namespaces: readonly Namespace[];
  readonly csiNodes: readonly CSINode[];
};

/** Older names under which kubelets and drivers set labels too. */
const OLDER_NAMES: Readonly<Record<string, readonly string[]>> = {
  'topology.kubernetes.io/zone': ['failure-domain.beta.kubernetes.io/zone', 'topology.ebs.csi.aws.com/zone'], 'kubernetes.io/arch': ['beta.kubernetes.io/arch'],
  'kubernetes.io/os': ['beta.kubernetes.io/os'], 'node.kubernetes.io/instance-type': ['beta.kubernetes.io/instance-type'],
};

/** Room is what the solver saw: what is available, and what the pods that are there take. */
function asNode({ name, labels, taints, available, pods }: SnapshotNode): Node {
  const allocatable = formatResources(addResources(available, ...pods.map(podRequests)));
  const older = Object.entries(labels).flatMap(([key, value]) => (OLDER_NAMES[key] ?? []).map((old) => [old, value]));
  return {
    apiVersion: 'v1', kind: 'Node', metadata: { name, uid: `uid-${name}`, labels: { ...Object.fromEntries(older), ...labels } },
    spec: { taints: [...taints] }, status: { allocatable: allocatable as never, capacity: allocatable as never },
  };
}

/** Namespace selectors as lists of names, for schedulers that are given no Namespaces. */
export function withNamespaces(pod: Pod, namespaces: readonly Namespace[]): Pod {
  const { affinity } = pod.spec as PodSpec;
  const named = ({ namespaceSelector, ...term }: PodAffinityTerm): PodAffinityTerm => (namespaceSelector
    ? { ...term, namespaces: [...(term.namespaces ?? []), ...namespaces.filter(({ metadata }) => selects(namespaceSelector, metadata?.labels)).map(({ metadata }) => metadata?.name ?? '')] } : term);
  const of = (kind: 'podAffinity' | 'podAntiAffinity'): object => {
    const terms = affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution;
    return terms ? { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms.map(named) } } : {};
  };
  return affinity ? { ...pod, spec: { ...pod.spec as PodSpec, affinity: { ...affinity, ...of('podAffinity'), ...of('podAntiAffinity') } } } : pod;
}

const ephemeralClaims = ({ metadata, spec }: Pod): typeof SCENARIO_STORAGE.persistentVolumeClaims => (spec?.volumes ?? []).flatMap(({ name, ephemeral }) => {
  const owner = { apiVersion: 'v1', kind: 'Pod', name: metadata?.name, uid: metadata?.uid, controller: true };
  const storageClassName = ephemeral?.volumeClaimTemplate?.spec.storageClassName;
  return storageClassName ? [volumeClaim(metadata?.namespace ?? 'default', `${metadata?.name}-${name}`, { storageClassName }, { ownerReferences: [owner] })] : [];
});

const opensOwnDomain = (pod: Pod): boolean => (pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(({ topologyKey, labelSelector }) =>
  selects(labelSelector, pod.metadata?.labels) && termsOf(pod).flat().some(({ key }) => key === topologyKey));

const isSpread = ({ pod: { spec } }: Expectation): boolean => spec?.topologySpreadConstraints?.some(({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule') === true;

const amount = (requests: Resources, name: string): number => requests[name] ?? 0;

/** What a scheduler is asked once a decision was carried out. `choose` says how each planned node comes. */
export function schedulerTrial(cluster: Snapshot, pods: readonly Pod[], decision: Decision, choose: (launches: readonly Launch[]) => Launch): SchedulerTrial {
  const after = carriedOut(cluster, decision, choose).nodes;
  const placed = new Set([...decision.newNodes, ...decision.existingNodes].flatMap((node) => node.pods.map(({ metadata }) => metadata?.uid)));
  const nodeOf = new Map(after.flatMap((node) => node.pods.map(({ metadata }) => [metadata?.uid, node.name] as const)));
  const pending = pods.filter(({ metadata }) => placed.has(metadata?.uid)).map((pod) => ({ pod, requests: podRequests(pod) }))
    .sort((a, b) => amount(b.requests, 'cpu') - amount(a.requests, 'cpu') || amount(b.requests, 'memory') - amount(a.requests, 'memory'))
    .map(({ pod }): Expectation => ({ pod, node: nodeOf.get(pod.metadata?.uid) as string, opensOwnDomain: opensOwnDomain(pod) }));
  const bound = after.flatMap((node) => [...daemonsOn(node, cluster), ...node.pods.filter(({ metadata }) => !placed.has(metadata?.uid))]);
  return {
    ...SCENARIO_STORAGE, persistentVolumeClaims: [...SCENARIO_STORAGE.persistentVolumeClaims, ...[...pending.map(({ pod }) => pod), ...bound].flatMap(ephemeralClaims)],
    nodes: after.map(asNode), bound, namespaces: cluster.namespaces, orders: [pending, [...pending.filter(isSpread), ...pending.filter((each) => !isSpread(each))]],
    csiNodes: after.map(({ name, volumeLimits }) => ({
      apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name },
      spec: { drivers: Object.entries(volumeLimits).map(([driver, count]) => ({ name: driver, nodeID: name, topologyKeys: [], allocatable: { count } })) },
    })),
  };
}
