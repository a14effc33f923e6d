import { inject, multiInject, optional } from 'inversify';
import {
  DO_NOT_SYNC_TAINTS_LABEL, EC2NodeClass, INITIALIZED_LABEL, NodeClaim, NodePool, REGISTERED_LABEL, TERMINATION_FINALIZER,
  TERMINATION_TIMESTAMP_ANNOTATION, UNREGISTERED_TAINT, isEphemeralTaint, parseResources, sameTaint,
} from 'karpenter-ts/api';
import type { Taint } from 'karpenter-ts/api';
import { CloudError, CloudProvider, InsufficientCapacity, NodeClassNotReady } from 'karpenter-ts/cloud';
import {
  Catches, Condition, Deadline, Finalizer, Node, RBAC, Reconciler, Watches, When, changed, done, held, met, milliseconds, released, unmet, waiting,
} from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { KarpenterMetrics, claimLabels } from '../metrics/karpenter-metrics.js';
import { RegistrationHealthReporter } from '../nodepool/registration-health-reporter.js';
import { scaled } from '../shared/concurrency.js';
import { claimByProviderID, isManagedReference, nodeByProviderID } from '../shared/indexes.js';
import { RegistrationHook } from './registration-hook.js';

type Ctx = StepContext<NodeClaim>;

/** Drives a NodeClaim from nothing to an initialized Node, and back to nothing (karpenter-core §3.6). */
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['patch'], why: 'labels, taints and owner of a node that joins' })
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['delete'], why: 'nodes of claims that are deleted' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims/finalizers'], verbs: ['update'], why: 'owners of nodes that hold up their deletion' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['patch'], why: 'what a claim got' })
@RBAC({ groups: ['karpenter.sh'], resources: ['nodeclaims'], verbs: ['delete'], why: 'claims that cannot be launched or do not join' })
@Reconciler({
  for: NodeClaim,
  name: 'nodeclaim.lifecycle',
  concurrency: scaled(1000, 5000),
  backoff: { base: '1s', max: '1m', jitter: 0.2 },
  rate: { qps: 10, burst: 1000 },
  root: 'Ready',
  jitter: 0,
  settles: true,
  transitionEvents: 'normal',
  // The cloud provider reads the class at a launch.
  reads: [NodePool, EC2NodeClass],
})
export class NodeClaimLifecycle {
  constructor(
    @inject(CloudProvider) private readonly cloud: CloudProvider,
    @inject(KarpenterMetrics) private readonly metrics: KarpenterMetrics,
    @inject(RegistrationHealthReporter) private readonly health: RegistrationHealthReporter,
    @multiInject(RegistrationHook) @optional() private readonly hooks: RegistrationHook[] = [],
  ) {}

  @When()
  managed(claim: NodeClaim): boolean {
    return isManagedReference(claim.spec.nodeClassRef);
  }

  @Watches(Node, {
    when: changed((node) => node.spec, (node) => node.metadata.labels, (node) => node.status.allocatable, (node) => readiness(node)),
    priority: 10,
  })
  claimsOf(node: Node, map: MapContext): Key<NodeClaim>[] {
    return map.keys({ index: claimByProviderID, value: node.spec.providerID });
  }

  @Condition('Launched', { latch: true, failedReason: (error) => (error instanceof CloudError ? error.reason : 'LaunchFailed') })
  async launch(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    const instance = await ctx.once('instance', () => this.cloud.create(claim, { clientToken: ctx.idempotencyKey, signal: ctx.signal }));
    claim.metadata.labels = { ...instance.labels, ...claim.metadata.labels };
    claim.metadata.annotations = { ...claim.metadata.annotations, ...instance.annotations };
    const { providerID, imageID, capacity, allocatable } = instance;
    Object.assign(claim.status, { providerID, imageID, capacity, allocatable });
    ctx.log.info('launched nodeclaim', { 'provider-id': providerID, ...launchFields(claim), allocatable });
    return met();
  }

