/** From the least to the most that something can cost or be long; in the units of cel-go, of about 50 ns each. Infinity: without bound. */
export interface Range {
  min: number;
  max: number;
}

export const exactly = (value: number): Range => ({ min: value, max: value });
export const plus = (...ranges: readonly Range[]): Range => ({ min: ranges.reduce((sum, { min }) => sum + min, 0), max: ranges.reduce((sum, { max }) => sum + max, 0) });
export const times = (one: Range, other: Range): Range => ({ min: product(one.min, other.min), max: product(one.max, other.max) });
/** Of a factor, rounded up. */
export const scaled = ({ min, max }: Range, factor: number): Range => ({ min: Math.ceil(min * factor), max: Math.ceil(max * factor) });
export const union = (one: Range, other: Range): Range => ({ min: Math.min(one.min, other.min), max: Math.max(one.max, other.max) });

/** Nothing without bound is nothing. */
export const product = (one: number, other: number): number => (one === 0 || other === 0 ? 0 : one * other);
