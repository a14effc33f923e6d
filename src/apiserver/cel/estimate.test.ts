import { expect } from 'chai';
import type { Schema } from '../schema/schema.js';
import { declaredType } from './declared-type.js';
import { checkRule, RuleSyntaxError } from './rule.js';

const TEXT: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    name: TEXT,
    names: { type: 'array', items: TEXT },
    short: { type: 'string', maxLength: 20 },
    few: { type: 'array', maxItems: 10, items: { type: 'integer' } },
    labels: { type: 'object', additionalProperties: TEXT },
    enumed: { type: 'string', enum: ['a', 'bcd'] },
    port: { 'x-kubernetes-int-or-string': true },
    objs: {
      type: 'array',
      maxItems: 8,
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string', maxLength: 10 }, tags: { type: 'array', maxItems: 4, items: { type: 'string', maxLength: 5 } } } },
    },
  },
};
const check = (rule: string, more: { messageExpression?: string } = {}): unknown => checkRule({ rule, ...more }, declaredType(SCHEMA)!);

describe('The cost of a rule', () => {
  // What kube-apiserver 1.32 reckons for them.
  for (const [rule, cost] of [
    ["!has(self.name) || self.name != ''", 4],
    ["self.names.isSorted() && self.names.indexOf('b') == 1", 659708864105],
    ["self.name.find('^([^/]+)').endsWith('karpenter.sh')", 629150],
    ["quantity(self.name).isGreaterThan(quantity('1Gi'))", 314577],
    ["cidr('10.0.0.0/8').containsIP(ip(self.name)) && ip(self.name).family() == 4", 629157],
    ["self.short.matches('^[a-z]+$')", 20],
    ['self.few.all(x, self.few.all(y, x == y))', 563],
    ['self.few.exists(x, x > 2)', 63],
    ['self.few.exists_one(x, x > 2)', 44],
    ['self.few.map(x, x > 1, x * 2).size() > 3', 175],
    ["self.short + 'a' == 'ba'", 12],
    ["self.names.join(',') == 'a'", 329853068906],
    ["self.short.split(',').size() > 1", 20],
    ["self.objs.filter(o, o.name == 'a').all(o, o.tags.size() > 1)", 198],
    ["self.labels.all(k, k != '' && self.labels[k] != '')", 3145723],
    ["self.short.startsWith('a') ? self.count == 1 : self.few.size() == 2", 7],
    ["self.enumed in ['a','b']", 14],
    ['self.names.exists(n, n in self.names)', 1099516870653],
    ["self.name.replace('a', 'b') == 'bb'", 629149],
  ] as const) {
    it(`${rule} is ${cost} at most`, () => expect(check(rule)).to.include({ cost }));
  }

  it('has that of its message beside it', () => expect(check('self.count > 1', { messageExpression: "self.short + '!'" })).to.deep.equal({ usesOldSelf: false, cost: 3, messageExpressionCost: 11 }));
});

describe('A rule', () => {
  for (const [rule, problem] of [
    ['self.z == 100', "compilation failed: ERROR: <input>:1:5: undefined field 'z'\n | self.z == 100\n | ....^"],
    ['has(self.nope)', "compilation failed: ERROR: <input>:1:4: undefined field 'nope'\n | has(self.nope)\n | ...^"],
    ['true &&\n  self.objs.all(o, o.tag == "x")', 'compilation failed: ERROR: <input>:2:21: undefined field \'tag\'\n |   self.objs.all(o, o.tag == "x")\n | ....................^'],
    ["self.count == 'a'", "compilation failed: ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(int, string)'\n | self.count == 'a'\n | ...........^"],
    ['self.names.first', "compilation failed: ERROR: <input>:1:11: type 'list(string)' does not support field selection\n | self.names.first\n | ..........^"],
    ['self = 42', 'compilation failed: ERROR: <input>:1:6: Syntax error: Unexpected character: =\n | self = 42\n | .....^'],
    ['self.count', 'cel expression must evaluate to a bool'],
  ] as const) {
    it(`is refused: ${rule}`, () => expect(() => check(rule)).to.throw(RuleSyntaxError, problem));
  }

  it('is refused for a message that is no text', () => expect(() => check('true', { messageExpression: 'self.count' })).to.throw(RuleSyntaxError, 'messageExpression must evaluate to a string'));

  for (const rule of ["self.port == 80 || self.port == 'http'", "self.?name.orValue('a') == 'b'", "self.?name.optMap(n, n.size()).orValue(0) > 1", "self.names.all(i, n, n.size() > i)", "self.labels.team == 'a'", "self.names.map(n, n.size()).all(s, s > 1)", 'format.dns1123Label().validate(self.short).hasValue()']) {
    it(`is not refused: ${rule}`, () => expect(() => check(rule)).not.to.throw());
  }
});
