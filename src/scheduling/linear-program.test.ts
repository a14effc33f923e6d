import { expect } from 'chai';
import fc from 'fast-check';
import { LinearProgram } from './linear-program.js';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, each, index) => sum + each * (b[index] as number), 0);

describe('a linear program', () => {
  it('is solved at a corner of what its cuts allow', () => {
    const program = new LinearProgram([3, 5]);
    program.addCut([1, 0], 4);
    program.addCut([0, 2], 12);
    program.addCut([3, 2], 18);
    expect([...program.solve()].map((each) => Number(each.toFixed(9)))).to.deep.equal([2, 6]);
  });

  it('keeps cuts that come after it was solved', () => {
    const program = new LinearProgram([1, 1]);
    program.addCut([1, 0], 3);
    program.addCut([0, 1], 3);
    program.solve();
    program.addCut([1, 1], 4);
    expect(dot([1, 1], program.solve())).to.be.closeTo(4, 1e-9);
    program.addCut([2, 1], 4);
    expect([...program.solve()].map((each) => Number(each.toFixed(9)))).to.deep.equal([0.5, 3]);
  });

  it('is as good as the best corner, however its cuts come', () => {
    const amount = fc.integer({ min: 0, max: 9 });
    fc.assert(fc.property(
      fc.array(fc.record({ coefficients: fc.array(amount, { minLength: 3, maxLength: 3 }), bound: fc.integer({ min: 1, max: 20 }) }), { maxLength: 12 }),
      fc.array(amount, { minLength: 3, maxLength: 3 }),
      (cuts, objective) => {
        const box = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map((coefficients) => ({ coefficients, bound: 10 }));
        const all = [...box, ...cuts];
        const program = new LinearProgram(objective);
        for (const { coefficients, bound } of all.slice(0, 5)) program.addCut(coefficients, bound);
        program.solve();
        for (const { coefficients, bound } of all.slice(5)) program.addCut(coefficients, bound);
        const solution = program.solve();
        for (const { coefficients, bound } of all) expect(dot(coefficients, solution)).to.be.at.most(bound + 1e-6);
        expect(dot(objective, solution)).to.be.closeTo(bestCorner(all, objective), 1e-6);
      },
    ), { numRuns: 200, seed: 4 });
  });
});

/** The best of all corners, found by solving every three cuts or axes as equations. */
function bestCorner(cuts: readonly { coefficients: readonly number[]; bound: number }[], objective: readonly number[]): number {
  const planes = [...cuts, ...[0, 1, 2].map((axis) => ({ coefficients: [0, 1, 2].map((each) => (each === axis ? 1 : 0)), bound: 0 }))];
  let best = 0;
  for (let a = 0; a < planes.length; a += 1) {
    for (let b = a + 1; b < planes.length; b += 1) {
      for (let c = b + 1; c < planes.length; c += 1) {
        const corner = meet([planes[a], planes[b], planes[c]] as typeof planes);
        if (corner === undefined || corner.some((each) => each < -1e-9) || cuts.some(({ coefficients, bound }) => dot(coefficients, corner) > bound + 1e-9)) continue;
        best = Math.max(best, dot(objective, corner));
      }
    }
  }
  return best;
}

/** Cramer's rule. */
function meet(planes: readonly { coefficients: readonly number[]; bound: number }[]): number[] | undefined {
  const matrix = planes.map(({ coefficients }) => coefficients);
  const whole = determinant(matrix);
  if (whole === 0) return undefined;
  return [0, 1, 2].map((column) => determinant(matrix.map((row, index) => row.map((each, at) => (at === column ? (planes[index] as { bound: number }).bound : each)))) / whole);
}

function determinant(matrix: readonly (readonly number[])[]): number {
  const [[a, b, c], [d, e, f], [g, h, i]] = matrix as [[number, number, number], [number, number, number], [number, number, number]];
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}
