import { ZONE_LABEL } from '../api/labels.js';
import { andBits, membersOf, orBits } from './bits.js';
import type { Bits } from './bits.js';
import type { PodClass } from './pod-class.js';
import type { Run } from './run.js';
import type { QueuedPod } from './solver.js';
import type { ValueSet } from './value-set.js';
import type { KeyVocabulary } from './vocabulary.js';

/** Zones of all alternatives of a class's volumes together; undefined when some alternative is good for any zone. */
function zonesOfVolumes({ volumes }: PodClass, key: KeyVocabulary): Bits | undefined {
  let zones: Bits | undefined;
  for (const { requirements } of volumes) {
    const set = requirements.get(key);
    if (set === undefined || set.complement) return undefined;
    zones = zones === undefined ? set.bits : orBits(zones, set.bits);
  }
  return zones;
}

const isFinite = (set: ValueSet | undefined): set is ValueSet => set !== undefined && !set.complement;

function effectiveZone(podClass: PodClass, key: KeyVocabulary, { topology }: Run): string {
  const required = podClass.strict.requirements.get(key);
  const ofVolumes = zonesOfVolumes(podClass, key);
  const ofTopology = topology.admittedDomains(podClass, key);
  const sources = [...(isFinite(required) ? [required.bits] : []), ...(ofVolumes ? [ofVolumes] : []), ...(ofTopology ? [ofTopology] : [])];
  const [first, ...others] = sources;
  if (first === undefined) return 'flexible';
  const zones = membersOf(others.reduce(andBits, first)).filter((zone) => required?.has(zone) !== false);
  return zones.length === 0 ? 'none' : zones.length > 1 ? 'flexible' : key.values[zones[0] as number] as string;
}

/**
 * How many pending pods can go where before any is placed: by the name of the only zone that their own requirements, their volumes and
 * other pods leave them, as `flexible`, or as `none` (karpenter-core §6.2).
 */
export function effectiveZones(queue: readonly QueuedPod[], run: Run): Map<string, number> {
  const key = run.sets.vocabulary.key(ZONE_LABEL);
  const known = new Map<PodClass, string>();
  const counts = new Map<string, number>();
  for (const { pod, podClass } of queue) {
    if (pod.status?.phase !== 'Pending') continue;
    const zone = known.get(podClass) ?? effectiveZone(podClass, key, run);
    known.set(podClass, zone);
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return counts;
}
