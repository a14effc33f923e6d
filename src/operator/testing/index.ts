/**
 * What tests of reconcilers need: `karpenter-ts/operator/testing`.
 * @module operator/testing
 */
export * from './every-conversion.js';
export * from './faults/every-fault.js';
export { NoValueError } from './schema-values.js';
export type { Examples } from './schema-values.js';
export type { Bed, LogLine } from './bed.js';
export * from './real/real-bed.js';
export { RealServer, RealServerUnavailable, hasRealServer, startRealServer } from './real/real-server.js';
export type { RealServerOptions, TokenUser } from './real/real-server.js';
export * from './test-bed.js';
export * from './test-process.js';
export * from './typed-api.js';
export * from './virtual-clock.js';
export type { Fault, Point } from './faults/fault.js';
export type { ExternalOptions, Invariant } from './faults/fault-world.js';
export { ExternalFault, FaultWorld } from './faults/fault-world.js';
export * from './replay.js';
