import { inject } from 'inversify';
import {
  DISRUPTED_TAINT, EXCLUDE_FROM_BALANCERS_LABEL, NODECLASS_LABEL, NodeClaim, REGISTERED_LABEL, TERMINATION_FINALIZER,
  TERMINATION_TIMESTAMP_ANNOTATION, conditionOf, isTrue, sameTaint,
} from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import {
  Finalizer, Node, PersistentVolumeClaim, Pod, RBAC, Reconciler, VolumeAttachment, Watches, When, held, keyOf, released,
} from 'karpenter-ts/operator';
import type { Key, MapContext, Release, StepContext } from 'karpenter-ts/operator';
import { isDrainable, isTerminal } from 'karpenter-ts/scheduling';
import { KarpenterMetrics, nodeLabels } from '../metrics/karpenter-metrics.js';
import { scaled } from '../shared/concurrency.js';
import { attachmentByNode, claimByProviderID, podByNode } from '../shared/indexes.js';
import { transition } from '../shared/transitions.js';
import { nextToEvict } from './drain.js';
import { Evictions, isPastDeadline } from './eviction-queue.js';
import type { EvictionRequests } from './eviction-queue.js';

type Ctx = StepContext<Node>;

/** Between "draining" and "drained" lies at least this, so that fresh bindings are noticed. */
const MINIMUM_DRAIN = 5_000;
const POLL = '1s';

