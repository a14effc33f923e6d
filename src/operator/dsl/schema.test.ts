import { expect } from 'chai';
import type { JSONSchemaProps } from './json-schema.js';
import { SchemaResolver, mismatch } from './resolve-schema.js';
import { s } from './schema.js';
import type { Schema } from './schema.js';

const resolved = (schema: Schema<unknown, boolean>): JSONSchemaProps => new SchemaResolver((message) => expect.fail(message)).schema(schema, 'field');

describe('the schema builder', () => {
  it('never changes a schema that is already there', () => {
    const base = s.string();
    base.describe('x').pattern(/y/).optional();
    expect(resolved(base)).to.deep.equal({ type: 'string' });
  });

  it('knows what Kubernetes writes as an integer or a string', () => {
    expect(resolved(s.intOrString())).to.deep.equal({ anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true });
    const quantity = new RegExp(resolved(s.quantity()).pattern as string);
    for (const amount of ['1', '1.5Gi', '250m', '1e3', '-2', '.5', '100M']) expect(amount).to.match(quantity);
    for (const amount of ['', '1.5gi', 'Gi', '1 Gi', 'many']) expect(amount).not.to.match(quantity);
  });

  it('knows durations and moments', () => {
    const duration = new RegExp(resolved(s.duration()).pattern as string);
    for (const length of ['1h30m', '1.5s', '250ms', '720h']) expect(length).to.match(duration);
    for (const length of ['', '1d', 'Never', '5 m']) expect(length).not.to.match(duration);
    expect(resolved(s.time())).to.deep.equal({ type: 'string', format: 'date-time' });
  });

  it('lets objects hold what the schema does not know, and whole Kubernetes objects', () => {
    expect(resolved(s.object({ a: s.string() }).preserveUnknown().embeddedResource())).to.deep.equal({
      type: 'object', properties: { a: { type: 'string' } }, required: ['a'], 'x-kubernetes-preserve-unknown-fields': true, 'x-kubernetes-embedded-resource': true,
    });
    expect(resolved(s.anyObject())).to.deep.equal({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true });
    expect(resolved(s.any())).to.deep.equal({ 'x-kubernetes-preserve-unknown-fields': true });
  });

  it('requires what is neither optional nor has a default, unless it says so', () => {
    expect(resolved(s.object({ c: s.int(), b: s.int().optional(), a: s.int().default(1), d: s.int().default(1).required() })).required).to.deep.equal(['c', 'd']);
  });

  it('has the standard conditions, and those that may lack reason and message', () => {
    const strict = resolved(s.conditions());
    expect(strict['x-kubernetes-list-map-keys']).to.deep.equal(['type']);
    expect(strict.items?.required).to.deep.equal(['lastTransitionTime', 'message', 'reason', 'status', 'type']);
    expect(strict.items?.properties?.['reason']).to.include({ minLength: 1, maxLength: 1024 });
    const relaxed = resolved(s.conditions({ relaxed: true, listMap: false }));
    expect(relaxed).not.to.have.property('x-kubernetes-list-type');
    expect(relaxed.items?.required).to.deep.equal(['lastTransitionTime', 'status', 'type']);
    expect(relaxed.items?.properties?.['reason']).not.to.have.property('minLength');
  });

  it('passes on whatever else a structural schema may say', () => {
    expect(resolved(s.int('int64').format('int32').extend({ multipleOf: 5 }).nullable().oneOf(5, 10))).to.deep.equal({
      type: 'integer', format: 'int32', multipleOf: 5, nullable: true, enum: [5, 10],
    });
  });
});

describe('what a value has that its schema forbids', () => {
  const cases: [string, unknown, Schema<unknown, boolean>, string | undefined][] = [
    ['a null', null, s.string(), 'is null, which the field does not take'],
    ['a null that may be', null, s.string().nullable(), undefined],
    ['a type', 'x', s.int(), 'is of type string; integer is expected'],
    ['a fraction for a whole number', 1.5, s.int(), 'is of type number; integer is expected'],
    ['a whole number for any', 1, s.number(), undefined],
    ['a list for an amount', [], s.quantity(), 'is of type array; integer or string is expected'],
    ['an amount that is none', 'many', s.quantity(), `does not match ${resolved(s.quantity()).pattern}`],
    ['a length', 'abc', s.string().maxLength(2), 'is above the maximum of 2'],
    ['a count', [], s.array(s.string()).minItems(1), 'is below the minimum of 1'],
    ['a number of entries', { a: 'x', b: 'y' }, s.record(s.string()).maxProperties(1), 'is above the maximum of 1'],
    ['an entry', { a: 1 }, s.record(s.string()), 'holds 1, which is of type integer; string is expected'],
    ['a missing field', {}, s.object({ a: s.string() }), 'lacks the required field "a"'],
    ['an unknown field', { a: 'x', b: 1 }, s.object({ a: s.string() }), undefined],
  ];
  for (const [what, value, schema, expected] of cases) {
    it(`tells ${what}`, () => expect(mismatch(value, resolved(schema))).to.equal(expected));
  }
});
