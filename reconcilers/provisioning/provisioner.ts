import { inject } from 'inversify';
import { NodeClaim, NodePool, DISRUPTED_TAINT, sameTaint } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import { ClusterState } from 'karpenter-ts/cluster';
import { Batch, Clock, DaemonSet, Node, OnEvent, Pod, RBAC, Singleton, Watches, cooperatively } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { EvictionBudgets, isProvisionable, isStatic, solve, solving, withoutPods } from 'karpenter-ts/scheduling';
import type { Decision, Snapshot, SolveOptions } from 'karpenter-ts/scheduling';
import { CapacityBufferEvents } from '../capacitybuffer/capacity-buffer-events.js';
import { CapacityBuffers, NOTHING_PLANNED } from '../capacitybuffer/capacity-buffers.js';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { SimulationMetrics } from '../metrics/simulation-metrics.js';
import { OverlayEvaluations } from '../nodeoverlay/status.js';
import { Settings } from '../settings.js';
import { defaultSpread } from '../shared/default-spread.js';
import { managedPools, mayLaunch, poolsWithTypes } from '../shared/node-pools.js';
import { settle } from '../shared/settle.js';
import { LOOKUP_KINDS } from '../state/cluster-lookups.js';
import { ClusterSync } from '../state/cluster-sync.js';
import { alikeFailures } from './alike-failures.js';
import { DecisionTimes } from './decision-times.js';
import { NodeClaimCreator, firstOf } from './nodeclaim-creator.js';
import { NominationEvents } from './nomination-events.js';
import { PendingPods, REPEAT_FAILURE, nameOf } from './pending-pods.js';
import { SchedulingVerdicts } from './scheduling-verdicts.js';

/** A solve that takes longer than this stops with what it has. */
const SOLVE_LIMIT = 60_000;