/** Empties a deleted Node and ends its instance before the Node may go (karpenter-core §3.12). */
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['patch'], why: 'taints of nodes on their way out' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'the claim of a node that is deleted' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims/status'], verbs: ['patch'], why: 'how far a drain is' })
@Reconciler({
  for: Node,
  name: 'node.termination',
  root: false,
  concurrency: scaled(100, 5000),
  backoff: { base: '100ms', max: '10s' },
  reads: [PersistentVolumeClaim],
})
export class NodeTermination {
  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(Evictions) private readonly evictions: EvictionRequests,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
  ) {}

  /** Nodes get the finalizer when they register; one that has it is ours to the end. */
  @When()
  managed({ metadata: { labels, finalizers } }: Node): boolean {
    return labels[NODECLASS_LABEL] !== undefined && (labels[REGISTERED_LABEL] === 'true' || (finalizers?.includes(TERMINATION_FINALIZER) ?? false));
  }

  @Watches(NodeClaim)
  nodesOf(claim: NodeClaim): Key<Node>[] {
    return claim.status.nodeName ? [keyOf(Node, claim.status.nodeName)] : [];
  }

  @Watches(Pod, { when: ({ object, old, type }) => type === 'deleted' || object.metadata.deletionTimestamp !== old?.metadata.deletionTimestamp })
  nodeOfPod(pod: Pod): Key<Node>[] {
    return pod.spec.nodeName ? [keyOf(Node, pod.spec.nodeName)] : [];
  }

  @Watches(VolumeAttachment, { when: ({ type }) => type === 'deleted' })
  nodeOfAttachment(attachment: VolumeAttachment, _map: MapContext): Key<Node>[] {
    return [keyOf(Node, attachment.spec.nodeName)];
  }

  @Finalizer(TERMINATION_FINALIZER)
  async terminate(node: Node, ctx: Ctx): Promise<Release> {
    const claim = this.claimOf(node, ctx);
    if (claim && !claim.metadata.deletionTimestamp) await ctx.delete(claim);
    if (!isReady(node) && node.spec.providerID && !(await this.cloud.get(node.spec.providerID, { signal: ctx.signal }))) return this.release(node, ctx);
    const deadline = terminationDeadline(claim, node, ctx);
    if (!node.spec.taints?.some((taint) => sameTaint(taint, DISRUPTED_TAINT))) ctx.log.info('tainted node', { Node: { name: node.metadata.name }, taint: `${DISRUPTED_TAINT.key}:${DISRUPTED_TAINT.effect}` });
    exclude(node);
    return (await this.drain(node, claim, deadline, ctx))
      ?? (await this.detachVolumes(node, claim, deadline, ctx))
      ?? (await this.terminateInstance(claim, ctx))
      ?? this.release(node, ctx);
  }

  private async drain(node: Node, claim: NodeClaim | undefined, deadline: number | undefined, ctx: Ctx): Promise<Release | undefined> {
    const now = ctx.now();
    const drained = claim && conditionOf(claim, 'Drained');
    if (claim && !drained) await transition(claim, { type: 'Drained', status: 'Unknown', reason: 'Draining', message: 'Draining' }, ctx);
    const waiting = ctx.cache.list(Pod, { index: podByNode, value: node.metadata.name }).filter((pod) => !isTerminal(pod) && isDrainable(pod, now));
    if (waiting.length > 0) {
      const forced = waiting.filter((pod) => isPastDeadline(pod, deadline, now));
      const graceful = waiting.filter((pod) => !forced.includes(pod));
      const reason = (claim && conditionOf(claim, 'DisruptionReason')?.reason) ?? 'Forceful Termination';
      for (const pod of [...forced, ...nextToEvict(graceful)]) this.evictions.add({ pod, deadline, reason });
      ctx.events.warning('FailedDraining', `Failed to drain node, ${waiting.length} pods are waiting to be evicted`, { dedupe: [node.metadata.name] });
      return held(`${waiting.length} pods are waiting to be evicted`, POLL);
    }
    if (!claim || drained?.status === 'True') return undefined;
    if (!drained || now - Date.parse(drained.lastTransitionTime) < MINIMUM_DRAIN) return held('draining', POLL);
    await transition(claim, { type: 'Drained', status: 'True', reason: 'Drained', message: '' }, ctx);
    this.metrics.nodesDrained.inc(nodeLabels(node, 'nodepool'));
    return undefined;
  }

  private async detachVolumes(node: Node, claim: NodeClaim | undefined, deadline: number | undefined, ctx: Ctx): Promise<Release | undefined> {
    const staying = new Set(ctx.cache.list(Pod, { index: podByNode, value: node.metadata.name })
      .filter((pod) => !isDrainable(pod, ctx.now()))
      .flatMap((pod) => volumesOf(pod, ctx)));
    const pending = ctx.cache.list(VolumeAttachment, { index: attachmentByNode, value: node.metadata.name })
      .filter(({ spec: { source } }) => source.persistentVolumeName !== undefined && !staying.has(source.persistentVolumeName));
    if (pending.length === 0) {
      if (claim && !isTrue(claim, 'VolumesDetached')) await transition(claim, { type: 'VolumesDetached', status: 'True', reason: 'VolumesDetached', message: '' }, ctx);
      return undefined;
    }
    if (deadline !== undefined && ctx.now() > deadline) {
      if (claim) await transition(claim, { type: 'VolumesDetached', status: 'False', reason: 'TerminationGracePeriodElapsed', message: 'TerminationGracePeriodElapsed' }, ctx);
      return undefined;
    }
    const names = pending.map(({ metadata }) => metadata.name);
    const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} other(s)` : names.join(', ');
    ctx.events.normal('AwaitingVolumeDetachment', `Awaiting deletion of bound volumeattachments (${shown})`, { dedupe: [node.metadata.name] });
    if (claim) await transition(claim, { type: 'VolumesDetached', status: 'Unknown', reason: 'AwaitingVolumeDetachment', message: 'AwaitingVolumeDetachment' }, ctx);
    return held('volumes are attached', POLL);
  }

  private async terminateInstance(claim: NodeClaim | undefined, ctx: Ctx): Promise<Release | undefined> {
    if (!claim) return undefined;
    const state = await this.cloud.delete(claim, { signal: ctx.signal });
    await transition(claim, { type: 'InstanceTerminating', status: 'True', reason: 'InstanceTerminating', message: '' }, ctx);
    return state === 'gone' ? undefined : held('the instance is terminating', '5s');
  }

  private release(node: Node, ctx: Ctx): Release {
    this.evictions.forgetNode(node.metadata.name);
    this.metrics.observeNodeTermination(node, ctx.now());
    ctx.log.info('deleted node', { Node: { name: node.metadata.name } });
    return released();
  }

  /** Duplicates count as none: which one is the node's cannot be told. */
  private claimOf(node: Node, ctx: Ctx): NodeClaim | undefined {
    const claims = node.spec.providerID ? ctx.cache.list(NodeClaim, { index: claimByProviderID, value: node.spec.providerID }) : [];
    return claims.length === 1 ? claims[0] : undefined;
  }
}

const isReady = (node: Node): boolean => node.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Nothing new is scheduled to a node that goes, and load balancers leave it. */
function exclude(node: Node): void {
  const others = (node.spec.taints ?? []).filter(({ key }) => key !== DISRUPTED_TAINT.key);
  node.spec.taints = [...others, DISRUPTED_TAINT];
  node.metadata.labels[EXCLUDE_FROM_BALANCERS_LABEL] = 'karpenter';
}

function terminationDeadline(claim: NodeClaim | undefined, node: Node, ctx: Ctx): number | undefined {
  const text = claim?.metadata.annotations[TERMINATION_TIMESTAMP_ANNOTATION];
  if (text === undefined) return undefined;
  const deadline = Date.parse(text);
  if (Number.isNaN(deadline)) throw new Error(`NodeClaim ${claim?.metadata.name}: annotation ${TERMINATION_TIMESTAMP_ANNOTATION} is ${JSON.stringify(text)}; it must be an RFC 3339 time`);
  ctx.events.warning('TerminationGracePeriodExpiring', `All pods will be deleted by ${text}`, { dedupe: [node.metadata.name] });
  return deadline;
}

const volumesOf = (pod: Pod, ctx: Ctx): string[] =>
  (pod.spec.volumes ?? []).flatMap((volume) => {
    const name = volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
    const bound = name && ctx.cache.get(PersistentVolumeClaim, name, pod.metadata.namespace)?.spec.volumeName;
    return bound ? [bound] : [];
  });
