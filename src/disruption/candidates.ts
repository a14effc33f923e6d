import { CAPACITY_TYPE_LABEL, DO_NOT_DISRUPT_ANNOTATION, DO_NOT_EVICT_ANNOTATION, INSTANCE_TYPE_LABEL, NODEPOOL_LABEL, ZONE_LABEL } from '../api/labels.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { EvictionBudgets } from '../scheduling/eviction-budgets.js';
import { isActive, isProtected, isReschedulable } from '../scheduling/pod-predicates.js';
import type { Snapshot, SnapshotNode, SnapshotPool } from '../scheduling/snapshot.js';
import type { Candidate, DisruptionNotice } from './command.js';
import { priceOf, rescheduleCost } from './cost.js';
import type { DisruptionOptions } from './options.js';

/** How a method treats pods that resist: `eventual` ones go on when the node's termination grace period bounds the wait. */
export type DisruptionClass = 'graceful' | 'eventual';

const names = (objects: readonly { metadata?: { namespace?: string; name?: string } }[]): string =>
  objects.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`).join(', ');

/** Why the node itself may not be disrupted. */
function nodeBlock({ node, initialized, markedForDeletion, nominatedUntil, annotations, labels }: SnapshotNode, now: number): string | undefined {
  if (node === undefined) return 'NodeClaim does not have an associated node';
  if (!initialized) return 'Node is not initialized';
  if (markedForDeletion) return 'Node is deleting or marked for deletion';
  if (nominatedUntil > now) return 'Node is nominated for a pending pod';
  const protection = [DO_NOT_DISRUPT_ANNOTATION, DO_NOT_EVICT_ANNOTATION].find((annotation) => annotations[annotation] === 'true');
  if (protection) return `Disruption is blocked through the "${protection}" annotation`;
  if (labels[NODEPOOL_LABEL] === undefined) return `Node does not have the label "${NODEPOOL_LABEL}"`;
  return undefined;
}

/** Why the node's pods may not be moved. */
function podBlock({ pods }: SnapshotNode, evictions: EvictionBudgets, now: number): string | undefined {
  const protectedPod = pods.find((pod) => isActive(pod) && isProtected(pod, now));
  if (protectedPod) return `Pod has "${DO_NOT_DISRUPT_ANNOTATION}" annotation (Pod=${names([protectedPod])})`;
  for (const pod of pods) {
    const block = evictions.blocking(pod, now);
    if (block) return `${block.reason === 'pdb prevents pod evictions' ? 'Pdb prevents pod evictions' : 'Eviction does not support multiple PDBs'} (PodDisruptionBudget=[${names(block.budgets)}])`;
  }
  return undefined;
}

const typesByName = new WeakMap<SnapshotPool, Map<string, InstanceType>>();

function typeNamed(pool: SnapshotPool, name: string | undefined): InstanceType | undefined {
  let types = typesByName.get(pool);
  if (types === undefined) {
    types = new Map(pool.instanceTypes.map((type) => [type.name, type]));
    typesByName.set(pool, types);
  }
  return name === undefined ? undefined : types.get(name);
}

/** The nodes that may be disrupted at all, and why others of Karpenter's may not (karpenter-core §3.3.1). */
export function candidates(
  snapshot: Snapshot, { now, pools, inFlight }: Pick<DisruptionOptions, 'now' | 'pools' | 'inFlight'>, disruptionClass: DisruptionClass,
): { candidates: Candidate[]; notices: DisruptionNotice[] } {
  const evictions = new EvictionBudgets(snapshot.podDisruptionBudgets);
  const byName = new Map(pools.map((pool) => [pool.nodePool.metadata.name, pool]));
  const found: Candidate[] = [];
  const notices: DisruptionNotice[] = [];
  for (const node of snapshot.nodes) {
    if (!node.managed || inFlight?.has(node.providerID)) continue;
    const pool = byName.get(node.nodePool ?? '');
    const blocked = nodeBlock(node, now)
      ?? (pool === undefined || pool.instanceTypes.length === 0 ? `NodePool not found (NodePool=${node.nodePool})` : undefined)
      ?? (disruptionClass === 'eventual' && node.nodeClaim?.spec.terminationGracePeriod !== undefined ? undefined : podBlock(node, evictions, now));
    if (blocked !== undefined) {
      notices.push({ type: 'DisruptionBlocked', message: blocked, node });
      continue;
    }
    found.push(candidate(node, pool as SnapshotPool));
  }
  return { candidates: found, notices };
}

function candidate(node: SnapshotNode, pool: SnapshotPool): Candidate {
  const instanceType = typeNamed(pool, node.labels[INSTANCE_TYPE_LABEL]);
  const zone = node.labels[ZONE_LABEL] ?? '';
  const capacityType = node.labels[CAPACITY_TYPE_LABEL] ?? '';
  const pods = node.pods.filter(isReschedulable);
  return { node, nodePool: pool.nodePool, instanceType, zone, capacityType, price: priceOf(instanceType, zone, capacityType), pods, rescheduleCost: rescheduleCost(pods) };
}
