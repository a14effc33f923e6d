// The framework's public surface: what `karpenter-ts/operator` exports.
export * from './clock.js';
export * from './duration.js';
export * from './random.js';
export * from './kube/object.js';
export * from './kube/transport.js';
export * from './kube/client.js';
export * from './kube/client-metrics.js';
export * from './kube/errors.js';
export * from './kube/handler-transport.js';
export * from './kube/http-transport.js';
export * from './kube/paths.js';
export * from './kube/reflector.js';
export * from './kube/store.js';
