import type { Environment } from '@marcbachmann/cel-js';
import { compareQuantities, parseQuantity, type Quantity, QUANTITY_PROBLEM } from '../../schema/quantity.js';

const NANO = 1_000_000_000n;

class CelQuantity {
  constructor(readonly quantity: Quantity) {}

  plus(nano: bigint): CelQuantity {
    return new CelQuantity({ ...this.quantity, nano: this.quantity.nano + nano });
  }

  get isInteger(): boolean {
    return this.quantity.nano % NANO === 0n;
  }
}

const parse = (text: string): CelQuantity => {
  const quantity = parseQuantity(text);
  if (!quantity) throw new Error(QUANTITY_PROBLEM);
  return new CelQuantity(quantity);
};

const compare = (a: CelQuantity, b: CelQuantity): number => compareQuantities(a.quantity, b.quantity);

/** `quantity('1.5Gi')`, its arithmetic and comparisons. */
export function registerQuantities(environment: Environment): void {
  environment.registerType('kubernetes.Quantity', { ctor: CelQuantity, fields: {} });
  const on = (signature: string, handler: (a: CelQuantity, b: never) => unknown): void => void environment.registerFunction(`kubernetes.Quantity.${signature}`, handler);
  environment.registerFunction('quantity(string): kubernetes.Quantity', parse);
  environment.registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined);
  on('sign(): int', ({ quantity }) => (quantity.nano > 0n ? 1n : quantity.nano < 0n ? -1n : 0n));
  on('isInteger(): bool', (a) => a.isInteger);
  on('asInteger(): int', (a) => {
    if (!a.isInteger || BigInt.asIntN(64, a.quantity.nano / NANO) !== a.quantity.nano / NANO) throw new Error('cannot convert value to integer');
    return a.quantity.nano / NANO;
  });
  on('asApproximateFloat(): double', ({ quantity }) => Number(quantity.nano) / Number(NANO));
  on('add(kubernetes.Quantity): kubernetes.Quantity', (a, b: CelQuantity) => a.plus(b.quantity.nano));
  on('add(int): kubernetes.Quantity', (a, b: bigint) => a.plus(b * NANO));
  on('sub(kubernetes.Quantity): kubernetes.Quantity', (a, b: CelQuantity) => a.plus(-b.quantity.nano));
  on('sub(int): kubernetes.Quantity', (a, b: bigint) => a.plus(-b * NANO));
  on('isGreaterThan(kubernetes.Quantity): bool', (a, b: CelQuantity) => compare(a, b) > 0);
  on('isLessThan(kubernetes.Quantity): bool', (a, b: CelQuantity) => compare(a, b) < 0);
  on('compareTo(kubernetes.Quantity): int', (a, b: CelQuantity) => BigInt(compare(a, b)));
  environment.registerOperator('kubernetes.Quantity == kubernetes.Quantity', (one: CelQuantity, other: CelQuantity) => compare(one, other) === 0);
}
