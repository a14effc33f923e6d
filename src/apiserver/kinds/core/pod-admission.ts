import type { Pod, PodSpec, Toleration } from 'kubernetes-types/core/v1.js';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js';
import type { Storage, StrategyContext } from '../../contracts.js';
import { forbidden } from '../../status.js';
import { admitRuntimeClass } from './runtime-class-admission.js';
import { admitServiceAccount } from './service-account-admission.js';

/** Classes that every cluster has, whether or not their objects have been made yet. */
const SYSTEM_PRIORITIES: Record<string, number> = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };
const EVICTION_DELAY_SECONDS = 300;

/** What Kubernetes' default admission plugins do to a new pod: priority, service account and its token, tolerations of an ailing node, runtime class. */
export function admitPod(pod: Pod, ctx: StrategyContext): void {
  if (!pod.spec) return;
  resolvePriority(pod, pod.spec, ctx.storage);
  admitServiceAccount(pod, pod.spec, ctx);
  tolerateAilingNodes(pod.spec);
  admitRuntimeClass(pod, pod.spec, ctx.storage);
}

/** What they do to a changed one: whoever leaves out what they had given to it does not mean to take it away. */
export function admitPodUpdate(spec: PodSpec, before: PodSpec): void {
  if (before.priority !== undefined) spec.priority ??= before.priority;
  if (before.preemptionPolicy !== undefined) spec.preemptionPolicy ??= before.preemptionPolicy;
  tolerateAilingNodes(spec);
}

function resolvePriority(pod: Pod, spec: PodSpec, storage: Storage): void {
  const classes = (): PriorityClass[] => storage.list('priorityclasses.scheduling.k8s.io') as unknown as PriorityClass[];
  const name = spec.priorityClassName;
  const chosen = name
    ? classes().find(({ metadata }) => metadata?.name === name)
    : classes()
        .filter(({ globalDefault }) => globalDefault)
        .sort((a, b) => a.value - b.value)[0];
  const value = chosen?.value ?? (name ? SYSTEM_PRIORITIES[name] : 0);
  if (value === undefined) throw forbidden({ group: '', plural: 'pods' }, pod.metadata?.name ?? '', `no PriorityClass with name ${name} was found`);
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbidden({ group: '', plural: 'pods' }, pod.metadata?.name ?? '', `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`);
  }
  spec.priority = value;
  if (!name && chosen?.metadata?.name) spec.priorityClassName = chosen.metadata.name;
  const preemption = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemption) {
    throw forbidden({ group: '', plural: 'pods' }, pod.metadata?.name ?? '', `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemption} from the given PriorityClass name`);
  }
  spec.preemptionPolicy = preemption;
}

/** Pods stay five minutes on a node that stops being ready or reachable, unless they say otherwise. */
function tolerateAilingNodes(spec: PodSpec): void {
  for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
    const covers = ({ key: own, effect }: Toleration): boolean => (own === key || !own) && (effect === 'NoExecute' || !effect);
    if (spec.tolerations?.some(covers)) continue;
    spec.tolerations = [...(spec.tolerations ?? []), { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: EVICTION_DELAY_SECONDS }];
  }
}
