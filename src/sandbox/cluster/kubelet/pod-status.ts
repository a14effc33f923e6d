import { kubeTime } from '../../../operator/kube/time.js';
import type { Container, ContainerState, ContainerStatus, PodCondition, PodStatus } from 'kubernetes-types/core/v1.js';
import type { Pod } from '../model/kinds.js';
import { withCondition } from '../model/set-condition.js';
import { imageOf } from './image.js';

/** One container as its node runs it. */
export interface ContainerRun {
  readonly spec: Container;
  readonly init: boolean;
  state: ContainerState;
  lastState?: ContainerState;
  ready: boolean;
  restarts: number;
  /** `containerd://…`, from the first start on. */
  id?: string;
}

/** One pod as its node runs it. */
export interface PodRun {
  containers: ContainerRun[];
  /** Its network is up. */
  sandboxReady: boolean;
  ip?: string;
  hostIp: string;
  startTime: number;
  /** The node refused or removed the pod as a whole. */
  failure?: { reason: string; message: string };
}

const isSidecar = ({ spec, init }: ContainerRun): boolean => init && spec.restartPolicy === 'Always';

const succeeded = ({ state }: ContainerRun): boolean => state.terminated?.exitCode === 0;

/** A pod's phase by its containers: sidecars do not keep it from ending. */
export function podPhase(run: PodRun, restartPolicy: string): string {
  if (run.failure) return 'Failed';
  const steps = run.containers.filter((container) => container.init && !isSidecar(container));
  const apps = run.containers.filter(({ init }) => !init);
  if (restartPolicy === 'Never' && steps.some(({ state }) => state.terminated && state.terminated.exitCode !== 0)) return 'Failed';
  if (!steps.every(succeeded)) return 'Pending';
  // Not even once started: still pending. A container that waits for its restart counts as running.
  if (apps.some(({ state, lastState }) => state.waiting && !lastState)) return 'Pending';
  if (apps.every(({ state }) => state.terminated)) {
    if (restartPolicy === 'Always') return 'Running';
    if (apps.every(succeeded)) return 'Succeeded';
    if (restartPolicy === 'Never') return 'Failed';
  }
  return 'Running';
}

const namesOf = (containers: readonly ContainerRun[], status: string): string => `containers with ${status} status: [${containers.map(({ spec }) => spec.name).join(' ')}]`;

function readiness(run: PodRun, phase: string, now: number): PodCondition[] {
  const at = { lastTransitionTime: kubeTime(now) };
  const steps = run.containers.filter((container) => container.init && !isSidecar(container));
  const serving = run.containers.filter((container) => !container.init || isSidecar(container));
  const incomplete = steps.filter((container) => !succeeded(container));
  const unready = serving.filter(({ ready }) => !ready);
  const initialized: PodCondition = incomplete.length === 0
    ? { type: 'Initialized', status: 'True', ...at }
    : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized', message: namesOf(incomplete, 'incomplete'), ...at };
  const done = phase === 'Succeeded' ? { reason: 'PodCompleted' } : phase === 'Failed' ? { reason: 'PodFailed' } : undefined;
  const ready = (type: string): PodCondition => {
    if (done) return { type, status: 'False', ...done, ...at };
    return unready.length === 0 && incomplete.length === 0
      ? { type, status: 'True', ...at }
      : { type, status: 'False', reason: 'ContainersNotReady', message: namesOf(unready, 'unready'), ...at };
  };
  return [{ type: 'PodReadyToStartContainers', status: run.sandboxReady ? 'True' : 'False', ...at }, initialized, ready('Ready'), ready('ContainersReady')];
}

function containerStatus({ spec, state, lastState, ready, restarts, id }: ContainerRun): ContainerStatus {
  return {
    name: spec.name,
    image: id === undefined ? spec.image ?? '' : imageOf(spec.image ?? '').name,
    imageID: id === undefined ? '' : imageOf(spec.image ?? '').id,
    ...(id === undefined ? {} : { containerID: id }),
    state,
    lastState: lastState ?? {},
    ready,
    started: state.running !== undefined,
    restartCount: restarts,
  };
}

/** What a kubelet reports of a pod. Conditions of others (PodScheduled, DisruptionTarget) are kept. */
export function podStatus(pod: Pod, run: PodRun, now: number): Partial<PodStatus> {
  const phase = podPhase(run, pod.spec.restartPolicy ?? 'Always');
  const statuses = (init: boolean): ContainerStatus[] => run.containers.filter((container) => container.init === init).map(containerStatus);
  let conditions = pod.status.conditions;
  const gates = (pod.spec.readinessGates ?? []).filter(({ conditionType }) => conditions?.find(({ type }) => type === conditionType)?.status !== 'True');
  for (const condition of readiness(run, phase, now)) {
    const gated = condition.type === 'Ready' && condition.status === 'True' && gates.length > 0;
    conditions = withCondition(conditions, gated ? { ...condition, status: 'False', reason: 'ReadinessGatesNotReady' } : condition, now);
  }
  if (!conditions?.some(({ type }) => type === 'PodScheduled')) conditions = withCondition<PodCondition>(conditions, { type: 'PodScheduled', status: 'True' }, now);
  return {
    phase,
    conditions,
    hostIP: run.hostIp,
    startTime: kubeTime(run.startTime),
    ...({ hostIPs: [{ ip: run.hostIp }], ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }) } as object),
    ...(run.ip === undefined ? {} : { podIP: run.ip, podIPs: [{ ip: run.ip }] }),
    ...run.failure,
    containerStatuses: statuses(false),
    ...(run.containers.some(({ init }) => init) ? { initContainerStatuses: statuses(true) } : {}),
  };
}
