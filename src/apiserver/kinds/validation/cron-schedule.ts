/** The fields of a schedule: their bounds, and names for some values. */
interface Bounds { least: number; most: number; names?: readonly string[] }

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Bounds[] = [{ least: 0, most: 59 }, { least: 0, most: 23 }, { least: 1, most: 31 }, { least: 1, most: 12, names: MONTHS }, { least: 0, most: 6, names: WEEKDAYS }];
const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const EVERY = '@every ';
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** What is wrong with a schedule of a CronJob; undefined: nothing. */
export function cronScheduleProblem(schedule: string): string | undefined {
  if (schedule.startsWith('@')) return descriptorProblem(schedule);
  const fields = schedule.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, field] of fields.entries()) {
    for (const expression of field.split(',').filter((each) => each !== '')) {
      const problem = rangeProblem(expression, FIELDS[index]!);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function descriptorProblem(descriptor: string): string | undefined {
  if (DESCRIPTORS.includes(descriptor)) return undefined;
  if (!descriptor.startsWith(EVERY)) return `unrecognized descriptor: ${descriptor}`;
  const duration = descriptor.slice(EVERY.length);
  if (DURATION.test(duration)) return undefined;
  const why = /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(duration) ? 'missing unit in' : 'invalid';
  return `failed to parse duration ${descriptor}: time: ${why} duration ${JSON.stringify(duration)}`;
}

function rangeProblem(expression: string, { least, most, names = [] }: Bounds): string | undefined {
  const [range = '', step, ...slashes] = expression.split('/');
  const [low = '', high, ...hyphens] = range.split('-');
  const numberOf = (text: string): number | string => {
    const named = names.indexOf(text.toLowerCase());
    return named < 0 ? wholeNumber(text) : named + least;
  };
  let start: number | string = least;
  let end: number | string = most;
  if (low !== '*' && low !== '?') {
    start = numberOf(low);
    if (typeof start === 'string') return start;
    if (hyphens.length > 0) return `too many hyphens: ${expression}`;
    end = high === undefined ? start : numberOf(high);
    if (typeof end === 'string') return end;
  }
  const every = step === undefined ? 1 : wholeNumber(step);
  if (slashes.length > 0) return `too many slashes: ${expression}`;
  if (typeof every === 'string') return every;
  if (step !== undefined && high === undefined) end = most;
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${expression}`;
  if (end > most) return `end of range (${end}) above maximum (${most}): ${expression}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${expression}`;
  return every === 0 ? `step of range should be a positive number: ${expression}` : undefined;
}

/** The number, or why it is none. */
function wholeNumber(text: string): number | string {
  if (!/^[+-]?\d+$/.test(text)) return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  const value = Number(text);
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
