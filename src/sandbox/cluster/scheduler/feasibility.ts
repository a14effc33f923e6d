import { reject } from './filter.js';
import type { ClusterView, FilterPlugin, NodeFilter, Rejection } from './filter.js';
import { interPodAffinity } from './inter-pod-affinity.js';
import { nodeAffinity, nodePorts, nodeResourcesFit, nodeUnschedulable, taintToleration } from './node-filters.js';
import type { NodeInfo, PodInfo } from './node-info.js';
import { podTopologySpread } from './topology-spread.js';
import { nodeVolumeLimits, volumeBinding } from './volumes.js';

/** kube-scheduler's order; the first plugin that refuses a node gives the reason. */
const PLUGINS: readonly FilterPlugin[] = [
  nodeUnschedulable, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit, nodeVolumeLimits, volumeBinding, podTopologySpread, interPodAffinity,
];

/** Plugins whose answer depends on this node alone. */
const LOCAL_PLUGINS: readonly FilterPlugin[] = [nodeUnschedulable, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit];

/** What came of looking at every node. */
export interface Feasibility {
  feasible: NodeInfo[];
  /** By node name, for the nodes that were refused. */
  rejections: Map<string, Rejection>;
}

const prepare = (plugins: readonly FilterPlugin[], pod: PodInfo, view: ClusterView): NodeFilter[] =>
  plugins.map((plugin) => plugin(pod, view)).filter((filter): filter is NodeFilter => filter !== undefined);

const ask = (filters: readonly NodeFilter[], node: NodeInfo): Rejection | undefined => {
  for (const filter of filters) {
    const rejection = filter(node);
    if (rejection) return rejection;
  }
  return undefined;
};

/** Asks every plugin about every node. */
export function feasibility(pod: PodInfo, view: ClusterView): Feasibility {
  const filters = prepare(PLUGINS, pod, view);
  const feasible: NodeInfo[] = [];
  const rejections = new Map<string, Rejection>();
  for (const node of view.nodes) {
    const rejection = ask(filters, node);
    if (rejection) rejections.set(node.name, rejection);
    else feasible.push(node);
  }
  return { feasible, rejections };
}

/** Whether a node that has changed could now take the pod, as far as the node itself can tell. */
export const mightFit = (pod: PodInfo, node: NodeInfo, view: ClusterView): boolean => ask(prepare(LOCAL_PLUGINS, pod, view), node) === undefined;

/** Whether the pod fits a node as it is in `view`. */
export const fitsNode = (pod: PodInfo, node: NodeInfo, view: ClusterView): boolean => ask(prepare(PLUGINS, pod, view), node) === undefined;

/** What preemption says of a node where even evictions would not help. */
export const notHelpful = (): Rejection => reject('DefaultPreemption', 'Preemption is not helpful for scheduling');
/** What preemption says of a node without pods of lower priority whose eviction would make room. */
export const noVictims = (): Rejection => reject('DefaultPreemption', 'No preemption victims found for incoming pod', true);
