import type { Environment } from '@marcbachmann/cel-js';

const STRICT = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

class CelSemver {
  constructor(readonly numbers: readonly bigint[], readonly prerelease: readonly string[]) {}
}

/** A version with three numbers; when normalised, also one with a `v` before it, zeros in front, or fewer numbers. */
function parse(text: string, normalize = false): CelSemver | undefined {
  const [, ...parts] = STRICT.exec(normalize ? normalized(text) : text) ?? [];
  const prerelease = parts[3]?.split('.') ?? [];
  if (parts.length === 0 || prerelease.some((part) => /^0\d+$/.test(part))) return undefined;
  return new CelSemver(parts.slice(0, 3).map((part) => BigInt(part!)), prerelease);
}

function normalized(text: string): string {
  const [, core = '', more = ''] = /^v?([\d.]*)(.*)$/s.exec(text)!;
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  // A short version may not have anything after it.
  if (parts.length < 3 && more !== '') return '';
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + more;
}

function compare(one: CelSemver, other: CelSemver): number {
  for (const [index, number] of one.numbers.entries()) if (number !== other.numbers[index]) return number < other.numbers[index]! ? -1 : 1;
  if (one.prerelease.length === 0 || other.prerelease.length === 0) return Math.sign(other.prerelease.length - one.prerelease.length);
  for (const [index, part] of one.prerelease.entries()) {
    const counterpart = other.prerelease[index];
    if (counterpart === undefined) return 1;
    if (part !== counterpart) return comparePrerelease(part, counterpart);
  }
  return Math.sign(one.prerelease.length - other.prerelease.length);
}

/** Numbers come before words. */
function comparePrerelease(one: string, other: string): number {
  const [isNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1;
  return (isNumber ? Number(one) < Number(other) : one < other) ? -1 : 1;
}

function made(text: string, normalize?: boolean): CelSemver {
  const version = parse(text, normalize);
  if (!version) throw new Error(text.split('.').length < 3 ? 'No Major.Minor.Patch elements found' : `Semver parse error during conversion from string: ${text}`);
  return version;
}

/** `semver('1.2.3')`, its parts and comparisons. */
export function registerSemver(environment: Environment): void {
  environment.registerType('kubernetes.Semver', { ctor: CelSemver, fields: {} });
  const on = (signature: string, handler: (version: CelSemver, other: CelSemver) => unknown): void => void environment.registerFunction(`kubernetes.Semver.${signature}`, handler);
  environment
    .registerFunction('semver(string): kubernetes.Semver', (text: string) => made(text))
    .registerFunction('semver(string, bool): kubernetes.Semver', made)
    .registerFunction('isSemver(string): bool', (text: string) => parse(text) !== undefined)
    .registerFunction('isSemver(string, bool): bool', (text: string, normalize: boolean) => parse(text, normalize) !== undefined);
  ['major', 'minor', 'patch'].forEach((part, index) => on(`${part}(): int`, ({ numbers }) => numbers[index]));
  on('isGreaterThan(kubernetes.Semver): bool', (one, other) => compare(one, other) > 0);
  on('isLessThan(kubernetes.Semver): bool', (one, other) => compare(one, other) < 0);
  on('compareTo(kubernetes.Semver): int', (one, other) => BigInt(compare(one, other)));
  environment.registerOperator('kubernetes.Semver == kubernetes.Semver', (one: CelSemver, other: CelSemver) => compare(one, other) === 0);
}
