import { NODECLASS_LABEL, WELL_KNOWN_LABELS } from './labels.js';
import type { NodeOverlay } from './nodeoverlay.js';
import { isQualifiedName, requirementProblems } from './nodepool-validation.js';
import { scaledQuantity } from './quantity.js';
import type { Quantity } from './quantity.js';
import { PRICE, PRICE_ADJUSTMENT } from './schema/nodeoverlay.js';

/** Resources that every machine has: their amounts are the cloud's to tell. */
const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods']);
/** Nodes carry their class's name, so overlays may go by it. */
const SELECTABLE = new Set([...WELL_KNOWN_LABELS, NODECLASS_LABEL]);

function amountProblems(resource: string, amount: Quantity): string[] {
  const at = `spec.capacity[${resource}]`;
  const value = scaledQuantity(amount, 0);
  return [
    ...(STANDARD.has(resource) ? [`${at}: resource is restricted; only extended resources can be set, not ${[...STANDARD].join(', ')}`] : []),
    ...(isQualifiedName(resource) ? [] : [`${at}: is not a qualified name; write for example "example.com/device"`]),
    ...(value === undefined || value < 0 ? [`${at}: ${JSON.stringify(amount)} is not an amount; write for example "4" or "2Gi"`] : []),
  ];
}

/** Everything that is wrong with an overlay beyond what its schema can say, and that too; empty when it may be used (karpenter-core §1.11). */
export function nodeOverlayProblems({ spec: { requirements, price, priceAdjustment, capacity = {}, weight } }: Pick<NodeOverlay, 'spec'>): string[] {
  const ofRequirements = requirements.flatMap((requirement, index) => [
    ...requirementProblems(requirement, SELECTABLE),
    ...(requirement.operator === 'NotIn' && !requirement.values?.length ? [`key ${requirement.key} with operator NotIn must have a value defined`] : []),
  ].map((problem) => `spec.requirements[${index}]: ${problem}`));
  return [
    ...ofRequirements,
    ...(price !== undefined && priceAdjustment !== undefined ? ["spec: cannot set both 'price' and 'priceAdjustment'"] : []),
    ...(price === undefined || new RegExp(PRICE).test(price) ? [] : [`spec.price: ${JSON.stringify(price)} is not a price; write for example "0.25"`]),
    ...(priceAdjustment === undefined || new RegExp(PRICE_ADJUSTMENT).test(priceAdjustment) ? []
      : [`spec.priceAdjustment: ${JSON.stringify(priceAdjustment)} is not an adjustment; write for example "+0.5", "-0.02", "+10%" or "-15%", at least "-100%"`]),
    ...Object.entries(capacity).flatMap(([resource, amount]) => amountProblems(resource, amount)),
    ...(weight === undefined || (Number.isInteger(weight) && weight >= 1 && weight <= 10_000) ? [] : [`spec.weight: ${weight} is out of range; write a whole number from 1 to 10000`]),
  ];
}
