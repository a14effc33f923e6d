import { inject } from 'inversify';
import { CAPACITY_TYPE_LABEL, MIN_VALUES_RELAXED_ANNOTATION, NODEPOOL_LABEL, ZONE_LABEL } from 'karpenter-ts/api';
import type { NodeClaim } from 'karpenter-ts/api';
import { Metrics, milliseconds } from 'karpenter-ts/operator';
import type { Node } from 'karpenter-ts/operator';
import { snakeCase } from './snake-case.js';

const DISRUPTION_LABELS = ['reason', 'nodepool', 'capacity_type', 'consolidation_policy', 'termination_mode'] as const;
const LABELS = { nodepool: NODEPOOL_LABEL, capacity_type: CAPACITY_TYPE_LABEL, zone: ZONE_LABEL } as const;
type Label = keyof typeof LABELS;

const labelsOf = (object: { metadata: { labels: Record<string, string> } }, names: readonly Label[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, object.metadata.labels[LABELS[name]] ?? '']));

/** Metric labels out of a claim's labels. */
export const claimLabels = (claim: NodeClaim, ...names: Label[]): Record<string, string> => labelsOf(claim, names);
/** Metric labels out of a node's labels. */
export const nodeLabels = (node: Node, ...names: Label[]): Record<string, string> => labelsOf(node, names);

const HOUR = 3_600;
const DAY = 24 * HOUR;
const LIFETIMES = [0.25, 0.5, 0.75, 1, 2, 4, 6, 8, 10, 12, 16, 20].map((hours) => hours * HOUR).concat([1, 2, 3, 5, 10, 15, 20, 25, 30].map((days) => days * DAY));
const DOUBLING = Array.from({ length: 12 }, (_, exponent) => 2 ** exponent);
export const DURATIONS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10,
  15, 20, 25, 30, 40, 50, 60, 120, 150, 300, 450, 600,
];

const secondsSince = (time: string | undefined, now: number): number => Math.max(0, (now - Date.parse(time ?? '')) / 1_000);

/** Upstream's series of claims, nodes, pods and decisions (karpenter-core §6.2), and those that the guide's alerts ask for. */
export class KarpenterMetrics {
  readonly claimsCreated;
  readonly nodesCreated;
  readonly nodesDrained;
  readonly evictionRequests;
  readonly podsDrained;
  readonly unschedulablePods;
  readonly ignoredPods;
  private readonly claimsTerminated;
  private readonly claimsDisrupted;
  private readonly podsDisrupted;
  private readonly instanceTermination;
  private readonly claimTermination;
  private readonly nodesTerminated;
  private readonly nodeTermination;
  private readonly nodeLifetime;

