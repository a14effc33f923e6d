const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** How long ago a timestamp was, as kubectl shows it; `<unknown>` without one. */
export function age(timestamp: string | null | undefined, now: number): string {
  const instant = timestamp ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(instant) ? '<unknown>' : humanDuration(now - instant);
}

/** A duration in milliseconds, in one or two units: `7s`, `5m30s`, `3h20m`, `2d4h`, `45d`, `2y10d`. */
export function humanDuration(milliseconds: number): string {
  // A clock that is behind by up to a second reads as just now.
  if (milliseconds < -2 * SECOND) return '<invalid>';
  if (milliseconds < 0) return '0s';
  if (milliseconds < 2 * MINUTE) return `${Math.floor(milliseconds / SECOND)}s`;
  if (milliseconds < 10 * MINUTE) return pair(milliseconds, MINUTE, 'm', SECOND, 's');
  if (milliseconds < 3 * HOUR) return `${Math.floor(milliseconds / MINUTE)}m`;
  if (milliseconds < 8 * HOUR) return pair(milliseconds, HOUR, 'h', MINUTE, 'm');
  if (milliseconds < 2 * DAY) return `${Math.floor(milliseconds / HOUR)}h`;
  if (milliseconds < 8 * DAY) return pair(milliseconds, DAY, 'd', HOUR, 'h');
  if (milliseconds < 2 * YEAR) return `${Math.floor(milliseconds / DAY)}d`;
  if (milliseconds < 8 * YEAR) return pair(milliseconds, YEAR, 'y', DAY, 'd');
  return `${Math.floor(milliseconds / YEAR)}y`;
}

function pair(milliseconds: number, unit: number, name: string, smaller: number, smallerName: string): string {
  const rest = Math.floor((milliseconds % unit) / smaller);
  return `${Math.floor(milliseconds / unit)}${name}${rest === 0 ? '' : `${rest}${smallerName}`}`;
}
