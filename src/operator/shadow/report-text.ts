import { roughly } from '../duration.js';
import type { DifferingField, ShadowCause, ShadowDifference, ShadowReport } from './would-be-write.js';

/** Of differences that are alike, one is told in full, and so many by name. */
const NAMED = 5;
/** Fields of a difference that are told. */
const FIELDS = 10;
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
  return `by ${reconciler}${step === undefined ? '' : ` (${step})`}${key === 'tick' ? '' : ` for ${key}`}${woken}`;
}

/** What somebody wanted comes first, and what says where it belongs last. */
const rankOf = ({ field }: DifferingField): number => (field.startsWith('metadata.ownerReferences') ? 3 : field.startsWith('metadata.annotations') ? 2 : field.startsWith('metadata.') ? 1 : 0);

/** A difference in one line: `only the shadow would do it: create NodeClaim default-* (provisioner)`. */
export function differenceLine({ verdict, verb, object, fields, by, manager }: ShadowDifference): string {
  const told = verb === 'create' && verdict !== 'differs' ? '' : `: ${fields.slice(0, 3).map(({ field }) => field).join(', ')}${fields.length > 3 ? ` and ${fields.length - 3} more` : ''}`;
  const author = by?.reconciler ?? manager;
  return `${HEADINGS[verdict]}: ${verb} ${object}${verb === 'delete' ? '' : told}${author === undefined ? '' : ` (${author})`}`;
}

/** The members by which an item is known, which its place says already. */
const KEYS = /^(key|type|name|uid)$/;

/** Items of lists that are new are told as one: `spec.requirements[karpenter.sh/capacity-type]: {"operator":"In","values":["spot"]}`. */
function withWholeItems(fields: readonly DifferingField[]): DifferingField[] {
  const whole = new Map<string, { field: string; shadow?: Record<string, unknown>; running?: Record<string, unknown> }>();
  for (const each of fields) {
    const { field, from, shadow, running } = each;
    const end = field.lastIndexOf('].') + 1;
    const isNewItem = end > 0 && from === undefined && (shadow === undefined) !== (running === undefined);
    const id = isNewItem ? `${field.slice(0, end)} ${shadow === undefined ? 'running' : 'shadow'}` : field;
    if (!isNewItem) {
      whole.set(id, each as never);
      continue;
    }
    const [side, value] = shadow === undefined ? (['running', running] as const) : (['shadow', shadow] as const);
    const name = field.slice(end + 1);
    const item = whole.get(id) ?? { field: field.slice(0, end), [side]: {} };
    if (!KEYS.test(name)) Object.assign(item[side] as object, { [name]: value });
    whole.set(id, item);
  }
  return [...whole.values()];
}

/** A difference in a few lines: what is done to which object, by whom and why, and each field. */
export function differenceText({ verdict, verb, object, fields: all, by, manager, times }: ShadowDifference): string {
  const author = by ? causeText(by) : manager === undefined ? 'by the running version or somebody else: the server does not tell who deletes' : `by ${manager}`;
  const fields = withWholeItems(all).sort((a, b) => rankOf(a) - rankOf(b));
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
  const told = [...families.values()].map(([first, ...others]) => {
    const names = [...new Set(others.map(({ object }) => object.split(' ')[1]))].filter((name) => name !== first?.object.split(' ')[1]);
    const alike = names.length === 0 ? `${others.length} more like it` : `the same fields of ${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`;
    return `${first ? differenceText(first) : ''}${others.length > 0 ? `    and ${alike}\n` : ''}`;
  });
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
    `watched for ${roughly(endedAt - startedAt)}: the shadow would have made ${writes.would} ${writes.would === 1 ? 'write' : 'writes'}, and made none\n`,
    `  ${writes.agreed} the running version made, too\n`,
    ...(writes.overtaken > 0 ? [`  ${writes.overtaken} replaced by later changes before that was known\n`] : []),
    ...(writes.undecided > 0 ? [`  ${writes.undecided} undecided: not ${roughly(window)} old yet\n`] : []),
    ...(unknowable > 0 ? [`  ${unknowable} changes of the running version follow from calls that a shadow does not make: taken over unjudged\n`] : []),
    ...(calls.size > 0 ? [`calls that were not made: ${counted(calls)}\n`] : []),
    ...(Object.keys(events).length > 0 ? [`events that were not written, and are not compared: ${counted(Object.entries(events))}\n`] : []),
    ...(['differs', 'only-shadow', 'only-running'] as const).map((verdict) => section(verdict, differences)),
    `\n${differences.length === 0 ? 'no differences' : `${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}`}\n`,
  ].join('');
}
