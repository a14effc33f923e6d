import type { Requirement } from '../api/requirement.js';
import type { Resources } from '../api/resources.js';

/** One way to buy an instance type: a zone and a capacity type at a price. */
export interface Offering {
  /** Always names the capacity type and the zone. */
  requirements: readonly Requirement[];
  /** USD an hour. */
  price: number;
  /** False while the provider is out of it, or it cannot be used from here. */
  available: boolean;
  /** Instances left, for reserved offerings. */
  reservationCapacity?: number;
  /** Resources of which a machine bought this way has another amount than its type. */
  capacityOverride?: Resources;
  /** Resources of which the system takes another amount when the machine is bought this way. */
  overheadOverride?: Resources;
  /** Whether the price is a NodeOverlay's and not the cloud's. */
  priceOverlaid?: true;
}

/** A machine shape as a cloud provider hands it out for one NodePool. */
export interface InstanceType {
  name: string;
  requirements: readonly Requirement[];
  offerings: readonly Offering[];
  /** What the machine has. */
  capacity: Resources;
  /** What the system takes from it: kube-reserved, system-reserved and eviction threshold, summed. */
  overhead: Resources;
  /** Whether a NodeOverlay added to the capacity. */
  capacityOverlaid?: true;
}
