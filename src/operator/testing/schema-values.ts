import type { JSONSchemaProps } from '../dsl/json-schema.js';
import { mismatch } from '../dsl/resolve-schema.js';
import type { Random } from '../random.js';

/** Values for fields of which a schema does not say enough, by path: `{ 'spec.schedule': ['@daily'] }`. `[*]` is any item of a list, `.*` any entry of a map. */
export type Examples = Readonly<Record<string, readonly unknown[]>>;

/** A field for which no value can be made up. */
export class NoValueError extends Error {
  override readonly name = 'NoValueError';
  readonly reason = 'NoValue';
}

/** What is tried for texts with a pattern, a format or a length. */
const TEXTS = ['a', 'b-1', 'Abc', '', '7', '10%', '1h30m', '250m', '1.5Gi', '2026-01-01T00:00:00Z', '@daily', 'example.com/a', 'In', 'x'.repeat(40)];

/** Makes values up that a schema allows: which ones, only the random numbers say. */
export class SchemaValues {
  constructor(private readonly random: Random, private readonly examples: Examples = {}) {}

  /** Throws {@link NoValueError} for a field that needs an example. */
  of(schema: JSONSchemaProps, path: string): unknown {
    const given = this.examples[path] ?? schema.enum;
    if (given) return this.#pick(given, path);
    if (schema['x-kubernetes-int-or-string'] || schema.type === 'string') return this.#pick([...TEXTS, ...(schema.type === 'string' ? [] : [3]), ...(schema.default === undefined ? [] : [schema.default])].filter((value) => mismatch(value, schema) === undefined), path);
    switch (schema.type) {
      case 'boolean': return this.random.next() < 0.5;
      case 'integer': case 'number': return this.#between(schema.minimum ?? Math.min(0, schema.maximum ?? 0), schema.maximum ?? (schema.minimum ?? 0) + 1_000);
      case 'array': return this.#list(schema, path);
      case 'object': return this.#object(schema, path);
      default: return { made: 'up' };
    }
  }

  #pick(values: readonly unknown[], path: string): unknown {
    if (values.length === 0) throw new NoValueError(`no value for ${path} can be made up from its schema; give some: examples: { ${JSON.stringify(path)}: […] }`);
    return values[this.#between(0, values.length - 1)];
  }

  #between(least: number, most: number): number {
    return least + Math.floor(this.random.next() * (most - least + 1));
  }

  /** Items of sets and of map lists are told apart by what they are, or by their keys. */
  #list({ items = {}, minItems = 0, maxItems = minItems + 2, ...schema }: JSONSchemaProps, path: string): unknown[] {
    const made = Array.from({ length: this.#between(minItems, Math.min(maxItems, minItems + 2)) }, () => this.of(items, `${path}[*]`));
    const keys = schema['x-kubernetes-list-map-keys'];
    if (!keys && schema['x-kubernetes-list-type'] !== 'set') return made;
    const identity = (item: unknown): string => JSON.stringify(keys ? keys.map((key) => (item as Record<string, unknown>)[key]) : item);
    return [...new Map(made.map((item) => [identity(item), item])).values()];
  }

  /** API servers fill defaults in before they convert: what has one is there. */
  #object({ properties, required = [], additionalProperties }: JSONSchemaProps, path: string): Record<string, unknown> {
    const fields = Object.entries(properties ?? {}).filter(([name, schema]) => required.includes(name) || schema.default !== undefined || this.random.next() < 0.6);
    const made = Object.fromEntries(fields.map(([name, schema]) => [name, this.of(schema, `${path}.${name}`)]));
    if (properties) return made;
    const values = typeof additionalProperties === 'object' ? additionalProperties : {};
    return Object.fromEntries(['a', 'b'].slice(0, this.#between(0, 2)).map((name) => [name, this.of(values, `${path}.*`)]));
  }
}
