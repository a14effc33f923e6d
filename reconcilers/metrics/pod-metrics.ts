import { inject } from 'inversify';
import { ARCH_LABEL, CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL, ZONE_LABEL } from 'karpenter-ts/api';
import { PodTimes } from 'karpenter-ts/cluster';
import { Metrics, Node, Pod, Reconciler, Singleton, Step, changed, done } from 'karpenter-ts/operator';
import type { Outcome, TickContext } from 'karpenter-ts/operator';
import { isTerminal } from 'karpenter-ts/scheduling';
import { DURATIONS } from './karpenter-metrics.js';
import { StartingPods } from './starting-pods.js';

const STATE_LABELS = ['name', 'namespace', 'owner', 'node', 'scheduled', 'nodepool', 'zone', 'arch', 'capacity_type', 'instance_type', 'phase', 'ready', 'managed', 'state'];

/**
 * One series a pod, and one a phase without pod labels whose value is the number of pods (`karpenter_pods_state{state="pending"}`),
 * which is what the guide's alert compares with 10.
 */
@Singleton({ name: 'metrics.pod.state', every: '10s', reads: [Pod, Node] })
export class PodStateMetrics {
  private readonly states;
  private readonly unbound;
  private readonly unstarted;
  private readonly provisioningUnbound;
  private readonly provisioningUnstarted;
  private readonly undecided;

  constructor(@inject(Metrics) metrics: Metrics, @inject(StartingPods) private readonly starting: StartingPods, @inject(PodTimes) private readonly times: PodTimes) {
    const gauge = (name: string, help: string) => metrics.gauge({ name: `karpenter_pods_${name}_seconds`, help, labelNames: ['name', 'namespace'] });
    this.states = metrics.gauge({ name: 'karpenter_pods_state', help: 'Pods with where they are; by phase, their number.', labelNames: STATE_LABELS });
    this.unbound = gauge('unbound_time', 'For how long pods have had no node.');
    this.unstarted = gauge('unstarted_time', 'For how long pods that were pending have not been ready.');
    this.provisioningUnbound = gauge('provisioning_unbound_time', 'For how long pods that a simulation had room for have had no node.');
    this.provisioningUnstarted = gauge('provisioning_unstarted_time', 'For how long pods that a simulation had room for have not been ready.');
    this.undecided = gauge('provisioning_scheduling_undecided_time', 'For how long pods have waited for a first decision.');
  }

  tick(ctx: TickContext): void {
    for (const gauge of [this.states, this.unbound, this.unstarted, this.provisioningUnbound, this.provisioningUnstarted, this.undecided]) gauge.reset();
    const phases = new Map<string, number>([['pending', 0]]);
    const pods = ctx.cache.list(Pod);
    this.starting.retain(new Set(pods.map(({ metadata }) => metadata.uid)));
    for (const pod of pods) {
      const phase = (pod.status.phase ?? 'Unknown').toLowerCase();
      phases.set(phase, (phases.get(phase) ?? 0) + 1);
      this.states.set(stateLabels(pod, ctx), 1);
      this.wait(pod, ctx.now());
    }
    for (const [state, count] of phases) this.states.set({ state }, count);
  }

  private wait(pod: Pod, now: number): void {
    const identity = { name: pod.metadata.name, namespace: pod.metadata.namespace ?? '' };
    const { acknowledged, decided, schedulable } = this.times.of(pod);
    const show = (gauge: PodStateMetrics['unbound'], since: number | undefined): void => {
      if (since !== undefined) gauge.set(identity, (now - since) / 1_000);
    };
    const createdAt = Date.parse(pod.metadata.creationTimestamp);
    if (pod.status.phase === 'Pending' || this.starting.has(pod.metadata.uid)) {
      show(this.unstarted, createdAt);
      show(this.provisioningUnstarted, schedulable);
    }
    if (timeOf(pod, 'PodScheduled') !== undefined) return;
    if (decided === undefined) show(this.undecided, acknowledged);
    if (pod.status.phase !== 'Pending') return;
    show(this.unbound, createdAt);
    show(this.provisioningUnbound, schedulable);
  }
}

/** Observes when pods that were seen pending are bound and become ready. */
@Reconciler({ for: Pod, name: 'metrics.pod', root: false, concurrency: 1, when: changed((pod) => pod.status.phase, (pod) => pod.status.conditions) })
export class PodLatencyMetrics {
  private readonly startup;
  private readonly bound;
  private readonly provisioningStartup;
  private readonly provisioningBound;

  constructor(@inject(Metrics) metrics: Metrics, @inject(StartingPods) private readonly starting: StartingPods, @inject(PodTimes) private readonly times: PodTimes) {
    const histogram = (name: string, help: string) => metrics.histogram({ name: `karpenter_pods_${name}_duration_seconds`, help, buckets: DURATIONS });
    this.startup = metrics.summary({ name: 'karpenter_pods_startup_duration_seconds', help: 'From creation to Ready.', percentiles: [0, 0.5, 0.9, 0.99, 1] });
    this.bound = histogram('bound', 'From creation to a node.');
    this.provisioningStartup = histogram('provisioning_startup', 'From the first simulation that had room to Ready.');
    this.provisioningBound = histogram('provisioning_bound', 'From the first simulation that had room to a node.');
  }

  @Step({ whileDeleting: true })
  observe(pod: Pod): Outcome {
    const { metadata: { uid, creationTimestamp }, status } = pod;
    if (status.phase === 'Pending') this.starting.add(uid);
    else if (!this.starting.has(uid)) return done();
    const { schedulable } = this.times.of(pod);
    const observe = (series: { observe(seconds: number): void }, since: number | undefined, until: number): void => {
      // Conditions have whole seconds, simulations do not.
      if (since !== undefined) series.observe(Math.max(0, until - since) / 1_000);
    };
    const boundAt = timeOf(pod, 'PodScheduled');
    if (boundAt !== undefined && this.starting.bind(uid)) {
      observe(this.bound, Date.parse(creationTimestamp), boundAt);
      observe(this.provisioningBound, schedulable, boundAt);
    }
    const readyAt = timeOf(pod, 'Ready');
    if (readyAt !== undefined) {
      observe(this.startup, Date.parse(creationTimestamp), readyAt);
      observe(this.provisioningStartup, schedulable, readyAt);
    }
    if (readyAt !== undefined || isTerminal(pod)) {
      this.starting.delete(uid);
      this.times.forget(pod);
    }
    return done();
  }
}

/** Since when a condition has been True. */
function timeOf({ status }: Pod, type: string): number | undefined {
  const condition = status.conditions?.find((each) => each.type === type && each.status === 'True');
  return condition && Date.parse(String(condition.lastTransitionTime));
}

function stateLabels(pod: Pod, ctx: TickContext): Record<string, string> {
  const node = pod.spec.nodeName ? ctx.cache.get(Node, pod.spec.nodeName) : undefined;
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
