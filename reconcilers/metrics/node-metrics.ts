import { inject } from 'inversify';
import { NODEPOOL_LABEL, WELL_KNOWN_LABELS, addResources } from 'karpenter-ts/api';
import type { Resources } from 'karpenter-ts/api';
import { ClusterState } from 'karpenter-ts/cluster';
import { Metrics, Node, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { isTerminal, podLimits } from 'karpenter-ts/scheduling';
import type { SnapshotNode } from 'karpenter-ts/scheduling';

/** Metric labels by node label: the last part of each well-known label, in snake case. */
const LABELS = new Map([...WELL_KNOWN_LABELS].map((label) => [label, label.slice(label.lastIndexOf('/') + 1).replaceAll('-', '_')]));
const NODE_LABELS = [...LABELS.values(), 'node_name', 'phase', 'managed'];

/** CPU in cores, everything else in base units. */
const inUnits = (resource: string, amount: number): number => (resource === 'cpu' ? amount / 1_000 : amount);
const resourceType = (resource: string): string => resource.toLowerCase().replaceAll('-', '_');

/** Gauges of every node of the cluster, and of the cluster as a whole (karpenter-core §6.2), every 5 seconds. */
@Singleton({ name: 'metrics.node', every: '5s', reads: [Node] })
export class NodeMetrics {
  private readonly gauges;
  private readonly lifetime;
  private readonly utilization;
  private readonly nodeCount;
  /** The guide's alert on low utilisation asks for these two. */
  private readonly allocatableCores;
  private readonly allocatedCores;

  constructor(@inject(Metrics) metrics: Metrics, @inject(ClusterState) private readonly state: ClusterState) {
    const perResource = (name: string, help: string) => metrics.gauge({ name: `karpenter_nodes_${name}`, help, labelNames: [...NODE_LABELS, 'resource_type'] });
    this.gauges = {
      allocatable: perResource('allocatable', 'What pods can use of a node.'),
      podRequests: perResource('total_pod_requests', 'Requests of pods that are no daemons.'),
      podLimits: perResource('total_pod_limits', 'Limits of pods that are no daemons.'),
      daemonRequests: perResource('total_daemon_requests', 'Requests of daemons.'),
      systemOverhead: perResource('system_overhead', 'What the system takes of a node.'),
    };
    this.lifetime = metrics.gauge({ name: 'karpenter_nodes_current_lifetime_seconds', help: 'Age of nodes.', labelNames: NODE_LABELS });
    this.utilization = metrics.gauge({ name: 'karpenter_cluster_utilization_percent', help: 'Share of what all nodes have that pods request.', labelNames: ['resource_type'] });
    this.nodeCount = metrics.gauge({ name: 'karpenter_cluster_state_node_count', help: 'Nodes in the cluster state.' });
    this.allocatableCores = metrics.gauge({ name: 'karpenter_nodes_allocatable_cpu_cores', help: 'CPU that pods can use, by node.', labelNames: ['node_name', 'nodepool'] });
    this.allocatedCores = metrics.gauge({ name: 'karpenter_nodes_allocated_cpu_cores', help: 'CPU that pods request, by node.', labelNames: ['node_name', 'nodepool'] });
  }

  tick(ctx: TickContext): void {
    const { nodes } = this.state.snapshot([]);
    for (const gauge of [...Object.values(this.gauges), this.lifetime, this.utilization, this.allocatableCores, this.allocatedCores]) gauge.reset();
    this.nodeCount.set(nodes.length);
    for (const node of nodes) if (node.node) this.observe(node, ctx.now());
    const [total, requested] = [addResources(...nodes.map(({ allocatable }) => allocatable)), addResources(...nodes.map(requestsOf))];
    for (const resource in total) if (total[resource]) this.utilization.set({ resource_type: resourceType(resource) }, ((requested[resource] ?? 0) / total[resource]) * 100);
  }

  private observe(state: SnapshotNode, now: number): void {
    const labels: Record<string, string> = { node_name: state.name, phase: state.node?.status?.phase ?? '', managed: String(state.managed) };
    for (const [key, name] of LABELS) labels[name] = state.labels[key] ?? '';
    const requests = requestsOf(state);
    const limits = addResources(...state.pods.filter((pod) => !isTerminal(pod)).map(podLimits));
    for (const [gauge, amounts] of [
      [this.gauges.allocatable, state.allocatable],
      [this.gauges.podRequests, minus(requests, state.daemonRequests)],
      [this.gauges.podLimits, limits],
      [this.gauges.daemonRequests, state.daemonRequests],
      [this.gauges.systemOverhead, minus(state.capacity, state.allocatable)],
    ] as const) {
      for (const resource in amounts) gauge.set({ ...labels, resource_type: resourceType(resource) }, inUnits(resource, amounts[resource] ?? 0));
    }
    this.lifetime.set(labels, (now - Date.parse(String(state.node?.metadata?.creationTimestamp))) / 1_000);
    const brief = { node_name: state.name, nodepool: state.labels[NODEPOOL_LABEL] ?? '' };
    this.allocatableCores.set(brief, (state.allocatable['cpu'] ?? 0) / 1_000);
    this.allocatedCores.set(brief, (requests['cpu'] ?? 0) / 1_000);
  }
}

const minus = (from: Resources, less: Resources): Resources =>
  Object.fromEntries(Object.entries(from).map(([resource, amount]) => [resource, amount - (less[resource] ?? 0)]));

const requestsOf = ({ allocatable, available }: SnapshotNode): Resources => minus(allocatable, available);
