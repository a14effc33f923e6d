import { inject } from 'inversify';
import { ARCH_LABEL, CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL, ZONE_LABEL } from 'karpenter-ts/api';
import { Metrics, Node, Pod, Reconciler, Singleton, Step, changed, done } from 'karpenter-ts/operator';
import type { Outcome, TickContext } from 'karpenter-ts/operator';
import { DURATIONS } from './karpenter-metrics.js';

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

  constructor(@inject(Metrics) metrics: Metrics) {
    this.states = metrics.gauge({ name: 'karpenter_pods_state', help: 'Pods with where they are; by phase, their number.', labelNames: STATE_LABELS });
    this.unbound = metrics.gauge({ name: 'karpenter_pods_unbound_time_seconds', help: 'For how long pods have had no node.', labelNames: ['name', 'namespace'] });
    this.unstarted = metrics.gauge({ name: 'karpenter_pods_unstarted_time_seconds', help: 'For how long pods have not been running.', labelNames: ['name', 'namespace'] });
  }

  tick(ctx: TickContext): void {
    for (const gauge of [this.states, this.unbound, this.unstarted]) gauge.reset();
    const phases = new Map<string, number>([['pending', 0]]);
    for (const pod of ctx.cache.list(Pod)) {
      const phase = (pod.status.phase ?? 'Unknown').toLowerCase();
      phases.set(phase, (phases.get(phase) ?? 0) + 1);
      this.states.set(stateLabels(pod, ctx), 1);
      if (pod.status.phase !== 'Pending') continue;
      const identity = { name: pod.metadata.name, namespace: pod.metadata.namespace ?? '' };
      const age = (ctx.now() - Date.parse(pod.metadata.creationTimestamp)) / 1_000;
      this.unstarted.set(identity, age);
      if (!pod.spec.nodeName) this.unbound.set(identity, age);
    }
    for (const [state, count] of phases) this.states.set({ state }, count);
  }
}

/** Observes when pods that were seen pending are bound and become ready. */
@Reconciler({ for: Pod, name: 'metrics.pod', root: false, concurrency: 1, when: changed((pod) => pod.status.phase, (pod) => pod.status.conditions) })
export class PodLatencyMetrics {
  private readonly startup;
  private readonly bound;
  /** Uids of pods that were pending, with what was observed of them since. */
  private readonly pending = new Map<string, { bound: boolean }>();

  constructor(@inject(Metrics) metrics: Metrics) {
    this.startup = metrics.summary({ name: 'karpenter_pods_startup_duration_seconds', help: 'From creation to Ready.', percentiles: [0, 0.5, 0.9, 0.99, 1] });
    this.bound = metrics.histogram({ name: 'karpenter_pods_bound_duration_seconds', help: 'From creation to a node.', buckets: DURATIONS });
  }

  @Step({ whileDeleting: true })
  observe({ metadata: { uid, creationTimestamp }, status }: Pod): Outcome {
    const since = (type: string): number | undefined => {
      const condition = status.conditions?.find((each) => each.type === type && each.status === 'True');
      return condition && (Date.parse(String(condition.lastTransitionTime)) - Date.parse(creationTimestamp)) / 1_000;
    };
    const known = this.pending.get(uid) ?? { bound: false };
    if (status.phase === 'Pending') this.pending.set(uid, known);
    else if (!this.pending.has(uid)) return done();
    const bound = since('PodScheduled');
    if (bound !== undefined && !known.bound) {
      this.bound.observe(bound);
      known.bound = true;
    }
    const ready = since('Ready');
    if (ready !== undefined) this.startup.observe(ready);
    if (ready !== undefined || status.phase === 'Succeeded' || status.phase === 'Failed') this.pending.delete(uid);
    return done();
  }
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
