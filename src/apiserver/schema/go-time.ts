/** A moment to the microsecond. */
export interface GoTime {
  /** Milliseconds since the Unix epoch, whole seconds. */
  readonly seconds: number;
  /** Six digits. */
  readonly microseconds: string;
}

/** Layouts of Kubernetes' times, as Go names them: of `metav1.Time`, and of `metav1.MicroTime`, which insists on six digits. */
const SECONDS = '2006-01-02T15:04:05Z07:00';
const MICROSECONDS = '2006-01-02T15:04:05.000000Z07:00';

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const daysIn = (month: number, year: number): number => (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : DAYS[month - 1]!);

/** One part of a layout: what it looks like, what it matches, and what its number must be. */
interface Part {
  readonly name: string;
  readonly pattern: RegExp;
  readonly range?: readonly [what: string, from: number, to: number];
}

const PARTS: readonly Part[] = [
  { name: '2006', pattern: /^\d{4}/ }, { name: '-', pattern: /^-/ },
  { name: '01', pattern: /^\d\d/, range: ['month', 1, 12] }, { name: '-', pattern: /^-/ },
  { name: '02', pattern: /^\d\d/ }, { name: 'T', pattern: /^T/ },
  { name: '15', pattern: /^\d\d?/, range: ['hour', 0, 23] }, { name: ':', pattern: /^:/ },
  { name: '04', pattern: /^\d\d/, range: ['minute', 0, 59] }, { name: ':', pattern: /^:/ },
  { name: '05', pattern: /^\d\d/, range: ['second', 0, 59] },
];
const ANY_FRACTION: Part = { name: '', pattern: /^(?:[.,]\d+)?/ };
const MICRO_FRACTION: Part = { name: '.000000', pattern: /^[.,]\d{6}/ };
const ZONE: Part = { name: 'Z07:00', pattern: /^(?:Z|[+-]\d\d:\d\d)/ };

/**
 * Reads a time of the API; a text that is none gives what Go's `time.Parse` has to say about it.
 * @param micro whether it is a `MicroTime`
 */
export function parseGoTime(text: string, micro: boolean): GoTime | string {
  const parsing = `parsing time ${JSON.stringify(text)}`;
  const found: string[] = [];
  let rest = text;
  for (const { name, pattern, range } of [...PARTS, micro ? MICRO_FRACTION : ANY_FRACTION, ZONE]) {
    const match = pattern.exec(rest)?.[0];
    if (match === undefined) return `${parsing} as ${JSON.stringify(micro ? MICROSECONDS : SECONDS)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(name)}`;
    if (range && (Number(match) < range[1] || Number(match) > range[2])) return `${parsing}: ${range[0]} out of range`;
    found.push(match);
    rest = rest.slice(match.length);
  }
  if (rest !== '') return `${parsing}: extra text: ${JSON.stringify(rest)}`;
  const [year = '', , month = '', , day = '', , hour = '', , minute = '', , second = '', fraction = '', zone = ''] = found;
  if (Number(day) < 1 || Number(day) > daysIn(Number(month), Number(year))) return `${parsing}: day out of range`;
  const instant = Date.parse(`${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}Z`);
  const offset = zone === 'Z' ? 0 : Number(`${zone.charAt(0)}1`) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60_000;
  return { seconds: instant - offset, microseconds: fraction.slice(1, 7).padEnd(6, '0') };
}
