/** What the validations of a policy may cost together, with their messages, under one binding; and its audit annotations again. */
export const POLICY_BUDGET = 10_000_000;
/** What the match conditions of a policy or a webhook may cost together. */
export const CONDITIONS_BUDGET = 2_500_000;

/** Thrown when expressions cost more than they may together. */
export class OutOfBudgetError extends Error {
  readonly reason = 'OutOfBudget';
  constructor() {
    super('validation failed due to running out of cost budget, no further validation rules will be run');
  }
}

/** What is left for expressions, in kube-apiserver's units of cost. */
export class CostBudget {
  /** Of variables that an expression asked for which still runs. */
  private variables = 0;

  constructor(private left: number) {}

  addVariable(cost: number): void {
    this.variables += cost;
  }

  /**
   * Pays for an expression that has run, and for its variables.
   * @throws {OutOfBudgetError}
   */
  spend(cost: number): void {
    const all = cost + this.variables;
    this.variables = 0;
    if (all > this.left) throw new OutOfBudgetError();
    this.left -= all;
  }
}
