export { allowedDisruptions, InvalidBudget, remainingBudgets } from './budgets.js';
export { candidates } from './candidates.js';
export * from './command.js';
export { evictionCost, lifetimeRemaining, rescheduleCost } from './cost.js';
export * from './describe.js';
export * from './options.js';
export { METHODS, plan } from './plan.js';
export { scaleDown } from './scale-down.js';
export * from './validation.js';
