import type { JSONSchemaProps } from '../dsl/json-schema.js';
import { compareRules } from './compare-validation-rules.js';
import type { Findings } from './incompatibility.js';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const summary = (schema: JSONSchemaProps): string => (schema['x-kubernetes-int-or-string'] ? 'integer or string' : schema.type ?? 'anything');
const within = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** What a schema accepted, kept or said that the other one does not. `path` is that of the value, empty for the object itself. */
export function compareSchemas(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path = ''): void {
  const [is, now] = [summary(before), summary(after)];
  // Every integer is a number; anything else would be read wrongly by typed clients, even where API servers take more than before.
  if (is !== now && !(is === 'integer' && now === 'number')) {
    findings.report('type-changed', path, { before: is, after: now, accepted: `${is}; another field for the new type` });
    return;
  }
  compareValues(before, after, findings, path);
  compareBounds(before, after, findings, path);
  compareLists(before, after, findings, path);
  compareCombinations(before, after, findings, path);
  compareRules(before, after, findings, path);
  compareFields(before, after, findings, path);
  if (before.items && after.items) compareSchemas(before.items, after.items, findings, `${path}[]`);
  else if (!before.items && after.items) findings.report('schema-narrowed', `${path}[]`, { after: summary(after.items), accepted: 'items of any kind' });
}

function compareValues(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path: string): void {
  const widerFormat = before.format === 'int32' && after.format === 'int64';
  if (after.format !== undefined && after.format !== before.format && !widerFormat) findings.report('format-narrowed', path, { before: before.format, after: after.format, accepted: before.format === undefined ? 'no format' : `format ${before.format}` });
  if (after.enum) {
    const lost = before.enum?.filter((value) => !after.enum?.some((other) => same(value, other)));
    if (!before.enum) findings.report('enum-narrowed', path, { before: 'any value', after: after.enum, accepted: 'any value; or values with a new version of the API' });
    else if (lost && lost.length > 0) findings.report('enum-narrowed', path, { before: before.enum, after: after.enum, accepted: `${lost.map((value) => JSON.stringify(value)).join(', ')} among the values, and said to be deprecated` });
  }
  if (after.pattern !== undefined && after.pattern !== before.pattern && !isAlternative(before.pattern, after.pattern)) {
    findings.report('pattern-changed', path, { before: before.pattern, after: after.pattern, accepted: before.pattern === undefined ? 'no pattern' : `the pattern, or it and alternatives: ${before.pattern}|…` });
  }
  if (before.default !== undefined && !same(before.default, after.default)) findings.report('default-changed', path, { before: before.default, after: after.default, accepted: `default ${JSON.stringify(before.default)}; another one with a new version of the API` });
  if (before.nullable && !after.nullable) findings.report('nullable-removed', path, { before: 'null or a value', after: 'a value', accepted: 'nullable: true' });
  if (after['x-kubernetes-embedded-resource'] && !before['x-kubernetes-embedded-resource']) findings.report('schema-narrowed', path, { before: 'any object', after: 'an object of Kubernetes', accepted: 'any object' });
}

/** Whether a pattern is one of the alternatives of another: `a` of `a|b`. */
const isAlternative = (pattern: string | undefined, alternatives: string): boolean =>
  pattern !== undefined && (alternatives.startsWith(`${pattern}|`) || alternatives.endsWith(`|${pattern}`) || alternatives.includes(`|${pattern}|`));

