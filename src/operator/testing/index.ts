// What `karpenter-ts/operator/testing` exports.
export * from './test-bed.js';
export * from './typed-api.js';
export * from './virtual-clock.js';
