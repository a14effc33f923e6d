import { widgets } from '../objects.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const TEXT = { type: 'string', maxLength: 5 };
const FIELDS = {
  i: { type: 'integer' }, n: { type: 'number' }, s: { type: 'string', maxLength: 20 }, b: { type: 'boolean' }, nl: { ...TEXT, nullable: true }, p: { 'x-kubernetes-int-or-string': true }, u: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  d: { type: 'string', format: 'duration' }, t: { type: 'string', format: 'date-time' }, by: { type: 'string', format: 'byte', maxLength: 10 },
  l: { type: 'array', maxItems: 5, items: TEXT }, li: { type: 'array', maxItems: 5, items: { type: 'integer' } }, lo: { type: 'array', maxItems: 5, items: { type: 'object', properties: { a: TEXT, c: { type: 'integer' } } } },
  m: { type: 'object', maxProperties: 5, additionalProperties: TEXT }, mo: { type: 'object', maxProperties: 5, additionalProperties: { type: 'object', properties: { a: { type: 'integer' } } } }, o: { type: 'object', properties: { x: TEXT, 'a-b': { type: 'integer' } } },
};

/** Expressions about {@link FIELDS}, right and wrong. */
const EXPRESSIONS = [
  "self.i == 'a'", 'self.i == 1.5', 'self.i < 1.5', "self.i < 'a'", 'self.i + self.n > 1.0', 'self.i + 1', "self.s + 1 == 'x'", 'self.s == null', 'self.o == null', 'self.l == null', 'self.m == null', 'self.d == null',
  'self.nl == null', 'self.p == 1', "self.p == 'x'", 'self.p + 1 > 2', 'self.unheard', 'self.unheard == 1', 'self.o.unheard == 1', 'has(self.unheard)', 'has(self.o.unheard)', 'has(self.i.x)', 'has(self.i)', 'self.i.x == 1',
  "self.l.x == 'a'", "self.m.x == 'a'", 'self.m.x == 1', "self.m['x'] == 1", "self.m[1] == 'x'", "self.l['x'] == 'x'", 'self.l[0] == 1', 'self.lo[0].unheard == 1', "self.mo['x'].unheard == 1", 'self.u.x == 1',
  "self.i.matches('a')", "self.s.matches('[')", "self.s.matches('a(?=b)')", String.raw`self.s.matches('(a)\\1')`, 'self.s.matches(1)', "self.s.matches('a', 'b')", "self.s.find('[') == 'x'", "matches(self.s, '[')",
  'self.s.unheard()', 'unheard(self.s)', 'self.s.startsWith(1)', 'self.s.startsWith()', "self.s.size() == 'x'", 'size(self.i) > 0', 'self.i.size() > 0', 'self.l.all(x, x)', 'self.l.all(x, x + 1)', 'self.l.all(x, x == 1)',
  "self.l.all(x, x.startsWith('a'))", 'self.i.all(x, x > 0)', "self.s.all(x, x == 'a')", 'self.l.exists(x, x)', 'self.l.exists_one(x, x)', "self.l.exists_one(x, x == 'a')", 'self.l.filter(x, x)',
  'self.l.filter(x, x == 1).size() > 0', "self.l.filter(x, x == 'a')", "self.l.map(x, x) == ['a']", "self.l.map(x, x.size()) == ['a']", "self.l.map(x, x, x) == ['a']", "self.l.map(x, x == 'a', x) == ['a']",
  "self.lo.all(x, x.c == 'a')", "self.lo.all(x, x.a == 'a' && x.c)", 'self.m.all(k, k == 1)', 'self.m.all(k, self.m[k] == 1)', "self.mo.all(k, self.mo[k].a == 'x')", "[1, 'a'].size() == 2", "['a', self.i].size() == 2",
  '[1, 1.5].size() == 2', "{'a': 1, 'b': 'x'}.size() == 2", "{'a': 1, 1: 2}.size() == 2", '{}.size() == 0', '[].size() == 0', '[] == [1]', 'self.l == []', 'self.l == [1]', 'self.l + [1] == []', 'self.l + self.li == []',
  "'a' in self.l", '1 in self.l', "'a' in self.m", '1 in self.m', "'a' in self.s", 'self.i in [1, 2]', 'self.s in [1, 2]', 'true ? 1 : 2', "self.b ? 1 : 'a'", 'self.i ? true : false', 'self.b ? self.i == 1 : self.s', '!self.i',
  '!self.b', "-self.s == 'a'", '-self.i == 1', 'self.b && self.i', 'self.i && self.b', 'self.i || self.s', 'self.b && self.unheard', 'self.i == 1 && self.s == 1 && self.b', "duration('x') == self.d", "duration('1h') == self.d",
  'duration(self.s) == self.d', 'self.d > 1', "self.d > duration('1h')", "timestamp('x') == self.t", "timestamp('2020-01-01T00:00:00Z') < self.t", 'self.t - self.t == self.d', 'self.t + self.t == self.t',
  "self.t.getFullYear() == 'x'", 'self.t.getHours() > 1', 'self.d.getHours() > 1', 'self.d.getFullYear() > 1', "self.by == 'x'", "self.by == b'x'", "string(self.i) == 'x'", 'int(self.s) == 1', 'int(self.b) == 1',
  'double(self.i) == self.n', 'bool(self.s)', 'bool(self.i)', "dyn(self.i) == 'x'", 'type(self.i) == int', 'type(self.i) == string', "type(self.i) == 'int'", 'self.i == int', "oldSelf.i == 'x'", 'oldSelf.i == self.i',
  'oldSelf == self', 'self == self.o', 'self.o == self.u', 'self == 1', 'unheard == 1', 'foo.bar == 1', 'request.x == 1', 'self.l.isSorted()', 'self.lo.isSorted()', "self.li.sum() == 'x'", 'self.l.sum() == 1',
  'self.li.min() == 1.5', 'self.l.max() == 1', 'self.l.indexOf(1) == 0', "self.l.indexOf('a') == 'x'", "self.l.join(',') == 1", "self.li.join(',') == 'x'", "self.s.split(',') == ['a']", "self.s.split(1) == ['a']",
  "self.s.substring('a') == 'x'", "self.s.replace('a') == 'x'", 'self.s.lowerAscii() == 1', "self.s.format([1]) == 'x'", "'%d %s'.format([1, 'a']) == 'x'", "'%s'.format('a') == 'x'", "'%s'.format([['a', 1]]) == 'x'",
  'sets.contains([1], [2])', "sets.contains([1], ['a'])", 'sets.contains(self.l, self.li)', 'sets.unheard([1], [2])', "quantity('1') == 1", "quantity('1').isGreaterThan(1)", "quantity('1').isGreaterThan(quantity('2'))",
  'quantity(1).isInteger()', 'isQuantity(1)', 'quantity(self.s).add(1).isInteger()', "url('https://a').getHost() == 1", "url(1).getHost() == 'x'", "ip('1.1.1.1').family() == '4'", "ip.isCanonical('1.1.1.1')",
  "cidr('1.1.1.0/24').containsIP(1)", "cidr('1.1.1.0/24').containsIP(ip('1.1.1.1'))", "cidr('1.1.1.0/24').masked() == cidr('1.1.1.0/24')", 'format.dns1123Label().validate(self.s).hasValue()',
  'format.dns1123Label().validate(self.i).hasValue()', 'format.unheard().validate(self.s).hasValue()', "format.named('x').hasValue()", "semver('1.0.0').major() == 1", "semver('1.0.0').isLessThan('2.0.0')", 'optional.of(1) == 1',
  "optional.of(1).orValue('x') == 1", 'optional.none().hasValue()', 'self.?i.hasValue()', 'self.?i == 1', 'self.?unheard.hasValue()', "self.?o.x.orValue('a') == 'b'", "self.?o.x.orValue(1) == 'b'", 'self.?o.?unheard.hasValue()',
  'self.l[?0].hasValue()', "self.l[?'a'].hasValue()", "self.l[?0].orValue(1) == 'x'", "self.m[?'a'].orValue('x') == 'y'", 'self.?i.optMap(x, x + 1).orValue(0) > 1', 'self.i.optMap(x, x + 1).orValue(0) > 1',
  'cel.bind(x, self.i, x > 1)', "cel.bind(x, self.i, x == 'a')", 'cel.bind(x, self.s, x)', "self.l.slice(0, 1) == ['a']", "self.l.slice('a', 1) == ['a']", 'self.l.distinct() == [1]', 'self.li.sort() == [1]',
  'self.lo.sort() == []', "self.l.reverse() == ['a']", "self.s.reverse() == 'x'", 'lists.range(3) == [0, 1, 2]', '[[1], [2]].flatten() == [1, 2]', "self.l.all(i, v, v == 'a')", "self.l.all(i, v, i == 'a')",
  "self.l.transformList(i, v, v) == ['a']", "self.l.transformMap(i, v, v) == {0: 'a'}", 'self.lo.sortBy(x, x.c) == []', "self.l.first() == 'x'", '1u == 1', 'self.i == 1u', '1u + 1 == 2', 'self.i % 2 == 0', 'self.n % 2.0 == 0.0',
  'self.i / 2 == 1.5', 'self.o.a__dash__b == 1', "self.o.a__dash__b == 'x'", "strings.quote(self.i) == 'x'", "self.s.charAt('a') == 'x'", 'self.s.contains(self.l)', 'self', 'self.s', '1', "'a'", 'null', 'true', 'has(self)',
  'has(self.l[0])', 'self.l.all(1, true)', 'self.l.all(x.y, true)', 'self.b == true', "self.b == 'true'", 'self.b == 1', 'self.i >= self.n', 'self.l < self.l', 'self.s < self.s', 'self.b < self.b', 'null == null',
  'self.i == 1 ||', 'self.i == 1 ? true', '[1,2', 'self.i ==', 'self.i == 9223372036854775808', '0x1F == 31', String.raw`self.s == r"a\qb"`, 'self.i == 1 // comment', "self.l.exists(x, x == 'a') == 1",
  'self.li.all(x, x in self.l)', 'self.li.exists(x, self.l.exists(y, x == y))', 'self.l.map(x, self.li.map(y, x + y)) == []', 'size(self.l) == size(self.s)', 'size(self.l, 1) == 1', 'self.l.size(1) == 1',
  'self.m.size() == self.i', "self.m == {'a': 'b'}", "self.m == {'a': 1}", "self.m.filter(k, k.startsWith('a')).size() > 0", "self.m.map(k, self.m[k]) == ['x']", 'self.mo.exists(k, self.mo[k].a > 0 && k == 1)',
  "self.lo.map(x, x.c).sum() == 'a'", 'self.lo.filter(x, x.c > 0).map(x, x.a).join() == 1', "self.t == '2020-01-01T00:00:00Z'", "self.d == '1h'", 'self.n == 1', 'self.n > 1', 'self.n == 1.0', "self.p.matches('a')",
  'int(self.p) > 1', "string(self.p) == 'x'", "type(self.p) == string ? self.p == 'x' : self.p == 1", "self.p < 1 || self.p == '5%'",
];

