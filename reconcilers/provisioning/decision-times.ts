import { inject } from 'inversify';
import { PodTimes } from 'karpenter-ts/cluster';
import { Clock, Metrics } from 'karpenter-ts/operator';
import type { Decision } from 'karpenter-ts/scheduling';
import { DURATIONS } from '../metrics/karpenter-metrics.js';

type Pods = Decision['unfinished'];

/** Notes when pods were first heard of and when they were decided, and measures how long the first decision took. */
export class DecisionTimes {
  private readonly duration;

  constructor(@inject(PodTimes) private readonly times: PodTimes, @inject(Clock) private readonly clock: Clock, @inject(Metrics) metrics: Metrics) {
    this.duration = metrics.histogram({ name: 'karpenter_pods_scheduling_decision_duration_seconds', help: 'From first seeing a pending pod to the first decision about it.', buckets: DURATIONS });
  }

  acknowledge(pod: Pods[number]): void {
    this.times.acknowledge(pod, this.clock.now());
  }

  rejected(pods: Pods): void {
    for (const pod of pods) this.note(pod, false);
  }

  decided({ newNodes, existingNodes, unschedulable }: Decision): void {
    for (const { pods } of [...newNodes, ...existingNodes]) for (const pod of pods) this.note(pod, true);
    this.rejected(unschedulable.map(({ pod }) => pod));
  }

  private note(pod: Pods[number], hasRoom: boolean): void {
    const taken = this.times.decide(pod, hasRoom, this.clock.now());
    if (taken !== undefined) this.duration.observe(taken / 1_000);
  }
}