  @Condition('Registered', { latch: true })
  async register(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    const [node, ...others] = this.nodesOf(claim, ctx);
    if (!node) return waiting('NodeNotFound', 'Node not registered with cluster');
    if (others.length > 0) return unmet('MultipleNodesFound', 'Invariant violated, matched multiple nodes');
    if (node.metadata.labels[REGISTERED_LABEL] === undefined && !node.spec.taints?.some((taint) => sameTaint(taint, UNREGISTERED_TAINT))) {
      ctx.log.error('missing required startup taint, karpenter.sh/unregistered:NoExecute', { Node: { name: node.metadata.name } });
      ctx.events.warning('UnregisteredTaintMissing', 'Missing karpenter.sh/unregistered taint which prevents registration and initialization race conditions on Karpenter-created nodes', { dedupe: [claim.metadata.uid] });
    }
    const pending = await this.pendingHooks(claim, ctx);
    await ctx.patch(node, (draft) => syncNode(draft, claim, pending.length === 0));
    if (pending.length > 0) {
      return waiting('RegistrationHookPending', pending.map(({ name }) => name).join(', ')).recheck(Math.min(...pending.map(({ recheck }) => recheck)));
    }
    claim.status.nodeName = node.metadata.name;
    this.metrics.nodesCreated.inc(claimLabels(claim, 'nodepool', 'zone'));
    await this.health.succeeded(claim, ctx);
    ctx.log.info('registered nodeclaim', { 'provider-id': claim.status.providerID, Node: { name: node.metadata.name } });
    return met();
  }

  @Condition('Initialized', { latch: true })
  async initialize(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    if (ctx.condition('Registered')?.status !== 'True') return done();
    const [node] = this.nodesOf(claim, ctx);
    if (!node) return waiting('NodeNotFound', 'Node not registered with cluster');
    if (readiness(node) !== 'True') return waiting('NodeNotReady', 'Node status is NotReady');
    const taints = node.spec.taints ?? [];
    const startup = taints.find((taint) => claim.spec.startupTaints?.some((known) => sameTaint(known, taint)));
    if (startup) return waiting('StartupTaintsExist', `StartupTaint "${describeTaint(startup)}" still exists`);
    const ephemeral = taints.find(isEphemeralTaint);
    if (ephemeral) return waiting('KnownEphemeralTaintsExist', `KnownEphemeralTaint "${describeTaint(ephemeral)}" still exists`);
    const allocatable = parseResources(node.status.allocatable);
    const missing = Object.entries(parseResources(claim.spec.resources?.requests)).find(([name, amount]) => amount > 0 && !allocatable[name]);
    if (missing) return waiting('ResourceNotRegistered', `Resource "${missing[0]}" was requested but not registered`);
    await ctx.patch(node, (draft) => {
      draft.metadata.labels[INITIALIZED_LABEL] = 'true';
    });
    ctx.log.info('initialized nodeclaim', { 'provider-id': claim.status.providerID, Node: { name: node.metadata.name }, allocatable: node.status.allocatable });
    return met();
  }

  @Deadline('Launched', '5m')
  giveUpLaunch(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    return this.giveUp(claim, ctx, 'launch_timeout', ctx.condition('Launched'));
  }

  @Deadline('Registered', '15m')
  giveUpRegistration(claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    return this.giveUp(claim, ctx, 'registration_timeout');
  }

  @Catches(InsufficientCapacity)
  withoutCapacity(error: InsufficientCapacity, claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    ctx.events.warning('InsufficientCapacityError', `NodeClaim ${claim.metadata.name} event: ${truncated(error.message)}`, { dedupe: [claim.metadata.uid] });
    return this.abandon(claim, ctx, 'insufficient_capacity', error);
  }

  @Catches(NodeClassNotReady)
  withoutNodeClass(error: NodeClassNotReady, claim: NodeClaim, ctx: Ctx): Promise<Outcome> {
    return this.abandon(claim, ctx, 'nodeclass_not_ready', error);
  }

  @Finalizer(TERMINATION_FINALIZER)
  async terminate(claim: NodeClaim, ctx: Ctx): Promise<Release> {
    this.setTerminationDeadline(claim, ctx);
    if (ctx.condition('Registered')?.status === 'True') {
      const nodes = this.nodesOf(claim, ctx);
      for (const node of nodes) if (!node.metadata.deletionTimestamp) await ctx.delete(node);
      if (nodes.length > 0) return held('waiting for the node to drain and terminate');
    }
    if (claim.status.providerID) {
      const state = await this.cloud.delete(claim, { signal: ctx.signal });
      ctx.mark('InstanceTerminating', met());
      if (state === 'terminating') return held('waiting for the instance to terminate', '5s');
      this.metrics.observeInstanceTermination(claim, ctx.now());
    }
    this.metrics.observeClaimTermination(claim, ctx.now());
    ctx.log.info('deleted nodeclaim', { 'provider-id': claim.status.providerID });
    return released();
  }

