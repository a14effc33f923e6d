import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_RESERVED, ZONE_LABEL } from '../../api/labels.js';
import type { NodePool } from '../../api/nodepool.js';
import { Requirements } from '../../api/requirements.js';
import type { Metrics, Sample } from '../../operator/runtime/metrics.js';
import type { InstanceType } from '../instance-type.js';
import { requirementsOf } from '../parsed-requirements.js';
import type { InstanceTypeFacts } from './instance-type/facts.js';
import { offeringCapacityType, offeringZone } from './instance-type/offering-labels.js';

/** A pool, and all types under its node class. */
export interface OfferedTypes {
  nodePool: NodePool;
  instanceTypes: readonly InstanceType[];
}

/** What the gauges are read from whenever somebody asks for them. */
export interface OfferingSource {
  list(): readonly OfferedTypes[];
  factsOf(instanceType: string): InstanceTypeFacts | undefined;
  /** Whether `reserved` is a capacity type: then it has a series, of nothing at no price, also where there is no reservation. */
  reservedCapacity: boolean;
}

interface Offered { instance_type: string; capacity_type: string; zone: string; available: boolean; price: number }

/** The gauges of what there is to buy for any NodePool (karpenter-aws §7), always as of now. */
export class OfferingMetrics {
  /** All gauges of one scrape share one reading. */
  private reading: Promise<readonly Offered[]> | undefined;

  constructor(private readonly metrics: Metrics, private readonly source: OfferingSource) {}

  /** Serves them from now on. */
  register(): void {
    const { metrics, source } = this;
    const gauge = (name: string, help: string, labelNames: string[], values: (offered: readonly Offered[]) => Sample[]) =>
      metrics.derived({ name: `karpenter_cloudprovider_instance_type_${name}`, help, labelNames }, async () => values(await this.read()));
    const perType = (amount: (facts: InstanceTypeFacts) => number) => (offered: readonly Offered[]) =>
      [...new Set(offered.map(({ instance_type }) => instance_type))].flatMap((instance_type) => {
        const facts = source.factsOf(instance_type);
        return facts ? [{ value: amount(facts), labels: { instance_type } }] : [];
      });
    const perOffering = (amount: (offered: Offered) => number) => (offered: readonly Offered[]) =>
      offered.map((each) => ({ value: amount(each), labels: { instance_type: each.instance_type, capacity_type: each.capacity_type, zone: each.zone } }));

    gauge('cpu_cores', 'vCPUs of an instance type.', ['instance_type'], perType(({ vcpus }) => vcpus));
    gauge('memory_bytes', 'Memory of an instance type, nothing subtracted.', ['instance_type'], perType(({ memoryMiB }) => memoryMiB * 2 ** 20));
    gauge('offering_available', 'Whether an offering can be had by any NodePool.', OFFERING, perOffering(({ available }) => (available ? 1 : 0)));
    gauge('offering_price_estimate', 'Price of an offering in USD an hour.', OFFERING, perOffering(({ price }) => price));
  }

  private read(): Promise<readonly Offered[]> {
    this.reading ??= Promise.resolve().then(() => offeringsOf(this.source)).finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }
}

const OFFERING = ['instance_type', 'capacity_type', 'zone'];

/** An offering is available if it is for one of the pools that admit it; those that no pool admits are left out. */
function offeringsOf(source: OfferingSource): Offered[] {
  const found = new Map<string, Offered>();
  const add = (offered: Offered): void => {
    const key = `${offered.instance_type}/${offered.capacity_type}/${offered.zone}`;
    const known = found.get(key);
    if (known) Object.assign(known, { available: known.available || offered.available, price: known.price || offered.price });
    else found.set(key, offered);
  };
  for (const { nodePool: { spec: { template } }, instanceTypes } of source.list()) {
    const wanted = Requirements.of(...template.spec.requirements).intersect(Requirements.fromLabels(template.metadata?.labels ?? {}));
    const [capacityTypes, zones] = [wanted.get(CAPACITY_TYPE_LABEL), wanted.get(ZONE_LABEL)];
    const typed = wanted.without(CAPACITY_TYPE_LABEL, ZONE_LABEL);
    for (const instanceType of instanceTypes) {
      if (!requirementsOf(instanceType).intersects(typed)) continue;
      for (const offering of instanceType.offerings) {
        const [capacity_type, zone] = [offeringCapacityType(offering), offeringZone(offering)];
        if (!zones.has(zone)) continue;
        if (capacityTypes.has(capacity_type)) add({ instance_type: instanceType.name, capacity_type, zone, available: offering.available, price: offering.price });
        if (source.reservedCapacity && capacityTypes.has(CAPACITY_TYPE_RESERVED)) add({ instance_type: instanceType.name, capacity_type: CAPACITY_TYPE_RESERVED, zone, available: false, price: 0 });
      }
    }
  }
  return [...found.values()];
}
