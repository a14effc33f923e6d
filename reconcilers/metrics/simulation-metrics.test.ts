import { expect } from 'chai';
import { Metrics, seededRandom } from 'karpenter-ts/operator';
import type { Clock } from 'karpenter-ts/operator';
import { SimulationMetrics } from './simulation-metrics.js';

describe('metrics of simulations', () => {
  let now = 0;
  let metrics: Metrics;
  let simulations: SimulationMetrics;
  /** The values of a series, without the ids of simulations. */
  const values = async (name: string): Promise<string[]> => (await metrics.registry.metrics()).split('\n')
    .filter((line) => line.startsWith(`karpenter_scheduler_${name}{`)).map((line) => line.replace(/scheduling_id="[^"]+"/, 'id'));

  beforeEach(() => {
    now = 0;
    metrics = new Metrics();
    simulations = new SimulationMetrics(metrics, { now: () => now } as Clock, seededRandom(1));
  });

  it('show how many pods are left and for how long one has been at work, until it ends', async () => {
    await simulations.observe('provisioner', 7, async ({ progress }) => {
      expect(await values('queue_depth')).to.deep.equal(['karpenter_scheduler_queue_depth{controller="provisioner",id} 7']);
      now = 3_000;
      progress?.(2);
      expect(await values('queue_depth')).to.deep.equal(['karpenter_scheduler_queue_depth{controller="provisioner",id} 2']);
      expect(await values('unfinished_work_seconds')).to.deep.equal(['karpenter_scheduler_unfinished_work_seconds{controller="provisioner",id} 3']);
    });
    expect(await values('unfinished_work_seconds')).to.deep.equal([]);
    expect(await values('scheduling_duration_seconds_sum')).to.deep.equal(['karpenter_scheduler_scheduling_duration_seconds_sum{controller="provisioner"} 3']);
  });

  it('drop the series of an earlier simulation of the same controller only', async () => {
    for (const controller of ['provisioner', 'disruption', 'provisioner']) await simulations.observe(controller, 1, () => Promise.resolve());
    expect(await values('queue_depth')).to.have.members(['karpenter_scheduler_queue_depth{controller="provisioner",id} 0', 'karpenter_scheduler_queue_depth{controller="disruption",id} 0']);
  });

  it('show to which zones pods can go, until there is nothing to simulate', async () => {
    const observe = (counts: Record<string, number>): Promise<void> => simulations.observe('provisioner', 1, async ({ zones }) => zones?.(new Map(Object.entries(counts))));
    await observe({ a: 2, flexible: 1 });
    await observe({ a: 1, none: 3 });
    const series = (zone: string, count: number): string => `karpenter_scheduler_pending_pods_by_effective_zone_count{controller="provisioner",zone="${zone}"} ${count}`;
    expect(await values('pending_pods_by_effective_zone_count')).to.have.members([series('a', 1), series('none', 3)]);
    simulations.idle('provisioner');
    expect(await values('pending_pods_by_effective_zone_count')).to.deep.equal([]);
  });

  it('end with simulations that fail', async () => {
    await simulations.observe('provisioner', 1, () => Promise.reject(new Error('broken'))).catch(() => undefined);
    expect(await values('unfinished_work_seconds')).to.deep.equal([]);
    expect(await values('scheduling_duration_seconds_count')).to.deep.equal(['karpenter_scheduler_scheduling_duration_seconds_count{controller="provisioner"} 1']);
  });
});
