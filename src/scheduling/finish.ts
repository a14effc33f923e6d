import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_RESERVED } from '../api/labels.js';
import { LabelSet } from '../api/requirements.js';
import { addResources } from '../api/resources.js';
import { andBits } from './bits.js';
import type { NewNode } from './decision.js';
import type { DraftNode } from './draft-node.js';
import { SIMULATION_LABELS } from './pool.js';
import type { Run } from './run.js';

/** A planned node as it is handed out, or why too few types are left for it. */
export function finish(
  { pool, pods, rows, requirements, totals, reservations, minValuesRelaxed }: DraftNode,
  { resources, sets, reservationIDLabel }: Run,
  { maxInstanceTypes, strict }: { maxInstanceTypes: number; strict: boolean },
): NewNode | { reason: string } {
  const final = reservations.size === 0 ? requirements : sets.from(requirements.toRequirements()
    .with(CAPACITY_TYPE_LABEL, LabelSet.of('In', [CAPACITY_TYPE_RESERVED]))
    .with(reservationIDLabel, LabelSet.of('In', [...reservations])));
  const left = final === requirements ? rows : andBits(rows, pool.compatibleRows(final));
  const byPrice = pool.typesByPrice(left, final);
  const kept = byPrice.slice(0, maxInstanceTypes);
  if (strict && kept.length < byPrice.length) {
    const keptRows = pool.rowsOfTypes(new Set(kept.map(({ type }) => type)), left);
    const missing = [...pool.valuesReached(keptRows, final)].filter(([set, reached]) => reached < (set.minValues as number));
    if (missing.length > 0) {
      const keys = missing.map(([{ key }]) => key.key).join(' ');
      return {
        reason: `pod didn't schedule because NodePool couldn't meet minValues requirements, validating minValues, `
          + `minValues requirement is not met for label(s) (label(s)=[${keys}]) (NodePool=${pool.name})`,
      };
    }
  }
  const requested = Object.fromEntries(resources.map((name, index) => [name, totals[index] as number]).filter(([, amount]) => (amount as number) > 0));
  return {
    pool: pool.source,
    pods,
    requirements: final.toRequirements().without(...SIMULATION_LABELS),
    instanceTypes: kept.map(({ type }) => type),
    requests: addResources(requested as Record<string, number>, pool.leastDaemons(left)),
    price: kept[0]?.price ?? 0,
    minValuesRelaxed,
  };
}
