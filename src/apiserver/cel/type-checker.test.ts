import { Environment } from '@marcbachmann/cel-js';
import { expect } from 'chai';
import type { Schema } from '../schema/schema.js';
import { celType, declaredType } from './declared-type.js';
import { checkTypes } from './type-checker.js';

const SCHEMA: Schema = {
  type: 'object',
  properties: { count: { type: 'integer' }, name: { type: 'string' }, names: { type: 'array', items: { type: 'string' } }, labels: { type: 'object', additionalProperties: { type: 'string' } }, port: { 'x-kubernetes-int-or-string': true } },
};
const parser = new Environment({ enableOptionalTypes: true }).registerVariable('self', 'dyn');
const check = (expression: string): string[] => checkTypes(parser.parse(expression).ast, new Map([['self', celType(declaredType(SCHEMA)!, 'root')]])).problems.map(({ position, message }) => `${position}: ${message}`);

// More of them, as cel-go judges them, are in test/conformance/topics/expression-types.ts.
describe('The type checker of expressions', () => {
  for (const expression of ['self.count + 1 > 2', "self.port == 80 || self.port == 'http'", "self.names.map(n, n.size()).all(s, s > 1)", "self.labels['a'] == 'b' && self.labels.b in ['c']", '[] == [1]', "self.?name.orValue('a') == 'b'", "'%d %s'.format([1, 'a']) == ''"]) {
    it(`has nothing against ${expression}`, () => expect(check(expression)).to.deep.equal([]));
  }

  for (const [expression, ...problems] of [
    ["self.count == 'a'", "11: found no matching overload for '_==_' applied to '(int, string)'"],
    ['self.names.all(n, n > 1)', "20: found no matching overload for '_>_' applied to '(string, int)'"],
    ["self.name.startsWith(self.count)", "20: found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['self.count.matches("a") || self.unheard', "18: found no matching overload for 'matches' applied to 'int.(string)'", "31: undefined field 'unheard'"],
    ['self.name.matches("[")', '18: invalid matches argument'],
    ["[1, 'a'].size() > 1", "4: expected type 'int' but found 'string'"],
    ['unheard(self)', "7: undeclared reference to 'unheard' (in container '')"],
  ] as const) {
    // What is wrong is told in the order of its place.
    it(`refuses ${expression}`, () => expect(check(expression)).to.deep.equal(problems));
  }
});