/** What a definition with the rule is told. */
async function judge(s: Session, rule: object, expression: string): Promise<void> {
  const { body }: { body: Body } = await s.quiet('POST', `${CRDS}?dryRun=All`, widgets(s, { type: 'object', properties: FIELDS, 'x-kubernetes-validations': [rule] } as never));
  const problems = (body.details?.causes ?? []).map(({ field, message }: Body) => `${field.replace(/^.*\[0\]\./, '')}: ${message.replace(/Invalid value: \{"Rule".*?"OptionalOldSelf":\w+\}: /, '')}`).sort() as string[];
  s.note(`> ${expression}`);
  s.note(`< ${body.kind === 'Status' ? body.code : 'compiles'}`);
  problems.forEach((problem) => problem.split('\n').forEach((line) => s.note(`  ${line}`)));
}

export const scenarios: Topic = {
  'of rules are checked': async (s) => {
    for (const rule of EXPRESSIONS) await judge(s, { rule, message: 'broken' }, rule);
  },
  'of messages are checked': async (s) => {
    for (const messageExpression of ['self.i', 'self.s', "'x' + self.i", "'x' + string(self.i)", 'self.unheard', 'unheard', "self.b ? 'a' : 'b'", 'self.l', 'null', 'self.s +']) await judge(s, { rule: 'self.b', messageExpression }, messageExpression);
  },
  'of an old value that may be absent are checked': async (s) => {
    for (const rule of ['oldSelf.i == 1', 'oldSelf.hasValue()', 'oldSelf.value().i == 1', "oldSelf.orValue(self).i == 'a'", 'oldSelf.?i.orValue(1) == 1', 'self.b', 'oldSelf.optMap(o, o.i == self.i).orValue(true)']) await judge(s, { rule, optionalOldSelf: true, message: 'broken' }, rule);
  },
};
