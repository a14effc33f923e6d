export type { FaultOptions, PoolPattern } from './aws/faults.js';
export type { ClusterObjects, ObjectChange } from './cluster-objects.js';
export { CONTROLLERS, chooseControllers } from './cluster/index.js';
export type { ControllerName } from './cluster/index.js';
export { AttachError, attachSandbox } from './attach.js';
export type { AttachOptions, AttachedSandbox } from './attach.js';
export type { ControlPlane } from './control-plane.js';
export { createSandbox } from './sandbox.js';
export type { AdministratorAccess, EmbeddedSandbox, Sandbox, SandboxOptions } from './sandbox.js';