/** Makes nodes for pods that have none, a window of them at a time (karpenter-core §3.1, §3.2). */
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['create'], why: 'nodes for pods' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodepools/finalizers'], verbs: ['update'], why: 'owners of claims that hold up their deletion' })
@Singleton({ name: 'provisioner', every: '10s', reads: [NodePool, DaemonSet, ...LOOKUP_KINDS] })
export class Provisioner {
  /** The claims of the last answer, by the uids of the pods that they are for: most of them wait for their machines when the next window ends. */
  private claims = new Map<string, string>();

  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(ClusterSync) private readonly sync: ClusterSync,
    @inject(PendingPods) private readonly pending: PendingPods,
    @inject(NodeClaimCreator) private readonly creator: NodeClaimCreator,
    @inject(NominationEvents) private readonly nominations: NominationEvents,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
    @inject(SimulationMetrics) private readonly simulations: SimulationMetrics,
    @inject(DecisionTimes) private readonly times: DecisionTimes,
    @inject(Settings) readonly settings: Settings,
    @inject(Clock) private readonly clock: Clock,
    @inject(CapacityBuffers) private readonly buffers: CapacityBuffers,
    @inject(SchedulingVerdicts) private readonly verdicts: SchedulingVerdicts,
  ) {}

  @OnEvent(CapacityBufferEvents)
  onBuffer(): boolean {
    return true;
  }

  @Watches(Pod)
  onPod(pod: Pod): boolean {
    const isWaiting = isProvisionable(pod);
    if (isWaiting) this.times.acknowledge(pod);
    return isWaiting;
  }

  @Watches(Node)
  onNode(node: Node): boolean {
    return node.spec.taints?.some((taint) => sameTaint(taint, DISRUPTED_TAINT)) ?? false;
  }

  @Watches(NodePool, { when: ({ object, old }) => mayLaunch(object) && !(old && mayLaunch(old)) })
  onPool(): boolean {
    return true;
  }

  /** A launch in flight holds planning back until the machine is known: look again once it is. */
  @Watches(NodeClaim, { when: ({ object, old }) => object.status.providerID !== old?.status.providerID })
  onLaunch(claim: NodeClaim): boolean {
    return claim.status.providerID !== undefined;
  }

  /** Pools may be usable now, and pods may fit other types. */
  @OnEvent(OverlayEvaluations)
  onOverlays(): boolean {
    return true;
  }

  @Batch(({ settings }: Provisioner) => ({ idle: settings.batchIdleDuration, max: settings.batchMaxDuration }))
  async provision(ctx: TickContext): Promise<void> {
    if (!this.sync.synced(ctx)) return;
    const pools = managedPools(ctx).filter((pool) => {
      if (mayLaunch(pool)) return true;
      if (!pool.metadata.deletionTimestamp && !isStatic(pool)) ctx.log.error('ignoring nodepool, not ready', { NodePool: { name: pool.metadata.name } });
      return false;
    });
    const snapshot = this.state.snapshot(await poolsWithTypes(pools, this.cloud, ctx));
    const rooms = this.buffers.rooms();
    const virtualPods = new Set(rooms.flatMap(({ pods }) => pods));
    let pods = [...this.pending.list(ctx), ...this.displacedPods(snapshot, ctx)];
    if (pools.length === 0 && pods.length + virtualPods.size > 0) {
      ctx.log.info('no dynamic nodepools found');
      this.times.rejected(pods);
      pods = [];
    }
    if (pods.length + virtualPods.size === 0) {
      // Most of a first answer's time goes into reading what there is to launch: that is done before anyone waits.
      solve(snapshot, []);
      this.verdicts.decided(undefined, ctx.now());
      this.simulations.idle('provisioner');
      this.metrics.unschedulablePods.set({ controller: 'provisioner' }, 0);
      await this.buffers.record(rooms, NOTHING_PLANNED, ctx);
      return;
    }
    const plan = await this.decide(snapshot, [...pods, ...virtualPods] as Pod[], virtualPods, ctx);
    await this.buffers.record(rooms, plan, ctx);
    const decision = withoutPods(plan, virtualPods);
    this.verdicts.decided(decision, ctx.now());
    this.report(decision, pods.length, ctx);
    await this.act(decision, ctx);
  }

  /** Pods that will have to leave nodes that are on their way out. */
  private displacedPods(snapshot: Snapshot, ctx: TickContext): Pod[] {
    const budgets = new EvictionBudgets(snapshot.podDisruptionBudgets);
    return snapshot.nodes.filter(({ markedForDeletion }) => markedForDeletion)
      .flatMap(({ pods }) => pods.filter((pod) => budgets.isCurrentlyReschedulable(pod, ctx.now()))) as Pod[];
  }

  /** Solves in small steps: a batch of thousands must not keep leases from being renewed. */
  private decide(snapshot: Snapshot, pods: readonly Pod[], virtualPods: NonNullable<SolveOptions['virtualPods']>, ctx: TickContext): Promise<Decision> {
    const { preferencePolicy, minValuesPolicy, featureGates } = this.settings;
    return this.simulations.observe('provisioner', pods.length, (told) => cooperatively(solving(snapshot, pods, {
      virtualPods,
      earlierClaims: this.claims,
      preferencePolicy,
      minValuesPolicy,
      ...defaultSpread(this.settings, ctx.cache),
      reservedCapacity: featureGates.reservedCapacity ? 'Strict' : 'Off',
      reservationIDLabel: 'karpenter.k8s.aws/capacity-reservation-id',
      deadline: ctx.now() + SOLVE_LIMIT,
      now: () => ctx.now(),
      ...told,
    }), this.clock, ctx.signal));
  }

  private report(decision: Decision, pods: number, ctx: TickContext): void {
    this.times.decided(decision);
    const failed = decision.unschedulable.filter(({ deferred }) => !deferred);
    this.metrics.unschedulablePods.set({ controller: 'provisioner' }, failed.length);
    for (const { pool, reason } of decision.emptyPools) {
      ctx.log.info('skipping, nodepool requirements filtered out all instance types', { NodePool: { name: pool.nodePool.metadata.name } });
      ctx.events.warning('NoCompatibleInstanceTypes', reason, { about: pool.nodePool, dedupe: [pool.nodePool.metadata.uid], dedupeFor: '1m' });
    }
    for (const { pod, reason, others, subject } of alikeFailures(failed)) {
      ctx.log.error('could not schedule pod', { Pod: nameOf(pod), error: reason, ...(others > 0 ? { others } : {}) });
      ctx.events.warning('FailedScheduling', `Failed to schedule ${subject}, ${reason}`, { about: pod, dedupe: [pod.metadata.uid], dedupeFor: REPEAT_FAILURE });
    }
    const planned = decision.newNodes.flatMap((node) => node.pods);
    if (planned.length > 0) {
      ctx.log.info('found provisionable pod(s)', { Pods: firstOf(planned.map((pod) => nameOf(pod as Pod)), 5), duration: `${pods} pod(s) considered` });
      ctx.log.info('computed new nodeclaim(s) to fit pod(s)', { nodeclaims: decision.newNodes.length, pods: planned.length });
    }
  }

  private async act(decision: Decision, ctx: TickContext): Promise<void> {
    this.claims = new Map();
    this.verdicts.planned(this.claims);
    const expect = (pods: readonly Pod[], claim: string): void => pods.forEach(({ metadata: { uid } }) => this.claims.set(uid, claim));
    for (const { node, pods } of decision.existingNodes) {
      const nodeClaim = node.nodeClaim?.metadata.name;
      if (nodeClaim !== undefined) expect(pods as readonly Pod[], nodeClaim);
      this.state.nominate(node.name);
      this.nominations.publish(pods as readonly Pod[], { nodeClaim, node: node.node?.metadata?.name }, ctx);
    }
    await settle('creating NodeClaims', decision.newNodes.map(async (planned) => {
      const pods = planned.pods as readonly Pod[];
      const { metadata: { name: nodeClaim } } = await this.creator.create(planned, 'provisioned', ctx);
      expect(pods, nodeClaim);
      this.nominations.publish(pods, { nodeClaim }, ctx);
    }));
  }
}
