/** A length of time as people write it: Go's notation (`1h30m`, `1.5s`, `250ms`), or a number of milliseconds. */
export type Duration = string | number;

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy;

/** Milliseconds of a duration, or undefined when the text is not one. `0` needs no unit; a leading sign is accepted. */
export function parseDuration(duration: Duration): number | undefined {
  if (typeof duration === 'number') return Number.isNaN(duration) ? undefined : duration;
  const sign = duration.startsWith('-') ? -1 : 1;
  const text = duration.replace(/^[+-]/, '');
  if (text === '0') return 0;
  if (text === '') return undefined;
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length) {
    const part = PART.exec(text);
    if (!part) return undefined;
    total += Number(part[1]) * (UNITS[part[2] as string] as number);
  }
  return sign * total;
}

/** Milliseconds of a duration. Throws a RangeError that names the text and the notation when it is not one. */
export function milliseconds(duration: Duration): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new RangeError(`"${duration}" is not a duration; write for example "1h30m", "15s" or "250ms"`);
  return parsed;
}

/** Go's canonical notation of a number of milliseconds: `1h0m0s`, `1m30s`, `250ms`, `0s`. */
export function formatDuration(length: number): string {
  if (length === 0) return '0s';
  const sign = length < 0 ? '-' : '';
  const total = Math.abs(length);
  if (total < 1_000) return `${sign}${total}ms`;
  const hours = Math.floor(total / 3_600_000);
  const minutes = Math.floor((total % 3_600_000) / 60_000);
  const seconds = Number(((total % 60_000) / 1_000).toFixed(9));
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

/** A length of time for people: milliseconds below a second, seconds below ten minutes, minutes below two days, then days; `5m`, not `5m0s`. */
export function roughly(length: number): string {
  if (length < 1_000) return `${Math.round(length)}ms`;
  if (length >= 2 * 86_400_000) return `${Math.floor(length / 86_400_000)}d`;
  const unit = length < 600_000 ? 1_000 : 60_000;
  return formatDuration(Math.round(length / unit) * unit).replace(/(\D)0s$/, '$1').replace(/(\D)0m$/, '$1');
}
