import type { Duration } from '../../src/operator/index.js';
import { milliseconds } from '../../src/operator/index.js';
import type { Fault } from './chaos-proxy.js';
import type { ChaosWorld, Damage } from './chaos-world.js';

/** One way in which the link between an operator and its API server can go wrong. */
export interface ChaosScenario {
  begin: (world: ChaosWorld) => unknown;
  heal: (world: ChaosWorld) => unknown;
  /** Whether it is over once it has happened. */
  momentary?: boolean;
}

const fault = (described: Fault): ChaosScenario => ({ begin: ({ proxy }) => proxy.begin(described), heal: ({ proxy }) => proxy.heal() });

export const CHAOS_SCENARIOS: Readonly<Record<string, ChaosScenario>> = {
  'black hole': fault({ type: 'black-hole' }),
  'half-open connections': { ...fault({ type: 'half-open' }), momentary: true },
  'reset connections': fault({ type: 'reset' }),
  'slow drip': fault({ type: 'drip' }),
  'storm of 503': fault({ type: 'unavailable', code: 503 }),
  'storm of 500': fault({ type: 'unavailable', code: 500 }),
  '429 with Retry-After': fault({ type: 'unavailable', code: 429, retryAfter: 7 }),
  'expired watches': fault({ type: 'expired' }),
  'truncated JSON': fault({ type: 'truncated' }),
  'garbage lines': fault({ type: 'garbage' }),
  'two connections at most': fault({ type: 'limit', connections: 2 }),
  'restarted API server': { begin: ({ proxy }) => proxy.cut(), heal: () => undefined, momentary: true },
  'rotated certificate': { begin: async ({ proxy }) => (await proxy.rotate(), proxy.cut()), heal: (world) => world.publishAuthority() },
  'rotated token': {
    begin: ({ proxy }) => {
      proxy.token = 'second';
      proxy.cut();
    },
    heal: (world) => world.publishToken('second'),
  },
  'clock set back by an hour': { begin: (world) => (world.skew -= 3_600_000), heal: () => undefined, momentary: true },
  'clock set forward by an hour': { begin: (world) => (world.skew += 3_600_000), heal: () => undefined, momentary: true },
};

/** What a world came to by a scenario. */
export interface ChaosRow extends Damage {
  scenario: string;
  lasting: Duration;
}

/** Has a world suffer a scenario. */
export async function suffer(world: ChaosWorld, scenario: string, lasting: Duration): Promise<ChaosRow> {
  const { begin, heal, momentary } = CHAOS_SCENARIOS[scenario] as ChaosScenario;
  const time = momentary ? 0 : lasting;
  return { scenario, lasting: time, ...(await world.suffer(() => begin(world), time, () => heal(world))) };
}

/**
 * What is wrong with how a world came out of it; nothing if all is well. Blind for 75 s is too long. A kind may be asked for about as often as backoff allows (twice, where
 * a refused token is read anew), and all together never as in a storm: there are twenty objects to be written, by runs of a few requests.
 */
export function problemsOf({ scenario, lasting, blind, peak, perKind }: ChaosRow): string[] {
  const seconds = milliseconds(lasting) / 1_000 + 90;
  const allowed = 2 * (8 + seconds / 20);
  return [
    ...(blind < 75 ? [] : [`blind for ${blind}s after ${scenario}`]),
    ...(perKind <= allowed ? [] : [`${perKind} lists and watches of each kind in ${seconds}s of ${scenario}; ${allowed} are allowed`]),
    ...(peak <= 100 ? [] : [`${peak} requests within a second of ${scenario}; 100 are allowed`]),
  ];
}
