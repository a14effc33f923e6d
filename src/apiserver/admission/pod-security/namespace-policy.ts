import { invalid, type FieldError } from '../../schema/field-error.js';
import { BASELINE_CHECKS } from './baseline-checks.js';
import type { PodCheck, Subject, Violation } from './pod-check.js';
import { RESTRICTED_CHECKS } from './restricted-checks.js';

const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
const PREFIX = 'pod-security.kubernetes.io/';
const VERSION = /^v1\.(0|[1-9]\d*)$/;
/** The newest version that has rules of its own. */
const NEWEST_MINOR = 35;

/** How strict, and by the rules of which version: `baseline:latest`. */
export interface LevelVersion {
  readonly level: (typeof LEVELS)[number];
  /** `latest` or `v1.N`. */
  readonly version: string;
}

export interface NamespacePolicy {
  readonly enforce: LevelVersion;
  readonly warn: LevelVersion;
}

export const stricter = (one: LevelVersion, other: LevelVersion): boolean => LEVELS.indexOf(one.level) > LEVELS.indexOf(other.level);
export const levelText = ({ level, version }: LevelVersion): string => `${level}:${version}`;

/** What a namespace's labels ask of its pods, and what is wrong with the labels. Bad levels enforce the strictest, and warn of nothing. */
export function namespacePolicy(labels: Readonly<Record<string, string>> = {}): { policy: NamespacePolicy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const refuse = (name: string, value: string, why: string): void => void errors.push(invalid(`metadata.labels[${PREFIX}${name}]`, value, why));
  const read = (mode: string, fallback: LevelVersion['level']): LevelVersion & { known: boolean; versioned: boolean } => {
    const [level, version] = [labels[PREFIX + mode], labels[`${PREFIX}${mode}-version`]];
    const known = LEVELS.find((each) => each === level);
    if (level !== undefined && !known) refuse(mode, level, `must be one of ${LEVELS.join(', ')}`);
    const valid = version === undefined || version === 'latest' || VERSION.test(version);
    if (!valid) refuse(`${mode}-version`, version, 'must be "latest" or "v1.x"');
    return { level: known ?? (level === undefined ? 'privileged' : fallback), version: valid && version !== undefined ? version : 'latest', known: known !== undefined, versioned: version !== undefined };
  };
  const enforce = read('enforce', 'restricted');
  read('audit', 'privileged');
  const warn = read('warn', 'privileged');
  const inherits = labels[`${PREFIX}warn`] === undefined && enforce.known && stricter(enforce, warn);
  const plain = ({ level, version }: LevelVersion): LevelVersion => ({ level, version });
  return { policy: { enforce: plain(enforce), warn: inherits ? { level: enforce.level, version: warn.versioned ? warn.version : enforce.version } : plain(warn) }, errors };
}

/** What a pod does that the level does not allow, in the order of the rules. */
export function violationsOf(subject: Subject, { level, version }: LevelVersion): Violation[] {
  const minor = Math.min(NEWEST_MINOR, Number(VERSION.exec(version)?.[1] ?? NEWEST_MINOR));
  const inForce = (checks: readonly PodCheck[]): PodCheck[] => checks.filter(({ since = 0 }) => minor >= since);
  if (level === 'privileged') return [];
  const strict = level === 'restricted' ? inForce(RESTRICTED_CHECKS) : [];
  const replaced = strict.flatMap(({ replaces = [] }) => replaces);
  return [...inForce(BASELINE_CHECKS).filter(({ id }) => !replaced.includes(id)), ...strict].map((rule) => rule.check(subject, minor)).filter((violation) => violation !== undefined);
}
