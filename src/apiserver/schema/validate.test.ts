import { expect } from 'chai';
import { fieldErrorText } from './field-error.js';
import type { Schema } from './schema.js';
import { validateSchema } from './validate.js';

const problems = (value: unknown, schema: Schema, old?: unknown): string[] => validateSchema(value, schema, 'spec.x', ...(old === undefined ? [] : [old])).map(fieldErrorText);

describe('Validation by schema', () => {
  for (const [schema, value, expected] of [
    [{ type: 'integer' }, 'a', 'spec.x: Invalid value: "string": spec.x in body must be of type integer: "string"'],
    [{ type: 'string' }, null, 'spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'],
    [{ type: 'object', required: ['a'] }, {}, 'spec.x.a: Required value'],
    [{ type: 'string', enum: ['b', 'c'] }, 'a', 'spec.x: Unsupported value: "a": supported values: "b", "c"'],
    [{ type: 'string', pattern: '^a$' }, 'b', `spec.x: Invalid value: "b": spec.x in body should match '^a$'`],
    [{ type: 'string', maxLength: 2 }, 'abc', 'spec.x: Too long: may not be more than 2 bytes'],
    [{ type: 'string', minLength: 1 }, '', 'spec.x: Invalid value: "": spec.x in body should be at least 1 chars long'],
    [{ type: 'integer', maximum: 100 }, 200, 'spec.x: Invalid value: 200: spec.x in body should be less than or equal to 100'],
    [{ type: 'integer', minimum: 1 }, 0, 'spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1'],
    [{ type: 'integer', minimum: 1, exclusiveMinimum: true }, 1, 'spec.x: Invalid value: 1: spec.x in body should be greater than 1'],
    [{ type: 'integer', multipleOf: 5 }, 7, 'spec.x: Invalid value: 7: spec.x in body should be a multiple of 5'],
    [{ type: 'array', items: { type: 'string' }, maxItems: 1 }, ['a', 'b'], 'spec.x: Too many: 2: must have at most 1 item'],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, [], 'spec.x: Invalid value: 0: spec.x in body should have at least 1 items'],
    [{ type: 'object', maxProperties: 1, additionalProperties: { type: 'string' } }, { a: 'b', c: 'd' }, 'spec.x: Too many: 2: must have at most 1 item'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, { a: 1 }, 'spec.x.a: Invalid value: "integer": spec.x.a in body must be of type string: "integer"'],
    [{ type: 'array', items: { type: 'object', required: ['k'] } }, [{ k: 1 }, {}], 'spec.x[1].k: Required value'],
    [{ type: 'string', format: 'date-time' }, 'today', 'spec.x: Invalid value: "today": spec.x in body must be of type date-time: "today"'],
    [{ 'x-kubernetes-int-or-string': true }, true, 'spec.x: Invalid value: "boolean": spec.x in body must be of type integer,string: "boolean"'],
    [{ type: 'object', not: { required: ['a'] } }, { a: 1 }, '<nil>: Invalid value: "": "spec.x" must not validate the schema (not)'],
  ] as [Schema, unknown, string][]) {
    it(`answers ${expected}`, () => expect(problems(value, schema)).to.deep.equal([expected]));
  }

  it('looks twice at a number that is no integer', () => {
    expect(problems(1.5, { type: 'integer' })).to.deep.equal(['spec.x: Invalid value: "number": spec.x in body must be of type integer: "number"', '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.x']);
  });

  it('reports the nearest miss of several alternatives', () => {
    const schema: Schema = { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b', 'c'] }] };
    expect(problems({ b: 1 }, schema)).to.deep.equal(['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid', 'spec.x.c: Required value']);
    expect(problems({ a: 1, b: 1, c: 1 }, schema)).to.deep.equal(['<nil>: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found 2 valid alternatives']);
  });

  it('accepts what fits', () => {
    const schema: Schema = { type: 'object', properties: { n: { type: 'number' }, s: { type: 'string', nullable: true }, i: { 'x-kubernetes-int-or-string': true }, free: { 'x-kubernetes-preserve-unknown-fields': true } } };
    expect(problems({ n: 1, s: null, i: '5%', free: [{ any: 1 }, null] }, schema)).to.deep.equal([]);
  });

  it('reads patterns as Go does', () => {
    expect(problems('ABC', { type: 'string', pattern: '(?i)^[[:alpha:]]+$' })).to.deep.equal([]);
    expect(problems('a-b', { type: 'string', pattern: '^[a-z\\-]+$' })).to.deep.equal([]);
  });

  describe('of an update', () => {
    const schema: Schema = {
      type: 'object',
      properties: {
        a: { type: 'integer', maximum: 10 },
        b: { type: 'integer', maximum: 10 },
        list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'], items: { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer', maximum: 10 } } } },
      },
    };

    it('lets stand what was wrong before and did not change', () => {
      expect(problems({ a: 99, b: 1 }, schema, { a: 99, b: 2 })).to.deep.equal([]);
      expect(problems({ a: 98, b: 1 }, schema, { a: 99, b: 1 })).to.have.length(1);
    });

    it('knows the items of map lists again by their keys', () => {
      const old = { list: [{ name: 'a', size: 99 }, { name: 'b', size: 1 }] };
      expect(problems({ list: [{ name: 'b', size: 2 }, { name: 'a', size: 99 }] }, schema, old)).to.deep.equal([]);
      expect(problems({ list: [{ name: 'c', size: 99 }] }, schema, old)).to.have.length(1);
    });
  });
});
