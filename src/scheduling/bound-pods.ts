import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Labels } from './selector.js';
import type { Snapshot } from './snapshot.js';
import type { TopologyTerm } from './topology-term.js';

/** Bound pods of one namespace with equal labels. */
interface Bucket {
  readonly labels: Labels;
  /** Index of each pod's node in the snapshot. */
  readonly nodes: number[];
  readonly pods: Pod[];
}

const isTerminating = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined;

/** The pods on a snapshot's nodes, arranged so that a selector looks at each different set of labels once. */
export class BoundPods {
  private readonly byNamespace = new Map<string, Map<string, Bucket>>();
  /** Pods that keep others away, with their node. */
  readonly repelling: { readonly pod: Pod; readonly node: number }[] = [];

  constructor(snapshot: Snapshot) {
    snapshot.nodes.forEach(({ pods }, node) => {
      for (const pod of pods) {
        if (pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length) this.repelling.push({ pod, node });
        if (!isTerminating(pod)) this.add(pod, node);
      }
    });
  }

  private add(pod: Pod, node: number): void {
    const namespace = pod.metadata?.namespace ?? 'default';
    const labels = pod.metadata?.labels ?? {};
    let buckets = this.byNamespace.get(namespace);
    if (buckets === undefined) {
      buckets = new Map();
      this.byNamespace.set(namespace, buckets);
    }
    const key = JSON.stringify(labels);
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { labels, nodes: [], pods: [] };
      buckets.set(key, bucket);
    }
    bucket.nodes.push(node);
    bucket.pods.push(pod);
  }

  /** Calls `visit` with the node of every pod that the term selects. */
  each(term: TopologyTerm, visit: (node: number, pod: Pod) => void): void {
    for (const namespace of term.namespaces) {
      for (const { labels, nodes, pods } of this.byNamespace.get(namespace)?.values() ?? []) {
        if (!term.selector.matches(labels)) continue;
        for (let index = 0; index < nodes.length; index += 1) visit(nodes[index] as number, pods[index] as Pod);
      }
    }
  }
}
