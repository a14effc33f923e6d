import type { Pod } from 'kubernetes-types/core/v1.js';
import { solve } from '../../src/scheduling/index.js';
import type { Snapshot, SolveOptions } from '../../src/scheduling/index.js';
import { cloudCatalogue, existingNode, nodePool, preferenceMix, services, snapshot, upstreamCatalogue, upstreamMix } from '../support/workloads.js';

export interface SchedulingResult {
  workload: string;
  pods: number;
  nodes: number;
  unschedulable: number;
  /** USD an hour. */
  price: number;
  solveMs: number;
  podsPerSecond: number;
}

/** The median of five runs in a warm process; each on a snapshot of its own, so that nothing is remembered. */
function measure(workload: string, make: () => Snapshot, pods: readonly Pod[], options: SolveOptions = {}): SchedulingResult {
  const runs = Array.from({ length: 6 }, () => {
    const fresh = make();
    const startedAt = performance.now();
    const decision = solve(fresh, pods, options);
    return { milliseconds: performance.now() - startedAt, decision };
  }).slice(1).sort((a, b) => a.milliseconds - b.milliseconds);
  const { milliseconds, decision } = runs[2] as (typeof runs)[number];
  return {
    workload, pods: pods.length, nodes: decision.newNodes.length, unschedulable: decision.unschedulable.length, price: Number(decision.totalPrice.toFixed(4)),
    solveMs: Number(milliseconds.toFixed(1)), podsPerSecond: Math.round((pods.length / milliseconds) * 1000),
  };
}

const onUpstream = (): Snapshot => snapshot([{ nodePool: nodePool('default'), instanceTypes: upstreamCatalogue() }]);
const onCloud = (): Snapshot => snapshot([{ nodePool: nodePool('default'), instanceTypes: cloudCatalogue() }]);

/** 1,000 pods of 100 deployments: what a burst of an ordinary cluster looks like. */
export const burst = async (): Promise<SchedulingResult> => measure('burst', onCloud, services(100, 10));

/** Upstream's benchmark. */
export const upstream = async (): Promise<SchedulingResult[]> => [1_000, 5_000].map((count) => measure(`upstream-mix ${count}`, onUpstream, upstreamMix(count)));

export const preferences = async (): Promise<SchedulingResult[]> => [
  measure('preferences respected', onUpstream, preferenceMix(4_000)),
  measure('preferences ignored', onUpstream, preferenceMix(4_000), { preferencePolicy: 'Ignore' }),
];

export const manyServices = async (): Promise<SchedulingResult> => measure('services 10000', onCloud, services(200, 50));

/** Pods that fit on nodes that are there. */
export const ontoExisting = async (): Promise<SchedulingResult> => {
  const nodes = Array.from({ length: 1_000 }, (_, index) => existingNode(`node-${index}`, { zone: `us-east-1${'abc'[index % 3]}` }));
  return measure('existing 5000 onto 1000', () => snapshot([{ nodePool: nodePool('default'), instanceTypes: cloudCatalogue() }], { nodes }), services(100, 50));
};
