import { inject } from 'inversify';
import { DISRUPTED_TAINT, NODEPOOL_LABEL, NodeClaim, NodePool, sameTaint } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { ClusterState } from 'karpenter-ts/cluster';
import { METHODS, VALIDATION_DELAY, describeRejection, plan, validate } from 'karpenter-ts/disruption';
import type { DisruptionCommand, DisruptionMethod, DisruptionOptions, DisruptionPlan } from 'karpenter-ts/disruption';
import { Clock, Node, Pod, Singleton, sleep } from 'karpenter-ts/operator';
import type { Duration, TickContext } from 'karpenter-ts/operator';
import { isProvisionable } from 'karpenter-ts/scheduling';
import type { Snapshot } from 'karpenter-ts/scheduling';
import { CapacityBuffers } from '../capacitybuffer/capacity-buffers.js';
import { DisruptionMetrics } from '../metrics/disruption-metrics.js';
import { Settings } from '../settings.js';
import { defaultSpread } from '../shared/default-spread.js';
import { managedPools, mayLaunch, poolsWithTypes } from '../shared/node-pools.js';
import { settle } from '../shared/settle.js';
import { LOOKUP_KINDS } from '../state/cluster-lookups.js';
import { ClusterSync } from '../state/cluster-sync.js';
import { DisruptionVerdicts } from './disruption-verdicts.js';
import { DisruptionQueue, release } from './disruption-queue.js';
import { onNodeAndClaim, publishNotice } from './reporting.js';
import { RunGaps } from './run-gaps.js';

