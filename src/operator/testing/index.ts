// What `karpenter-ts/operator/testing` exports.
export * from './virtual-clock.js';
