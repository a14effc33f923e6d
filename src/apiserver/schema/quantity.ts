/** Exact arithmetic on Kubernetes quantities: `1.5Gi` is 1610612736000000000n nano-units. */
const NANO = 1_000_000_000n;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
/** Powers of ten of the decimal suffixes. */
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE]?)|[eE]([+-]?\d+))$/;

export interface Quantity {
  /** Value in billionths. */
  nano: bigint;
  /** How it was written; decides how it is written again. */
  format: 'BinarySI' | 'DecimalSI' | 'DecimalExponent';
}

/** What is wrong with a quantity that cannot be parsed, in Kubernetes' words. */
export const QUANTITY_PROBLEM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const LARGEST = ((1n << 63n) - 1n) * NANO;

/** The quantity, or undefined for anything that is none. Finer than a billionth rounds away from zero; too large becomes 2^63-1. */
export function parseQuantity(value: unknown): Quantity | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = SYNTAX.exec(String(value));
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', binary, decimal, exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const power = exponent === undefined ? (DECIMAL[decimal ?? ''] ?? 0) : Number(exponent);
  if (power > 1000 || power < -1000) return undefined;
  const numerator = BigInt(`${whole}${fraction}`) * (binary ? 1024n ** BigInt(BINARY.indexOf(binary)) : 1n);
  const shift = 9 + power - fraction.length;
  const magnitude = shift >= 0 ? numerator * 10n ** BigInt(shift) : divideUp(numerator, 10n ** BigInt(-shift));
  const bounded = magnitude > LARGEST ? LARGEST : magnitude;
  return { nano: sign === '-' ? -bounded : bounded, format: binary ? 'BinarySI' : exponent === undefined ? 'DecimalSI' : 'DecimalExponent' };
}

const divideUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

/** The canonical form: no fraction, the largest suffix that keeps it exact. `1.5Gi` is `1536Mi`, `0.5` is `500m`, `1000` is `1k`. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const sign = nano < 0n ? '-' : '';
  const magnitude = nano < 0n ? -nano : nano;
  // Below 1024 and for fractions, binary quantities are written in decimal.
  if (format === 'BinarySI' && magnitude >= 1024n * NANO && magnitude % NANO === 0n) {
    let value = magnitude / NANO;
    let unit = 0;
    while (value % 1024n === 0n && unit < BINARY.length - 1) {
      value /= 1024n;
      unit += 1;
    }
    return `${sign}${value}${BINARY[unit]}`;
  }
  let value = magnitude;
  let power = -9;
  while (value % 1000n === 0n && power < 18) {
    value /= 1000n;
    power += 3;
  }
  const suffix = format === 'DecimalExponent' ? (power === 0 ? '' : `e${power}`) : Object.keys(DECIMAL).find((key) => DECIMAL[key] === power);
  return `${sign}${value}${suffix}`;
}

/** -1, 0 or 1. */
export const compareQuantities = (a: Quantity, b: Quantity): number => (a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0);
