import { expect } from 'chai';
import { NO_OLD_VALUE } from '../schema/correlate.js';
import { fieldErrorText } from '../schema/field-error.js';
import type { Schema, ValidationRule } from '../schema/schema.js';
import { compileRule, RuleSyntaxError } from './rule.js';
import { validateRules } from './validate-rules.js';

const schemaWith = (rule: string, more: Partial<ValidationRule> = {}): Schema => ({
  type: 'object',
  properties: {
    count: { type: 'integer' },
    ratio: { type: 'number' },
    name: { type: 'string' },
    names: { type: 'array', items: { type: 'string' } },
    'with-dash': { type: 'string' },
    namespace: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    since: { type: 'string', format: 'date-time' },
    grace: { type: 'string', format: 'duration' },
    port: { 'x-kubernetes-int-or-string': true },
  },
  'x-kubernetes-validations': [{ rule, ...more }],
});

const problems = (rule: string, self: unknown, { old = NO_OLD_VALUE, ...more }: Partial<ValidationRule> & { old?: unknown } = {}): string[] => validateRules(self, schemaWith(rule, more), 'spec', old).map(fieldErrorText);

describe('Validation rules', () => {
  for (const [rule, self] of [
    ['self.count > 1', { count: 2 }],
    ['self.ratio > 1.5 && self.ratio > 1', { ratio: 2 }],
    ["!has(self.name) || self.name != ''", {}],
    ["self.with__dash__dash == 'x'".replace('dash__dash__dash', 'dash'), { 'with-dash': 'x' }],
    ["self.__namespace__ == 'x'", { namespace: 'x' }],
    ["self.labels.all(k, k != '' && self.labels[k] != '')", { labels: { a: 'b' } }],
    ["size(self.labels) == 1 && 'a' in self.labels", { labels: { a: 'b' } }],
    ["self.names.filter(n, n.startsWith('a')).size() == 1", { names: ['ab', 'c'] }],
    ['self.names.isSorted() && self.names.indexOf("b") == 1', { names: ['a', 'b'] }],
    ['[3, 1, 2].min() == 1 && [3, 1, 2].max() == 3 && [1, 2].sum() == 3', {}],
    ["sets.contains(self.names, ['a']) && sets.intersects(self.names, ['b', 'z']) && sets.equivalent(self.names, ['b', 'a', 'a'])", { names: ['a', 'b'] }],
    ["!self.name.find('^([^/]+)').endsWith('karpenter.sh')", { name: 'example.com/a' }],
    ["self.name.findAll('[a-z]+').size() == 2", { name: 'a1b' }],
    ["self.name.replace('a', 'b') == 'bb' && self.name.charAt(0) == 'a'", { name: 'aa' }],
    ["'%s has %d (%.2f)'.format([self.name, self.count, 1.5]) == 'x has 3 (1.50)'", { name: 'x', count: 3 }],
    ["quantity(self.name).isGreaterThan(quantity('1Gi')) && quantity('2').add(1).compareTo(quantity('3000m')) == 0", { name: '1.5Gi' }],
    ["isQuantity('1Gi') && !isQuantity('1gi') && quantity('50k').asInteger() == 50000", {}],
    ["url(self.name).getHostname() == 'x.y' && url(self.name).getPort() == '8443' && !isURL('../a')", { name: 'https://x.y:8443/z?a=b' }],
    ["cidr('10.0.0.0/8').containsIP(ip(self.name)) && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && ip(self.name).family() == 4", { name: '10.1.2.3' }],
    ["!format.dns1123Label().validate('abc').hasValue() && format.dns1123Label().validate('ABC').hasValue()", {}],
    ["self.since < timestamp('2025-01-01T00:00:00Z')", { since: '2024-01-01T00:00:00Z' }],
    ["self.grace <= duration('1h')", { grace: '30m' }],
    ["type(self.port) == int ? self.port < 1024 : self.port == 'http'", { port: 80 }],
    ["type(self.port) == int ? self.port < 1024 : self.port == 'http'", { port: 'http' }],
    ["self.?name.orValue('none') == 'none'", {}],
    ['cel.bind(n, self.count, n * n == 9)', { count: 3 }],
  ] as const) {
    it(`${rule} holds for ${JSON.stringify(self)}`, () => expect(problems(rule, self)).to.deep.equal([]));
  }

  it('say what they are when they have no message', () => {
    expect(problems('self.count > 1', { count: 1 })).to.deep.equal(['spec: Invalid value: failed rule: self.count > 1']);
    expect(problems('self.count > 1', { count: 1 }, { message: 'too few' })).to.deep.equal(['spec: Invalid value: too few']);
  });

  it('may compute their message; one that fails falls back', () => {
    expect(problems('self.count > 1', { count: 1 }, { message: 'too few', messageExpression: "'only ' + string(self.count)" })).to.deep.equal(['spec: Invalid value: only 1']);
    expect(problems('self.count > 1', { count: 1 }, { message: 'too few', messageExpression: 'self.name' })).to.deep.equal(['spec: Invalid value: too few']);
  });

  it('may point to a field and give a reason', () => {
    expect(problems('self.count > 1', { count: 1 }, { message: 'no', fieldPath: '.count', reason: 'FieldValueForbidden' })).to.deep.equal(['spec.count: Forbidden: no']);
    expect(problems('self.count > 1', { count: 1 }, { message: 'no', fieldPath: ".labels['a.b']", reason: 'FieldValueRequired' })).to.deep.equal(['spec.labels[a.b]: Required value: no']);
  });

  it('fail when they cannot be evaluated', () => {
    expect(problems("self.name == 'a'", {})).to.deep.equal(['spec: Invalid value: "object": no such key: name evaluating rule: self.name == \'a\'']);
    expect(problems('1 / self.count == 1', { count: 0 })).to.deep.equal(['spec: Invalid value: "object": division by zero evaluating rule: 1 / self.count == 1']);
  });

  describe('that cost too much', () => {
    const numbers = (length: number): number[] => Array.from({ length }, () => 1);
    const schema = (rule: string, times = 1): Schema => ({ type: 'array', items: { type: 'integer' }, 'x-kubernetes-validations': Array.from({ length: times }, () => ({ rule })) });
    const PAIRS = 'self.all(x, self.all(y, x == y))';

    it('are stopped, and no other runs', () => {
      expect(validateRules(numbers(300), schema(PAIRS), 'l').map(fieldErrorText)).to.deep.equal([]);
      const stopped = [`l: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${PAIRS}`];
      expect(validateRules(numbers(700), schema(PAIRS, 2), 'l').map(fieldErrorText)).to.deep.equal(stopped);
    });

    it('are not saved by an alternative', () => expect(validateRules(numbers(700), schema(`${PAIRS} || true`), 'l')).to.have.length(1));

    it('share one budget', () => {
      expect(validateRules(numbers(390), schema(PAIRS, 12), 'l').map(fieldErrorText)).to.deep.equal(['l: Invalid value: "array": validation failed due to running out of cost budget, no further validation rules will be run']);
    });
  });

  describe('of transitions', () => {
    it('run only when there is an old value', () => {
      expect(problems('self.count >= oldSelf.count', { count: 1 })).to.deep.equal([]);
      expect(problems('self.count >= oldSelf.count', { count: 1 }, { old: { count: 2 }, message: 'may not shrink' })).to.deep.equal(['spec: Invalid value: may not shrink']);
    });

    it('can do without one', () => {
      const rule = '!oldSelf.hasValue() || oldSelf.value().count == self.count';
      expect(problems(rule, { count: 1 }, { optionalOldSelf: true })).to.deep.equal([]);
      expect(problems(rule, { count: 1 }, { optionalOldSelf: true, old: { count: 2 } })).to.have.length(1);
    });

    it('follow the items of map lists by their keys', () => {
      const schema: Schema = {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer' } }, 'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'shrinks' }] },
      };
      const old = [{ name: 'a', size: 1 }, { name: 'b', size: 5 }];
      expect(validateRules([{ name: 'b', size: 4 }, { name: 'c', size: 0 }, { name: 'a', size: 2 }], schema, 'l', old).map(fieldErrorText)).to.deep.equal(['l[0]: Invalid value: shrinks']);
    });
  });

  it('let stand what they object to but nobody touched', () => {
    expect(problems('self.count > 5', { count: 1 }, { old: { count: 1 } })).to.deep.equal([]);
    expect(problems('self.count > 5', { count: 1 }, { old: { count: 2 } })).to.have.length(1);
  });

  for (const [rule, problem] of [
    ['self.count >', "mismatched input '<EOF>'"],
    ['slf.count > 1', 'Unknown variable: slf'],
    ['self.name.isFancy()', "found no matching overload for 'dyn.isFancy()'"],
  ] as const) {
    it(`refuse to be compiled out of ${rule}`, () => expect(() => compileRule({ rule })).to.throw(RuleSyntaxError, problem));
  }
});
