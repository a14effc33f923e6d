import { createOperator } from 'karpenter-ts/operator';
import { modules } from './module.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(signal)));

/** Set by the Deployment; on a laptop this process is the only one. */
const namespace = process.env['POD_NAMESPACE'];

await createOperator({
  name: 'cache-cluster',
  // Replicas elect a leader.
  ...(namespace === undefined ? {} : { leaderElection: true }),
  // Served if there are any; "karpenter-ts dev" leads the Service here.
  webhooks: { port: Number(process.env['WEBHOOK_PORT'] ?? 8443), service: { namespace: namespace ?? 'cache-cluster', name: 'cache-cluster' } },
  // `npx karpenter-ts explain KIND/NAME` asks it why an object is where it is.
  debug: {},
  ports: { metrics: Number(process.env['METRICS_PORT'] ?? 8080), health: Number(process.env['HEALTH_PORT'] ?? 8081) },
}).use(...modules).run({ signal: stop.signal });
