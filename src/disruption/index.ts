export { allowedDisruptions, InvalidBudget, remainingBudgets } from './budgets.js';
export { candidates } from './candidates.js';
export * from './command.js';
export { evictionCost, rescheduleCost } from './cost.js';
export * from './describe.js';
export * from './options.js';
export { METHODS, plan } from './plan.js';
export * from './validation.js';
