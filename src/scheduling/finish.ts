import type { Pod } from 'kubernetes-types/core/v1.js';
import { CAPACITY_TYPE_LABEL, CAPACITY_TYPE_RESERVED } from '../api/labels.js';
import { LabelSet, Requirements } from '../api/requirements.js';
import { addResources } from '../api/resources.js';
import { andBits } from './bits.js';
import type { Bits } from './bits.js';
import type { NewNode } from './decision.js';
import type { DraftNode } from './draft-node.js';
import { SIMULATION_LABELS } from './pool.js';
import type { Pool } from './pool.js';
import type { RequirementSet } from './requirement-set.js';
import type { Run } from './run.js';

/** Labels of which the types of the rows have fewer values than minValues asks for. */
const shortOf = (pool: Pool, rows: Bits, requirements: RequirementSet): string[] =>
  [...pool.valuesReached(rows, requirements)].filter(([set, reached]) => reached < (set.minValues as number)).map(([{ key }]) => key.key);

/** A new node of which it is decided what it carries. */
export type PlannedNode = Pick<DraftNode, 'pool' | 'rows' | 'requirements' | 'totals' | 'reservations' | 'minValuesRelaxed'> & { readonly pods: readonly Pod[] };

/** A planned node as it is handed out, or why too few types are left for it. */
export function finish(
  { pool, pods, rows, requirements, totals, reservations, minValuesRelaxed }: PlannedNode,
  { resources, sets, reservationIDLabel }: Run,
  { maxInstanceTypes, strict }: { maxInstanceTypes: number; strict: boolean },
): NewNode | { reason: string } {
  let final = requirements;
  if (reservations.size > 0) {
    const unreserved = requirements.toRequirements();
    final = sets.from(unreserved
      .with(CAPACITY_TYPE_LABEL, LabelSet.of('In', [CAPACITY_TYPE_RESERVED]))
      .with(reservationIDLabel, LabelSet.of('In', [...reservations])));
    // A reservation has no variety: where that is asked for, the node stays on other capacity.
    if (strict && shortOf(pool, andBits(rows, pool.compatibleRows(final)), final).length > 0) {
      final = sets.from(unreserved.intersect(Requirements.of({ key: CAPACITY_TYPE_LABEL, operator: 'NotIn', values: [CAPACITY_TYPE_RESERVED] })));
    }
  }
  const left = final === requirements ? rows : andBits(rows, pool.compatibleRows(final));
  const byPrice = pool.typesByPrice(left, final);
  const kept = byPrice.slice(0, maxInstanceTypes);
  const wasCut = kept.length < byPrice.length || final !== requirements;
  const short = wasCut ? shortOf(pool, pool.rowsOfTypes(new Set(kept.map(({ type }) => type)), left), final) : [];
  if (strict && short.length > 0) {
    return {
      reason: `pod didn't schedule because NodePool couldn't meet minValues requirements, validating minValues, `
        + `minValues requirement is not met for label(s) (label(s)=[${short.join(' ')}]) (NodePool=${pool.name})`,
    };
  }
  const requested = Object.fromEntries(resources.map((name, index) => [name, totals[index] as number]).filter(([, amount]) => (amount as number) > 0));
  return {
    pool: pool.source,
    pods,
    requirements: final.toRequirements().without(...SIMULATION_LABELS),
    instanceTypes: kept.map(({ type }) => type),
    requests: addResources(requested as Record<string, number>, pool.leastDaemons(left)),
    price: kept[0]?.price ?? 0,
    minValuesRelaxed: minValuesRelaxed || short.length > 0,
  };
}
