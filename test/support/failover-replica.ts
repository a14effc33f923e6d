// A replica of an operator whose only business is to write: the program of replica-process.ts. Its options are a JSON document.
import { createInterface } from 'node:readline';
import { inject } from 'inversify';
import { Clock, ConfigMap, KubeClient, Singleton, createLogger, createOperator, reconcilers, sleep, systemClock, transportTo } from '../../src/operator/index.js';
import type { LeaderElectionOptions, TickContext } from '../../src/operator/index.js';

interface ReplicaOptions {
  server: string;
  warmup?: boolean;
  leaderElection: LeaderElectionOptions;
}

const { server, warmup = true, leaderElection } = JSON.parse(process.argv[2] ?? '{}') as ReplicaOptions;
const CONFIG_MAP = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true };

/** Lanes that write at the same time, and how long each pauses: after SIGCONT several writes are due at once. */
const LANES = 6;
const PAUSE = 10;

/** Writes its name as often as it can. The patch names no resourceVersion, so that the server would take it from anybody. */
@Singleton({ name: 'scribe', every: '5ms', reads: [ConfigMap], backoff: { base: '5ms', max: '20ms' } })
class Scribe {
  #turn = 0;
  constructor(@inject(KubeClient) private readonly client: KubeClient, @inject(Clock) private readonly clock: Clock) {}

  async tick({ signal }: TickContext): Promise<void> {
    await Promise.all(Array.from({ length: LANES }, () => this.#lane(signal)));
  }

  async #lane(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#turn += 1;
      await this.client.mergePatch(CONFIG_MAP, { name: 'ledger', namespace: 'default', signal }, { data: { writer: leaderElection.identity, turn: String(this.#turn) } });
      await sleep(this.clock, PAUSE, signal);
    }
  }
}

const clock = systemClock();
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const log = createLogger({ clock });
const operator = createOperator({
  name: 'failover', transport: transportTo({ server, credentials: () => Promise.resolve({ headers: {}, tls: {} }) }),
  clock, logger: log, warmup, leaderElection, ports: false, processMetrics: false,
}).use(reconcilers(Scribe));

// `block MS` stops the main loop for so long, as a computation would.
createInterface({ input: process.stdin }).on('line', (line) => {
  const [, milliseconds] = /^block (\d+)$/.exec(line) ?? [];
  if (milliseconds === undefined) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(milliseconds));
  log.info('unblocked');
});

try {
  await operator.run({ signal: stop.signal });
  process.exit(0);
} catch (error) {
  log.error('ended', { error });
  process.exit(1);
}
