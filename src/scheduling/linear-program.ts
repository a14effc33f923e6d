/** Below this a coefficient counts as zero. Coefficients are scaled to about 1. */
const ZERO = 1e-9;
/** After so many pivots ties are broken so that no basis comes twice. */
const CAREFUL_AFTER = 2_000;
/** More pivots than this mean that numbers have gone bad. */
const MOST_PIVOTS = 10_000;

/**
 * Maximizes `objective · x` over `x ≥ 0` under cuts `coefficients · x ≤ bound` with `bound > 0`, which may come one by one: the simplex
 * method on a dictionary (Chvátal, Linear Programming, 1983), its dual after each new cut. Small and dense problems only. The answer
 * is as good as floating point: callers that need a feasible one scale it.
 */
export class LinearProgram {
  /** One row for each basic variable: its value, then its dependence on each variable outside the basis. */
  private readonly rows: Float64Array[] = [];
  /** Variables of `rows`; x comes first, then one slack for each cut. */
  private readonly basic: number[] = [];
  private readonly outside: number[];
  private readonly objective: Float64Array;

  constructor(objective: readonly number[]) {
    this.objective = Float64Array.of(0, ...objective);
    this.outside = objective.map((_, variable) => variable);
  }

  private get size(): number {
    return this.outside.length;
  }

  addCut(coefficients: ArrayLike<number>, bound: number): void {
    const row = new Float64Array(this.size + 1);
    row[0] = bound;
    this.outside.forEach((variable, column) => {
      if (variable < this.size) row[column + 1] = -(coefficients[variable] as number);
    });
    this.basic.forEach((variable, index) => {
      const coefficient = variable < this.size ? coefficients[variable] as number : 0;
      if (coefficient !== 0) addTo(row, this.rows[index] as Float64Array, -coefficient);
    });
    this.rows.push(row);
    this.basic.push(this.size + this.rows.length - 1);
  }

  /** The best `x`. Without a cut that bounds it, a variable that pays stays where it is. */
  solve(): Float64Array {
    for (let pivots = 0; pivots < MOST_PIVOTS && (this.restore(pivots) || this.improve(pivots)); pivots += 1);
    const solution = new Float64Array(this.size);
    this.basic.forEach((variable, index) => {
      if (variable < this.size) solution[variable] = Math.max(0, this.rows[index]?.[0] as number);
    });
    return solution;
  }

  /** A pivot towards keeping all cuts, if one is broken. */
  private restore(pivots: number): boolean {
    let leaving = -1;
    let worst = -ZERO;
    this.rows.forEach(([value], index) => {
      if ((value as number) >= worst || (pivots > CAREFUL_AFTER && leaving >= 0)) return;
      worst = value as number;
      leaving = index;
    });
    if (leaving < 0) return false;
    const row = this.rows[leaving] as Float64Array;
    let entering = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let column = 1; column < row.length; column += 1) {
      if ((row[column] as number) <= ZERO) continue;
      const ratio = Math.max(0, -(this.objective[column] as number)) / (row[column] as number);
      if (ratio < least) {
        least = ratio;
        entering = column;
      }
    }
    if (entering < 0) return false;
    this.pivot(leaving, entering);
    return true;
  }

  /** A pivot towards a larger objective, if there is one. */
  private improve(pivots: number): boolean {
    let entering = -1;
    let steepest = ZERO;
    for (let column = 1; column < this.objective.length; column += 1) {
      const slope = this.objective[column] as number;
      if (slope <= steepest || (pivots > CAREFUL_AFTER && entering >= 0)) continue;
      steepest = slope;
      entering = column;
    }
    if (entering < 0) return false;
    let leaving = -1;
    let least = Number.POSITIVE_INFINITY;
    this.rows.forEach((row, index) => {
      const slope = row[entering] as number;
      if (slope >= -ZERO) return;
      const ratio = (row[0] as number) / -slope;
      if (ratio >= least) return;
      least = ratio;
      leaving = index;
    });
    if (leaving < 0) {
      this.objective[entering] = 0;
      return true;
    }
    this.pivot(leaving, entering);
    return true;
  }

  private pivot(leaving: number, column: number): void {
    const row = this.rows[leaving] as Float64Array;
    const by = -1 / (row[column] as number);
    row[column] = -1;
    for (let index = 0; index < row.length; index += 1) row[index] = (row[index] as number) * by;
    const replace = (other: Float64Array): void => {
      const slope = other[column] as number;
      if (slope === 0) return;
      other[column] = 0;
      addTo(other, row, slope);
    };
    this.rows.forEach((other, index) => {
      if (index !== leaving) replace(other);
    });
    replace(this.objective);
    [this.basic[leaving], this.outside[column - 1]] = [this.outside[column - 1] as number, this.basic[leaving] as number];
  }
}

function addTo(row: Float64Array, other: Float64Array, times: number): void {
  for (let index = 0; index < row.length; index += 1) row[index] = (row[index] as number) + times * (other[index] as number);
}
