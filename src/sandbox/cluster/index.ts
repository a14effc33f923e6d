// The sandbox's cluster, for src/sandbox and the command line.
export { createCluster } from './cluster.js';
export { GUIDE_SEED } from './seed.js';
export type { ClusterIdentity, ForeignPod, LogLine, LogSource, SandboxCluster, SandboxClusterOptions } from './sandbox-cluster.js';
