export * from './cluster-state.js';
export * from './daemon-sets.js';
export * from './lookups.js';
export * from './node-pool-state.js';
export * from './pod-times.js';
export * from './state-node.js';
export { chunkSpec, virtualPods } from './virtual-pods.js';
