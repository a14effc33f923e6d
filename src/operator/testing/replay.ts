import type { ContainerModule } from 'inversify';
import { isSameValue } from '../shadow/field-change.js';
import type { Duration } from '../duration.js';
import { milliseconds } from '../duration.js';
import { silentLogger } from '../logger.js';
import { seededRandom } from '../random.js';
import type { OperatorOptions } from '../runtime/operator-options.js';
import { Operator } from '../runtime/operator.js';
import type { ClusterLogEntry } from '../shadow/cluster-log.js';
import { ReplayTransport } from '../shadow/replay-transport.js';
import { Shadow } from '../shadow/shadow.js';
import type { ShadowReport, WouldBeWrite } from '../shadow/would-be-write.js';
import { VirtualClock } from './virtual-clock.js';

/** How a log is replayed. */
export interface ReplayOptions {
  /** The operator's name: one of the field managers of the recorded version. Default `operator`. */
  name?: string;
  /** How long a write of the replayed version waits for the recorded one, in the log's time. Default 30 s. */
  window?: Duration;
  /** Field managers of the recorded version that the replayed one does not have. */
  managers?: readonly string[];
  /** All randomness comes from it. Default 1. */
  seed?: number;
  /** Set on the operator. */
  operator?: Partial<OperatorOptions>;
}

/** What came of a replay. */
export interface Replayed {
  /** The replayed version against the one that was at work while the log was recorded. */
  readonly report: ShadowReport;
  /** What it would have written, in this order. */
  readonly writes: readonly WouldBeWrite[];
  /** Writes that got as far as to the server of the replay: none. */
  readonly refused: readonly string[];
}

/**
 * Plays a recorded log of a cluster to an operator of these modules, in virtual time, and notes what it would have written. Services of the modules that call
 * other systems have to be replaced or to go through ExternalCalls, which makes no calls here.
 */
export async function replay(log: readonly ClusterLogEntry[], modules: readonly ContainerModule[], options: ReplayOptions = {}): Promise<Replayed> {
  const { name = 'operator', window = '30s', managers = [], seed = 1 } = options;
  const [first, last] = [log[0], log.at(-1)];
  if (!first || !last) throw new RangeError('an empty log has nothing to be replayed');
  const clock = new VirtualClock(first.at);
  const transport = new ReplayTransport(log, clock);
  const writes: WouldBeWrite[] = [];
  const shadow = new Shadow({ window, managers, observer: { wouldWrite: (write) => writes.push(write) } });
  const operator = new Operator({ ports: false, processMetrics: false, cpus: 1, logger: silentLogger, ...options.operator, name, clock, random: seededRandom(seed), transport, shadow });
  operator.use(...modules);
  const stop = new AbortController();
  const running = operator.run({ signal: stop.signal });
  let failure: unknown;
  running.catch((error: unknown) => (failure = error));
  // What happened last is judged, too.
  await clock.advance(last.at - first.at + 2 * milliseconds(window));
  const report = shadow.report();
  stop.abort(new Error('the replay has ended'));
  await clock.settle();
  if (failure !== undefined) throw failure;
  return { report, writes, refused: transport.refused };
}

/** How the writes of two versions compare. */
export interface WriteComparison {
  readonly onlyFirst: readonly WouldBeWrite[];
  readonly onlySecond: readonly WouldBeWrite[];
  /** How many both would have made. */
  readonly both: number;
}

/** Equal writes are told apart by neither their times nor the names that a server would have chosen. */
const fingerprint = ({ verb, subresource, object, changes }: WouldBeWrite): string =>
  JSON.stringify([verb, subresource, object, changes.map(({ field, to }) => [field, isSameValue(to, EPOCH) ? EPOCH : to])]);
const EPOCH = '1970-01-01T00:00:00Z';

/** Which writes of two replays of one log only one of them has. */
export function compareWrites(first: readonly WouldBeWrite[], second: readonly WouldBeWrite[]): WriteComparison {
  const onlyFirst = without(first, second);
  return { onlyFirst, onlySecond: without(second, first), both: first.length - onlyFirst.length };
}

/** The writes that have no equal among the others; each of those is the equal of one. */
function without(writes: readonly WouldBeWrite[], others: readonly WouldBeWrite[]): WouldBeWrite[] {
  const left = new Map<string, number>();
  for (const other of others) left.set(fingerprint(other), (left.get(fingerprint(other)) ?? 0) + 1);
  return writes.filter((write) => {
    const count = left.get(fingerprint(write)) ?? 0;
    left.set(fingerprint(write), count - 1);
    return count <= 0;
  });
}
