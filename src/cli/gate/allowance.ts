import { COMPATIBILITY_RULES, nearest } from '../../operator/index.js';
import type { CompatibilityRule, Incompatibility } from '../../operator/index.js';
import { CliError } from '../cli-error.js';

/** A break that is meant, and why. */
export interface Allowance {
  readonly rule: CompatibilityRule;
  /** A path, or the beginning of paths and `*`. */
  readonly path: string;
  readonly reason: string;
}

/** `RULE:PATH=REASON`. Throws a {@link CliError} that says what is wrong with it. */
export function parseAllowance(text: string): Allowance {
  const [, rule = '', path = '', reason = ''] = /^([^:]*):?([^=]*)=?([\s\S]*)$/.exec(text) ?? [];
  if (!(rule in COMPATIBILITY_RULES)) {
    const meant = nearest(rule, Object.keys(COMPATIBILITY_RULES));
    throw new CliError(`--allow ${text}: there is no rule "${rule}".${meant === undefined ? '' : ` Did you mean "${meant}"?`} It can be ${Object.keys(COMPATIBILITY_RULES).join(', ')}`, 2);
  }
  if (path === '') throw new CliError(`--allow ${text}: which path? Write --allow "${rule}:PATH=REASON"; PATH stands in what the gate reports, and may end in *`, 2);
  if (reason.trim() === '') throw new CliError(`--allow ${text}: why? Write --allow "${rule}:${path}=REASON"`, 2);
  return { rule: rule as CompatibilityRule, path, reason: reason.trim() };
}

export const allows = ({ rule, path }: Allowance, found: Incompatibility): boolean =>
  rule === found.rule && (path.endsWith('*') ? found.path.startsWith(path.slice(0, -1)) : found.path === path);