/** Finds nodes that are empty, drifted or not worth their price, and has them removed or replaced (karpenter-core §3.3). */
@Singleton({ name: 'disruption', every: '10s', reads: [NodePool, NodeClaim, Node, Pod, ...LOOKUP_KINDS] })
export class Disruption {
  /** Methods that found nothing, with the state of the cluster at which they did. */
  private readonly exhausted = new Map<DisruptionMethod, number>();
  private unreachedPools: ReadonlySet<string> = new Set();
  private readonly gaps = new RunGaps();

  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(ClusterSync) private readonly sync: ClusterSync,
    @inject(DisruptionQueue) private readonly queue: DisruptionQueue,
    @inject(DisruptionMetrics) private readonly metrics: DisruptionMetrics,
    @inject(Settings) private readonly settings: Settings,
    @inject(Clock) private readonly clock: Clock,
    @inject(CapacityBuffers) private readonly buffers: CapacityBuffers,
    @inject(DisruptionVerdicts) private readonly verdicts: DisruptionVerdicts,
  ) {}

  /** Passes follow each other at once as long as there is something to do. */
  async tick(ctx: TickContext): Promise<Duration | undefined> {
    this.gaps.report(ctx);
    this.gaps.note('disruption-loop', ctx.now());
    while (!ctx.signal.aborted && (await this.pass(ctx)));
    this.gaps.report(ctx);
    return this.sync.synced(ctx) ? undefined : '1s';
  }

  /** Until a method has started something: one whose commands could not be carried out is not in the way of those after it. */
  private async pass(ctx: TickContext): Promise<boolean> {
    if (!this.sync.synced(ctx) || ctx.cache.list(NodeClaim).length === 0) return false;
    await this.cleanUp(ctx);
    let methods = (Object.keys(METHODS) as DisruptionMethod[]).filter((method) => method !== 'StaticDrift' || this.settings.featureGates.staticCapacity);
    while (methods.length > 0) {
      const { commands, methods: tried } = await this.plan(methods, ctx);
      const started = await settle('starting disruption commands', commands.map(async (command) => {
        const confirmed = await this.confirm(command, ctx);
        return confirmed !== undefined && this.queue.start(confirmed, ctx);
      }));
      if (started.includes(true)) return true;
      methods = methods.slice(tried.length);
    }
    return false;
  }

  private async plan(methods: readonly DisruptionMethod[], ctx: TickContext): Promise<DisruptionPlan> {
    const changedAt = this.state.consolidationVersion();
    const { snapshot, options } = await this.look(ctx);
    const result = plan(snapshot, {
      ...options,
      methods,
      exhausted: new Set([...this.exhausted].filter(([, at]) => at === changedAt).map(([method]) => method)),
      unreachedPools: this.unreachedPools,
    });
    this.unreachedPools = result.unreachedPools;
    for (const { method, exhausted } of result.methods) {
      if (exhausted) this.exhausted.set(method, changedAt);
      this.gaps.note(method, ctx.now());
    }
    this.metrics.planned(result.methods);
    for (const notice of result.notices) publishNotice(notice, ctx);
    this.verdicts.noticed(result.notices, ctx.now(), new Set([...ctx.cache.list(NodeClaim), ...ctx.cache.list(NodePool)].map(({ metadata }) => metadata.uid)));
    return result;
  }

  /** Waits before a consolidation, and looks whether it still holds. */
  private async confirm(command: DisruptionCommand, ctx: TickContext): Promise<DisruptionCommand | undefined> {
    if (command.reason === 'Drifted') return command;
    await sleep(this.clock, VALIDATION_DELAY, ctx.signal);
    const { snapshot, options } = await this.look(ctx);
    const verdict = validate(command, snapshot, options);
    this.metrics.invalidated(command, command.candidates.length - ('command' in verdict ? verdict.command.candidates.length : 0));
    if ('command' in verdict) return verdict.command;
    ctx.log.debug('abandoning disruption attempt, the command is no longer valid', { reason: verdict.rejected, error: verdict.message });
    if (command.method === 'Emptiness') return undefined;
    for (const { node } of command.candidates) {
      const text = describeRejection(command, node.name, verdict.rejected);
      onNodeAndClaim(node, (about) => ctx.events.normal('ConsolidationRejected', text, { about, dedupe: [about.metadata.uid, text] }));
    }
    return undefined;
  }

  private async look(ctx: TickContext): Promise<{ snapshot: Snapshot; options: DisruptionOptions }> {
    const inUse = new Set(ctx.cache.list(NodeClaim).map(({ metadata }) => metadata.labels[NODEPOOL_LABEL]));
    const relevant = managedPools(ctx).filter((pool) => mayLaunch(pool) || inUse.has(pool.metadata.name));
    const pools = await poolsWithTypes(relevant, this.cloud, ctx);
    const { featureGates, preferencePolicy, minValuesPolicy } = this.settings;
    return {
      snapshot: this.state.snapshot(pools.filter(({ nodePool }) => mayLaunch(nodePool))),
      options: {
        now: ctx.now(),
        elapsed: () => this.clock.now(),
        pools,
        pendingPods: ctx.cache.list(Pod).filter((pod) => isProvisionable(pod)),
        virtualPods: this.buffers.rooms().flatMap((room) => room.pods),
        bufferedNodes: this.state.bufferedNodes(),
        inFlight: this.queue.inFlight(),
        spotToSpot: featureGates.spotToSpotConsolidation,
        solve: { preferencePolicy, minValuesPolicy, ...defaultSpread(this.settings, ctx.cache) },
      },
    };
  }

  /** Nodes that a command of an earlier process marked, and that no command of ours is about. */
  private async cleanUp(ctx: TickContext): Promise<void> {
    const busy = this.queue.inFlight();
    for (const { providerID, markedForDeletion, node, nodeClaim } of this.state.snapshot([]).nodes) {
      if (busy.has(providerID) || markedForDeletion || !node || !nodeClaim) continue;
      const isTainted = node.spec?.taints?.some((taint) => sameTaint(taint, DISRUPTED_TAINT)) ?? false;
      const hasReason = nodeClaim.status.conditions?.some(({ type }) => type === 'DisruptionReason') ?? false;
      if (isTainted || hasReason) await release(node.metadata?.name, nodeClaim.metadata.name, ctx);
    }
  }
}
