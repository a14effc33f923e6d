import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import type { CSINode } from 'kubernetes-types/storage/v1.js';
import { isTrue } from '../api/conditions.js';
import { INITIALIZED_LABEL, NODEPOOL_LABEL, REGISTERED_LABEL } from '../api/labels.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import { addResources, parseResources, subtractResources } from '../api/resources.js';
import type { ResourceList, Resources } from '../api/resources.js';
import { isEphemeralTaint, sameTaint } from '../api/taints.js';
import type { Taint } from '../api/taints.js';
import { isOwnedByDaemonSet } from '../scheduling/pod-predicates.js';
import { runningRequests } from '../scheduling/pod-requests.js';
import type { SnapshotNode } from '../scheduling/snapshot.js';

/** What is known of one machine. At least one of `node` and `nodeClaim` is there. */
export interface Machine {
  readonly providerID: string;
  readonly node?: Node | undefined;
  readonly nodeClaim?: NodeClaim | undefined;
  /** Bound and not terminal. */
  readonly pods: readonly Pod[];
  readonly csiNode?: CSINode | undefined;
  /** Whether somebody decided that it goes, apart from what the objects say. */
  readonly marked: boolean;
  readonly nominatedUntil: number;
}

/** The node's amounts, those that are missing or zero taken from the claim. */
function completed(list: ResourceList | undefined, fallback: ResourceList | undefined): Resources {
  const amounts: Record<string, number> = { ...parseResources(list) };
  const other = parseResources(fallback);
  for (const name in other) if (!amounts[name]) amounts[name] = other[name] as number;
  return amounts;
}

function taintsOf({ node, nodeClaim }: Machine, registered: boolean, initialized: boolean): readonly Taint[] {
  const taints = nodeClaim && !registered ? nodeClaim.spec.taints : node?.spec?.taints;
  if (nodeClaim === undefined || initialized) return taints ?? [];
  const startup = nodeClaim.spec.startupTaints ?? [];
  return (taints ?? []).filter((taint) => !isEphemeralTaint(taint) && !startup.some((each) => sameTaint(each, taint)));
}

/** A machine's Node and NodeClaim merged into what scheduling sees (karpenter-core §5.4). */
export function snapshotNode(machine: Machine): SnapshotNode {
  const { providerID, node, nodeClaim, pods, csiNode, marked, nominatedUntil } = machine;
  const nodeLabels = node?.metadata?.labels ?? {};
  const managed = nodeClaim !== undefined;
  const registered = node !== undefined && (!managed || nodeLabels[REGISTERED_LABEL] === 'true');
  const initialized = node !== undefined && (!managed || nodeLabels[INITIALIZED_LABEL] === 'true');
  const metadata = registered || nodeClaim === undefined ? node?.metadata : nodeClaim.metadata;
  const fromClaim = initialized ? undefined : nodeClaim?.status;
  const allocatable = completed(node?.status?.allocatable as ResourceList | undefined, fromClaim?.allocatable);
  const labels = metadata?.labels ?? {};
  const volumeLimits: Record<string, number> = {};
  for (const { name, allocatable: volumes } of csiNode?.spec.drivers ?? []) if (volumes?.count !== undefined) volumeLimits[name] = volumes.count;
  return {
    name: metadata?.name ?? providerID,
    providerID,
    ...(node ? { node } : {}),
    ...(nodeClaim ? { nodeClaim } : {}),
    labels,
    annotations: metadata?.annotations ?? {},
    taints: taintsOf(machine, registered, initialized),
    capacity: { ...completed(node?.status?.capacity as ResourceList | undefined, fromClaim?.capacity), nodes: 1 },
    allocatable,
    available: subtractResources(allocatable, addResources(...pods.map(runningRequests))),
    daemonRequests: addResources(...pods.filter(isOwnedByDaemonSet).map(runningRequests)),
    pods,
    ...(labels[NODEPOOL_LABEL] === undefined ? {} : { nodePool: labels[NODEPOOL_LABEL] }),
    managed,
    registered,
    initialized,
    markedForDeletion: marked || nodeClaim?.metadata.deletionTimestamp !== undefined || (nodeClaim !== undefined && isTrue(nodeClaim, 'InstanceTerminating'))
      || (nodeClaim === undefined && node?.metadata?.deletionTimestamp !== undefined),
    nominatedUntil,
    volumeLimits,
  };
}
