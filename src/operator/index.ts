// The framework's public surface: what `karpenter-ts/operator` exports.
export * from './clock.js';
export * from './context.js';
export * from './dsl/decorators.js';
export * from './dsl/key.js';
export * from './dsl/outcome.js';
export * from './dsl/plan.js';
export * from './dsl/predicate.js';
export * from './dsl/resource.js';
export * from './dsl/token.js';
export * from './duration.js';
export * from './engine/host.js';
export * from './engine/memory.js';
export * from './engine/run.js';
export * from './kube/client-metrics.js';
export * from './kube/client.js';
export * from './kube/errors.js';
export * from './kube/handler-transport.js';
export * from './kube/http-transport.js';
export * from './kube/object.js';
export * from './kube/paths.js';
export * from './kube/reflector.js';
export * from './kube/store.js';
export * from './kube/transport.js';
export * from './logger.js';
export * from './random.js';
// Both a decorator and the type of a status condition.
export { Condition } from './dsl/decorators.js';
