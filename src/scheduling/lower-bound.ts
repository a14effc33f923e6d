import type { Demand } from './pod-values.js';
import type { PodValues } from './pod-values.js';
import type { SnapshotNode } from './snapshot.js';

/**
 * USD an hour below which no new machines can hold the pods together with what room there is: what the pods are worth, minus the most
 * that existing nodes could take of it. {@link PodValues} has the derivation.
 */
export function lowerBound(values: PodValues, placed: Iterable<Demand>, existing: readonly SnapshotNode[]): number {
  let bound = 0;
  for (const { podClass, count } of placed) bound += count * values.of(podClass);
  for (const { available } of existing) bound -= values.ofRoom(available);
  return Math.max(0, bound);
}
