import type { PodTemplateSpec, Toleration } from 'kubernetes-types/core/v1.js';
import { untolerated } from '../../../api/taints.js';
import type { DaemonSet, Node, Pod } from '../model/kinds.js';
import { isActive, isAvailable, isReady, isTerminal } from '../model/pods.js';
import { matchesNodeAffinity, pinnedNodeNames } from '../model/selectors.js';
import { resolveCount } from './deployment-plan.js';
import { REVISION_LABEL } from './stateful-set-plan.js';

/** Every daemon stays through the troubles of its node. */
const DAEMON_TOLERATIONS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];

/** The daemon pod for one node: pinned to it by name, with the daemons' tolerations. */
export function daemonPod({ spec: { template } }: DaemonSet, node: string, revision: string): PodTemplateSpec {
  const spec = template.spec ?? { containers: [] };
  const { nodeAffinity, ...affinity } = spec.affinity ?? {};
  const terms = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  const pin = { key: 'metadata.name', operator: 'In', values: [node] };
  const tolerations = [
    ...DAEMON_TOLERATIONS,
    ...(spec.hostNetwork ? [{ key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }] : []),
  ];
  return {
    metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [REVISION_LABEL]: revision } },
    spec: {
      ...spec,
      affinity: {
        ...affinity,
        nodeAffinity: { ...nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms.map((term) => ({ ...term, matchFields: [pin] })) } },
      },
      tolerations: [...(spec.tolerations ?? []), ...tolerations],
    },
  };
}

/** Whether a node should get the daemon, and whether one that is there may stay. */
export function daemonBelongs({ spec: { template } }: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const spec = template.spec ?? { containers: [] };
  if ((spec.nodeName && spec.nodeName !== node.metadata.name) || !matchesNodeAffinity(spec, node)) return { run: false, stay: false };
  const tolerations = [...(spec.tolerations ?? []), ...DAEMON_TOLERATIONS];
  const taints = (node.spec.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  const refused = untolerated(taints, tolerations);
  return { run: refused === undefined, stay: untolerated(taints.filter(({ effect }) => effect === 'NoExecute'), tolerations) === undefined };
}

/** What a DaemonSet needs next. */
export interface DaemonSetPlan {
  /** Names of the nodes that get a pod. */
  create: string[];
  remove: Pod[];
  status: {
    observedGeneration: number; desiredNumberScheduled: number; currentNumberScheduled: number; numberMisscheduled: number; numberReady: number; numberAvailable: number;
    numberUnavailable: number; updatedNumberScheduled: number;
  };
}

/** The node that a daemon pod is bound or pinned to. */
const nodeOf = ({ spec }: Pod): string | undefined => spec.nodeName ?? [...(pinnedNodeNames(spec) ?? [])][0];

const byAge = (a: Pod, b: Pod): number => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp);

/** One pod on each node that should have one; old revisions are replaced as far as `maxUnavailable` (and `maxSurge`) allow. */
export function planDaemonSet(set: DaemonSet, nodes: readonly Node[], owned: readonly Pod[], revision: string, now: number): DaemonSetPlan {
  const onNode = new Map<string, Pod[]>();
  for (const pod of owned) {
    const node = nodeOf(pod);
    if (node !== undefined) onNode.set(node, [...(onNode.get(node) ?? []), pod]);
  }
  const { rollingUpdate, type = 'RollingUpdate' } = set.spec.updateStrategy ?? {};
  const rolling = type === 'RollingUpdate';
  const available = (pod: Pod): boolean => isActive(pod) && isAvailable(pod, set.spec.minReadySeconds, now);
  const isNew = ({ metadata }: Pod): boolean => metadata.labels[REVISION_LABEL] === revision;
  const plan: DaemonSetPlan = {
    create: [], remove: [],
    status: {
      observedGeneration: set.metadata.generation ?? 1, desiredNumberScheduled: 0, currentNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0,
      numberAvailable: 0, numberUnavailable: 0, updatedNumberScheduled: 0,
    },
  };
  const outdated: { node: string; pod: Pod }[] = [];
  for (const node of nodes) {
    const { run, stay } = daemonBelongs(set, node);
    const all = onNode.get(node.metadata.name) ?? [];
    const pods = all.filter(isActive).sort(byAge);
    // A daemon that ended is deleted; the next round puts a new one in its place.
    plan.remove.push(...all.filter((pod) => isTerminal(pod) && !pod.metadata.deletionTimestamp));
    if (!run) {
      if (pods.length > 0) plan.status.numberMisscheduled += 1;
      if (!stay) plan.remove.push(...pods);
      continue;
    }
    plan.status.desiredNumberScheduled += 1;
    const [oldest] = pods;
    if (all.length === 0) plan.create.push(node.metadata.name);
    if (!oldest) continue;
    plan.status.currentNumberScheduled += 1;
    const newest = pods.find(isNew);
    if (newest) plan.status.updatedNumberScheduled += 1;
    if (pods.some(isReady)) plan.status.numberReady += 1;
    if (pods.some(available)) plan.status.numberAvailable += 1;
    if (newest && newest !== oldest && available(newest)) plan.remove.push(...pods.filter((pod) => pod !== newest));
    else if (!newest) outdated.push({ node: node.metadata.name, pod: oldest });
    else if (pods.length > 1 && newest === oldest) plan.remove.push(...pods.slice(1));
  }
  plan.status.numberUnavailable = plan.status.desiredNumberScheduled - plan.status.numberAvailable;
  if (set.metadata.deletionTimestamp) return { ...plan, create: [], remove: [] };
  if (rolling) {
    const desired = plan.status.desiredNumberScheduled;
    const surge = resolveCount((rollingUpdate as { maxSurge?: number | string } | undefined)?.maxSurge ?? 0, desired, Math.ceil);
    let budget = surge > 0 ? surge : Math.max(0, resolveCount(rollingUpdate?.maxUnavailable ?? 1, desired, Math.ceil) - plan.status.numberUnavailable);
    for (const { node, pod } of outdated) {
      const free = surge === 0 && !available(pod);
      if (!free && budget <= 0) continue;
      if (!free) budget -= 1;
      if (surge > 0) plan.create.push(node);
      else plan.remove.push(pod);
    }
  }
  return plan;
}
