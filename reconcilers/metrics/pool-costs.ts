import { inject } from 'inversify';
import { CAPACITY_TYPE_LABEL, INSTANCE_TYPE_LABEL, NODEPOOL_LABEL, NodePool, ZONE_LABEL } from 'karpenter-ts/api';
import type { NodeClaim } from 'karpenter-ts/api';
import { CloudProvider } from 'karpenter-ts/cloud';
import type { InstanceType } from 'karpenter-ts/cloud';
import { Logger, Metrics, Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';

const KEY = [INSTANCE_TYPE_LABEL, ZONE_LABEL, CAPACITY_TYPE_LABEL];

/** What a claim was bought as; undefined until its labels say it. */
function offeringOf({ metadata: { labels } }: NodeClaim): string | undefined {
  const values = KEY.map((label) => labels[label]);
  return values.includes(undefined) ? undefined : values.join(' ');
}

function priceOf(offering: string, instanceTypes: readonly InstanceType[]): number | undefined {
  const [name, zone = '', capacityType = ''] = offering.split(' ');
  const wanted = new Map([[ZONE_LABEL, zone], [CAPACITY_TYPE_LABEL, capacityType]]);
  return instanceTypes.find((type) => type.name === name)?.offerings
    .find(({ requirements }) => [...wanted].every(([label, value]) => requirements.some(({ key, values }) => key === label && values?.includes(value))))?.price;
}

/** What the machines of each pool cost together, at the prices that the provider names (karpenter-core §5.9). */
export class PoolCosts {
  /** USD an hour by offering, of those in use; 0 for those that the provider does not know. */
  private readonly prices = new Map<string, Map<string, number>>();
  private readonly errors;

  constructor(@inject(CloudProvider) private readonly cloud: CloudProvider, @inject(Logger) private readonly log: Logger, @inject(Metrics) metrics: Metrics) {
    this.errors = metrics.counter({ name: 'karpenter_nodepools_cost_tracker_errors_total', help: 'Looks for prices of a pool that failed.', labelNames: ['nodepool'] });
  }

  /** USD an hour of each pool. A machine whose price is not known yet counts nothing. */
  async of(pools: readonly NodePool[], claims: readonly NodeClaim[]): Promise<Map<string, number>> {
    const inUse = new Map<string, string[]>(pools.map(({ metadata: { name } }) => [name, []]));
    for (const claim of claims) {
      const offering = offeringOf(claim);
      if (offering !== undefined) inUse.get(claim.metadata.labels[NODEPOOL_LABEL] ?? '')?.push(offering);
    }
    for (const name of this.prices.keys()) if (!inUse.has(name)) this.prices.delete(name);
    return new Map(await Promise.all(pools.map(async (pool): Promise<[string, number]> => {
      const { name } = pool.metadata;
      return [name, await this.sum(pool, inUse.get(name) ?? [])];
    })));
  }

  /** Asks the provider again what the offerings in use cost; those that it knows no more keep their last price. */
  async refresh(pools: readonly NodePool[]): Promise<void> {
    for (const pool of pools) {
      const known = this.prices.get(pool.metadata.name) ?? new Map<string, number>();
      if (known.size > 0) await this.ask(pool, [...known.keys()], known);
    }
  }

  private async sum(pool: NodePool, offerings: readonly string[]): Promise<number> {
    const known = this.prices.get(pool.metadata.name) ?? new Map<string, number>();
    const used = new Set(offerings);
    for (const offering of known.keys()) if (!used.has(offering)) known.delete(offering);
    const news = [...used].filter((offering) => !known.has(offering));
    if (news.length > 0) await this.ask(pool, news, known);
    this.prices.set(pool.metadata.name, known);
    return offerings.reduce((total, offering) => total + (known.get(offering) ?? 0), 0);
  }

  private async ask(pool: NodePool, offerings: readonly string[], known: Map<string, number>): Promise<void> {
    const { name } = pool.metadata;
    try {
      const instanceTypes = await this.cloud.getInstanceTypes(pool);
      for (const offering of offerings) {
        const price = priceOf(offering, instanceTypes);
        if (price === undefined && !known.has(offering)) this.log.error('the price of an offering is not known, its machines count nothing in the cost of the pool', { NodePool: { name }, offering });
        known.set(offering, price ?? known.get(offering) ?? 0);
      }
    } catch (error) {
      this.errors.inc({ nodepool: name });
      this.log.error('looking up the prices of a pool', { NodePool: { name }, error: (error as Error).message });
    }
  }
}

/** Has prices looked up again now and then, as a provider does not say when one changes. */
@Singleton({ name: 'state.pricing', every: '1h', reads: [NodePool] })
export class PoolCostRefresh {
  constructor(@inject(PoolCosts) private readonly costs: PoolCosts) {}

  tick(ctx: TickContext): Promise<void> {
    return this.costs.refresh(ctx.cache.list(NodePool));
  }
}
