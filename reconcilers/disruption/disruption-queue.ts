import { inject } from 'inversify';
import { DISRUPTED_TAINT, NodeClaim, NodePool, clearCondition, isTrue } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { commandTimeout, describeCommand, policyOf } from 'karpenter-ts/disruption';
import type { Candidate, DisruptionCommand } from 'karpenter-ts/disruption';
import { Clock, Node, Random, RBAC, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { nodeLimit } from 'karpenter-ts/scheduling';
import { DisruptionMetrics } from '../metrics/disruption-metrics.js';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { NodeClaimCreator } from '../provisioning/nodeclaim-creator.js';
import { isLaunchable } from '../shared/node-pools.js';
import { transition } from '../shared/transitions.js';
import { onNodeAndClaim } from './reporting.js';

/** A command whose replacements are on their way. */
interface Execution {
  readonly id: string;
  readonly command: DisruptionCommand;
  /** Names of claims. */
  readonly replacements: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/**
 * Carries disruption commands out: taints the nodes, launches what takes their place, and only once that is initialized lets them go
 * (karpenter-core §3.3.8). In memory: after a restart leftover taints are cleaned up, and the decision is made anew.
 */
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['patch'], why: 'no pods for nodes that are to be disrupted' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['create'], why: 'replacements' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodepools/finalizers'], verbs: ['update'], why: 'owners of claims that hold up their deletion' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims that are disrupted' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims/status'], verbs: ['patch'], why: 'why a claim is disrupted' })
@Singleton({ name: 'disruption.queue', every: '1s', reads: [Node, NodeClaim, NodePool] })
export class DisruptionQueue {
  private readonly executions = new Map<string, Execution>();

  constructor(
    @inject(ClusterState) private readonly state: ClusterState,
    @inject(NodeClaimCreator) private readonly creator: NodeClaimCreator,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
    @inject(DisruptionMetrics) private readonly decisions: DisruptionMetrics,
    @inject(Random) private readonly random: Random,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  /** Provider ids of nodes that a command is about to remove. */
  inFlight(): Set<string> {
    return new Set([...this.executions.values()].flatMap(({ command }) => command.candidates.map(({ node }) => node.providerID)));
  }

  /**
   * Begins a command. False when it was given up before anything was launched. Until the candidates are let go they count as about to be
   * replaced, so that a pool with a fixed number of nodes neither makes up for them nor goes back to that number by removing others.
   */
  async start(planned: DisruptionCommand, ctx: TickContext): Promise<boolean> {
    const busy = this.inFlight();
    if (planned.candidates.some(({ node }) => busy.has(node.providerID))) return false;
    const staticPool = planned.method === 'StaticDrift' ? planned.replacements[0]?.pool.nodePool.metadata.name : undefined;
    if (staticPool !== undefined && !this.reserve(staticPool, ctx)) return false;
    let started = false;
    try {
      started = await this.begin(planned, ctx);
    } finally {
      if (staticPool !== undefined) this.state.nodePools.release(staticPool);
      if (!started) this.state.nodePools.setPendingDisruption(false, ...claimNames(planned.candidates));
    }
    return started;
  }

  /** Room for a replacement in a pool with a fixed number of nodes. False when there is none, or when the pool may not launch now. */
  private reserve(name: string, ctx: TickContext): boolean {
    const pool = ctx.cache.get(NodePool, name);
    return pool !== undefined && isLaunchable(pool) && this.state.nodePools.reserve(name, 1, nodeLimit(pool)) === 1;
  }

  private async begin(planned: DisruptionCommand, ctx: TickContext): Promise<boolean> {
    const id = this.random.uuid();
    ctx.log.info('disrupting node(s)', { 'command-id': id, command: describeCommand(planned, id), reason: planned.reason.toLowerCase(), decision: planned.decision });
    const marked = await this.mark(planned, ctx);
    if (marked.length === 0 || (marked.length < planned.candidates.length && planned.replacements.length > 0)) return false;
    const command = { ...planned, candidates: marked };
    this.state.nodePools.setPendingDisruption(true, ...claimNames(marked));
    const replacements: string[] = [];
    for (const node of command.replacements) replacements.push((await this.creator.create(node, command.reason.toLowerCase(), ctx)).metadata.name);
    this.state.markForDeletion(...marked.map(({ node }) => node.providerID));
    for (const { node } of command.existingNodes) this.state.nominate(node.name);
    this.executions.set(id, { id, command, replacements, startedAt: this.clock.now() });
    this.decisions.decided(command);
    return true;
  }

  async tick(ctx: TickContext): Promise<void> {
    const timeout = commandTimeout(this.inFlight().size);
    for (const execution of this.executions.values()) {
      const progress = this.progressOf(execution, ctx);
      if (progress === 'ready') await this.finish(execution, ctx);
      else if (progress === 'lost' || ctx.now() - execution.startedAt > timeout) await this.rollBack(execution, progress === 'lost' ? 'a replacement was lost' : 'the replacements took too long', ctx);
    }
  }

  private progressOf({ command, replacements }: Execution, ctx: TickContext): 'ready' | 'waiting' | 'lost' {
    let ready = true;
    for (const name of replacements) {
      const claim = ctx.cache.get(NodeClaim, name);
      if (!claim || claim.metadata.deletionTimestamp) return 'lost';
      if (isTrue(claim, 'Initialized')) continue;
      ready = false;
      ctx.events.normal('DisruptionLaunching', `Launching NodeClaim: ${command.reason}`, { about: claim, dedupe: [claim.metadata.uid, command.reason] });
      ctx.events.normal('DisruptionWaitingReadiness', 'Waiting on readiness to continue disruption', { about: claim, dedupe: [claim.metadata.uid] });
    }
    return ready ? 'ready' : 'waiting';
  }

  private async finish({ id, command }: Execution, ctx: TickContext): Promise<void> {
    for (const candidate of command.candidates) {
      const claim = ctx.cache.get(NodeClaim, candidate.node.nodeClaim?.metadata.name ?? '');
      if (!claim) continue;
      await ctx.delete(claim);
      onNodeAndClaim(candidate.node, (about, kind) => ctx.events.normal('DisruptionTerminating', `Disrupting ${kind}: ${command.reason}`, { about, dedupe: [about.metadata.uid, command.reason] }));
      this.metrics.claimDisrupted(claim, command.reason.toLowerCase(), {
        pods: candidate.pods.length, ...(command.reason === 'Drifted' ? {} : { consolidationPolicy: policyOf(candidate.nodePool) }),
      });
    }
    this.executions.delete(id);
    ctx.log.debug('command succeeded', { 'command-id': id });
  }

  private async rollBack({ id, command, replacements }: Execution, why: string, ctx: TickContext): Promise<void> {
    this.executions.delete(id);
    this.state.unmarkForDeletion(...command.candidates.map(({ node }) => node.providerID));
    this.state.nodePools.setPendingDisruption(false, ...claimNames(command.candidates));
    for (const { node } of command.candidates) await release(node.node?.metadata?.name, node.nodeClaim?.metadata.name, ctx);
    const lost = replacements.filter((name) => !isTrue(ctx.cache.get(NodeClaim, name) ?? {}, 'Initialized')).length;
    this.decisions.failed(command, lost);
    ctx.log.error('failed terminating nodes while executing a disruption command', { 'command-id': id, error: why });
  }

  /** Taints the nodes and says why on their claims; returns those for which both worked. */
  private async mark({ candidates, reason }: DisruptionCommand, ctx: TickContext): Promise<Candidate[]> {
    const marked = await Promise.all(candidates.map(async (candidate) => {
      try {
        return await markOne(candidate, reason, ctx);
      } catch (error) {
        ctx.log.error('failed marking a node for disruption', { Node: { name: candidate.node.name }, error: (error as Error).message });
        return false;
      }
    }));
    return candidates.filter((_, index) => marked[index]);
  }
}

/** False when the node or its claim is gone. */
async function markOne({ node: { node, nodeClaim } }: Candidate, reason: DisruptionCommand['reason'], ctx: TickContext): Promise<boolean> {
  const current = ctx.cache.get(Node, node?.metadata?.name ?? '');
  const claim = ctx.cache.get(NodeClaim, nodeClaim?.metadata.name ?? '');
  if (!current || !claim) return false;
  const tainted = await ctx.patch(current, (draft) => {
    draft.spec.taints = [...(draft.spec.taints ?? []).filter(({ key }) => key !== DISRUPTED_TAINT.key), DISRUPTED_TAINT];
  });
  const noted = await transition(claim, { type: 'DisruptionReason', status: 'True', reason, message: reason }, ctx);
  return tainted !== undefined && noted !== undefined;
}

const claimNames = (candidates: readonly Candidate[]): string[] => candidates.flatMap(({ node }) => node.nodeClaim?.metadata.name ?? []);

/** Takes back what marking did to a node and its claim. */
export async function release(nodeName: string | undefined, claimName: string | undefined, ctx: TickContext): Promise<void> {
  const node = ctx.cache.get(Node, nodeName ?? '');
  const claim = ctx.cache.get(NodeClaim, claimName ?? '');
  if (node?.spec.taints?.some(({ key }) => key === DISRUPTED_TAINT.key)) {
    await ctx.patch(node, (draft) => {
      draft.spec.taints = (draft.spec.taints ?? []).filter(({ key }) => key !== DISRUPTED_TAINT.key);
    });
  }
  if (claim?.status.conditions?.some(({ type }) => type === 'DisruptionReason')) await ctx.patch(claim, (draft) => clearCondition(draft, 'DisruptionReason'));
}
