import type { ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1.js';

/** What kubectl's pod table says about a pod in READY, STATUS and RESTARTS. */
export interface PodSummary {
  ready: number;
  total: number;
  status: string;
  restarts: number;
  /** When a container last ended, to be restarted since. */
  lastRestart?: string;
}

/** Sums up a pod in the words that kubectl users know: `Init:1/2`, `CrashLoopBackOff`, `Completed`, `Terminating`. */
export function summarizePod(pod: Pod): PodSummary {
  const { spec, status = {} } = pod;
  const sidecars = new Set((spec?.initContainers ?? []).filter((container) => (container as { restartPolicy?: string }).restartPolicy === 'Always').map(({ name }) => name));
  const summary: PodSummary = { ready: 0, total: (spec?.containers?.length ?? 0) + sidecars.size, status: initialStatus(pod), restarts: 0 };
  const initializing = summarizeInit(pod, sidecars, summary);
  if (!initializing || isTrue(pod, 'Initialized')) summarizeContainers(pod, sidecars, summary);
  if (pod.metadata?.deletionTimestamp) {
    if (status.reason === 'NodeLost') summary.status = 'Unknown';
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') summary.status = 'Terminating';
  }
  return summary;
}

function initialStatus({ status = {} }: Pod): string {
  const gated = status.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  return gated ? 'SchedulingGated' : status.reason || status.phase || '';
}

/** Returns whether an init container still has to finish. */
function summarizeInit(pod: Pod, sidecars: ReadonlySet<string>, summary: PodSummary): boolean {
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(container, summary);
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecars.has(container.name) && container.started) {
      if (container.ready) summary.ready += 1;
      continue;
    }
    if (terminated) summary.status = `Init:${endOf(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') summary.status = `Init:${waiting.reason}`;
    else summary.status = `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
    return true;
  }
  return false;
}

function summarizeContainers(pod: Pod, sidecars: ReadonlySet<string>, summary: PodSummary): void {
  // Restarts of init containers are of no interest any more, but for those that keep running.
  summary.restarts = 0;
  delete summary.lastRestart;
  for (const container of pod.status?.initContainerStatuses ?? []) if (sidecars.has(container.name)) countRestarts(container, summary);
  let running = false;
  for (const container of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(container, summary);
    const { waiting, terminated, running: runs } = container.state ?? {};
    if (waiting?.reason) summary.status = waiting.reason;
    else if (terminated) summary.status = endOf(terminated);
    else if (container.ready && runs) {
      running = true;
      summary.ready += 1;
    }
  }
  if (summary.status === 'Completed' && running) summary.status = isTrue(pod, 'Ready') ? 'Running' : 'NotReady';
}

const endOf = ({ reason, signal, exitCode }: NonNullable<ContainerState['terminated']>): string => reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);

function countRestarts({ restartCount, lastState }: ContainerStatus, summary: PodSummary): void {
  summary.restarts += restartCount ?? 0;
  const finishedAt = lastState?.terminated?.finishedAt;
  if (finishedAt && finishedAt > (summary.lastRestart ?? '')) summary.lastRestart = finishedAt;
}

const isTrue = ({ status }: Pod, type: string): boolean => status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
