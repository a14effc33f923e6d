import type { Pod, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import type { SolveOptions } from './options.js';

/** A pod's spread constraints: its own, or else those that the scheduler's configuration gives it. */
export function defaultedSpreads({ defaultSpread = [], selectorOf }: SolveOptions): (pod: Pod) => readonly TopologySpreadConstraint[] {
  return (pod) => {
    const own = pod.spec?.topologySpreadConstraints ?? [];
    if (own.length > 0 || defaultSpread.length === 0) return own;
    const labelSelector = selectorOf?.(pod);
    return labelSelector === undefined ? [] : defaultSpread.map((constraint) => ({ ...constraint, labelSelector }));
  };
}
