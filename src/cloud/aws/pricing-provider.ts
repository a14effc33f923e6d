import { paginateDescribeSpotPriceHistory, paginateGetProducts } from './aws-sdk.js';
import type { Clock } from '../../operator/clock.js';
import { catalogueTypes } from './catalogue/catalogue.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import type { AwsSettings } from './settings.js';

/** The Pricing API had no on-demand prices for the region. */
export class NoPrices extends Error {
  readonly reason = 'NoPrices';
  constructor(region: string, products: string) {
    super(`the Pricing API lists no on-demand prices of ${products} in region ${region}; the previous prices stay in use`);
  }
}

/** Prices in USD (CNY in China) an hour. */
export class PricingProvider {
  private readonly onDemandPrices: Map<string, number>;
  /** By type and zone; undefined until first read: until then spot costs what on-demand does. */
  private spotPrices: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  private changes = 0;

  /** Starts from the built-in prices of us-east-1, whatever the region: their order is right. */
  constructor(private readonly clients: Pick<AwsClients, 'ec2' | 'pricing'>, private readonly settings: AwsSettings, private readonly clock: Clock) {
    this.onDemandPrices = new Map([...catalogueTypes()].map(({ name, onDemandPrice }) => [name, onDemandPrice]));
  }

  /** Grows whenever a price changed. */
  get version(): number {
    return this.changes;
  }

  /** Undefined when the type is not known. */
  onDemand(instanceType: string): number | undefined {
    return this.onDemandPrices.get(instanceType);
  }

  /** Undefined where there is no spot market for the type. */
  spot(instanceType: string, zone: string): number | undefined {
    return this.spotPrices === undefined ? this.onDemandPrices.get(instanceType) : this.spotPrices.get(instanceType)?.get(zone);
  }

  /** Reads all prices anew, to be called every 12 hours. What could be read is in use even when the other half fails. */
  async update(signal?: AbortSignal): Promise<void> {
    const outcomes = await Promise.allSettled([this.updateSpot(signal), this.updateOnDemand(signal)]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
    if (failures.length === 1) throw failures[0] as Error;
    if (failures.length > 1) throw new AggregateError(failures, failures.map(({ message }) => message).join('; '));
  }

  private async updateSpot(signal: AbortSignal | undefined): Promise<void> {
    const prices = new Map<string, Map<string, number>>();
    const seen = new Map<string, number>();
    const input = { ProductDescriptions: ['Linux/UNIX', 'Linux/UNIX (Amazon VPC)'], StartTime: new Date(this.clock.now()) };
    for await (const page of paginateDescribeSpotPriceHistory({ client: this.clients.ec2, pageSize: 2000 }, input, abortable(signal))) {
      for (const { InstanceType, AvailabilityZone, SpotPrice, Timestamp } of page.SpotPriceHistory ?? []) {
        const price = Number(SpotPrice);
        if (InstanceType === undefined || AvailabilityZone === undefined || Timestamp === undefined || !Number.isFinite(price)) continue;
        const key = `${InstanceType}/${AvailabilityZone}`;
        if ((seen.get(key) ?? 0) > Timestamp.getTime()) continue;
        seen.set(key, Timestamp.getTime());
        const zones = prices.get(InstanceType) ?? new Map<string, number>();
        prices.set(InstanceType, zones.set(AvailabilityZone, price));
      }
    }
    if (prices.size === 0) throw new NoPrices(this.settings.region, 'spot instances');
    this.spotPrices = prices;
    this.changes += 1;
  }

  private async updateOnDemand(signal: AbortSignal | undefined): Promise<void> {
    const { region, isolatedVPC } = this.settings;
    if (isolatedVPC || region.startsWith('us-gov-')) return;
    const [shared, metal] = await Promise.all([
      this.products('Shared', 'Compute Instance', signal),
      this.products('Dedicated', 'Compute Instance (bare metal)', signal),
    ]);
    if (shared.size === 0) throw new NoPrices(region, 'virtual machines');
    if (metal.size === 0) throw new NoPrices(region, 'bare metal machines');
    for (const [instanceType, price] of [...metal, ...shared]) this.onDemandPrices.set(instanceType, price);
    this.changes += 1;
  }

  private async products(tenancy: string, productFamily: string, signal: AbortSignal | undefined): Promise<Map<string, number>> {
    const fields = {
      regionCode: this.settings.region, serviceCode: 'AmazonEC2', preInstalledSw: 'NA', operatingSystem: 'Linux', capacitystatus: 'Used',
      marketoption: 'OnDemand', tenancy, productFamily,
    };
    const Filters = Object.entries(fields).map(([Field, Value]) => ({ Type: 'TERM_MATCH' as const, Field, Value }));
    const currency = this.settings.region.startsWith('cn-') ? 'CNY' : 'USD';
    const prices = new Map<string, number>();
    for await (const page of paginateGetProducts({ client: this.clients.pricing, pageSize: 100 }, { ServiceCode: 'AmazonEC2', Filters }, abortable(signal))) {
      for (const item of page.PriceList ?? []) {
        const priced = parseProduct(String(item), currency);
        if (priced) prices.set(priced.instanceType, priced.price);
      }
    }
    return prices;
  }
}

interface Product {
  product?: { attributes?: { instanceType?: string } };
  terms?: { OnDemand?: Record<string, { priceDimensions?: Record<string, { pricePerUnit?: Record<string, string> }> }> };
}

/** The type and price in an entry of the price list; undefined when it has no usable price. The last dimension counts. */
export function parseProduct(text: string, currency: string): { instanceType: string; price: number } | undefined {
  const { product, terms } = JSON.parse(text) as Product;
  const instanceType = product?.attributes?.instanceType;
  if (!instanceType) return undefined;
  let price = 0;
  for (const term of Object.values(terms?.OnDemand ?? {})) {
    for (const { pricePerUnit } of Object.values(term.priceDimensions ?? {})) {
      const value = Number(pricePerUnit?.[currency]);
      if (value > 0) price = value;
    }
  }
  return price > 0 ? { instanceType, price } : undefined;
}
