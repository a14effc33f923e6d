import { rejectOnAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import { sleep } from '../clock.js';
import type { Plan } from '../dsl/plan.js';
import type { KubeClient } from '../kube/client.js';
import type { Informers } from '../kube/informers.js';
import { WATCH_TIMES } from '../kube/watch-times.js';
import type { Logger } from '../logger.js';
import type { Health } from './health.js';

/** How often a start that waits for caches says what it waits for. */
const SYNC_REPORT = 30_000;

/** A watch that was silent for longer is not merely between two bookmarks: its own limit, and time to reconnect. */
export const SILENCE_LIMIT = 2 * WATCH_TIMES.inactivity;

const unsynced = (informers: Informers): string[] => informers.all().filter(({ synced }) => !synced).map(({ kind }) => kind.plural);

/** An operator is ready when its caches are complete and alive, and the server serves its custom kinds. `inactivity` is how long its watches may be silent. */
export function addReadinessChecks(readyz: Health, plan: Plan, client: KubeClient, informers: Informers, inactivity = WATCH_TIMES.inactivity): void {
  // A watch that was silent for longer is not merely between two bookmarks: its own limit, and time to reconnect.
  const limit = 2 * inactivity;
  readyz.add('informers', () => {
    const waiting = unsynced(informers);
    if (waiting.length > 0) throw new Error(`not synced: ${waiting.join(', ')}`);
    const silent = informers.all().filter(({ silence, absent }) => !absent && silence > limit);
    if (silent.length > 0) throw new Error(`nothing heard for ${limit / 1_000}s from: ${silent.map(({ kind }) => kind.plural).join(', ')}`);
  });
  for (const { definition, group, version, plural } of plan.kinds) {
    if (!definition) continue;
    readyz.add(`crd-${plural}.${group}`, async () => {
      const { resources } = await client.raw<{ resources: { name: string }[] }>(`/apis/${group}/${version}`);
      if (!resources.some(({ name }) => name === plural)) throw new Error(`${group}/${version} does not serve ${plural}`);
    });
  }
}

/** Waits for the first lists, for as long as it takes: a CRD may be installed after its operator. */
export async function untilSynced(informers: Informers, clock: Clock, log: Logger, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const report = async (): Promise<void> => {
    for (;;) {
      await sleep(clock, SYNC_REPORT, AbortSignal.any([signal, done.signal]));
      log.warn('waiting for caches to sync', { kinds: unsynced(informers) });
    }
  };
  report().catch(() => undefined);
  try {
    await rejectOnAbort(Promise.all(informers.all().map((informer) => informer.whenSynced())), signal);
  } finally {
    done.abort();
  }
}
