import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { Namespace, Node, Pod } from 'kubernetes-types/core/v1.js';
import { WELL_KNOWN_LABELS } from '../../src/api/labels.js';
import type { NodeClaim } from '../../src/api/nodeclaim.js';
import type { NodePool } from '../../src/api/nodepool.js';
import { formatResources } from '../../src/api/resources.js';
import type { InstanceType } from '../../src/cloud/instance-type.js';
import { ClusterState } from '../../src/cluster/index.js';
import type { Snapshot, SolveOptions } from '../../src/scheduling/index.js';

/** A cluster, and pods that come to it; asked of the solver in this process, or written down for others. */
export interface Workload {
  /** What every pool can launch. */
  readonly catalogue: readonly InstanceType[];
  readonly pools: readonly NodePool[];
  /** The same pods each time, as new objects. */
  readonly pods: () => readonly Pod[];
  readonly daemonSets?: readonly DaemonSet[];
  readonly nodes?: readonly Node[];
  readonly nodeClaims?: readonly NodeClaim[];
  /** Pods that run on `nodes`. */
  readonly bound?: readonly Pod[];
  readonly preferencePolicy?: 'Ignore';
  /** Labels that the cloud declares well known, beside Karpenter's own. */
  readonly wellKnownLabels?: readonly string[];
}

const NAMESPACES: readonly Namespace[] = ['default', 'kube-system'].map((name) =>
  ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } }));

/** The cluster as the operator sees it, through its own state: a new snapshot each time. */
export function clusterOf({ catalogue, pools, daemonSets = [], nodes = [], nodeClaims = [], bound = [] }: Workload): () => Snapshot {
  const nothing = (): undefined => undefined;
  const state = new ClusterState({
    clock: { now: () => 0 },
    lookups: {
      namespaces: () => NAMESPACES, podDisruptionBudgets: () => [], csiNode: nothing, persistentVolumeClaim: nothing, persistentVolume: nothing, storageClass: nothing,
    },
  });
  for (const each of nodes) state.updateNode(each);
  for (const each of nodeClaims) state.updateNodeClaim(each);
  for (const each of bound) state.updatePod(each);
  for (const each of daemonSets) state.updateDaemonSet(each);
  return () => state.snapshot(pools.map((nodePool) => ({ nodePool, instanceTypes: catalogue })));
}

/** Solvers remember what they read by the set's identity. */
const labelSets = new Map<string, ReadonlySet<string>>();

function wellKnown(labels: readonly string[]): ReadonlySet<string> {
  const name = labels.join();
  const known = labelSets.get(name) ?? new Set([...WELL_KNOWN_LABELS, ...labels]);
  labelSets.set(name, known);
  return known;
}

export const optionsOf = ({ preferencePolicy, wellKnownLabels = [] }: Workload): SolveOptions => ({
  ...(preferencePolicy ? { preferencePolicy } : {}),
  ...(wellKnownLabels.every((label) => WELL_KNOWN_LABELS.has(label)) ? {} : { wellKnownLabels: wellKnown(wellKnownLabels) }),
});

/** The workload as a file that `karpenter-ts plan --offline` reads. */
export function caseFileOf(name: string, workload: Workload): string {
  const { catalogue, pools, pods, daemonSets = [], nodes = [], nodeClaims = [], bound = [], preferencePolicy, wellKnownLabels } = workload;
  return JSON.stringify({
    name,
    options: { preferencePolicy, wellKnownLabels },
    instanceTypes: { '*': catalogue.map((type) => ({ ...type, capacity: formatResources(type.capacity), overhead: formatResources(type.overhead) })) },
    objects: [...NAMESPACES, ...pools, ...daemonSets, ...nodes, ...nodeClaims, ...bound, ...pods()],
  });
}
