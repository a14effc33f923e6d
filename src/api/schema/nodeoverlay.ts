import { s } from '../../operator/dsl/schema.js';
import { AWS_INSTANCE_LABELS } from '../labels.js';
import { resources, selection } from './common.js';

/** Labels that belong to one launch, not to what is offered. */
const OF_LAUNCHES = /\/(instance-tenancy|capacity-reservation-.*|placement-group-.*)$/;

export const PRICE = '^[0-9]+(\\.[0-9]+)?$';
export const PRICE_ADJUSTMENT = '^([+-][0-9]*\\.?[0-9]+|\\+[0-9]*\\.?[0-9]+%|-[0-9]{1,2}(\\.[0-9]+)?%|-100%)$';

export const nodeOverlaySpec = s.object({
  requirements: selection(AWS_INSTANCE_LABELS.filter((label) => !OF_LAUNCHES.test(label)))
    .describe('Which instance types and offerings are meant, by their labels and those of the NodePool. All have to hold; an empty list means all.'),
  price: s.string().pattern(PRICE).optional().describe('What the offerings cost an hour, in the place of what the cloud says: "0.25".'),
  priceAdjustment: s.string().pattern(PRICE_ADJUSTMENT).optional().describe('What is added to the price of the offerings, with its sign: "+0.5", "-0.02", "+10%", "-15%".'),
  capacity: resources('Extended resources that machines of the types have beside what the cloud says.').optional()
    .validation("self.all(x, !(x in ['cpu', 'memory', 'ephemeral-storage', 'pods']))", 'invalid resource restricted'),
  weight: s.int('int32').min(1).max(10_000).optional().describe('Of several overlays for one offering or resource the heaviest holds; unset is the lightest.'),
})
  .validation('!has(self.price) || !has(self.priceAdjustment)', "cannot set both 'price' and 'priceAdjustment'")
  .describe('What to assume of which instance types.');

export const nodeOverlayStatus = s.object({ conditions: s.conditions() }).describe('Whether the overlay is in use.');