  constructor(@inject(Metrics) metrics: Metrics) {
    const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) => metrics.counter<L>({ name: `karpenter_${name}`, help, labelNames });
    const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) => metrics.gauge<L>({ name: `karpenter_${name}`, help, labelNames });
    const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
      metrics.histogram<L>({ name: `karpenter_${name}`, help, labelNames, buckets });

    this.claimsCreated = counter('nodeclaims_created_total', 'NodeClaims created, by reason.', 'reason', 'nodepool', 'min_values_relaxed');
    this.claimsTerminated = counter('nodeclaims_terminated_total', 'NodeClaims gone.', 'nodepool', 'capacity_type', 'zone');
    this.claimsDisrupted = counter('nodeclaims_disrupted_total', 'NodeClaims disrupted, by reason.', ...DISRUPTION_LABELS);
    this.podsDisrupted = counter('pods_disruption_initiated_total', 'Pods that need another node because theirs is disrupted.', ...DISRUPTION_LABELS);
    this.instanceTermination = histogram('nodeclaims_instance_termination_duration_seconds', 'From asking for termination to the instance being gone.', DOUBLING.slice(0, 11), 'nodepool');
    this.claimTermination = histogram('nodeclaims_termination_duration_seconds', 'From deletion to the finalizer being removed.', DOUBLING, 'nodepool');
    this.nodesCreated = counter('nodes_created_total', 'Nodes registered.', 'nodepool', 'zone');
    this.nodesTerminated = counter('nodes_terminated_total', 'Nodes gone.', 'nodepool', 'zone');
    this.nodeTermination = metrics.summary({ name: 'karpenter_nodes_termination_duration_seconds', help: 'From deletion to the finalizer being removed.', labelNames: ['nodepool'], percentiles: [0, 0.5, 0.9, 0.99, 1] });
    this.nodeLifetime = histogram('nodes_lifetime_duration_seconds', 'Age of nodes when they go.', LIFETIMES, 'nodepool');
    this.nodesDrained = counter('nodes_drained_total', 'Nodes drained.', 'nodepool');
    this.evictionRequests = counter('pods_eviction_requests_total', 'Eviction calls by status code.', 'code');
    this.podsDrained = counter('pods_drained_total', 'Pods evicted or deleted, by reason.', 'reason');
    this.unschedulablePods = gauge('scheduler_unschedulable_pods_count', 'Pods that the last simulation could not place.', 'controller');
    this.ignoredPods = gauge('scheduler_ignored_pods_count', 'Pending pods that failed validation in the last pass.');
    metrics.gauge({ name: 'karpenter_build_info', help: 'Version of the operator.', labelNames: ['version'] }).set({ version: '0.1.0' }, 1);
  }

  claimCreated(claim: NodeClaim, reason: string): void {
    this.claimsCreated.inc({ reason, ...claimLabels(claim, 'nodepool'), min_values_relaxed: claim.metadata.annotations[MIN_VALUES_RELAXED_ANNOTATION] ?? 'false' });
  }

  /**
   * A claim that goes before its time. `pods`: how many need another node for it; `consolidationPolicy`: of its pool, when consolidation
   * is why. Claims that never became a node also count as created with reason `failed`, which the guide's alert asks for.
   */
  claimDisrupted(claim: NodeClaim, reason: string, { pods = 0, consolidationPolicy = '' }: { pods?: number; consolidationPolicy?: string } = {}): void {
    const labels = { reason, ...claimLabels(claim, 'nodepool', 'capacity_type'), consolidation_policy: snakeCase(consolidationPolicy), termination_mode: terminationMode(claim) };
    this.claimsDisrupted.inc(labels);
    this.podsDisrupted.inc(labels, pods);
    if (FAILURES.has(reason)) this.claimsCreated.inc({ reason: 'failed', ...claimLabels(claim, 'nodepool'), min_values_relaxed: 'false' });
  }

  observeInstanceTermination(claim: NodeClaim, now: number): void {
    const since = claim.status.conditions?.find(({ type }) => type === 'InstanceTerminating')?.lastTransitionTime ?? claim.metadata.deletionTimestamp;
    this.instanceTermination.observe(claimLabels(claim, 'nodepool'), secondsSince(since, now));
  }

  observeClaimTermination(claim: NodeClaim, now: number): void {
    this.claimTermination.observe(claimLabels(claim, 'nodepool'), secondsSince(claim.metadata.deletionTimestamp, now));
    this.claimsTerminated.inc(claimLabels(claim, 'nodepool', 'capacity_type', 'zone'));
  }

  observeNodeTermination(node: Node, now: number): void {
    this.nodesTerminated.inc(nodeLabels(node, 'nodepool', 'zone'));
    this.nodeTermination.observe(nodeLabels(node, 'nodepool'), secondsSince(node.metadata.deletionTimestamp, now));
    this.nodeLifetime.observe(nodeLabels(node, 'nodepool'), secondsSince(node.metadata.creationTimestamp, now));
  }
}

/** How long draining may take: as long as it does, as long as the grace period, or not at all. */
function terminationMode({ spec: { terminationGracePeriod } }: NodeClaim): 'graceful' | 'eventual' | 'forceful' {
  if (terminationGracePeriod === undefined) return 'graceful';
  return milliseconds(terminationGracePeriod) > 0 ? 'eventual' : 'forceful';
}

const FAILURES = new Set(['insufficient_capacity', 'nodeclass_not_ready', 'launch_timeout', 'registration_timeout']);
