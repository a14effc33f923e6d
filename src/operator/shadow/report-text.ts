import { roughly } from '../duration.js';
import type { DifferingField, ShadowCause, ShadowDifference, ShadowReport } from './would-be-write.js';

/** Of differences that are alike, so many are told in full. */
const TOLD = 3;
/** Fields of a difference that are told. */
const FIELDS = 12;
/** Characters of a value. */
const LONGEST = 120;

const HEADINGS: Record<ShadowDifference['verdict'], string> = {
  differs: 'both do it, and otherwise',
  'only-shadow': 'only the shadow would do it',
  'only-running': 'only the running version did it',
};

const valueText = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

function fieldText({ field, from, shadow, running }: DifferingField, verdict: ShadowDifference['verdict']): string {
  if (field === '(deleted)') return verdict === 'only-shadow' ? 'would be deleted' : verdict === 'only-running' ? 'was deleted' : 'deleted';
  if (verdict === 'differs') return `${field}: shadow ${valueText(shadow)}, running ${valueText(running)}`;
  const to = verdict === 'only-shadow' ? shadow : running;
  return `${field}: ${from === undefined ? '' : `${valueText(from)} → `}${valueText(to)}`;
}

/** `by site.publisher (publish) for default/a, woken by Site default/a` */
function causeText({ reconciler, key, step, triggers }: ShadowCause): string {
  const reasons = [...new Set(triggers.map(({ source }) => source))];
  const woken = reasons.length === 0 ? '' : `, woken by ${reasons.slice(0, 2).join(', ')}${reasons.length > 2 ? ` and ${reasons.length - 2} more` : ''}`;
  return `by ${reconciler}${step === undefined ? '' : ` (${step})`} for ${key}${woken}`;
}

/** A difference in a few lines: what is done to which object, by whom and why, and each field. */
export function differenceText({ verdict, verb, object, fields, by, manager, times }: ShadowDifference): string {
  const author = by ? causeText(by) : manager === undefined ? 'by the running version or somebody else: the server does not tell who deletes' : `by ${manager}`;
  const told = fields.slice(0, FIELDS).map((field) => `    ${fieldText(field, verdict)}\n`).join('');
  const more = fields.length > FIELDS ? `    and ${fields.length - FIELDS} more fields\n` : '';
  return `  ${verb} ${object}  ${author}${times > 1 ? `, ${times} times` : ''}\n${told}${more}`;
}

/** What differences have in common that are told as one. */
const familyOf = ({ verb, object, fields, by, manager }: ShadowDifference): string =>
  JSON.stringify([verb, object.split(' ')[0], by?.reconciler, manager, fields.map(({ field }) => field)]);

function section(verdict: ShadowDifference['verdict'], differences: readonly ShadowDifference[]): string {
  const families = new Map<string, ShadowDifference[]>();
  for (const difference of differences.filter((each) => each.verdict === verdict)) {
    const family = familyOf(difference);
    families.set(family, [...(families.get(family) ?? []), difference]);
  }
  if (families.size === 0) return '';
  const told = [...families.values()].map((family) => `${family.slice(0, TOLD).map(differenceText).join('')}${family.length > TOLD ? `  and ${family.length - TOLD} more of the same fields\n` : ''}`);
  return `\n${HEADINGS[verdict]}\n${told.join('')}`;
}

/** A report for people. */
export function shadowReportText({ startedAt, endedAt, window, writes, differences, withheld, unknowable, events }: ShadowReport): string {
  const calls = new Map<string, number>();
  for (const { system, operation, by, times } of withheld) {
    const name = `${system} ${operation}${by ? ` (${by.reconciler})` : ''}`;
    calls.set(name, (calls.get(name) ?? 0) + times);
  }
  const counted = (counts: Iterable<readonly [string, number]>): string => [...counts].map(([name, times]) => `${name} ×${times}`).join(', ');
  return [
    `watched for ${roughly(endedAt - startedAt)}: the shadow would have made ${writes.would} writes, and made none\n`,
    `  ${writes.agreed} the running version made, too\n`,
    ...(writes.overtaken > 0 ? [`  ${writes.overtaken} were replaced by later changes before that was known\n`] : []),
    ...(writes.undecided > 0 ? [`  ${writes.undecided} undecided: not ${roughly(window)} old yet\n`] : []),
    ...(unknowable > 0 ? [`  ${unknowable} changes of the running version follow from calls that a shadow does not make: taken over unjudged\n`] : []),
    ...(calls.size > 0 ? [`calls that were not made: ${counted(calls)}\n`] : []),
    ...(Object.keys(events).length > 0 ? [`events that were not written, and are not compared: ${counted(Object.entries(events))}\n`] : []),
    ...(['differs', 'only-shadow', 'only-running'] as const).map((verdict) => section(verdict, differences)),
    `\n${differences.length === 0 ? 'no differences' : `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`}\n`,
  ].join('');
}