  /** With a grace period, pods that will not go are deleted by force when it ends. */
  private setTerminationDeadline(claim: NodeClaim, ctx: Ctx): void {
    const { annotations, deletionTimestamp } = claim.metadata;
    const grace = claim.spec.terminationGracePeriod;
    if (grace === undefined || deletionTimestamp === undefined || annotations[TERMINATION_TIMESTAMP_ANNOTATION]) return;
    const deadline = new Date(Date.parse(deletionTimestamp) + milliseconds(grace)).toISOString().replace('.000Z', 'Z');
    annotations[TERMINATION_TIMESTAMP_ANNOTATION] = deadline;
    ctx.log.info('annotated nodeclaim', { [TERMINATION_TIMESTAMP_ANNOTATION]: deadline });
    ctx.events.warning('TerminationGracePeriodExpiring', `All pods will be deleted by ${deadline}`, { dedupe: [claim.metadata.name] });
  }

  private async giveUp(claim: NodeClaim, ctx: Ctx, reason: string, cause?: { reason: string; message: string }): Promise<Outcome> {
    await this.health.failed(claim, ctx, cause);
    ctx.log.info('terminating nodeclaim that did not become a node in time', { reason });
    await ctx.delete(claim);
    this.metrics.claimDisrupted(claim, reason);
    return done();
  }

  private async abandon(claim: NodeClaim, ctx: Ctx, reason: string, error: Error): Promise<Outcome> {
    ctx.log.error('failed launching nodeclaim', { error: error.message });
    await ctx.delete(claim);
    this.metrics.claimDisrupted(claim, reason);
    return done();
  }

  private async pendingHooks(claim: NodeClaim, ctx: Ctx): Promise<{ name: string; recheck: number }[]> {
    const verdicts = await Promise.all(this.hooks.map(async (hook) => ({ name: hook.name, verdict: await hook.registered(claim, ctx.signal) })));
    return verdicts.flatMap(({ name, verdict }) => (verdict === true ? [] : [{ name, recheck: milliseconds(verdict.recheck) }]));
  }

  private nodesOf(claim: NodeClaim, ctx: Ctx): readonly Node[] {
    return ctx.cache.list(Node, { index: nodeByProviderID, value: claim.status.providerID });
  }
}

const readiness = (node: Node): string | undefined => node.status.conditions?.find(({ type }) => type === 'Ready')?.status;
const describeTaint = ({ key, value, effect }: Taint): string => `${key}${value ? `=${value}` : ''}:${effect}`;
const truncated = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}...` : text);

const launchFields = (claim: NodeClaim): Record<string, string | undefined> => ({
  'instance-type': claim.metadata.labels['node.kubernetes.io/instance-type'],
  zone: claim.metadata.labels['topology.kubernetes.io/zone'],
  'capacity-type': claim.metadata.labels['karpenter.sh/capacity-type'],
});

/** What registration gives a Node: finalizer, owner, labels, annotations and taints; and, when nothing holds it back, its place in the cluster. */
function syncNode(node: Node, claim: NodeClaim, complete: boolean): void {
  const { metadata, spec } = node;
  if (!metadata.finalizers?.includes(TERMINATION_FINALIZER)) metadata.finalizers = [...(metadata.finalizers ?? []), TERMINATION_FINALIZER];
  if (!metadata.ownerReferences?.some(({ uid }) => uid === claim.metadata.uid)) {
    const { apiVersion, kind, metadata: { name, uid } } = claim;
    metadata.ownerReferences = [...(metadata.ownerReferences ?? []), { apiVersion, kind, name, uid, blockOwnerDeletion: true }];
  }
  Object.assign(metadata.labels, claim.metadata.labels);
  Object.assign(metadata.annotations, claim.metadata.annotations);
  const taints = [...(spec.taints ?? [])];
  if (metadata.labels[DO_NOT_SYNC_TAINTS_LABEL] !== 'true') {
    for (const taint of [...(claim.spec.taints ?? []), ...(claim.spec.startupTaints ?? [])]) {
      if (!taints.some((known) => sameTaint(known, taint))) taints.push(taint);
    }
  }
  spec.taints = complete ? taints.filter((taint) => !sameTaint(taint, UNREGISTERED_TAINT)) : taints;
  if (complete) metadata.labels[REGISTERED_LABEL] = 'true';
}
