import { inject } from 'inversify';
import { ARCH_LABEL, CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL, ZONE_LABEL } from 'karpenter-ts/api';
import { PodTimes } from 'karpenter-ts/cluster';
import type { PodTime } from 'karpenter-ts/cluster';
import { Cache, Clock, Metrics, Node, Pod, Reconciler, Step, changed, done } from 'karpenter-ts/operator';
import type { Outcome, Sample, Startable } from 'karpenter-ts/operator';
import { isTerminal } from 'karpenter-ts/scheduling';
import { DURATIONS } from './karpenter-metrics.js';

const STATE_LABELS = ['name', 'namespace', 'owner', 'node', 'scheduled', 'nodepool', 'zone', 'arch', 'capacity_type', 'instance_type', 'phase', 'ready', 'managed', 'state'];

/** Gauges of pods: where they are, and for how long they wait for what. Read when asked for; upstream sets them every 30 seconds. */
export class PodStateMetrics implements Startable {
  readonly name = 'metrics.pod.state';

  constructor(
    @inject(Metrics) private readonly metrics: Metrics,
    @inject(Cache) private readonly cache: Cache,
    @inject(Clock) private readonly clock: Clock,
    @inject(PodTimes) private readonly times: PodTimes,
  ) {}

  start(): void {
    this.metrics.derived({ name: 'karpenter_pods_state', help: 'Pods with where they are; by phase, their number.', labelNames: STATE_LABELS }, () => this.states());
    const waiting = (name: string, help: string, since: (pod: Pod, times: PodTime) => number | undefined): void =>
      this.metrics.derived({ name: `karpenter_pods_${name}_seconds`, help, labelNames: ['name', 'namespace'] }, () => this.waiting(since));
    waiting('unbound_time', 'For how long pods have had no node.', (pod) => (isUnbound(pod) ? createdAt(pod) : undefined));
    waiting('unstarted_time', 'For how long pods that were pending have not been ready.', (pod, times) => (isUnstarted(pod, times) ? createdAt(pod) : undefined));
    waiting('provisioning_unbound_time', 'For how long pods that a simulation had room for have had no node.', (pod, { schedulable }) => (isUnbound(pod) ? schedulable : undefined));
    waiting('provisioning_unstarted_time', 'For how long pods that a simulation had room for have not been ready.', (pod, times) => (isUnstarted(pod, times) ? times.schedulable : undefined));
    waiting('provisioning_scheduling_undecided_time', 'For how long pods have waited for a first decision.',
      (pod, { acknowledged, decided }) => (decided === undefined && timeOf(pod, 'PodScheduled') === undefined ? acknowledged : undefined));
  }

  /**
   * One series a pod, and one a phase without pod labels whose value is the number of pods (`karpenter_pods_state{state="pending"}`),
   * which is what the guide's alert compares with 10.
   */
  private states(): Sample[] {
    const phases = new Map<string, number>([['pending', 0]]);
    const samples = this.cache.list(Pod).map((pod): Sample => {
      const phase = (pod.status.phase ?? 'Unknown').toLowerCase();
      phases.set(phase, (phases.get(phase) ?? 0) + 1);
      return { labels: stateLabels(pod, this.cache), value: 1 };
    });
    for (const [state, value] of phases) samples.push({ labels: { state }, value });
    return samples;
  }

  private waiting(since: (pod: Pod, times: PodTime) => number | undefined): Sample[] {
    const now = this.clock.now();
    return this.cache.list(Pod).flatMap((pod) => {
      const from = since(pod, this.times.of(pod));
      return from === undefined ? [] : [{ labels: { name: pod.metadata.name, namespace: pod.metadata.namespace ?? '' }, value: (now - from) / 1_000 }];
    });
  }
}

const createdAt = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp);
const isPending = ({ status }: Pod): boolean => status.phase === 'Pending';
const isUnbound = (pod: Pod): boolean => isPending(pod) && timeOf(pod, 'PodScheduled') === undefined;
const isUnstarted = (pod: Pod, { starting = false }: PodTime): boolean => isPending(pod) || starting;

/** Observes when pods that were seen pending are bound and become ready. */
@Reconciler({ for: Pod, name: 'metrics.pod', root: false, concurrency: 1, when: changed((pod) => pod.status.phase, (pod) => pod.status.conditions) })
export class PodLatencyMetrics {
  private readonly startup;
  private readonly bound;
  private readonly provisioningStartup;
  private readonly provisioningBound;

  constructor(@inject(Metrics) metrics: Metrics, @inject(PodTimes) private readonly times: PodTimes) {
    const histogram = (name: string, help: string) => metrics.histogram({ name: `karpenter_pods_${name}_duration_seconds`, help, buckets: DURATIONS });
    this.startup = metrics.summary({ name: 'karpenter_pods_startup_duration_seconds', help: 'From creation to Ready.', percentiles: [0, 0.5, 0.9, 0.99, 1] });
    this.bound = histogram('bound', 'From creation to a node.');
    this.provisioningStartup = histogram('provisioning_startup', 'From the first simulation that had room to Ready.');
    this.provisioningBound = histogram('provisioning_bound', 'From the first simulation that had room to a node.');
  }

  @Step({ whileDeleting: true })
  observe(pod: Pod): Outcome {
    if (isPending(pod)) this.times.note(pod, { starting: true });
    const { starting = false, bound = false, schedulable } = this.times.of(pod);
    if (!starting) return done();
    const observe = (series: { observe(seconds: number): void }, since: number | undefined, until: number): void => {
      // Conditions have whole seconds, simulations do not.
      if (since !== undefined) series.observe(Math.max(0, until - since) / 1_000);
    };
    const boundAt = timeOf(pod, 'PodScheduled');
    if (boundAt !== undefined && !bound) {
      this.times.note(pod, { bound: true });
      observe(this.bound, createdAt(pod), boundAt);
      observe(this.provisioningBound, schedulable, boundAt);
    }
    const readyAt = timeOf(pod, 'Ready');
    if (readyAt !== undefined) {
      observe(this.startup, createdAt(pod), readyAt);
      observe(this.provisioningStartup, schedulable, readyAt);
    }
    if (readyAt !== undefined || isTerminal(pod)) this.times.forget(pod);
    return done();
  }
}

/** Since when a condition has been True. */
function timeOf({ status }: Pod, type: string): number | undefined {
  const condition = status.conditions?.find((each) => each.type === type && each.status === 'True');
  return condition && Date.parse(String(condition.lastTransitionTime));
}

function stateLabels(pod: Pod, cache: Cache): Record<string, string> {
  const node = pod.spec.nodeName ? cache.get(Node, pod.spec.nodeName) : undefined;
  const labels = node?.metadata.labels ?? {};
  const [owner] = pod.metadata.ownerReferences ?? [];
  return {
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? '',
    owner: owner ? `/apis/${owner.apiVersion}/namespaces/${pod.metadata.namespace}/${owner.kind.toLowerCase()}s/${owner.name}` : '',
    node: pod.spec.nodeName ?? '',
    scheduled: String(Boolean(pod.spec.nodeName)),
    nodepool: labels[NODEPOOL_LABEL] ?? '',
    zone: labels[ZONE_LABEL] ?? '',
    arch: labels[ARCH_LABEL] ?? '',
    capacity_type: labels[CAPACITY_TYPE_LABEL] ?? '',
    instance_type: labels[INSTANCE_TYPE_LABEL] ?? '',
    phase: pod.status.phase ?? '',
    ready: pod.status.conditions?.find(({ type }) => type === 'Ready')?.status ?? '',
    managed: String(labels[NODECLASS_LABEL] !== undefined),
  };
}
