import type { Trigger } from '../context.js';
import { KeyMemory } from '../engine/memory.js';
import type { RunResult } from '../engine/run.js';
import type { KubeObject } from '../kube/object.js';
import type { Item, KeyState, WorkQueue } from '../queue/work-queue.js';
import type { RunEnvironment } from './active-run.js';
import { ActiveRun } from './active-run.js';
import type { RunRecord } from './key-record.js';
import { KeyRecord } from './key-record.js';

/** How much a controller keeps of what went on. */
export interface RecordLimits {
  /** Reasons for the next run of a key; more are counted among the first ones. Default 10. */
  readonly triggers: number;
  /** Runs of a key. Runs that only repeat what the one before did count as one. Default 5. */
  readonly runs: number;
  /** Runs of all keys beyond the last one of each. The keys that did something else last lose theirs last. Default 2,000, about 2 MB. */
  readonly earlierRuns: number;
  /** Keys whose object is gone, with their runs. Default 100. */
  readonly goneKeys: number;
}

export const RECORD_LIMITS: RecordLimits = { triggers: 10, runs: 5, earlierRuns: 2_000, goneKeys: 100 };

/** What is known of a key. */
export interface KeyReport {
  /** Undefined when the key is not to run. */
  readonly queue: KeyState | undefined;
  /** Why it is to run next, those included that are due later. */
  readonly pending: readonly Trigger[];
  /** Of the run under way: why it runs, and the steps that have ended. */
  readonly active: Pick<ActiveRun, 'startedAt' | 'triggers' | 'steps'> | undefined;
  /** The oldest first. */
  readonly runs: readonly RunRecord[];
}

/** Why the keys of one controller run, and what came of it: kept for explanations, within bounds. */
export class Recorder {
  readonly #records = new Map<string, KeyRecord>();
  /** Keys with more than their last run, the one that did something else last at the end. */
  readonly #long = new Set<KeyRecord>();
  readonly #gone = new Set<KeyRecord>();
  readonly #limits: RecordLimits;
  #earlierRuns = 0;

  constructor(private readonly environment: RunEnvironment, limits: Partial<RecordLimits> = {}) {
    this.#limits = { ...RECORD_LIMITS, ...limits };
  }

  /** How many runs are kept. */
  get size(): number {
    return this.#records.size + this.#earlierRuns;
  }

  /** Notes why a key is to run. */
  note(key: string, trigger: Trigger): void {
    const record = this.#of(key);
    // Its run will say anew whether the object is gone.
    if (this.#gone.size > 0) this.#gone.delete(record);
    record.note(trigger, this.#limits.triggers);
  }

  begin(item: Item, object: KubeObject | undefined): ActiveRun {
    const record = this.#of(item.key);
    const run = new ActiveRun(this.environment, item, object, record);
    record.active = run;
    run.triggers = this.#attributed(record.take(run.startedAt));
    const { tracing, controller } = this.environment;
    if (tracing) run.trace = tracing.begin({ controller, object, triggers: run.triggers, ...item });
    return run;
  }

  ended(run: ActiveRun, result: RunResult): void {
    const { record } = run;
    record.active = undefined;
    const triggers = this.#attributed(run.triggers);
    run.trace?.end(result, triggers, this.environment.origins);
    if (record.add(run, result, triggers, this.environment.clock.now() - run.startedAt)) this.#lengthened(record);
    if (result.outcome === 'gone') this.#bury(record);
  }

  /** The run was not needed after all, and is not told of. */
  skipped({ record, trace }: ActiveRun): void {
    record.active = undefined;
    trace?.skip();
  }

  /** The object of a key is gone, and no run is to come that would say so. */
  gone(key: string): void {
    const record = this.#records.get(key);
    if (record) this.#bury(record);
  }

  /** Others have worked on these keys: what the engine remembers of them is out of date. */
  reset(concerned: (key: string) => boolean): void {
    for (const record of this.#records.values()) if (concerned(record.key)) record.memory = new KeyMemory();
  }

  /** All of it about a key. */
  report(key: string, queue: WorkQueue): KeyReport {
    const record = this.#records.get(key);
    return { queue: queue.inspect(key), active: record?.active, pending: this.#attributed(record?.pending ?? []), runs: (record?.runs ?? []).map((run) => ({ ...run, triggers: this.#attributed(run.triggers) })) };
  }

  #of(key: string): KeyRecord {
    let record = this.#records.get(key);
    if (!record) this.#records.set(key, record = new KeyRecord(key));
    return record;
  }

  #lengthened(record: KeyRecord): void {
    const { runs, earlierRuns } = this.#limits;
    this.#long.delete(record);
    this.#long.add(record);
    if (record.earlier < runs) this.#earlierRuns += 1;
    else record.shorten(runs - 1);
    while (this.#earlierRuns > earlierRuns) this.#shorten(first(this.#long));
  }

  #shorten(record: KeyRecord): void {
    this.#earlierRuns -= record.earlier;
    record.shorten(0);
    this.#long.delete(record);
  }

  #bury(record: KeyRecord): void {
    record.memory = new KeyMemory();
    this.#gone.delete(record);
    this.#gone.add(record);
    if (this.#gone.size <= this.#limits.goneKeys) return;
    const oldest = first(this.#gone);
    this.#shorten(oldest);
    this.#gone.delete(oldest);
    this.#records.delete(oldest.key);
  }

  /** With the runs of this process that caused them, as far as their writes have been answered. */
  #attributed(triggers: readonly Trigger[]): readonly Trigger[] {
    const { origins } = this.environment;
    if (origins.size === 0 || !triggers.some(({ seen, by }) => seen && !by)) return triggers;
    return triggers.map((trigger) => {
      const by = trigger.seen && !trigger.by ? origins.of(trigger.seen) : undefined;
      return by ? { ...trigger, by } : trigger;
    });
  }
}

const first = (records: ReadonlySet<KeyRecord>): KeyRecord => records.values().next().value as KeyRecord;
