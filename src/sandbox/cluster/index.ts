// The sandbox's cluster, for src/sandbox and the command line.
export { createCluster } from './cluster.js';
export { CONTROLLERS, CONTROLLER_MANAGER, SCHEDULER, chooseControllers } from './controller-names.js';
export type { ControllerName } from './controller-names.js';
export { GUIDE_SEED } from './seed.js';
export type { ClusterIdentity, ForeignPod, LogLine, LogSource, SandboxCluster, SandboxClusterOptions } from './sandbox-cluster.js';
export { KubeletServer } from './kubelet/kubelet-server.js';
export type { KubeletEndpoint } from './kubelet/kubelet-server.js';
export { isMachine } from './model/machine.js';
