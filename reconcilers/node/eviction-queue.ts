import { inject, injectable } from 'inversify';
import { isDrainable, isEvictable } from 'karpenter-ts/scheduling';
import { ApiError, KubeClient, Node, Pod, RBAC, Reconciler, Step, OnEvent, done, keyOf, token } from 'karpenter-ts/operator';
import type { EventSource, Key, Outcome, StepContext } from 'karpenter-ts/operator';
import { Subject } from 'rxjs';
import { KarpenterMetrics } from '../metrics/karpenter-metrics.js';
import { scaled } from '../shared/concurrency.js';

/** A pod that has to leave its node. */
export interface EvictionRequest {
  pod: Pod;
  /** Milliseconds since the epoch after which the pod is deleted by force; undefined for never. */
  deadline: number | undefined;
  /** Why, for the event on the pod. */
  reason: string;
  /** What the last try was refused with. */
  refusal?: string;
}

/** The pods that have to leave, by uid: a level that outlives every wake-up. */
@injectable()
export class EvictionRequests implements EventSource<Pod> {
  private readonly requests = new Map<string, EvictionRequest>();
  private readonly added = new Subject<Pod>();

  readonly events = this.added.asObservable();

  /** Asks for an eviction; of several deadlines the earliest counts. */
  add(request: EvictionRequest): void {
    const { uid } = request.pod.metadata;
    const known = this.requests.get(uid);
    const deadline = known?.deadline === undefined ? request.deadline : Math.min(known.deadline, request.deadline ?? Infinity);
    this.requests.set(uid, { ...request, deadline, ...(known?.refusal === undefined ? {} : { refusal: known.refusal }) });
    if (!known || known.deadline !== deadline) this.added.next(request.pod);
  }

  /** A try to evict the pod was refused. */
  refused(pod: Pod, refusal: string): void {
    const request = this.get(pod);
    if (request) request.refusal = refusal;
  }

  get(pod: Pod): EvictionRequest | undefined {
    return this.requests.get(pod.metadata.uid);
  }

  /** What was asked for on a node that is empty is settled: pods that were deleted otherwise are never heard of again. */
  forgetNode(name: string): void {
    for (const [uid, { pod }] of this.requests) if (pod.spec.nodeName === name) this.requests.delete(uid);
  }

  settle(pod: Pod): void {
    this.requests.delete(pod.metadata.uid);
  }
}

export const Evictions = token<EvictionRequests>('karpenter.EvictionRequests');

/** Thrown to try again with backoff while a budget or an annotation protects the pod. */
class EvictionBlocked extends Error {
  readonly reason = 'EvictionBlocked';
}

const MULTIPLE_BUDGETS = /does not support multiple pod ?disruption ?budgets|more than one PodDisruptionBudget/i;

/** Evicts the pods that draining nodes asked for, or deletes them when their time is up (karpenter-core §3.12). */
@RBAC({ groups: [''], resources: ['pods/eviction'], verbs: ['create'], why: 'pods of nodes on their way out' })
@RBAC({ groups: [''], resources: ['pods'], verbs: ['delete'], why: 'pods whose time to leave is over' })
@Reconciler({
  for: Pod,
  name: 'eviction-queue',
  root: false,
  concurrency: scaled(100, 5000),
  backoff: { base: '100ms', max: '10s' },
  rate: { qps: 100, burst: 1000 },
  when: () => false,
  reads: [Node],
})
export class EvictionQueue {
  constructor(
    @inject(Evictions) private readonly requests: EvictionRequests,
    @inject(KubeClient) private readonly client: KubeClient,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
  ) {}

  @OnEvent(Evictions)
  podOf(pod: Pod): Key<Pod>[] {
    return [keyOf(Pod, pod.metadata.name, pod.metadata.namespace)];
  }

  @Step({ whileDeleting: true })
  async evict(pod: Pod, ctx: StepContext<Pod>): Promise<Outcome> {
    const request = this.requests.get(pod);
    if (!request) return done();
    if (isPastDeadline(pod, request.deadline, ctx.now())) {
      await this.deleteByForce(pod, request, ctx);
      return done();
    }
    if (pod.metadata.deletionTimestamp || pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed') {
      this.requests.settle(pod);
      return done();
    }
    if (!isEvictable(pod, ctx.now())) this.block(pod, `pod ${pod.metadata.namespace}/${pod.metadata.name} must not be disrupted`);
    await this.request(pod, request, ctx);
    return done();
  }

  private async request(pod: Pod, { reason }: EvictionRequest, ctx: StepContext<Pod>): Promise<void> {
    const { name, namespace = '', uid } = pod.metadata;
    try {
      await this.client.evict({ name, namespace, signal: ctx.signal, urgent: true }, { preconditions: { uid } });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.metrics.evictionRequests.inc({ code: String(error.code) });
      if (error.code === 404 || error.code === 409) {
        this.requests.settle(pod);
        return;
      }
      const multiple = MULTIPLE_BUDGETS.test(error.message);
      if (error.code !== 429 && !multiple) throw error;
      const node = ctx.cache.get(Node, pod.spec.nodeName ?? '');
      const why = multiple ? 'eviction does not support multiple PDBs' : 'evicting pod violates a PDB';
      if (node) ctx.events.warning('FailedDraining', `Failed to drain node, ${why}`, { about: node, dedupe: [node.metadata.name] });
      this.block(pod, `${why}: ${error.message}`);
    }
    this.metrics.evictionRequests.inc({ code: '200' });
    this.metrics.podsDrained.inc({ reason });
    ctx.events.normal('Evicted', `Evicted pod: ${reason}`, { dedupe: [uid] });
    this.requests.settle(pod);
  }

  private block(pod: Pod, why: string): never {
    this.requests.refused(pod, why);
    throw new EvictionBlocked(why);
  }

  private async deleteByForce(pod: Pod, { deadline = 0, reason }: EvictionRequest, ctx: StepContext<Pod>): Promise<void> {
    const granted = Math.max(Math.trunc((deadline - ctx.now()) / 1_000), 1);
    await ctx.delete(pod, { gracePeriodSeconds: granted });
    const own = pod.spec.terminationGracePeriodSeconds ?? 30;
    ctx.events.normal(
      'Disrupted',
      `Deleted pod to let its node terminate by ${new Date(deadline).toISOString().replace('.000Z', 'Z')}: granted ${granted}s of its ${own}s grace period, bypassing PodDisruptionBudgets and karpenter.sh/do-not-disrupt`,
      { dedupe: [pod.metadata.uid] },
    );
    this.metrics.podsDrained.inc({ reason });
    this.requests.settle(pod);
  }
}

/** Whether a pod has to go now to be gone at its node's deadline. */
export function isPastDeadline(pod: Pod, deadline: number | undefined, now: number): boolean {
  if (deadline === undefined || !isDrainable(pod, now)) return false;
  if (pod.metadata.deletionTimestamp) return Date.parse(pod.metadata.deletionTimestamp) > deadline;
  const grace = pod.spec.terminationGracePeriodSeconds;
  return grace !== undefined && now > deadline - grace * 1_000;
}
