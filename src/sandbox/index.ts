export type { FaultOptions, PoolPattern } from './aws/faults.js';
export { createSandbox } from './sandbox.js';
export type { Sandbox, SandboxOptions } from './sandbox.js';
