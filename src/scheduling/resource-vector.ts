import type { Resources } from '../api/resources.js';

/** Amounts by resource number; resources that are not asked for are left out. */
export interface ResourceVector {
  readonly indexes: readonly number[];
  readonly amounts: readonly number[];
}

export function resourceVector(resources: Resources, names: readonly string[]): ResourceVector {
  const indexes: number[] = [];
  const amounts: number[] = [];
  names.forEach((name, index) => {
    const amount = resources[name];
    if (amount === undefined) return;
    indexes.push(index);
    amounts.push(amount);
  });
  return { indexes, amounts };
}

export function addTo(totals: Float64Array, { indexes, amounts }: ResourceVector, times: number): void {
  for (let each = 0; each < indexes.length; each += 1) {
    const resource = indexes[each] as number;
    totals[resource] = (totals[resource] as number) + times * (amounts[each] as number);
  }
}
