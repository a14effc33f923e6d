import { expect } from 'chai';
import fc from 'fast-check';
import { compareQuantities, formatQuantity, parseQuantity } from './quantity.js';

const canonical = (text: string | number): string | undefined => {
  const quantity = parseQuantity(text);
  return quantity && formatQuantity(quantity);
};

describe('Quantities', () => {
  for (const [written, shown] of [
    ['1.5Gi', '1536Mi'],
    ['0.5', '500m'],
    ['1000', '1k'],
    ['1024', '1024'],
    ['1024Mi', '1Gi'],
    ['1000Mi', '1000Mi'],
    ['100m', '100m'],
    ['2500m', '2500m'],
    ['1e3', '1e3'],
    ['12E', '9223372036854775807'],
    ['0', '0'],
    ['0Mi', '0'],
    ['-1.5', '-1500m'],
    ['512Ki', '512Ki'],
    ['1n', '1n'],
    ['0.1n', '1n'],
    ['.5', '500m'],
    ['5.', '5'],
    ['1500Mi', '1500Mi'],
    ['0.5Ki', '512'],
  ] as const) {
    it(`writes ${written} as ${shown}`, () => expect(canonical(written)).to.equal(shown));
  }

  for (const text of ['', 'a', '1.2.3', '1 Gi', '1gi', '--1', '1Mii', '.', 'e3']) it(`takes ${JSON.stringify(text)} for no quantity`, () => expect(parseQuantity(text)).to.equal(undefined));

  it('means the same after it was written canonically', () => {
    const suffix = fc.constantFrom('', 'm', 'u', 'n', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi');
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 999 }), suffix, (whole, fraction, unit) => {
        const quantity = parseQuantity(`${whole}.${fraction}${unit}`)!;
        expect(parseQuantity(formatQuantity(quantity))!.nano).to.equal(quantity.nano);
        expect(formatQuantity(parseQuantity(formatQuantity(quantity))!)).to.equal(formatQuantity(quantity));
      }),
    );
  });

  it('compares across units', () => {
    const order = (a: string, b: string): number => compareQuantities(parseQuantity(a)!, parseQuantity(b)!);
    expect([order('1Gi', '1G'), order('1000m', '1'), order('1n', '1u')]).to.deep.equal([1, 0, -1]);
  });
});
