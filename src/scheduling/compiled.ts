import { BoundPods } from './bound-pods.js';
import { samePods } from './existing-node.js';
import { Pool } from './pool.js';
import { RequirementSets } from './requirement-set.js';
import type { Snapshot, SnapshotPool } from './snapshot.js';

/** A snapshot's catalogue and bound pods, arranged for solving. */
export interface Compiled {
  readonly sets: RequirementSets;
  /** Label on offerings that names their reservation. */
  readonly reservationIDLabel: string;
  /** Heaviest first, then by name downwards, as Karpenter tries them. */
  readonly pools: readonly Pool[];
  /** Pools that cannot be read, and why. */
  readonly broken: readonly { readonly pool: SnapshotPool; readonly reason: string }[];
  bound(): BoundPods;
}

const weight = ({ nodePool }: SnapshotPool): number => nodePool.spec.weight ?? 0;
const name = ({ nodePool }: SnapshotPool): string => nodePool.metadata.name;

/** The part of a compilation that only pools and daemons decide. */
type Catalogue = Omit<Compiled, 'bound'>;

interface Remembered {
  readonly pools: readonly SnapshotPool[];
  readonly daemonSetPods: Snapshot['daemonSetPods'];
  readonly reservationIDLabel: string;
  readonly catalogue: Catalogue;
}

/** Interned sets are forgotten together once there are so many: what pods asked for long ago should not be kept for good. */
const MOST_SETS = 100_000;

const shared = new WeakMap<ReadonlySet<string>, RequirementSets>();
const compiled = new WeakMap<Snapshot, { catalogue: Catalogue; result: Compiled }>();
let remembered: Remembered | undefined;

/** The interned sets that runs with the same well-known labels share. */
function setsFor(wellKnown: ReadonlySet<string>): RequirementSets {
  let sets = shared.get(wellKnown);
  if (sets === undefined || sets.size > MOST_SETS) {
    sets = new RequirementSets(wellKnown);
    shared.set(wellKnown, sets);
  }
  return sets;
}

const samePool = (a: SnapshotPool, b: SnapshotPool | undefined): boolean =>
  b !== undefined && a.instanceTypes === b.instanceTypes
  && (a.nodePool === b.nodePool || (a.nodePool.metadata.uid === b.nodePool.metadata.uid && a.nodePool.metadata.generation !== undefined && a.nodePool.metadata.generation === b.nodePool.metadata.generation));

/**
 * Done once for a catalogue, however many snapshots and runs it serves: from pass to pass a cluster's pools, and what the cloud can
 * launch for them, are mostly the same objects.
 */
export function compile(snapshot: Snapshot, wellKnown: ReadonlySet<string>, reservationIDLabel: string): Compiled {
  const catalogue = catalogueOf(snapshot, setsFor(wellKnown), reservationIDLabel);
  const known = compiled.get(snapshot);
  if (known?.catalogue === catalogue) return known.result;
  let bound: BoundPods | undefined;
  const result: Compiled = { ...catalogue, bound: () => (bound ??= new BoundPods(snapshot)) };
  compiled.set(snapshot, { catalogue, result });
  return result;
}

function catalogueOf({ pools, daemonSetPods }: Snapshot, sets: RequirementSets, reservationIDLabel: string): Catalogue {
  const fits = remembered?.catalogue.sets === sets && remembered.reservationIDLabel === reservationIDLabel
    && remembered.pools.length === pools.length && remembered.pools.every((pool, index) => samePool(pool, pools[index]))
    && samePods(remembered.daemonSetPods, daemonSetPods);
  if (fits && remembered) return remembered.catalogue;
  const catalogue = compileCatalogue(pools, daemonSetPods, sets, reservationIDLabel);
  remembered = { pools, daemonSetPods, reservationIDLabel, catalogue };
  return catalogue;
}

function compileCatalogue(source: readonly SnapshotPool[], daemonSetPods: Snapshot['daemonSetPods'], sets: RequirementSets, reservationIDLabel: string): Catalogue {
  const broken: { pool: SnapshotPool; reason: string }[] = [];
  const pools = [...source].sort((a, b) => weight(b) - weight(a) || (name(a) < name(b) ? 1 : -1)).flatMap((each) => {
    try {
      return [new Pool(each, sets, daemonSetPods, reservationIDLabel)];
    } catch (error) {
      broken.push({ pool: each, reason: (error as Error).message });
      return [];
    }
  });
  return { sets, reservationIDLabel, pools, broken };
}
