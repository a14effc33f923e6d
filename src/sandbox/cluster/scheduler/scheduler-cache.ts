import type { Node, Pod } from '../model/kinds.js';
import { isTerminal } from '../model/pods.js';
import type { ClusterView } from './filter.js';
import { NodeInfo, PodInfo } from './node-info.js';
import { priorityOf } from './preemption.js';
import type { VolumeView } from './volumes.js';

/** The scheduler's picture of the cluster: nodes with the pods that are there, decided to go there, or promised room. */
export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where each pod is counted, by uid. */
  readonly #placed = new Map<string, string>();
  /** Pods of nodes that have not been seen yet. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  /** Pods for which others were evicted, by node. */
  readonly #nominated = new Map<string, Map<string, PodInfo>>();
  #list: NodeInfo[] | undefined;

  constructor(private readonly volumes: VolumeView) {}

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known) return known.update(node);
    const info = new NodeInfo(node);
    for (const pod of this.#homeless.get(info.name)?.values() ?? []) info.add(pod);
    this.#homeless.delete(info.name);
    this.#nodes.set(info.name, info);
    this.#list = undefined;
  }

  deleteNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    if (info.pods.size > 0) this.#homeless.set(name, new Map(info.pods));
    this.#nodes.delete(name);
    this.#nominated.delete(name);
    this.#list = undefined;
  }

  /** Counts a pod on a node: bound there, or decided to go there. */
  place(info: PodInfo, node: string): void {
    const { uid } = info.pod.metadata;
    if (this.#placed.get(uid) !== node) this.take(uid);
    this.#placed.set(uid, node);
    this.withdraw(uid);
    const there = this.#nodes.get(node);
    if (there) there.add(info);
    else this.#homeless.set(node, (this.#homeless.get(node) ?? new Map<string, PodInfo>()).set(uid, info));
  }

  /** Counts a pod no more. Returns the node where it was. */
  take(uid: string): string | undefined {
    const node = this.#placed.get(uid);
    if (node === undefined) return undefined;
    this.#placed.delete(uid);
    this.#nodes.get(node)?.remove(uid);
    this.#homeless.get(node)?.delete(uid);
    return node;
  }

  /** Takes over a bound pod as the API server has it. */
  setBound(pod: Pod): void {
    if (isTerminal(pod)) this.take(pod.metadata.uid);
    else this.place(new PodInfo(pod), pod.spec.nodeName as string);
  }

  /** Promises a pod the room that its victims leave. */
  nominate(info: PodInfo, node: string): void {
    this.withdraw(info.pod.metadata.uid);
    this.#nominated.set(node, (this.#nominated.get(node) ?? new Map<string, PodInfo>()).set(info.pod.metadata.uid, info));
  }

  withdraw(uid: string): void {
    for (const [node, pods] of this.#nominated) if (pods.delete(uid) && pods.size === 0) this.#nominated.delete(node);
  }

  /** The cluster as one pod sees it: room that is promised to pods of its priority or above is taken. */
  viewFor(pod: PodInfo): ClusterView {
    this.#list ??= [...this.#nodes.values()];
    if (this.#nominated.size === 0) return { nodes: this.#list, volumes: this.volumes };
    const nodes = this.#list.map((node) => {
      const promised = [...(this.#nominated.get(node.name)?.values() ?? [])].filter((other) => other.pod.metadata.uid !== pod.pod.metadata.uid && priorityOf(other) >= priorityOf(pod));
      if (promised.length === 0) return node;
      const fuller = node.fork();
      for (const other of promised) fuller.add(other);
      return fuller;
    });
    return { nodes, volumes: this.volumes };
  }
}
