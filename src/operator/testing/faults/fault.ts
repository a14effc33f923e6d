/** What can go wrong at one point of a scenario. Each of these happens to operators on real clusters; none is impossible. */
export const FAULTS = {
  'crash-before': 'the process is killed before the call leaves it',
  'crash-after': 'the process is killed after the call took effect, before it hears the answer',
  stale: 'no watch brings anything for ten seconds: reads are stale',
  dropped: 'all watches lose their connection just before, and reconnect',
  relisted: 'all watches lose their connection just before, and what they ask for then is gone (410): only a list can tell what happened',
  duplicated: 'every watch brings its next event twice',
  reordered: 'the watch of this kind is a second behind those of the others',
  409: 'somebody else changes the object just before',
  429: 'the server is too busy; it wants to be asked again in a second',
  500: 'the call fails without an effect',
  timeout: 'the call takes effect, and its answer is lost',
  late: 'the call takes effect, and its answer comes two seconds later than what watches bring',
  deposed: 'the process stands still (SIGSTOP) until another replica has taken its lease, and goes on then',
} as const;

/** A fault by its name: `crash-after`, `stale`, `409` and the others. */
export type Fault = keyof typeof FAULTS extends infer F ? `${F & (string | number)}` : never;

/**
 * Where a fault strikes: `w` are the operator's writes to the API server, `x` its calls to external systems, `u` the scenario's own
 * writes; counted from 0.
 */
export type PointKind = 'w' | 'x' | 'u';

/** A point that a run of the scenario passed. */
export interface Point {
  readonly id: string;
  /** `PATCH nodes/n1/status`, `cloud.create`. */
  readonly label: string;
}

const FAULTS_AT: Record<PointKind, readonly Fault[]> = {
  w: ['crash-before', 'crash-after', 'stale', 'dropped', 'relisted', 'duplicated', 'reordered', '409', '429', '500', 'timeout', 'late', 'deposed'],
  x: ['crash-before', 'crash-after', '500', 'timeout', 'late', 'deposed'],
  u: ['crash-after', 'stale', 'dropped', 'relisted', 'duplicated', 'reordered'],
};

/** The faults that can strike a point. Only changes of an object that is there can meet somebody else's. */
export const faultsAt = ({ id, label }: Point): readonly Fault[] =>
  FAULTS_AT[id[0] as PointKind].filter((fault) => fault !== '409' || /^(PATCH|PUT) /.test(label));

/** Which faults strike where in one run; written `w3:crash-after`, several joined by commas. */
export type Schedule = ReadonlyMap<string, Fault>;

export const formatSchedule = (schedule: Schedule): string => [...schedule].map(([id, fault]) => `${id}:${fault}`).join(',');

/** Reads names of faults, `late,409`. Throws with those that there are. */
export function parseFaults(text: string): Fault[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(name in FAULTS));
  if (unknown !== undefined) throw new TypeError(`there is no fault "${unknown}"; write all, or some of ${Object.keys(FAULTS).join(', ')}`);
  return names as Fault[];
}

/** Reads what `formatSchedule` wrote. Throws with the syntax and the names of all faults. */
export function parseSchedule(text: string): Schedule {
  return new Map(text.split(',').map((part) => {
    const [, id, fault] = /^([wxu]\d+):(.+)$/.exec(part.trim()) ?? [];
    if (id === undefined || !(fault as string in FAULTS)) {
      throw new TypeError(`the schedule "${text}" is not of the form POINT:FAULT,… with points like w0 (write), x0 (external call), u0 (the scenario's write) and the faults ${Object.keys(FAULTS).join(', ')}`);
    }
    return [id, fault as Fault];
  }));
}
