import { inject } from 'inversify';
import { Clock, Metrics, Random } from 'karpenter-ts/operator';
import type { SolveOptions } from 'karpenter-ts/scheduling';
import { DURATIONS } from './karpenter-metrics.js';

/** Upstream's series of scheduling simulations, the running ones and those that ended (karpenter-core §6.2). */
export class SimulationMetrics {
  private readonly duration;
  private readonly queueDepth;
  private readonly zones;
  /** When each running simulation started, by its id. */
  private readonly running = new Map<string, { controller: string; startedAt: number }>();
  /** The id of the last simulation of a controller, whose series stays until the next one starts. */
  private readonly last = new Map<string, string>();
  /** Zones that have a series, by controller. */
  private readonly shown = new Map<string, readonly string[]>();

  constructor(@inject(Metrics) metrics: Metrics, @inject(Clock) private readonly clock: Clock, @inject(Random) private readonly random: Random) {
    const { running } = this;
    this.duration = metrics.histogram({ name: 'karpenter_scheduler_scheduling_duration_seconds', help: 'Duration of scheduling simulations.', labelNames: ['controller'], buckets: DURATIONS });
    this.queueDepth = metrics.gauge({ name: 'karpenter_scheduler_queue_depth', help: 'Pods that the simulation has still to place.', labelNames: ['controller', 'scheduling_id'] });
    this.zones = metrics.gauge({ name: 'karpenter_scheduler_pending_pods_by_effective_zone_count', help: 'Pending pods by the only zone that they can go to, or `flexible`, or `none`.', labelNames: ['controller', 'zone'] });
    metrics.gauge({
      name: 'karpenter_scheduler_unfinished_work_seconds',
      help: 'For how long a running simulation has been at work.',
      labelNames: ['controller', 'scheduling_id'],
      collect() {
        this.reset();
        for (const [id, { controller, startedAt }] of running) this.set({ controller, scheduling_id: id }, (clock.now() - startedAt) / 1_000);
      },
    });
  }

  /** Watches over one simulation of so many pods; `simulate` is given the options by which the solver tells what it does. */
  async observe<Result>(controller: string, pods: number, simulate: (told: Pick<SolveOptions, 'progress' | 'zones'>) => Promise<Result>): Promise<Result> {
    const id = this.random.uuid();
    const startedAt = this.clock.now();
    const progress = (left: number): void => this.queueDepth.set({ controller, scheduling_id: id }, left);
    const before = this.last.get(controller);
    if (before !== undefined) this.queueDepth.remove({ controller, scheduling_id: before });
    this.last.set(controller, id);
    this.running.set(id, { controller, startedAt });
    progress(pods);
    try {
      const result = await simulate({ progress, zones: (counts) => this.showZones(controller, counts) });
      progress(0);
      return result;
    } finally {
      this.running.delete(id);
      this.duration.observe({ controller }, (this.clock.now() - startedAt) / 1_000);
    }
  }

  /** Says that there is nothing to simulate. */
  idle(controller: string): void {
    this.showZones(controller, new Map());
  }

  private showZones(controller: string, counts: ReadonlyMap<string, number>): void {
    for (const zone of this.shown.get(controller) ?? []) this.zones.remove({ controller, zone });
    for (const [zone, count] of counts) this.zones.set({ controller, zone }, count);
    this.shown.set(controller, [...counts.keys()]);
  }
}
