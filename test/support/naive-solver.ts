import type { Pod } from 'kubernetes-types/core/v1.js';
import { WELL_KNOWN_LABELS } from '../../src/api/labels.js';
import { Requirements } from '../../src/api/requirements.js';
import type { Requirement } from '../../src/api/requirement.js';
import type { InstanceType, Offering } from '../../src/cloud/instance-type.js';
import type { Decision, NewNode, Snapshot, SnapshotPool, SolveOptions } from '../../src/scheduling/index.js';
import { brokenConstraints, namespaceOf } from './constraint-checker.js';

// Finds places by trying all there are, one by one.

/** One machine that can be bought, with values for the labels that its pool leaves open. */
export interface Way { readonly pool: SnapshotPool; readonly type: InstanceType; readonly offering: Offering; readonly labels: readonly Requirement[] }

/** Where a pod may go: an existing node, or a new one. */
export type NaivePlace = { readonly node: string; readonly way?: undefined } | { readonly node?: undefined; readonly way: Way };

export const NOTHING = { newNodes: [], existingNodes: [], unschedulable: [], unfinished: [], emptyPools: [], totalPrice: 0 } as unknown as Decision;

/** The values among which a pool leaves its nodes' own labels open, and not to choose at all. */
const choices = ({ nodePool: { spec: { template } } }: SnapshotPool): Requirement[][] =>
  [[], ...template.spec.requirements.flatMap(({ key, operator, values = [] }) => (operator === 'In' && !WELL_KNOWN_LABELS.has(key) ? values.map((value): Requirement[] => [{ key, operator, values: [value] }]) : []))];

export const waysOf = ({ pools }: Snapshot): Way[] => pools.flatMap((pool) => pool.instanceTypes.flatMap((type) =>
  type.offerings.filter(({ available }) => available).flatMap((offering) => choices(pool).map((labels) => ({ pool, type, offering, labels })))));

/** A new node that comes in this way and no other. */
export const bought = ({ pool, type, offering, labels }: Way, pods: readonly Pod[]): NewNode => ({
  pool, pods, requirements: Requirements.of(...pool.nodePool.spec.template.spec.requirements, ...labels, ...offering.requirements),
  instanceTypes: [{ ...type, offerings: [offering] }], requests: {}, price: offering.price, minValuesRelaxed: true,
} as unknown as NewNode);

/** Whether pods break no rule in these places. How many types a node could be is not asked. */
export const isFine = (cluster: Snapshot, pods: readonly Pod[], decision: Partial<Decision>, options: SolveOptions = {}): boolean =>
  brokenConstraints(cluster, pods, { ...NOTHING, ...decision }, { ...options, minValuesPolicy: 'BestEffort' }).length === 0;

/** Every place where the pod breaks no rule. */
export function naivePlaces(cluster: Snapshot, pod: Pod, options?: SolveOptions): NaivePlace[] {
  if (pod.spec?.volumes?.some(({ persistentVolumeClaim: claim }) => claim && !cluster.lookup.persistentVolumeClaim(namespaceOf(pod), claim.claimName))) return [];
  return [
    ...cluster.nodes.filter((node) => isFine(cluster, [pod], { existingNodes: [{ node, pods: [pod] }] }, options)).map(({ name }) => ({ node: name })),
    ...waysOf(cluster).filter((way) => isFine(cluster, [pod], { newNodes: [bought(way, [pod])] }, options)).map((way) => ({ way })),
  ];
}
