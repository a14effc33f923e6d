import type { Pod } from 'kubernetes-types/core/v1.js';
import type { Labels } from './selector.js';
import type { Snapshot, SnapshotNode } from './snapshot.js';
import type { TopologyTerm } from './topology-term.js';

/** Bound pods of one namespace with equal labels. */
interface Bucket {
  readonly labels: Labels;
  /** Index of each pod's node in the snapshot. */
  readonly nodes: number[];
  readonly pods: Pod[];
}

/** What is read of a bound pod once. */
interface BoundPod {
  readonly pod: Pod;
  readonly namespace: string;
  readonly labels: Labels;
  /** Equal for pods with equal labels. */
  readonly labelsKey: string;
  /** Equal for pods that keep the same others away; undefined for those that keep away none. */
  readonly repels: string | undefined;
}

const isTerminating = ({ metadata }: Pod): boolean => metadata?.deletionTimestamp !== undefined;

/** Snapshots share most of their nodes. */
const read = new WeakMap<SnapshotNode, readonly BoundPod[]>();

function podsOf(node: SnapshotNode): readonly BoundPod[] {
  let pods = read.get(node);
  if (pods === undefined) {
    pods = node.pods.map((pod) => {
      const { namespace = 'default', labels = {} } = pod.metadata ?? {};
      const labelsKey = JSON.stringify(labels);
      const terms = pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      return { pod, namespace, labels, labelsKey, repels: terms.length > 0 ? JSON.stringify([namespace, labelsKey, terms]) : undefined };
    });
    read.set(node, pods);
  }
  return pods;
}

/** The pods on a snapshot's nodes, arranged so that a selector looks at each different set of labels once. */
export class BoundPods {
  private readonly byNamespace = new Map<string, Map<string, Bucket>>();
  /** Pods that keep others away, with their nodes; each list has pods that keep away the same. */
  readonly repelling = new Map<string, { readonly pod: Pod; readonly node: number }[]>();

  constructor(snapshot: Snapshot) {
    snapshot.nodes.forEach((each, node) => {
      for (const bound of podsOf(each)) {
        if (bound.repels !== undefined) {
          const alike = this.repelling.get(bound.repels);
          if (alike) alike.push({ pod: bound.pod, node });
          else this.repelling.set(bound.repels, [{ pod: bound.pod, node }]);
        }
        if (!isTerminating(bound.pod)) this.add(bound, node);
      }
    });
  }

  private add({ pod, namespace, labels, labelsKey }: BoundPod, node: number): void {
    let buckets = this.byNamespace.get(namespace);
    if (buckets === undefined) {
      buckets = new Map();
      this.byNamespace.set(namespace, buckets);
    }
    let bucket = buckets.get(labelsKey);
    if (bucket === undefined) {
      bucket = { labels, nodes: [], pods: [] };
      buckets.set(labelsKey, bucket);
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
