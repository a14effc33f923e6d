import type { ApiObject, ColumnDefinition, TableColumns } from '../contracts.js';
import { isObject } from '../schema/schema.js';
import { age } from './age.js';
import { nameColumn } from './column.js';
import { type JsonPath, jsonPath } from './json-path.js';

/** A column that a CRD declares. */
export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  format?: string;
  description?: string;
  priority?: number;
}

const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The table of a custom resource: its name, then what its CRD declares, or else its age. */
export function customColumns(declared: readonly PrinterColumn[] | undefined): TableColumns {
  const columns = declared === undefined || declared.length === 0 ? [AGE] : declared;
  const cells = columns.map(({ type, jsonPath: path }) => ({ type, path: jsonPath(path) }));
  return {
    definitions: [
      nameColumn.definition,
      ...columns.map(({ name, type, format = '', jsonPath: path, description = `Custom resource definition column (in JSONPath format): ${path}`, priority = 0 }) => ({ name, type: type as ColumnDefinition['type'], format, description, priority })),
    ],
    cells: (object, now) => [object.metadata.name ?? '', ...cells.map(({ type, path }) => cellOf(object, type, path, now))],
  };
}

/** The first value that the path leads to, as its column's type shows it; null for none and for one of another type. */
function cellOf(object: ApiObject, type: string, path: JsonPath, now: number): unknown {
  const value = path(object)[0];
  if (value === undefined) return null;
  switch (type) {
    case 'string':
      if (value === null) return '<no value>';
      return typeof value === 'object' ? JSON.stringify(inOrder(value)) : String(value as string | number | boolean);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null;
    default:
      return null;
  }
}

/** Go writes maps in the order of their keys. */
const inOrder = (value: unknown): unknown => (Array.isArray(value) ? value.map(inOrder) : isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, inOrder(value[key])])) : value);

const dateCell = (value: string, now: number): string => (Number.isNaN(Date.parse(value)) ? '<invalid>' : age(value, now));
