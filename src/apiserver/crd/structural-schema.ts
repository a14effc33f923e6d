import { RuleSyntaxError } from '../cel/rule.js';
import { validateRules } from '../cel/validate-rules.js';
import { applyDefaults } from '../schema/default.js';
import { at, child, type FieldError, forbidden, invalid, notSupported, required } from '../schema/field-error.js';
import { prune } from '../schema/prune.js';
import { regularExpressionProblem } from '../schema/regular-expression.js';
import type { Schema } from '../schema/schema.js';
import { isObject } from '../schema/schema.js';
import { validateSchema } from '../schema/validate.js';
import { RuleCostTotal } from './rule-costs.js';
import { isAboutRules, mostWithin, ruleErrors, ruleShapeErrors, type RuleSurroundings } from './rule-errors.js';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Words of JSON schema that CRDs may not use. */
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];
/** What may not stand in `allOf`, `anyOf`, `oneOf` and `not`, for these only check values. */
const NOT_IN_CHECKS: readonly (readonly [keyof Schema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

type Place = 'root' | 'property' | 'item' | 'map value';

/** What is wrong with a schema that a CRD declares. */
export function validateStructuralSchema(schema: Schema, path: string): FieldError[] {
  const costs = new RuleCostTotal();
  const errors = [...node(schema, path, 'root', { most: 1, costs }), ...costs.errors(path)];
  // Whether what is checked is declared is only looked at in schemas that are fine otherwise.
  const others = errors.filter((error) => !INCOMPLETE.has(error));
  return others.length > 0 ? others : errors;
}

/** Errors about fields that are checked without being declared. */
const INCOMPLETE = new WeakSet<FieldError>();

function incomplete(field: string, detail: string): FieldError {
  const error = required(field, detail);
  INCOMPLETE.add(error);
  return error;
}

function node(schema: Schema, path: string, place: Place, surroundings: RuleSurroundings): FieldError[] {
  const errors = [...typeErrors(schema, path, place), ...unsupported(schema, path), ...listErrors(schema, path), ...checkErrors(schema, path), ...ruleShapeErrors(schema, path)];
  const patternProblem = schema.pattern === undefined ? undefined : regularExpressionProblem(schema.pattern);
  if (patternProblem !== undefined) errors.push(invalid(child(path, 'pattern'), schema.pattern, `must be a valid regular expression, but isn't: ${patternProblem}`));
  if (schema.default !== undefined) errors.push(...defaultErrors(schema, path, place));
  const inner = { ...surroundings, most: mostWithin(schema, surroundings.most) };
  // The outermost decides.
  const apart = { uncorrelatable: path, ...inner };
  const fields = schema['x-kubernetes-map-type'] === 'atomic' ? apart : inner;
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (place === 'root' && name === 'metadata') errors.push(...metadataErrors(property, at(child(path, 'properties'), name)));
    else errors.push(...node(property, at(child(path, 'properties'), name), 'property', fields));
  }
  if (isObject(schema.additionalProperties)) errors.push(...node(schema.additionalProperties as Schema, child(path, 'additionalProperties'), 'map value', inner));
  if (isObject(schema.items)) errors.push(...node(schema.items, child(path, 'items'), 'item', schema['x-kubernetes-list-type'] === 'map' ? inner : apart));
  // What is wrong with rules about something that is wrong itself may go away with that.
  if (errors.every((error) => isAboutRules(error) || INCOMPLETE.has(error))) errors.push(...ruleErrors(schema, path, place === 'root', surroundings));
  return errors;
}

function typeErrors(schema: Schema, path: string, place: Place): FieldError[] {
  const errors: FieldError[] = [];
  const type = child(path, 'type');
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  if (schema.type === undefined) {
    const free = isIntOrString || schema['x-kubernetes-preserve-unknown-fields'];
    if (place === 'root') errors.push(required(type, 'must not be empty at the root'));
    else if (schema['x-kubernetes-embedded-resource']) errors.push(required(type, 'must be object if x-kubernetes-embedded-resource is true'));
    else if (!free) errors.push(required(type, place === 'item' ? 'must not be empty for specified array items' : 'must not be empty for specified object fields'));
  } else if (!TYPES.includes(schema.type)) errors.push(notSupported(type, schema.type, TYPES));
  else if (place === 'root' && schema.type !== 'object') errors.push(invalid(type, schema.type, 'must be object at the root'));
  if (schema.type === 'array' && schema.items === undefined) errors.push(required(child(path, 'items'), 'must be specified'));
  if (schema['x-kubernetes-embedded-resource']) {
    if (schema.additionalProperties !== undefined) errors.push(forbidden(child(path, 'additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'));
    if (!schema.properties && !schema['x-kubernetes-preserve-unknown-fields']) {
      errors.push(required(child(path, 'properties'), 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'));
    }
    if (schema.type !== undefined && schema.type !== 'object') errors.push(invalid(type, schema.type, 'must be object if x-kubernetes-embedded-resource is true'));
  }
  return errors;
}

function unsupported(schema: Schema, path: string): FieldError[] {
  const errors = UNSUPPORTED.filter((word) => Object.hasOwn(schema, word)).map((word) => forbidden(child(path, word), `${word} is not supported`));
  if (schema.uniqueItems) errors.push(forbidden(child(path, 'uniqueItems'), 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  if (Array.isArray(schema.items)) errors.push(forbidden(child(path, 'items'), 'items must be a schema object and not an array'));
  if (schema.properties && schema.additionalProperties !== undefined) errors.push(forbidden(child(path, 'additionalProperties'), 'additionalProperties and properties are mutual exclusive'));
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  return errors;
}

function listErrors(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && !['atomic', 'granular'].includes(mapType)) errors.push(notSupported(child(path, 'x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
  if (mapType !== undefined && schema.type !== 'object') errors.push(typeNeeded(schema, path, 'must be object if x-kubernetes-map-type is specified'));
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) errors.push(notSupported(child(path, 'x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']));
  if (listType !== undefined && schema.type !== 'array') errors.push(typeNeeded(schema, path, 'must be array if x-kubernetes-list-type is specified'));
  if (keys !== undefined && keys.length > 0 && listType !== 'map') {
    const field = child(path, 'x-kubernetes-list-type');
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === undefined ? required(field, detail) : invalid(field, listType, detail));
  }
  const { items } = schema;
  if (listType === 'set' && isObject(items)) {
    if (items.type === 'array' && items['x-kubernetes-list-type'] !== 'atomic') errors.push(invalid(child(path, 'items', 'x-kubernetes-list-type'), items['x-kubernetes-list-type'], 'must be atomic as item of a list with x-kubernetes-list-type=set'));
    if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') errors.push({ reason: 'FieldValueInvalid', field: child(path, 'items', 'x-kubernetes-map-type'), message: `Invalid value: ${JSON.stringify(items['x-kubernetes-map-type'] ?? null)}: must be atomic as item of a list with x-kubernetes-list-type=set` });
  }
  if (listType === 'map') errors.push(...mapKeyErrors(keys ?? [], items, path));
  if ((listType === 'set' || listType === 'map') && isObject(items) && items.nullable) errors.push(forbidden(child(path, 'items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  return errors;
}

const typeNeeded = (schema: Schema, path: string, detail: string): FieldError => (schema.type === undefined ? required(child(path, 'type'), detail) : invalid(child(path, 'type'), schema.type, detail));

function mapKeyErrors(keys: readonly string[], items: Schema | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(child(path, 'x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map'));
  if (!items) return [...errors, required(child(path, 'items'), 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type !== 'object') errors.push(invalid(child(path, 'items', 'type'), items.type, "must be object if parent array's x-kubernetes-list-type is map"));
  if (new Set(keys).size !== keys.length) errors.push(invalid(child(path, 'x-kubernetes-list-map-keys'), keys, 'must not contain duplicate entries'));
  if (items.properties && keys.some((key) => !items.properties?.[key])) errors.push(invalid(child(path, 'x-kubernetes-list-map-keys'), keys, 'entries must all be names of item properties'));
  for (const key of keys) {
    const property = items.properties?.[key];
    const field = at(child(path, 'items', 'properties'), key);
    if (!property) continue;
    if (property.type === 'array' || property.type === 'object') errors.push(invalid(child(field, 'type'), property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"));
    if (property.default === undefined && !items.required?.includes(key)) errors.push(required(child(field, 'default'), 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'));
  }
  return errors;
}

function metadataErrors(schema: Schema, path: string): FieldError[] {
  if (schema.type !== undefined && schema.type !== 'object') return [invalid(child(path, 'type'), schema.type, 'must be object')];
  const { type: _type, description: _description, properties = {}, ...rest } = schema;
  const foreign = Object.keys(properties).some((name) => name !== 'name' && name !== 'generateName');
  return foreign || Object.keys(rest).length > 0 ? [forbidden(path, 'must not specify anything other than name and generateName, but metadata is implicitly specified')] : [];
}

/** `allOf`, `anyOf`, `oneOf` and `not` may only check fields that the schema proper declares. */
function checkErrors(schema: Schema, path: string): FieldError[] {
  const checks = [
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((word) => (schema[word] ?? []).map((part, index) => [part, at(child(path, word), index)] as const)),
    ...(schema.not ? [[schema.not, child(path, 'not')] as const] : []),
  ];
  // `anyOf: [{type: integer}, {type: string}]` is how int-or-string is spelled out.
  const spelledOut = schema.anyOf?.length === 2 && schema.anyOf[0]?.type === 'integer' && schema.anyOf[1]?.type === 'string';
  return checks.flatMap(([part, partPath]) => checkOnly(part, partPath, schema, path, spelledOut || schema['x-kubernetes-int-or-string'] === true));
}

function checkOnly(part: Schema, partPath: string, declared: Schema, path: string, mayHaveType: boolean): FieldError[] {
  const banned = NOT_IN_CHECKS.filter(([word]) => part[word] !== undefined && part[word] !== false && !(word === 'type' && mayHaveType));
  const errors = banned.map(([word, detail]) => forbidden(child(partPath, word), detail));
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    const field = at(child(partPath, 'properties'), name);
    const target = declared.properties?.[name] ?? (isObject(declared.additionalProperties) ? (declared.additionalProperties as Schema) : undefined);
    if (name === 'metadata' && path === '') errors.push(forbidden(field, 'must not be specified in a nested context'));
    else if (target) errors.push(...checkOnly(property, field, target, at(child(path, 'properties'), name), target['x-kubernetes-int-or-string'] === true));
    else if (!declared['x-kubernetes-preserve-unknown-fields']) errors.push(incomplete(at(child(path, 'properties'), name), `because it is defined in ${field}`));
  }
  if (isObject(part.items)) {
    if (isObject(declared.items)) errors.push(...checkOnly(part.items, child(partPath, 'items'), declared.items, child(path, 'items'), declared.items['x-kubernetes-int-or-string'] === true));
    else errors.push(incomplete(child(path, 'items'), `because it is defined in ${child(partPath, 'items')}`));
  }
  const nested = [...(part.allOf ?? []), ...(part.anyOf ?? []), ...(part.oneOf ?? []), ...(part.not ? [part.not] : [])];
  return [...errors, ...nested.flatMap((inner) => checkOnly(inner, partPath, declared, path, mayHaveType))];
}

function defaultErrors(schema: Schema, path: string, place: Place): FieldError[] {
  const field = child(path, 'default');
  if (place === 'root') return [forbidden(field, 'must not be set at the root')];
  const value = structuredClone(schema.default);
  if (isObject(value)) {
    if (prune(value, schema).length > 0) return [invalid(field, schema.default, 'must not have unknown fields')];
    applyDefaults(value, schema);
  }
  const errors = validateSchema(value, schema).map((error) => ({ ...error, field: error.field === '<nil>' ? field : `${field}.${error.field}` }));
  if (errors.length > 0) return errors;
  try {
    return validateRules(value, schema, field);
  } catch (error) {
    // Rules that make no sense are told of where they stand.
    if (error instanceof RuleSyntaxError) return [];
    throw error;
  }
}
