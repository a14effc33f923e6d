// The framework's public surface: what `karpenter-ts/operator` exports.
export * from './clock.js';
export * from './duration.js';
export * from './random.js';
export * from './kube/object.js';
export * from './kube/transport.js';
