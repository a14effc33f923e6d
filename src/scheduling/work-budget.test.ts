import { expect } from 'chai';
import { WorkBudget } from './work-budget.js';

describe('a budget of work', () => {
  it('is spent when so much was done', () => {
    const budget = new WorkBudget(100);
    budget.spend(99);
    expect(budget.isSpent).to.be.false;
    budget.spend(1);
    expect(budget.isSpent).to.be.true;
  });

  it('asks for a pause at once, and then after every stretch of work', () => {
    const budget = new WorkBudget(1e9);
    expect(budget.isPauseDue()).to.be.true;
    let pauses = 0;
    for (let step = 0; step < 1_000; step += 1) {
      budget.spend(600);
      pauses += Number(budget.isPauseDue());
    }
    expect(pauses).to.equal(10);
  });

  it('is spent once the deadline has passed, which it looks at in pauses', () => {
    let late = false;
    const budget = new WorkBudget(1e9, () => late);
    budget.isPauseDue();
    late = true;
    expect(budget.isPauseDue()).to.be.false;
    expect(budget.isSpent).to.be.false;
    budget.spend(1e6);
    expect(budget.isPauseDue()).to.be.true;
    expect(budget.isSpent).to.be.true;
  });
});
