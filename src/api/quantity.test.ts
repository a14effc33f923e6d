import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidQuantity, formatBinary, formatMilli, quantityMilli, quantityValue, scaledQuantity } from './quantity.js';

/** Each suffix as a fraction. */
const UNITS: Record<string, readonly [numerator: bigint, denominator: bigint]> = {
  n: [1n, 1_000_000_000n], u: [1n, 1_000_000n], m: [1n, 1_000n], '': [1n, 1n], k: [1_000n, 1n], M: [1_000_000n, 1n], G: [1_000_000_000n, 1n], T: [1_000_000_000_000n, 1n],
  Ki: [1_024n, 1n], Mi: [1_048_576n, 1n], Gi: [1_073_741_824n, 1n], Ti: [1_099_511_627_776n, 1n], e3: [1_000n, 1n], 'E-2': [1n, 100n], 'e+1': [10n, 1n],
};

/** The amount times `factor` as a fraction, rounded away from zero. */
function model(negative: boolean, whole: string, fraction: string, unit: string, factor: bigint): number {
  const [numerator, denominator] = UNITS[unit] as readonly [bigint, bigint];
  const top = BigInt(whole + fraction) * numerator * factor;
  const bottom = denominator * BigInt(`1${'0'.repeat(fraction.length)}`);
  const rounded = top / bottom + (top % bottom === 0n ? 0n : 1n);
  return Number(negative ? -rounded : rounded) + 0;
}

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

describe('Quantities', () => {
  it('are what exact fractions say, rounded away from zero as Go does', () => {
    fc.assert(fc.property(fc.constantFrom('', '+', '-'), digits(1, 7), digits(0, 12), fc.constantFrom(...Object.keys(UNITS)), (sign, whole, fraction, unit) => {
      const text = `${sign}${whole}${fraction && `.${fraction}`}${unit}`;
      expect(quantityValue(text), text).to.equal(model(sign === '-', whole, fraction, unit, 1n));
      expect(quantityMilli(text), text).to.equal(model(sign === '-', whole, fraction, unit, 1_000n));
    }), { numRuns: 2_000 });
  });

  it('come back as they were written', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => {
      expect(quantityValue(formatBinary(value))).to.equal(value);
      expect(quantityMilli(formatMilli(value))).to.equal(value);
    }));
  });

  const known: [string | number, number, number][] = [
    ['100m', 1, 100], ['-100m', -1, -100], ['1.5Gi', 1_610_612_736, 1_610_612_736_000], ['.5', 1, 500], ['2.', 2, 2_000], ['1e3', 1_000, 1_000_000],
    ['1E', 1e18, 1e21], ['1Ki', 1_024, 1_024_000], [0.1, 1, 100], ['0.0005', 1, 1], ['-0', 0, 0], ['1n', 1, 1],
  ];
  for (const [text, value, milli] of known) {
    it(`read ${JSON.stringify(text)} as ${value}, or ${milli} thousandths`, () => {
      expect([quantityValue(text), quantityMilli(text)]).to.deep.equal([value, milli]);
    });
  }

  for (const text of ['', ' ', 'm', '1 Gi', '1gi', '1K', '1KI', '--1', '1e', '1e1.5', '0x10', '1,5', '.', 'Infinity', '1mi']) {
    it(`are not ${JSON.stringify(text)}`, () => {
      expect(scaledQuantity(text, 0)).to.equal(undefined);
      expect(() => quantityValue(text)).to.throw(InvalidQuantity, `${JSON.stringify(text)} is not a quantity`).with.property('reason', 'InvalidQuantity');
      expect(() => quantityMilli(text)).to.throw(InvalidQuantity);
    });
  }
});
