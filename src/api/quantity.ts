/** A Kubernetes quantity as it stands in JSON: `"1.5Gi"`, `"250m"`, `"1e3"`, or a bare number. */
export type Quantity = string | number;

const SYNTAX = /^([+-]?)(\d+\.?\d*|\.\d+)(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d+))?$/;
const DECIMAL_EXPONENT: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY_EXPONENT: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

/** Says which text is not a quantity, and what one looks like. */
export class InvalidQuantity extends Error {
  readonly reason = 'InvalidQuantity';
  constructor(readonly text: unknown) {
    super(`${JSON.stringify(text)} is not a quantity; write for example "500m", "2", "1.5Gi" or "100M"`);
  }
}

/**
 * The quantity times 10^`scale`, exact, and rounded away from zero to a whole number as Kubernetes does.
 * Undefined when the text is not a quantity.
 */
export function scaledQuantity(quantity: Quantity, scale: number): number | undefined {
  const match = SYNTAX.exec(String(quantity));
  if (!match) return undefined;
  const [, sign, digits = '', suffix, exponent] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  let power = scale - fraction.length + (exponent === undefined ? 0 : Number(exponent));
  if (Math.abs(power) > 400) return undefined;
  let numerator = BigInt(`${whole}${fraction}` || '0');
  if (suffix !== undefined && suffix in BINARY_EXPONENT) numerator <<= BigInt(BINARY_EXPONENT[suffix] as number);
  else if (suffix !== undefined) power += DECIMAL_EXPONENT[suffix] as number;
  let value: bigint;
  if (power >= 0) value = numerator * 10n ** BigInt(power);
  else {
    const divisor = 10n ** BigInt(-power);
    value = (numerator + divisor - 1n) / divisor;
  }
  return Number(sign === '-' ? -value : value) + 0;
}

/** Whole units (bytes, counts), rounded up. Throws {@link InvalidQuantity}. */
export function quantityValue(quantity: Quantity): number {
  const value = scaledQuantity(quantity, 0);
  if (value === undefined) throw new InvalidQuantity(quantity);
  return value;
}

/** Thousandths (millicores), rounded up. Throws {@link InvalidQuantity}. */
export function quantityMilli(quantity: Quantity): number {
  const value = scaledQuantity(quantity, 3);
  if (value === undefined) throw new InvalidQuantity(quantity);
  return value;
}

/** Millicores as Kubernetes writes them: `1500m`, `2`. */
export const formatMilli = (milli: number): string => (milli % 1_000 === 0 ? String(milli / 1_000) : `${milli}m`);

/** A whole number with the largest binary suffix that keeps it exact: `1536Mi`, `2Gi`, `1000`. */
export function formatBinary(value: number): string {
  for (const suffix of ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'] as const) {
    const unit = 2 ** (BINARY_EXPONENT[suffix] as number);
    if (value !== 0 && value % unit === 0) return `${value / unit}${suffix}`;
  }
  return String(value);
}
