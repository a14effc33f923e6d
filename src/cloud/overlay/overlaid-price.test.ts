import { expect } from 'chai';
import { overlaidPrice } from './overlaid-price.js';

describe('the price under an overlay', () => {
  const examples: readonly [price: number, overlay: { price?: string; priceAdjustment?: string }, result: number][] = [
    [1.02, {}, 1.02],
    [1.02, { price: '13234.223' }, 13_234.223],
    [1.02, { price: '0' }, 0],
    [1.02, { priceAdjustment: '+1000.0' }, 1_001.02],
    [1.02, { priceAdjustment: '-0.5' }, 0.52],
    [1.02, { priceAdjustment: '-.02' }, 1],
    [1.02, { priceAdjustment: '-1.50' }, 0],
    [2, { priceAdjustment: '+10%' }, 2.2],
    [2, { priceAdjustment: '+150%' }, 5],
    [2, { priceAdjustment: '-12.5%' }, 1.75],
    [2, { priceAdjustment: '-100%' }, 0],
    [0, { priceAdjustment: '+10%' }, 0],
  ];
  for (const [price, overlay, result] of examples) it(`of ${price} with ${JSON.stringify(overlay)} is ${result}`, () => expect(overlaidPrice(price, overlay)).to.be.closeTo(result, 1e-9));
});
