import { formatResources } from '../api/resources.js';
import type { Resources } from '../api/resources.js';
import { andBits, eachBit, emptyBits, isEmpty, setBit } from './bits.js';
import type { Bits } from './bits.js';
import { nearestType } from './near-miss.js';
import type { NearMiss } from './near-miss.js';
import type { Pool } from './pool.js';
import type { Refusal } from './refusal.js';
import type { RequirementSet } from './requirement-set.js';
import type { Run } from './run.js';
import type { Failure } from './solver.js';
import type { ValueSet } from './value-set.js';

/** Longest message: what Kubernetes takes as an event. */
const LONGEST = 1024;
/** A request above this many millicores is likely a forgotten `m`. */
const SUSPICIOUS_CPU = 1_000_000 * 1_000;

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 3)}...`);

/** Karpenter's message for a pod that no pool can place. */
export function describeFailure({ refusals }: Failure, run: Run): string {
  if (refusals.length === 0) return 'nodepool requirements filtered out all available instance types';
  return cut(refusals.map((refusal) => describeRefusal(refusal, run)).join('; '));
}

/** Why a pool can launch nothing at all. */
export const describeEmptyPool = (pool: Pool): string => (pool.source.instanceTypes.length === 0 ? 'the node class offers no instance types'
  : pool.unmetMinValues.length > 0 && !isEmpty(pool.usable) ? `minValues requirement is not met for label(s) (label(s)=[${pool.unmetMinValues.join(' ')}])`
  : `no available instance type satisfies the requirements ${describeRequirements(pool.template)}`);

function describeRefusal(refusal: Refusal, run: Run): string {
  const { pool } = refusal;
  return `incompatible with nodepool "${pool.name}", daemonset overhead=${json(pool.leastDaemons(pool.usable))}, ${reasonOf(refusal, run)}`;
}

/** What one pool said. */
export function reasonOf(refusal: Refusal, run: Run): string {
  switch (refusal.rule) {
    case 'taint': {
      const { key, value, effect } = refusal.taint;
      return `did not tolerate taint (taint=${key}${value ? `=${value}` : ''}:${effect})`;
    }
    case 'requirements':
      return `incompatible requirements, ${refusal.has.describeConflict(refusal.wants)}`;
    case 'volumes':
      return `incompatible volume requirements, ${refusal.has.describeConflict(refusal.wants)}`;
    case 'hostname':
      return `incompatible requirements, ${describe(refusal.wants)} cannot be met by a new node`;
    case 'topology': {
      const { group, podDomains, nodeDomains } = refusal;
      const domains = (set: ValueSet | undefined): string => (set ? describe(set) : `${group.key.key} Exists`);
      return `unsatisfiable topology constraint for ${group.term.kind}, key=${group.key.key} (counts = ${group.describeCounts(run.hostName)}, `
        + `podDomains = ${domains(podDomains)}, nodeDomains = ${domains(nodeDomains)})`;
    }
    case 'types':
      return describeTypes(refusal, run);
    case 'minValues':
      return `minValues requirement is not met for label(s) (label(s)=[${refusal.keys.join(' ')}])`;
    case 'limits':
      return 'all available instance types exceed limits for nodepool';
    case 'nodeLimit':
      return 'node limits have been exhausted for nodepool';
    case 'reserved':
      return 'one or more instance types with compatible reserved offerings are available, but could not be reserved';
    case 'ports':
      return 'host ports are taken by daemons';
    case 'resources':
      return 'no room left';
  }
}

export const describe = (set: ValueSet): string => set.toLabelSet().describe(set.key.key);

const describeRequirements = (requirements: RequirementSet): string => requirements.sets.map(describe).sort().join(', ');

const json = (resources: Resources): string => JSON.stringify(Object.fromEntries(Object.entries(formatResources(resources)).sort(([a], [b]) => (a < b ? -1 : 1))));

const describeNearest = (miss: NearMiss | undefined): string => (miss ? `${miss.name} is short of ${json(miss.short)}` : 'no type');

/** Which of the three criteria left no type: looked at one by one, in pairs, and together. */
function describeTypes({ pool, requirements, requests, rows }: Extract<Refusal, { rule: 'types' }>, run: Run): string {
  const meets = andBits(rows, pool.rowsMeeting(requirements));
  const offers = andBits(rows, pool.rowsOffering(requirements));
  const fits = fitting(pool, rows, requests, run.resources);
  const [noneMeets, noneOffers, noneFits] = [isEmpty(meets), isEmpty(offers), isEmpty(fits)];
  const pairs = { meetsFits: !isEmpty(andBits(meets, fits)), meetsOffers: !isEmpty(andBits(meets, offers)), fitsOffers: !isEmpty(andBits(fits, offers)) };
  const cpu = requests[run.resources.indexOf('cpu')] ?? 0;
  const asked = json(Object.fromEntries(run.resources.map((name, index) => [name, requests[index] as number]).filter(([, amount]) => amount !== 0)));
  const what = noneMeets && noneFits && noneOffers ? 'met the scheduling requirements or had enough resources or had a required offering'
    : noneMeets && noneFits ? 'met the scheduling requirements or had enough resources'
      : noneMeets && noneOffers ? 'met the scheduling requirements or had a required offering'
        : noneFits && noneOffers ? 'had enough resources or had a required offering'
          : noneMeets ? 'met all requirements'
            : noneFits ? 'has enough resources'
              : noneOffers ? 'has the required offering'
                : !pairs.meetsFits ? `which met the scheduling requirements had enough resources (${describeNearest(nearestType(pool, meets, requests, run.resources))})`
                  : !pairs.meetsOffers ? 'which met the scheduling requirements had a required offering'
                    : !pairs.fitsOffers ? 'which had enough resources had a required offering'
                      : 'met the requirements/resources/offering tuple';
  const typo = noneFits && cpu >= SUSPICIOUS_CPU ? ' (CPU request >= 1 Million, m vs M typo?)' : '';
  return `no instance type ${what}, requirements=${describeRequirements(requirements)}, resources=${asked}${typo}`;
}

/** Rows with this much room. */
export function fitting(pool: Pool, rows: Bits, requests: Float64Array, resources: readonly string[]): Bits {
  const kept = emptyBits(rows.length * 32);
  eachBit(rows, (row) => {
    if (resources.every((name, index) => (requests[index] as number) <= (pool.column(name)[row] as number))) setBit(kept, row);
  });
  return kept;
}
