import { NO_OLD_VALUE, oldField, oldItem, type OldValue } from './correlate.js';
import type { FieldError } from './field-error.js';
import { at, child, invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './field-error.js';
import { fitsFormat } from './formats.js';
import { jsonType, sameJson } from './json.js';
import { regularExpression } from './regular-expression.js';
import type { Schema } from './schema.js';
import { isObject, ownValue } from './schema.js';

/**
 * What is wrong with a value by a structural schema, in the words of kube-apiserver. With an old value, what was there
 * before and did not change is not complained about (ratcheting).
 */
export function validateSchema(value: unknown, schema: Schema, path = '', old: OldValue = NO_OLD_VALUE): FieldError[] {
  return check(value, schema, path, old).errors;
}

/** `matches` counts what did fit: of several alternatives the nearest miss is the one to report. */
interface Outcome {
  errors: FieldError[];
  matches: number;
}

function check(value: unknown, schema: Schema, path: string, old: OldValue): Outcome {
  const outcome: Outcome = { errors: [], matches: 1 };
  if (old !== NO_OLD_VALUE && sameJson(value, old)) return outcome;
  if (!fitsType(value, schema)) {
    outcome.errors.push(typeMismatch(value, schema, path));
    // Numbers are looked at twice, the second time without their field.
    if (schema.type === 'integer' && typeof value === 'number') {
      outcome.errors.push(invalid('', '', `Checked value must be of type integer (default format) in ${path}`), ...checkNumber(value, schema, path));
    }
    return outcome;
  }
  outcome.matches += 1;
  if (value === null) return outcome;
  if (schema.enum && !schema.enum.some((allowed) => sameJson(allowed, value))) {
    outcome.errors.push(notSupported(path, value, schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed)))));
  }
  if (typeof value === 'string') outcome.errors.push(...checkString(value, schema, path));
  else if (typeof value === 'number') outcome.errors.push(...checkNumber(value, schema, path));
  else if (Array.isArray(value)) checkArray(value, schema, path, old, outcome);
  else if (isObject(value)) checkObject(value, schema, path, old, outcome);
  checkAlternatives(value, schema, path, old, outcome);
  return outcome;
}

const merge = (into: Outcome, { errors, matches }: Outcome): void => {
  into.errors.push(...errors);
  into.matches += matches;
};

function fitsType(value: unknown, schema: Schema): boolean {
  if (value === null) return schema.nullable === true || (schema.type === undefined && !schema['x-kubernetes-int-or-string']);
  const actual = jsonType(value);
  if (schema['x-kubernetes-int-or-string']) return actual === 'integer' || actual === 'string';
  return schema.type === undefined || actual === schema.type || (schema.type === 'number' && actual === 'integer');
}

function typeMismatch(value: unknown, schema: Schema, path: string): FieldError {
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : (schema.type ?? '');
  const actual = jsonType(value);
  return typeInvalid(path, actual, `${path} in body must be of type ${wanted}: "${actual}"`);
}

function checkString(value: string, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const length = schema.maxLength === undefined && schema.minLength === undefined ? 0 : Array.from(value).length;
  // The first of these is all that is said.
  if (schema.maxLength !== undefined && length > schema.maxLength) errors.push(tooLong(path, schema.maxLength));
  else if (schema.minLength !== undefined && length < schema.minLength) errors.push(invalid(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  else if (schema.pattern !== undefined && !regularExpression(schema.pattern)?.test(value)) errors.push(invalid(path, value, `${path} in body should match '${schema.pattern}'`));
  if (schema.format !== undefined && !fitsFormat(value, schema.format)) errors.push(typeInvalid(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`));
  return errors;
}

function checkNumber(value: number, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { minimum, maximum, multipleOf } = schema;
  const should = (what: string): void => void errors.push(invalid(path, value, `${path} in body should be ${what}`));
  // Factors are cut to integers where the value is one.
  const factor = multipleOf !== undefined && Number.isInteger(value) ? Math.trunc(multipleOf) : multipleOf;
  if (factor !== undefined && factor <= 0) errors.push(invalid(path, factor, `factor MultipleOf declared for ${path} must be positive: ${factor}`));
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum ? value >= maximum : value > maximum) should(`${schema.exclusiveMaximum ? 'less than' : 'less than or equal to'} ${maximum}`);
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum ? value <= minimum : value < minimum) should(`${schema.exclusiveMinimum ? 'greater than' : 'greater than or equal to'} ${minimum}`);
  }
  if (factor !== undefined && factor > 0 && !Number.isInteger(value / factor)) should(`a multiple of ${multipleOf}`);
  return errors;
}

function checkArray(value: readonly unknown[], schema: Schema, path: string, old: OldValue, outcome: Outcome): void {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) outcome.errors.push(tooMany(path, value.length, schema.maxItems));
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    outcome.errors.push(invalid(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  }
  const { items } = schema;
  if (items) value.forEach((item, index) => merge(outcome, check(item, items, at(path, index), oldItem(old, item, schema))));
}

function checkObject(value: Record<string, unknown>, schema: Schema, path: string, old: OldValue, outcome: Outcome): void {
  const names = Object.keys(value);
  if (schema.minProperties !== undefined && names.length < schema.minProperties) {
    outcome.errors.push(invalid(path, names.length, `${path} in body should have at least ${schema.minProperties} properties`));
  }
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties) outcome.errors.push(tooMany(path, names.length, schema.maxProperties));
  for (const name of names) {
    const field = ownValue(schema.properties, name) ?? schema.additionalProperties;
    if (typeof field === 'object') merge(outcome, check(value[name], field, child(path, name), oldField(old, name)));
  }
  for (const name of schema.required ?? []) {
    if (Object.hasOwn(value, name)) outcome.matches += 1;
    else outcome.errors.push(required(child(path, name)));
  }
}

function checkAlternatives(value: unknown, schema: Schema, path: string, old: OldValue, outcome: Outcome): void {
  const trial = (alternative: Schema): Outcome => check(value, alternative, path, old);
  // Not about one field: kube-apiserver puts these on the root, with the path in the text.
  const compositeError = (text: string): void => void outcome.errors.push(invalid('', '', `"${path}" must ${text}`));
  if (schema.anyOf) {
    const trials = schema.anyOf.map(trial);
    if (!trials.some(({ errors }) => errors.length === 0)) {
      compositeError('validate at least one schema (anyOf)');
      merge(outcome, nearest(trials));
    }
  }
  if (schema.oneOf) {
    const trials = schema.oneOf.map(trial);
    const valid = trials.filter(({ errors }) => errors.length === 0).length;
    if (valid !== 1) {
      compositeError(`validate one and only one schema (oneOf). ${valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`}`);
      if (valid === 0) merge(outcome, nearest(trials));
    }
  }
  if (schema.allOf) {
    const trials = schema.allOf.map(trial);
    const valid = trials.filter(({ errors }) => errors.length === 0).length;
    for (const result of trials) merge(outcome, result);
    if (valid !== trials.length) compositeError(`validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
  }
  if (schema.not && trial(schema.not).errors.length === 0) compositeError('not validate the schema (not)');
}

const nearest = (trials: readonly Outcome[]): Outcome => trials.reduce((best, candidate) => (candidate.matches > best.matches ? candidate : best));
