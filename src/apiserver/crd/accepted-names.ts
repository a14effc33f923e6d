import type { ResourceDefinition } from '../contracts.js';
import { quote } from '../schema/field-error.js';
import type { CustomResourceDefinition, CustomResourceNames } from './custom-resource-definition.js';

/** The names that a CRD may serve under, and what is in the way of the rest. */
export interface NameAcceptance {
  names: CustomResourceNames;
  problem?: { reason: string; message: string };
}

/** Weighs a CRD's names against those that others of its group have been granted. Names that conflict keep what was granted before. */
export function acceptNames({ spec, status }: CustomResourceDefinition, others: readonly CustomResourceDefinition[], builtin: readonly ResourceDefinition[]): NameAcceptance {
  const takenNames = new Set<string>();
  const takenKinds = new Set<string>();
  const granted = [
    ...others.filter((other) => other.spec.group === spec.group).map((other) => other.status?.acceptedNames),
    ...builtin.filter(({ group }) => group === spec.group),
  ];
  for (const names of granted) {
    if (!names?.plural) continue;
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])]) if (name) takenNames.add(name);
    for (const kind of [names.kind, names.listKind]) if (kind) takenKinds.add(kind);
  }
  const wanted = spec.names;
  const before = status?.acceptedNames;
  const names: CustomResourceNames = { ...wanted };
  const problems: { reason: string; message: string }[] = [];
  const refuse = (reason: string, taken: string): void => void problems.push({ reason, message: `${quote(taken)} is already in use` });

  if (takenNames.has(wanted.plural)) {
    refuse('PluralConflict', wanted.plural);
    names.plural = before?.plural ?? '';
  }
  if (wanted.singular && takenNames.has(wanted.singular)) {
    refuse('SingularConflict', wanted.singular);
    names.singular = before?.singular ?? '';
  }
  const taken = (wanted.shortNames ?? []).filter((name) => takenNames.has(name));
  if (taken.length > 0) {
    problems.push({ reason: 'ShortNamesConflict', message: taken.map((name) => `${quote(name)} is already in use`).join(', ') });
    names.shortNames = before?.shortNames ?? [];
  }
  if (takenKinds.has(wanted.kind)) {
    refuse('KindConflict', wanted.kind);
    names.kind = before?.kind ?? '';
  }
  if (wanted.listKind && takenKinds.has(wanted.listKind)) {
    refuse('ListKindConflict', wanted.listKind);
    names.listKind = before?.listKind ?? '';
  }
  if (!names.singular) delete names.singular;
  if (!names.listKind) delete names.listKind;
  if (names.shortNames?.length === 0) delete names.shortNames;
  const last = problems.at(-1);
  return last ? { names, problem: last } : { names };
}
