import { createOperator } from 'karpenter-ts/operator';
import { modules } from './module.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(signal)));

await createOperator({
  name: 'machines',
  // In a cluster, where the Deployment sets it, replicas elect a leader; on a laptop this process is the only one.
  leaderElection: process.env['POD_NAMESPACE'] !== undefined,
  ports: { metrics: Number(process.env['METRICS_PORT'] ?? 8080), health: Number(process.env['HEALTH_PORT'] ?? 8081) },
}).use(...modules).run({ signal: stop.signal });
