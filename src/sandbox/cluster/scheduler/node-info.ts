import { parseResources, subtractResources, addResources } from '../../../api/resources.js';
import type { ResourceList, Resources } from '../../../api/resources.js';
import type { Node, Pod } from '../model/kinds.js';
import { hostPorts, podRequests } from '../model/pods.js';
import type { HostPort } from '../model/pods.js';
import { affinityTerms } from './affinity-terms.js';
import type { AffinityTerms } from './affinity-terms.js';

/** A pod with what scheduling asks about it again and again, worked out once. */
export class PodInfo {
  readonly requests: Resources;
  readonly ports: readonly HostPort[];
  readonly terms: AffinityTerms;

  constructor(readonly pod: Pod) {
    this.requests = podRequests(pod);
    this.ports = hostPorts(pod);
    this.terms = affinityTerms(pod);
  }
}

/** A node with the pods that are on it, or that the scheduler has decided to put there. */
export class NodeInfo {
  readonly pods = new Map<string, PodInfo>();
  requested: Resources = {};
  allocatable: Resources;

  constructor(public node: Node) {
    this.allocatable = parseResources(node.status.allocatable as ResourceList | undefined);
  }

  get name(): string {
    return this.node.metadata.name;
  }

  update(node: Node): void {
    this.node = node;
    this.allocatable = parseResources(node.status.allocatable as ResourceList | undefined);
  }

  add(info: PodInfo): void {
    this.remove(info.pod.metadata.uid);
    this.pods.set(info.pod.metadata.uid, info);
    this.requested = addResources(this.requested, info.requests);
  }

  remove(uid: string): void {
    const info = this.pods.get(uid);
    if (!info) return;
    this.pods.delete(uid);
    this.requested = subtractResources(this.requested, info.requests);
  }

  /** A copy to try removals and additions on. */
  fork(): NodeInfo {
    const copy = new NodeInfo(this.node);
    for (const info of this.pods.values()) copy.add(info);
    return copy;
  }
}
