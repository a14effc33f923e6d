import { createOperator } from 'karpenter-ts/operator';
import { NodeLabeler } from './node-labeler.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error(signal)));

await createOperator({ name: 'node-labeler', reconcilers: [NodeLabeler], ports: false }).run({ signal: stop.signal });
