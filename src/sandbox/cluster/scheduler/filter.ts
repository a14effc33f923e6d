import type { NodeInfo, PodInfo } from './node-info.js';
import type { VolumeView } from './volumes.js';

/** Why a node is not for a pod. */
export interface Rejection {
  /** The scheduler plugin that says so, in kube-scheduler's words. */
  plugin: string;
  /** In kube-scheduler's words; several for resources. */
  reasons: readonly string[];
  /** Whether evicting pods from the node could change it. */
  resolvable: boolean;
}

/** Everything that a filter may look at beside pod and node. */
export interface ClusterView {
  nodes: readonly NodeInfo[];
  volumes: VolumeView;
}

/** One pod's filter, prepared once for all nodes. */
export type NodeFilter = (node: NodeInfo) => Rejection | undefined;

/** A filter plugin: looks at the pod once and returns what to ask of each node; undefined when it has nothing to ask. */
export type FilterPlugin = (pod: PodInfo, view: ClusterView) => NodeFilter | undefined;

export const reject = (plugin: string, reason: string, resolvable = false): Rejection => ({ plugin, reasons: [reason], resolvable });
