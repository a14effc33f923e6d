import { inject } from 'inversify';
import { ClusterState } from 'karpenter-ts/cluster';
import { Clock, Metrics } from 'karpenter-ts/operator';
import type { RunContext } from 'karpenter-ts/operator';
import { listed } from './listed.js';

/** A launch takes seconds; after this long, in milliseconds, something is in its way. */
const PATIENCE = 30_000;
const REPEAT = 10_000;

/** Whether the cluster state may be decided on; shows for how long it may not (karpenter-core §5.2). */
export class ClusterSync {
  private isSynced = false;
  private unsyncedSince: number | undefined;
  private saidAt = -Infinity;

  constructor(@inject(ClusterState) private readonly state: ClusterState, @inject(Clock) private readonly clock: Clock, @inject(Metrics) metrics: Metrics) {
    metrics.derived({ name: 'karpenter_cluster_state_synced', help: '1 while the cluster state may be decided on, else 0.' }, () => [{ labels: {}, value: Number(this.isSynced) }]);
    metrics.derived({ name: 'karpenter_cluster_state_unsynced_time_seconds', help: 'For how long the cluster state may not be decided on.' }, () =>
      [{ labels: {}, value: this.unsyncedSince === undefined ? 0 : (this.clock.now() - this.unsyncedSince) / 1_000 }]);
  }

  synced(ctx: Pick<RunContext, 'cache' | 'log'>): boolean {
    this.isSynced = this.state.synced(listed(ctx));
    if (this.isSynced) this.unsyncedSince = undefined;
    else this.wait(ctx);
    return this.isSynced;
  }

  private wait({ log }: Pick<RunContext, 'log'>): void {
    const now = this.clock.now();
    this.unsyncedSince ??= now;
    if (now - this.unsyncedSince <= PATIENCE || now - this.saidAt < REPEAT) return;
    this.saidAt = now;
    log.error('cluster is waiting on sync for extended duration', { duration: `${Math.trunc((now - this.unsyncedSince) / 1_000)}s`, nodeclaims: this.state.unlaunched() });
  }
}
