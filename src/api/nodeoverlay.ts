import { Column, ResourceKind } from '../operator/dsl/kind-decorators.js';
import { Resource } from '../operator/dsl/resource.js';
import type { Condition } from '../operator/kube/object.js';
import type { Requirement } from './requirement.js';
import type { ResourceList } from './resources.js';
import { nodeOverlaySpec, nodeOverlayStatus } from './schema/nodeoverlay.js';

/** What to assume of which instance types. */
export interface NodeOverlaySpec {
  /** Which offerings are meant: on labels of instance types and offerings, of the NodePool's template, and the names of pool and class. All have to hold. */
  requirements: Omit<Requirement, 'minValues'>[];
  /** USD an hour in the place of the cloud's price: `0.25`. Excludes `priceAdjustment`. */
  price?: string;
  /** Added to the cloud's price, which does not go below 0: `+0.5`, `-0.02`, `+10%`, `-15%`. */
  priceAdjustment?: string;
  /** Extended resources that machines of the types have. */
  capacity?: ResourceList;
  /** 1 to 10000; for each offering's price and each resource the heaviest overlay holds. Unset is the lightest. */
  weight?: number;
}

/** Whether the overlay is in use. */
export interface NodeOverlayStatus {
  conditions?: Condition[];
}

/** Prices and extended resources of instance types that the cloud does not tell (gate NodeOverlay). */
@ResourceKind({
  group: 'karpenter.sh',
  version: 'v1alpha1',
  kind: 'NodeOverlay',
  scope: 'Cluster',
  shortNames: ['overlays'],
  categories: ['karpenter'],
  description: 'Prices and extended resources of instance types that the cloud does not tell (alpha, gate NodeOverlay).',
  spec: () => nodeOverlaySpec,
  status: () => nodeOverlayStatus,
  specRequired: true,
})
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
@Column({ name: 'Weight', type: 'integer', jsonPath: '.spec.weight', priority: 1 })
export class NodeOverlay extends Resource<NodeOverlaySpec, NodeOverlayStatus, 'ValidationSucceeded'> {}
