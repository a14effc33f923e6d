import { BoundPods } from './bound-pods.js';
import { Pool } from './pool.js';
import { RequirementSets } from './requirement-set.js';
import type { Snapshot, SnapshotPool } from './snapshot.js';

/** A snapshot's catalogue and bound pods, arranged for solving. */
export interface Compiled {
  readonly sets: RequirementSets;
  /** Heaviest first, then by name downwards, as Karpenter tries them. */
  readonly pools: readonly Pool[];
  /** Pools that cannot be read, and why. */
  readonly broken: readonly { readonly pool: SnapshotPool; readonly reason: string }[];
  bound(): BoundPods;
}

const compiled = new WeakMap<Snapshot, { wellKnown: ReadonlySet<string>; reservationIDLabel: string; result: Compiled }>();

const weight = ({ nodePool }: SnapshotPool): number => nodePool.spec.weight ?? 0;
const name = ({ nodePool }: SnapshotPool): string => nodePool.metadata.name;

/** Done once for a snapshot, however many runs it serves: snapshots do not change. */
export function compile(snapshot: Snapshot, wellKnown: ReadonlySet<string>, reservationIDLabel: string): Compiled {
  const known = compiled.get(snapshot);
  if (known?.wellKnown === wellKnown && known.reservationIDLabel === reservationIDLabel) return known.result;
  const sets = new RequirementSets(wellKnown);
  const sources = [...snapshot.pools].sort((a, b) => weight(b) - weight(a) || (name(a) < name(b) ? 1 : -1));
  let bound: BoundPods | undefined;
  const broken: { pool: SnapshotPool; reason: string }[] = [];
  const pools = sources.flatMap((source) => {
    try {
      return [new Pool(source, sets, snapshot.daemonSetPods, reservationIDLabel)];
    } catch (error) {
      broken.push({ pool: source, reason: (error as Error).message });
      return [];
    }
  });
  const result: Compiled = {
    sets,
    pools,
    broken,
    bound: () => (bound ??= new BoundPods(snapshot)),
  };
  compiled.set(snapshot, { wellKnown, reservationIDLabel, result });
  return result;
}
