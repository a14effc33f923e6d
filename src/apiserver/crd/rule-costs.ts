import { type FieldError, forbidden } from '../schema/field-error.js';

/** What one rule may cost at most on one object, by kube-apiserver's estimate. */
export const RULE_COST_LIMIT = 10_000_000;
/** What all rules of a schema may together. */
const TOTAL_COST_LIMIT = 100_000_000;
/** The dearest are named, if they are worth a hundredth of the limit. */
const NAMED = 4;

/** Adds up what the rules of one schema cost. */
export class RuleCostTotal {
  private total = 0;
  private dearest: { field: string; cost: number }[] = [];

  add(field: string, cost: number): void {
    this.total += cost;
    if (cost >= TOTAL_COST_LIMIT / 100) this.dearest = [...this.dearest, { field, cost }].sort((one, other) => other.cost - one.cost).slice(0, NAMED);
  }

  errors(schemaPath: string): FieldError[] {
    if (this.total <= TOTAL_COST_LIMIT) return [];
    return [
      ...this.dearest.map(({ field }) => forbidden(field, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema')),
      forbidden(schemaPath, excess('x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema', this.total, TOTAL_COST_LIMIT)),
    ];
  }
}

/** By how much something costs too much. */
export function excess(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const factorText = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  return `${what} exceeds budget by factor of ${factorText} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
