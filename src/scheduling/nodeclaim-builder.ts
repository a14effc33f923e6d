import { CAPACITY_OVERLAY_ANNOTATION, KARPENTER_GROUP, CAPACITY_TYPE_LABEL, HOSTNAME_LABEL, INSTANCE_TYPE_LABEL, MIN_VALUES_RELAXED_ANNOTATION, NODEPOOL_HASH_ANNOTATION,
  NODEPOOL_HASH_VERSION_ANNOTATION, NODEPOOL_LABEL, PRICE_OVERLAY_ANNOTATION, WELL_KNOWN_LABELS } from '../api/labels.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import type { NodePool } from '../api/nodepool.js';
import { nodePoolHash, NODEPOOL_HASH_VERSION } from '../api/nodepool-hash.js';
import { LabelSet, Requirements } from '../api/requirements.js';
import { formatResources } from '../api/resources.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { ObjectInput } from '../operator/kube/object.js';
import type { NewNode } from './decision.js';
import { SIMULATION_LABELS, templateRequirements } from './pool.js';
import type { SnapshotPool } from './snapshot.js';

/** The first integer that a set without a list allows, as a label's value. */
function inventedValue(set: LabelSet): string | undefined {
  if (set.operator === 'DoesNotExist') return undefined;
  if (!set.complement) return [...set.values].sort()[0];
  for (let value = set.gte ?? 0; set.lte === undefined || value <= set.lte; value += 1) if (set.has(String(value))) return String(value);
  return undefined;
}

/** The labels of a claim: the template's, and one concrete value for each custom label that the requirements leave open. */
function resolvedLabels(requirements: Requirements, wellKnown: ReadonlySet<string>): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, set] of requirements) {
    if (wellKnown.has(key) || key === HOSTNAME_LABEL) continue;
    const value = inventedValue(set);
    if (value !== undefined) labels[key] = value;
  }
  return labels;
}

/** What every claim of a pool has, whatever it is for. */
function claimOf(pool: NodePool, requirements: Requirements, wellKnown: ReadonlySet<string>): ObjectInput<NodeClaim> {
  const { template } = pool.spec;
  const { name, uid } = pool.metadata;
  const { group, kind, name: nodeClass } = template.spec.nodeClassRef;
  return {
    metadata: {
      generateName: `${name}-`,
      labels: {
        ...template.metadata?.labels,
        ...resolvedLabels(requirements, wellKnown),
        [NODEPOOL_LABEL]: name,
        [`${group}/${kind.toLowerCase()}`]: nodeClass,
      },
      annotations: {
        ...template.metadata?.annotations,
        [NODEPOOL_HASH_ANNOTATION]: nodePoolHash(pool),
        [NODEPOOL_HASH_VERSION_ANNOTATION]: NODEPOOL_HASH_VERSION,
      },
      ownerReferences: [{ apiVersion: `${KARPENTER_GROUP}/v1`, kind: 'NodePool', name, uid, blockOwnerDeletion: true }],
    },
    spec: { ...template.spec, requirements: requirements.without(HOSTNAME_LABEL, ...SIMULATION_LABELS).toList() },
  };
}

/** Says that the prices or resources of some type are not the cloud's, so that the launch follows ours. */
function overlayAnnotations(instanceTypes: readonly InstanceType[]): Record<string, string> {
  return {
    ...(instanceTypes.some(({ offerings }) => offerings.some(({ priceOverlaid }) => priceOverlaid)) ? { [PRICE_OVERLAY_ANNOTATION]: 'true' } : {}),
    ...(instanceTypes.some(({ capacityOverlaid }) => capacityOverlaid) ? { [CAPACITY_OVERLAY_ANNOTATION]: 'true' } : {}),
  };
}

/**
 * The NodeClaim to create for a planned node: the pool's template, narrowed to the types and capacity types that were found possible,
 * with the requests that were counted (karpenter-core §4.11).
 */
export function buildNodeClaim(pool: NodePool, node: NewNode, wellKnown: ReadonlySet<string> = WELL_KNOWN_LABELS): ObjectInput<NodeClaim> {
  const { requirements, instanceTypes } = node;
  const capacityTypes = new Set(instanceTypes.flatMap(({ offerings }) => offerings)
    .filter((offering) => offering.available && requirements.compatible(Requirements.of(...offering.requirements), wellKnown))
    .flatMap((offering) => [...Requirements.of(...offering.requirements).get(CAPACITY_TYPE_LABEL).values]));
  const types = LabelSet.of('In', instanceTypes.map(({ name }) => name)).withMinValues(requirements.get(INSTANCE_TYPE_LABEL).minValues);
  const narrowed = requirements
    .with(INSTANCE_TYPE_LABEL, types)
    .with(CAPACITY_TYPE_LABEL, LabelSet.of('In', [...capacityTypes]).withMinValues(requirements.get(CAPACITY_TYPE_LABEL).minValues));
  const claim = claimOf(pool, narrowed, wellKnown);
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, ...overlayAnnotations(instanceTypes), [MIN_VALUES_RELAXED_ANNOTATION]: String(node.minValuesRelaxed) } },
    spec: { ...claim.spec, resources: { requests: formatResources(node.requests) } },
  };
}

/** The NodeClaim of a pool with a fixed number of nodes: the template as it is. */
export const buildStaticNodeClaim = (pool: NodePool, wellKnown: ReadonlySet<string> = WELL_KNOWN_LABELS): ObjectInput<NodeClaim> =>
  claimOf(pool, templateRequirements(pool), wellKnown);

/** A node of a static pool as a plan has it: not made for any pods, of whichever type the template allows. */
export const staticNode = (pool: SnapshotPool): NewNode => ({
  pool, pods: [], requirements: templateRequirements(pool.nodePool).without(...SIMULATION_LABELS), instanceTypes: [], requests: {}, price: 0, minValuesRelaxed: false,
});
