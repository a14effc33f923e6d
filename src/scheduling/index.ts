export * from './decision.js';
export * from './eviction-budgets.js';
export * from './host-ports.js';
export * from './options.js';
export * from './pod-predicates.js';
export * from './pod-requests.js';
export * from './snapshot.js';
export { solve } from './solve.js';
export * from './volumes.js';
