import { catalogueTypes } from '../../../cloud/aws/catalogue/catalogue.js';
import { isoTime } from '../protocol/xml.js';
import type { Operation } from '../protocol/query-service.js';
import { applyFilters, attributes } from './filters.js';
import { endDryRun } from './operation.js';
import { page } from './paging.js';

const PRODUCT = 'Linux/UNIX';

/** The current price of every pool: as with EC2, a StartTime of now gives the prices in force, dated by their last change. */
export const DescribeSpotPriceHistory: Operation = (input, account) => {
  endDryRun(input);
  const products = input.texts('ProductDescription');
  const wanted = new Set(input.texts('InstanceType'));
  const zoneName = input.text('AvailabilityZone');
  const records = [];
  if (products.length === 0 || products.some((product) => product === PRODUCT || product === `${PRODUCT} (Amazon VPC)`)) {
    for (const type of catalogueTypes()) {
      if (!type.usageClasses.includes('spot') || (wanted.size > 0 && !wanted.has(type.name))) continue;
      for (const zone of account.network.zones) {
        if (!type.zones.includes(zone.letter) || (zoneName !== undefined && zoneName !== zone.name)) continue;
        records.push({
          availabilityZone: zone.name, availabilityZoneId: zone.id, instanceType: type.name, productDescription: PRODUCT,
          spotPrice: account.spotMarket.price(type, zone).toFixed(6), timestamp: isoTime(account.spotMarket.changedAt(type, zone)),
        });
      }
    }
  }
  const matching = applyFilters(input, records, (record) =>
    attributes({
      'availability-zone': () => record.availabilityZone, 'instance-type': () => record.instanceType,
      'product-description': () => record.productDescription, 'spot-price': () => record.spotPrice, timestamp: () => record.timestamp,
    }));
  const { items, nextToken } = page(matching, input, { least: 1, most: 2000 });
  return { spotPriceHistorySet: items, nextToken };
};
