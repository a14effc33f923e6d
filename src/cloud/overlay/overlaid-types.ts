import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { NodePool } from '../../api/nodepool.js';
import type { Requirements } from '../../api/requirements.js';
import type { Resources } from '../../api/resources.js';
import type { InstanceType, Offering } from '../instance-type.js';
import { overlaidPrice } from './overlaid-price.js';
import { OverlaySelector, RelevantLabels } from './overlay-selector.js';

/** What was made of types for pools that are alike, as long as the types are the same objects. */
interface Remembered {
  readonly labels: Requirements;
  readonly selectors: readonly OverlaySelector[];
  readonly types: WeakMap<InstanceType, InstanceType>;
  readonly lists: WeakMap<readonly InstanceType[], readonly InstanceType[]>;
}

/** Instance types under a set of overlays. Equal input gives the same objects again: whoever reads types remembers what it read by the object. */
export class OverlaidTypes {
  private readonly selectors: readonly OverlaySelector[];
  private readonly relevant: RelevantLabels;
  private readonly remembered = new Map<string, Remembered>();

  /** `overlays`: those in use, in the order in which they apply: the first to set a price or resource holds. */
  constructor(overlays: readonly NodeOverlay[]) {
    this.selectors = overlays.map((overlay) => new OverlaySelector(overlay));
    this.relevant = new RelevantLabels(this.selectors);
  }

  /** The list and the types that no overlay is about are those that were given. */
  of(pool: NodePool, instanceTypes: readonly InstanceType[]): readonly InstanceType[] {
    if (this.selectors.length === 0) return instanceTypes;
    const memory = this.memory(pool);
    const { types, lists } = memory;
    let list = lists.get(instanceTypes);
    if (list === undefined) {
      list = mapped(instanceTypes, (type) => {
        const known = types.get(type) ?? overlaidType(type, memory);
        types.set(type, known);
        return known;
      });
      lists.set(instanceTypes, list);
    }
    return list;
  }

  /** Forgets what was made for pools that are unlike all of these. */
  keep(pools: readonly NodePool[]): void {
    const keys = new Set(pools.map((pool) => this.relevant.of(pool).key));
    for (const key of this.remembered.keys()) if (!keys.has(key)) this.remembered.delete(key);
  }

  private memory(pool: NodePool): Remembered {
    const { key, requirements: labels } = this.relevant.of(pool);
    let memory = this.remembered.get(key);
    if (memory === undefined) this.remembered.set(key, memory = { labels, selectors: this.selectors.filter((selector) => selector.mayMean(labels)), types: new WeakMap(), lists: new WeakMap() });
    return memory;
  }
}

function overlaidType(type: InstanceType, { labels, selectors }: Remembered): InstanceType {
  const prices = new Map<Offering, NodeOverlay>();
  let capacity: Resources = {};
  for (const selector of selectors) {
    const offerings = selector.offeringsOf(type, labels);
    if (offerings.length === 0) continue;
    if (selector.setsPrice) for (const offering of offerings) if (!prices.has(offering)) prices.set(offering, selector.overlay);
    capacity = { ...selector.capacity, ...capacity };
  }
  const addsCapacity = Object.keys(capacity).length > 0;
  if (prices.size === 0 && !addsCapacity) return type;
  return {
    ...type,
    offerings: mapped(type.offerings, (offering) => withoutOverride(overlaidOffering(offering, prices.get(offering)), capacity)),
    ...(addsCapacity ? { capacity: { ...type.capacity, ...capacity }, capacityOverlaid: true } : {}),
  };
}

/** The list itself if none of its items changes. */
function mapped<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const result = list.map(change);
  return result.every((item, index) => item === list[index]) ? list : result;
}

const overlaidOffering = (offering: Offering, overlay: NodeOverlay | undefined): Offering =>
  (overlay === undefined ? offering : { ...offering, price: overlaidPrice(offering.price, overlay.spec), priceOverlaid: true });

/** An amount that an overlay sets holds for every offering of the type, whatever the cloud says of this one. */
function withoutOverride(offering: Offering, capacity: Resources): Offering {
  const { capacityOverride } = offering;
  if (capacityOverride === undefined || !Object.keys(capacityOverride).some((name) => name in capacity)) return offering;
  return { ...offering, capacityOverride: Object.fromEntries(Object.entries(capacityOverride).filter(([name]) => !(name in capacity))) };
}
