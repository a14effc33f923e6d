import { InvalidQuantity, scaledQuantity } from '../../api/quantity.js';
import type { Quantity } from '../../api/quantity.js';
import { InputError } from './input-error.js';
import type { FieldPath } from './json-position.js';

/** Throws an {@link InputError} when a value is not what it must be. Absent values are never asked about. */
export type Shape = (value: unknown, path: FieldPath) => void;

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
};

export const mustBe = (what: string, value: unknown, path: FieldPath): InputError => new InputError(path, `${show(value)} must be ${what}`);

const kindOf = (what: string, holds: (value: unknown) => boolean): Shape => (value, path) => {
  if (!holds(value)) throw mustBe(what, value, path);
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

export const text = kindOf('a text', (value) => typeof value === 'string');
export const name = kindOf('a name', (value) => typeof value === 'string' && value !== '');
export const flag = kindOf('true or false', (value) => typeof value === 'boolean');
export const amount = kindOf('a number', (value) => typeof value === 'number' && Number.isFinite(value));
export const count = kindOf('a whole number that is not negative', (value) => Number.isInteger(value) && (value as number) >= 0);
export const time = kindOf('a time such as "2026-01-31T12:00:00Z"', (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)));
export const anything: Shape = () => undefined;

export const oneOf = (...values: readonly string[]): Shape => kindOf(`one of ${values.join(', ')}`, (value) => values.includes(value as string));

export const quantity: Shape = (value, path) => {
  if ((typeof value !== 'string' && typeof value !== 'number') || scaledQuantity(value as Quantity, 3) === undefined) throw new InputError(path, new InvalidQuantity(value).message);
};

export const listOf = (shape: Shape): Shape => (value, path) => {
  if (!Array.isArray(value)) throw mustBe('a list', value, path);
  value.forEach((each, index) => shape(each, [...path, index]));
};

/** An object whose values all have one shape, under any keys. */
export const mapOf = (shape: Shape): Shape => (value, path) => {
  if (!isRecord(value)) throw mustBe('an object', value, path);
  for (const key in value) shape(value[key], [...path, key]);
};

/** An object with known fields; those that are not mentioned may be anything. */
export const record = (fields: Readonly<Record<string, Shape>>, ...required: readonly string[]): Shape => {
  const entries = Object.entries(fields);
  return (value, path) => {
    if (!isRecord(value)) throw mustBe('an object', value, path);
    for (const field of required) if (value[field] === undefined) throw new InputError([...path, field], 'is missing');
    for (const [field, shape] of entries) if (value[field] !== undefined) shape(value[field], [...path, field]);
  };
};

/** {@link record}, and no other fields. */
export const only = (fields: Readonly<Record<string, Shape>>, ...required: readonly string[]): Shape => {
  const shape = record(fields, ...required);
  return (value, path) => {
    shape(value, path);
    const unknown = Object.keys(value as object).find((field) => !(field in fields));
    if (unknown !== undefined) throw new InputError([...path, unknown], `is not known; known are ${Object.keys(fields).join(', ')}`);
  };
};
