import { inject } from 'inversify';
import { NODEPOOL_LABEL, WELL_KNOWN_LABELS, addResources } from 'karpenter-ts/api';
import type { Resources } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { Clock, Metrics } from 'karpenter-ts/operator';
import type { Sample, Startable } from 'karpenter-ts/operator';
import { isTerminal, podLimits } from 'karpenter-ts/scheduling';
import type { SnapshotNode } from 'karpenter-ts/scheduling';
import { amountSamples, resourceType } from './amount-samples.js';

/** Metric labels by node label: the last part of each well-known label, in snake case. */
const LABELS = new Map([...WELL_KNOWN_LABELS].map((label) => [label, label.slice(label.lastIndexOf('/') + 1).replaceAll('-', '_')]));
const NODE_LABELS = [...LABELS.values(), 'node_name', 'phase', 'managed'];

/** Gauges of every node of the cluster, and of the cluster as a whole (karpenter-core §6.2). Read when asked for; upstream sets them every 5 seconds. */
export class NodeMetrics implements Startable {
  readonly name = 'metrics.node';

  constructor(@inject(Metrics) private readonly metrics: Metrics, @inject(ClusterState) private readonly state: ClusterState, @inject(Clock) private readonly clock: Clock) {}

  start(): void {
    const { metrics } = this;
    const perNode = (name: string, help: string, labelNames: string[], samples: (node: SnapshotNode) => Sample[]): void =>
      metrics.derived({ name: `karpenter_nodes_${name}`, help, labelNames }, () => this.nodes().filter(({ node }) => node).flatMap(samples));
    const perResource = (name: string, help: string, amounts: (node: SnapshotNode) => Resources): void =>
      perNode(name, help, [...NODE_LABELS, 'resource_type'], (node) => amountSamples(labelsOf(node), amounts(node)));
    perResource('allocatable', 'What pods can use of a node.', ({ allocatable }) => allocatable);
    perResource('total_pod_requests', 'Requests of pods that are no daemons.', (node) => minus(requestsOf(node), node.daemonRequests));
    perResource('total_pod_limits', 'Limits of pods that are no daemons.', ({ pods }) => addResources(...pods.filter((pod) => !isTerminal(pod)).map(podLimits)));
    perResource('total_daemon_requests', 'Requests of daemons.', ({ daemonRequests }) => daemonRequests);
    perResource('system_overhead', 'What the system takes of a node.', ({ capacity, allocatable }) => minus(capacity, allocatable));
    perNode('current_lifetime_seconds', 'Age of nodes.', NODE_LABELS, (node) => [{ labels: labelsOf(node), value: (this.clock.now() - Date.parse(String(node.node?.metadata?.creationTimestamp))) / 1_000 }]);
    // The guide's alert on low utilisation asks for these two.
    const cores = (name: string, help: string, amounts: (node: SnapshotNode) => Resources): void =>
      perNode(name, help, ['node_name', 'nodepool'], (node) => [{ labels: { node_name: node.name, nodepool: node.labels[NODEPOOL_LABEL] ?? '' }, value: (amounts(node)['cpu'] ?? 0) / 1_000 }]);
    cores('allocatable_cpu_cores', 'CPU that pods can use, by node.', ({ allocatable }) => allocatable);
    cores('allocated_cpu_cores', 'CPU that pods request, by node.', requestsOf);
    metrics.derived({ name: 'karpenter_cluster_utilization_percent', help: 'Share of what all nodes have that pods request.', labelNames: ['resource_type'] }, () => this.utilization());
    metrics.derived({ name: 'karpenter_cluster_state_node_count', help: 'Nodes in the cluster state.', labelNames: [] }, () => [{ labels: {}, value: this.nodes().length }]);
  }

  private nodes(): readonly SnapshotNode[] {
    return this.state.snapshot([]).nodes;
  }

  private utilization(): Sample[] {
    const nodes = this.nodes();
    const [total, requested] = [addResources(...nodes.map(({ allocatable }) => allocatable)), addResources(...nodes.map(requestsOf))];
    return Object.entries(total).flatMap(([resource, amount]) =>
      (amount ? [{ labels: { resource_type: resourceType(resource) }, value: ((requested[resource] ?? 0) / amount) * 100 }] : []));
  }
}

function labelsOf({ name, node, managed, labels }: SnapshotNode): Record<string, string> {
  const own: Record<string, string> = { node_name: name, phase: node?.status?.phase ?? '', managed: String(managed) };
  for (const [key, label] of LABELS) own[label] = labels[key] ?? '';
  return own;
}

const minus = (from: Resources, less: Resources): Resources =>
  Object.fromEntries(Object.entries(from).map(([resource, amount]) => [resource, amount - (less[resource] ?? 0)]));

const requestsOf = ({ allocatable, available }: SnapshotNode): Resources => minus(allocatable, available);
