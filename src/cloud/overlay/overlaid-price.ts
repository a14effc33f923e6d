import type { NodeOverlaySpec } from '../../api/nodeoverlay.js';

/** What an offering costs under an overlay, in USD an hour; `price` is what the cloud says (karpenter-core §1.11). */
export function overlaidPrice(price: number, { price: absolute, priceAdjustment: adjustment }: Pick<NodeOverlaySpec, 'price' | 'priceAdjustment'>): number {
  if (absolute !== undefined) return Number(absolute);
  if (adjustment === undefined) return price;
  const amount = Number.parseFloat(adjustment);
  return Math.max(0, adjustment.endsWith('%') ? price * (1 + amount / 100) : price + amount);
}