const LOWER = ['minimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

function compareBounds(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path: string): void {
  const report = (bound: string, is: unknown, now: unknown): void =>
    findings.report('bound-narrowed', path, { before: is === undefined ? `no ${bound}` : `${bound} ${JSON.stringify(is)}`, after: `${bound} ${JSON.stringify(now)}`, accepted: is === undefined ? `no ${bound}` : `${bound} ${JSON.stringify(is)}, or wider` });
  for (const [bounds, isNarrower] of [[LOWER, (is: number, now: number) => now > is], [UPPER, (is: number, now: number) => now < is]] as const) {
    for (const bound of bounds) {
      const [is, now] = [before[bound], after[bound]];
      // What is never less than 0 loses nothing by a bound of 0.
      if (now === undefined || (is === undefined && now === 0 && bound !== 'minimum' && bounds === LOWER)) continue;
      if (is === undefined || isNarrower(is, now)) report(bound, is, now);
    }
  }
  for (const [exclusive, bound] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']] as const) {
    if (after[exclusive] && !before[exclusive] && before[bound] === after[bound] && before[bound] !== undefined) report(exclusive, undefined, true);
  }
  const { multipleOf } = after;
  if (multipleOf !== undefined && (before.multipleOf === undefined || before.multipleOf % multipleOf !== 0)) report('multipleOf', before.multipleOf, multipleOf);
  if (after.uniqueItems && !before.uniqueItems) report('uniqueItems', undefined, true);
}

function compareLists(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path: string): void {
  const typeOf = (schema: JSONSchemaProps): string | undefined => (schema.type === 'array' ? schema['x-kubernetes-list-type'] ?? 'atomic' : schema.type === 'object' ? schema['x-kubernetes-map-type'] ?? 'granular' : undefined);
  const keysOf = (schema: JSONSchemaProps): string => [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort().join(', ');
  const describe = (schema: JSONSchemaProps): string => `${typeOf(schema)}${keysOf(schema) === '' ? '' : ` by ${keysOf(schema)}`}`;
  if (describe(before) !== describe(after)) findings.report('list-type-changed', path, { before: describe(before), after: describe(after), accepted: `${describe(before)}; another field for another type` });
}

function compareCombinations(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path: string): void {
  const lost = (from: readonly JSONSchemaProps[] = [], to: readonly JSONSchemaProps[] = []): boolean => from.some((schema) => !to.some((other) => same(schema, other)));
  const narrowed: readonly (readonly [key: 'anyOf' | 'allOf' | 'oneOf' | 'not', isNarrower: boolean])[] = [
    ['anyOf', after.anyOf !== undefined && (before.anyOf === undefined || lost(before.anyOf, after.anyOf))],
    ['allOf', lost(after.allOf, before.allOf)],
    // With one more alternative, values may match two of them.
    ['oneOf', after.oneOf !== undefined && !same(before.oneOf, after.oneOf)],
    ['not', after.not !== undefined && !same(before.not, after.not)],
  ];
  for (const [key, isNarrower] of narrowed) if (isNarrower) findings.report('schema-narrowed', path, { before: before[key] && { [key]: before[key] }, after: { [key]: after[key] }, accepted: `${key} as it was, or less` });
}

function compareFields(before: JSONSchemaProps, after: JSONSchemaProps, findings: Findings, path: string): void {
  const [fields, fieldsAfter] = [before.properties ?? {}, after.properties ?? {}];
  const keepsUnknown = after['x-kubernetes-preserve-unknown-fields'] === true;
  const newFields = Object.keys(fieldsAfter).filter((name) => !(name in fields));
  for (const [name, schema] of Object.entries(fields)) {
    const now = fieldsAfter[name];
    if (now) compareSchemas(schema, now, findings, within(path, name));
    else if (!keepsUnknown && !after.additionalProperties) {
      const twin = newFields.find((other) => same({ ...schema, description: '' }, { ...fieldsAfter[other], description: '' }));
      findings.report('field-removed', within(path, name), {
        before: summary(schema), after: twin === undefined ? undefined : `renamed to ${within(path, twin)}?`, accepted: `the field, said to be deprecated${twin === undefined ? '' : `, beside ${twin}`}; without it with a new version of the API`,
      });
    }
  }
  if (before['x-kubernetes-preserve-unknown-fields'] && !keepsUnknown) findings.report('unknown-fields-pruned', path, { before: 'unknown fields are kept', after: 'they are dropped', accepted: 'x-kubernetes-preserve-unknown-fields: true' });
  const [values, valuesAfter] = [before.additionalProperties, after.additionalProperties];
  if (values && !valuesAfter && !keepsUnknown) findings.report('unknown-fields-pruned', path, { before: 'a map', after: 'named fields', accepted: 'a map with any keys' });
  else if (typeof values === 'object' && typeof valuesAfter === 'object') compareSchemas(values, valuesAfter, findings, `${path}{}`);
  else if (values === true && typeof valuesAfter === 'object') findings.report('schema-narrowed', `${path}{}`, { before: 'any values', after: summary(valuesAfter), accepted: 'any values' });
  for (const name of after.required ?? []) {
    if (before.required?.includes(name) || fieldsAfter[name]?.default !== undefined) continue;
    findings.report('required-added', within(path, name), { before: name in fields ? 'optional' : undefined, after: 'required', accepted: 'an optional field, or a default' });
  }
}
