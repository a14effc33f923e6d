import { stopwatch } from '../../clock.js';
import { seededRandom } from '../../random.js';
import type { Fault, Point, Schedule } from './fault.js';
import { FAULTS, faultsAt, formatSchedule, parseFaults, parseSchedule } from './fault.js';
import type { Invariant } from './fault-world.js';
import { FaultWorld } from './fault-world.js';

/**
 * What an operator is to go through: makes a bed with `world.testBed(…)`, does what users do, and asserts what must be true in the end. It
 * runs many times, each in a world of its own. Faults delay things: wait with `world.until(…)` before asserting.
 */
export type Scenario = (world: FaultWorld) => Promise<void>;

/** What `everyFault` tries, and what has to hold meanwhile. */
export interface EveryFaultOptions {
  /** What must be true after every write, by what it is about: `{ 'never two instances a claim': ({ bed }) => … }`. */
  invariants?: Readonly<Record<string, Invariant>>;
  /** Which faults to try. Default: all. */
  faults?: readonly Fault[];
  /** Tries at most so many schedules, chosen by the seed. Default: all. `FAULTS=all` in the environment lifts it, `FAULTS=late,409` does so for these faults and leaves the others out. */
  sample?: number;
  /** Tries so many schedules of two faults each, too. Default 0. */
  pairs?: number;
  /** Chooses the sample and the pairs. Default 1. */
  seed?: number;
  /** Only this schedule, as a failure prints it. Default: `FAULT` of the environment. */
  only?: string;
}

/** What `everyFault` has tried. */
export interface FaultReport {
  /** The points of a run without faults. */
  readonly points: readonly Point[];
  readonly schedules: number;
  /** Schedules that were run in a second of real time. */
  readonly perSecond: number;
}

/** A scenario that holds without faults did not with one. The message has the schedule that shows it again, and the trace. */
export class FaultFailure extends Error {
  override readonly name = 'FaultFailure';
  readonly reason = 'FaultNotSurvived';

  constructor(readonly schedule: string, trace: readonly string[], cause: unknown) {
    const what = schedule === '' ? 'the scenario fails without any fault' : `the scenario does not survive ${schedule}`;
    const again = schedule === '' ? '' : `\nagain: FAULT='${schedule}', or everyFault.only('${schedule}', …)`;
    super(`${what}: ${cause instanceof Error ? cause.message : String(cause)}${again}\n${trace.map((line) => `  ${line}`).join('\n')}`, { cause });
  }
}

/**
 * Runs a scenario once to learn which points it passes: the operator's writes, its calls to external systems, the scenario's own writes.
 * Then runs it again for each of them with each fault that can strike there. Deterministic, in virtual time. Rejects with
 * {@link FaultFailure} at the first schedule in which an assertion of the scenario or an invariant fails.
 */
export async function everyFault(scenario: Scenario, options: EveryFaultOptions = {}): Promise<FaultReport> {
  const elapsed = stopwatch();
  const { only = process.env['FAULT'] } = options;
  const report = (points: readonly Point[], schedules: number): FaultReport => ({ points, schedules, perSecond: Math.round((schedules / elapsed()) * 1_000) });
  if (only) return report((await run(scenario, parseSchedule(only), options)).points, 1);
  const { points } = await run(scenario, new Map(), options);
  const chosen = chosenOf(schedulesOf(points, options), options);
  for (const schedule of chosen) {
    const passed = await run(scenario, schedule, options);
    if (schedule.size === 1) expectSame(points, passed, schedule);
  }
  return report(points, chosen.length + 1);
}

/** Runs a scenario with one schedule, as a failure of `everyFault` prints it: `w3:crash-after`. */
everyFault.only = (schedule: string, scenario: Scenario, options: EveryFaultOptions = {}): Promise<FaultReport> => everyFault(scenario, { ...options, only: schedule });

function schedulesOf(points: readonly Point[], { faults = Object.keys(FAULTS) as Fault[], pairs = 0, seed = 1 }: EveryFaultOptions): Schedule[] {
  const single = points.flatMap((point) => faultsAt(point).filter((fault) => faults.includes(fault)).map((fault): [string, Fault] => [point.id, fault]));
  const schedules: Schedule[] = single.map((strike) => new Map([strike]));
  const random = seededRandom(seed);
  const any = (): [string, Fault] => single[Math.floor(random.next() * single.length)] as [string, Fault];
  for (let made = 0; single.length > 0 && made < pairs; made += 1) schedules.push(new Map([any(), any()]));
  return schedules;
}

function chosenOf(schedules: Schedule[], { sample, seed = 1 }: EveryFaultOptions): Schedule[] {
  const wanted = process.env['FAULTS'];
  if (wanted === 'all') return schedules;
  if (wanted) {
    const faults = parseFaults(wanted);
    return schedules.filter((schedule) => [...schedule.values()].every((fault) => faults.includes(fault)));
  }
  return sample === undefined ? schedules : shuffled(schedules, seed).slice(0, sample);
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  return items.map((item) => ({ item, place: random.next() })).sort((left, right) => left.place - right.place).map(({ item }) => item);
}

async function run(scenario: Scenario, schedule: Schedule, { invariants = {} }: EveryFaultOptions): Promise<FaultWorld> {
  const world = new FaultWorld(schedule, invariants);
  const fail = (error: unknown): never => {
    throw new FaultFailure(formatSchedule(schedule), world.trace, world.violation ?? error);
  };
  try {
    await scenario(world).catch(fail);
    if (world.violation) fail(world.violation);
    return world;
  } finally {
    await world.close();
  }
}

/** Up to its fault a run passes the same points as the one without. */
function expectSame(points: readonly Point[], { points: passed, trace }: FaultWorld, schedule: Schedule): void {
  const [id] = [...schedule.keys()];
  const at = points.findIndex((point) => point.id === id);
  const other = points.slice(0, at + 1).findIndex(({ id: expected, label }, index) => passed[index]?.id !== expected || passed[index]?.label !== label);
  if (other < 0 || schedule.get(id as string) === 'deposed') return;
  const name = (point: Point | undefined): string => (point ? `${point.id} ${point.label}` : 'nothing');
  throw new FaultFailure(formatSchedule(schedule), trace, new Error(`the scenario is not deterministic: ${name(points[other])} was followed by ${name(passed[other])} in the place of the same point; let nothing depend on real time or ambient randomness`));
}
