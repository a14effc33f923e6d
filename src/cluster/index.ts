export * from './cluster-state.js';
export * from './lookups.js';
export * from './state-node.js';
