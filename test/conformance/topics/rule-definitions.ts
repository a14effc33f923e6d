import type { JsonObject } from '../../../src/apiserver/index.js';
import { judge } from '../judge.js';
import { widgets, widgetsOf } from '../objects.js';
import { MERGE, type Body } from '../session.js';
import type { Topic } from '../suite.js';

const TEXT = { type: 'string' };
const NUMBER = { type: 'integer' };
const obj = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });
const rule = (text: string, more: JsonObject = {}): JsonObject => ({ 'x-kubernetes-validations': [{ rule: text, ...more }] });

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const SCHEMAS: readonly JsonObject[] = [
  obj({ a: TEXT }, rule('self.a == oldSelf.a')), obj({ a: TEXT }, rule('self.a == oldSelf.a', { optionalOldSelf: true })), obj({ a: TEXT }, rule('!oldSelf.hasValue() || self.a == oldSelf.value().a', { optionalOldSelf: true })),
    obj({ a: TEXT }, rule('self.b')), obj({ a: TEXT }, rule('self.a')), obj({ a: TEXT }, rule('')), obj({ a: TEXT }, rule('self.a ==')), obj({ a: TEXT }, rule('true', { message: 'a\nb' })), obj({ a: TEXT }, rule('a\nb')), obj({}, rule('true', { message: '  ' })),
    obj({ a: TEXT }, rule('true', { messageExpression: 'self.a + 1' })), obj({ a: TEXT }, rule('true', { messageExpression: '1' })), obj({ a: TEXT }, rule('true', { messageExpression: '' })), obj({ a: TEXT }, rule('true', { messageExpression: '"a" + string(self.b)' })),
    obj({ a: TEXT }, rule('true', { reason: 'X' })), obj({ a: TEXT }, rule('true', { reason: 'FieldValueForbidden', fieldPath: '.a' })), obj({ a: TEXT }, rule('true', { fieldPath: 'a' })), obj({ a: TEXT }, rule('true', { fieldPath: '.b' })), obj({ a: TEXT }, rule('true', { fieldPath: '' })), obj({ a: { type: 'array', items: TEXT } }, rule('true', { fieldPath: '.a[0]' })), obj({ a: { type: 'object', additionalProperties: TEXT } }, rule('true', { fieldPath: ".a['x']" })), obj({ a: { type: 'object', additionalProperties: TEXT } }, rule('true', { fieldPath: '.a.x' })),
    obj({ a: { type: 'array', items: TEXT } }, rule('self.a.all(x, self.a.all(y, x == y))')), obj({ a: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } } }, rule('self.a.all(x, self.a.all(y, x == y))')), obj({ a: TEXT }, rule('self.a.matches("^a+$")')), obj({ a: TEXT }, rule('self.a.contains(self.a)')),
    obj({ a: { type: 'array', items: obj({ b: { type: 'array', items: obj({ c: TEXT }, rule('self.c.startsWith("x")')) } }) } }), { type: 'array', items: TEXT, ...rule('self.size() < 3') }, { type: 'string', ...rule('self.startsWith("a")') }, { type: 'integer', ...rule('self > oldSelf') },
    obj({ a: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string', ...rule('self == oldSelf') } } }), obj({ a: { type: 'array', items: { type: 'string', ...rule('self == oldSelf') } } }), obj({ a: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: obj({ k: TEXT, v: { type: 'string', ...rule('self == oldSelf') } }, { required: ['k'] }) } }),
    obj({ a: { type: 'string', format: 'date-time' }, b: { type: 'string', format: 'duration' }, c: { 'x-kubernetes-int-or-string': true }, d: { type: 'string', format: 'byte' } }, rule('self.a < timestamp("2020-01-01T00:00:00Z") && self.b < duration("1s") && (type(self.c) == int ? self.c == 1 : self.c == "x") && self.d.size() == 1')),
    obj({ 'a-b': TEXT, 'a.b': TEXT, 'a/b': TEXT, namespace: TEXT, 'x__y': TEXT }, rule('self.a__dash__b == self.a__dot__b && self.a__slash__b == self.__namespace__ && self.x__underscores__y == ""')),
    obj({ a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }, rule('self.a.b == ""')), obj({ a: { type: 'object', 'x-kubernetes-embedded-resource': true } }, rule('self.a.metadata.name == "" && self.a.kind == ""')), obj({ a: { type: 'object', 'x-kubernetes-embedded-resource': true } }, rule('self.a.metadata.labels == ""')),
    obj({ a: { type: 'string', default: 'b', ...rule('self == "a"') } }), obj({ a: { type: 'number' } }, rule('self.a > 1')), obj({ a: { type: 'number' } }, rule('self.a > 1.5 && self.a == 2.0')), obj({ a: { type: 'boolean', nullable: true } }, rule('self.a == null || self.a')), obj({ a: { type: 'string', enum: ['a', 'b'] } }, rule('self.a in ["a"]')),
    obj({ a: TEXT }, rule('quantity(self.a).isGreaterThan(quantity("1")) && isURL(self.a) && url(self.a).getHost() == "" && ip(self.a).family() == 4 && cidr("10.0.0.0/8").containsIP("10.1.1.1") && format.dns1123Label().validate(self.a).hasValue()')),
    obj({ a: { type: 'array', items: NUMBER } }, rule('self.a.sum() > 1 && self.a.min() > 0 && self.a.isSorted() && self.a.indexOf(1) == 0 && self.a.exists_one(x, x == 1)')), obj({ a: TEXT }, rule('self.a.split(",").map(x, x.trim()).join("-") == "" && self.a.find("a") == "" && self.a.replace("a", "b").lowerAscii() == ""')),
    obj({ a: TEXT }, rule('sets.contains(["a"], [self.a]) && self.a.charAt(0) == "a" && strings.quote(self.a) == ""')), obj({ a: TEXT }, rule('[self.a].transformList(i, v, v)[0] == ""')), obj({ a: TEXT }, rule('cel.bind(x, self.a, x == "a")')), obj({ a: TEXT }, rule('self.?a.orValue("") == "" && optional.of(1).hasValue()')), obj({ a: TEXT }, rule('has(self.a) && has(self.b)')), obj({ a: TEXT }, rule('dyn(self.a) == 1')), obj({ a: NUMBER }, rule('self.a / 0 == 1')), obj({ a: NUMBER }, rule('double(self.a) > 1.0 && string(self.a) == "1" && uint(self.a) == 1u')),
];

/** Of these, some have bounds. */
const FIELDS = { s: TEXT, t: { type: 'string', maxLength: 5_000 }, l: { type: 'array', items: TEXT }, k: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 100 } }, m: { type: 'object', additionalProperties: TEXT }, i: NUMBER, n: { type: 'array', maxItems: 1_000, items: NUMBER } };
const PRICED = [
  'self.s.split(",").size() > 1', 'self.s.split(",").all(x, x == "")', 'self.t.split(",").all(x, x == "")', 'self.t.split(",").map(x, x.trim()).size() > 0',
  'self.t.split(",").map(x, x).join("-") == ""', 'self.t.split(",").join("-") == ""', 'self.s.split(",").join("-") == ""', 'self.k.join("-") == ""', 'self.l.join("-") == ""',
  'self.l.join("-").size() > 1', 'self.s.find("a") == ""', 'self.s.findAll("a").size() == 0', 'self.s.findAll("a").all(x, x == "")', 'self.s.replace("a", "b") == ""',
  'self.s.replace("a", "b").lowerAscii() == ""', 'self.t.replace("a", "bbbbbbbb").replace("b", "cc") == ""', 'self.s.substring(1) == ""', 'self.s.trim() == ""', 'self.s.indexOf("a") == 1',
  'self.s.lastIndexOf("a") == 1', 'self.s.charAt(1) == "a"', '"%s".format([self.s]) == ""', 'self.s.upperAscii() == ""', 'self.l.map(x, x + "a").all(y, y.matches("a"))',
  'self.l.filter(x, x == "a").size() > 1', 'self.l.exists(x, x.startsWith("a"))', 'self.l.exists_one(x, x == "a")', 'self.l.all(x, self.m.exists(k, k == x))',
  'self.m.all(k, self.m[k].contains("a"))', 'self.m.map(k, self.m[k]).join(",") == ""', 'self.l + self.l == self.l', 'self.s + self.s == self.s', '(self.s + self.s).matches("a+")', '"a" in self.l',
  'self.s in self.m', 'self.l == self.l', 'self.m == self.m', 'sets.contains(self.l, self.l)', 'sets.intersects(self.k, self.k)', 'sets.equivalent(self.k, self.k)', 'self.n.sum() > 1',
  'self.n.max() > 1', 'self.n.isSorted()', 'self.l.isSorted()', 'self.l.indexOf("a") == 1', 'self.n.all(x, self.n.all(y, x == y))', 'self.n.all(x, self.n.all(y, self.n.all(z, x == z)))',
  'isURL(self.s)', 'url(self.s).getHost() == ""', 'url(self.t).getQuery().size() == 0', 'quantity(self.s).isInteger()', 'isQuantity(self.s)', 'quantity(self.t).compareTo(quantity("1")) == 1',
  'ip(self.s).isCanonical()', 'isIP(self.s)', 'cidr(self.s).containsIP(self.t)', 'isCIDR(self.s)', 'cidr("10.0.0.0/8").containsCIDR(self.s)', 'semver(self.s).isLessThan(semver("1.0.0"))',
  'isSemver(self.t)', 'format.dns1123Label().validate(self.s).hasValue()', 'format.named("dns1123Label").value().validate(self.s).hasValue()', 'timestamp(self.s) < timestamp("2020-01-01T00:00:00Z")',
  'duration(self.s) < duration("1s")', 'int(self.s) == 1', 'string(self.i) == "1"', 'bytes(self.s).size() == 1', 'self.s.size() > 1', 'self.l.size() == self.k.size()',
  'self.l.map(x, self.k.map(y, x + y)).size() > 0', 'self.k.map(x, x.size()).sum() > 1', '[self.s, self.t].exists(x, x.matches("a*b"))', '{"a": self.s}.all(k, k == "a")',
  'self.k.all(x, x.matches(self.t))', 'self.s < self.t', 'self.s.startsWith(self.t)', 'self.s.contains(self.t)', 'self.i > 1 ? self.s.contains("a") : self.t.contains(self.t)',
  'self.k.transformList(i, v, v + "a").size() > 0', 'optional.of(self.s).hasValue()', 'self.?s.orValue("").contains("a")', 'self.s.lowerAscii().contains(self.t.upperAscii())', 'type(self.i) == int',
  'self.k.all(x, isURL(x) && url(x).getScheme() == "https")', 'self.k.map(x, quantity(x)).all(q, q.isGreaterThan(quantity("0")))', 'self.k.all(x, self.k.filter(y, y == x).size() == 1)',
  'self.l.all(x, self.l.filter(y, y == x).size() == 1)',
];

/** What cannot be carried out on `bad value`, or does not hold of it. */
const FAILING = [
  'quantity(self).isInteger()', 'int(self) == 1', 'uint(self) == 1u', 'double(self) == 1.0', 'bool(self)', 'duration(self) == duration("1s")', 'timestamp(self) == timestamp("2020-01-01T00:00:00Z")',
  'url(self).getHost() == ""', 'ip(self).family() == 4', 'cidr(self).ip().family() == 4', 'semver(self).major() == 1', 'self.charAt(100) == ""', '[1][5] == 1', '[1][-1] == 1', '{"a": 1}["b"] == 1',
  '{"a": 1}.b == 1', '1 / (size(self) - size(self)) == 1', '1 % (size(self) - size(self)) == 1', '1.0 / 0.0 == 1.0', '9223372036854775807 + size(self) == 1',
  '-9223372036854775807 - 5 - size(self) == 1', '9223372036854775807 * size(self) == 1', 'dyn(self) + 1 == 1', 'dyn(self) > 1', 'dyn(self).foo == 1', 'dyn(self)[0] == 1',
  'dyn(self).size() > 100 && dyn(1).size() == 1', 'dyn(1) ? true : false', '!dyn(self)', 'dyn(self) && true', '[].min() == 1', '[].max() == 1', '[1, 2].sum() == 0',
  'self.split("a", -1).size() == 100', 'duration("1h").getHours() == 5', 'timestamp("2020-01-01T00:00:00Z").getHours("Bad/Zone") == 1', 'optional.none().value() == 1', 'format.named("x").hasValue()',
  'format.dns1123Label().validate(self).value() == []', 'format.named("x").value().validate(self).hasValue()', 'self.replace("a", "b", -1) == ""', 'bytes(self) == b"x"', 'type(self) == int',
  '[1, 2, 3].exists(x, dyn(x).y == 1)', '[1, 2].all(x, 1 / (x - 1) > 0)', '[1, 2].exists_one(x, 1 / (x - 1) > 0)', '[1, 2].map(x, 1 / (x - 1)).size() == 2', 'isQuantity(self) && false',
  'isURL(self)', 'isIP(self)', 'ip.isCanonical(self)', 'cidr("10.0.0.0/8").containsIP(self)', 'cidr("10.0.0.0/8").containsCIDR(self)', 'quantity("1").add(quantity(self)).isInteger()',
  'quantity("1.5").asInteger() == 1', 'url("https://a/b").getPort() == "x"', 'url("/a").getHost() == "x"', 'ip("1.2.3.4").isLoopback()', 'ip("::ffff:1.2.3.4").family() == 4',
  'cidr("10.0.0.1/8").masked() == cidr("x")', 'semver("1.2").major() == 1', 'sets.contains([1], [2])', 'self.trim().lowerAscii().upperAscii() == ""', '[dyn("a"), dyn(1)].max() == 1',
];

/** Rules of every kind, none too dear. */
const AT_WORK = obj({
  name: { type: 'string', maxLength: 20, ...rule('self == oldSelf', { message: 'name is for ever' }) }, n: { type: 'integer', ...rule('self >= oldSelf', { messageExpression: '"fewer than " + (oldSelf > 4 ? "many" : "some")', reason: 'FieldValueForbidden' }) },
  list: { type: 'array', maxItems: 5, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: obj({ k: { type: 'string', maxLength: 5 }, v: { type: 'string', maxLength: 5, ...rule('self == oldSelf', { message: 'v stays' }) } }, { required: ['k'], ...rule('self.k != self.v', { fieldPath: '.v', reason: 'FieldValueDuplicate' }) }) },
  map: { type: 'object', maxProperties: 5, additionalProperties: { type: 'string', maxLength: 10, ...rule('self.startsWith("x")') } }, optional: obj({ a: { type: 'string', maxLength: 5 } }, rule('oldSelf.hasValue() || self.a == "new"', { optionalOldSelf: true, message: 'must be new' })),
  date: { type: 'string', format: 'date-time', ...rule('self > timestamp("2020-01-01T00:00:00Z")') }, amount: { type: 'string', maxLength: 20, ...rule('quantity(self).compareTo(quantity("1Gi")) >= 0') }, divisor: { type: 'integer', ...rule('10 / self > 1') },
}, rule('!has(self.n) || self.n < 100'));

export const scenarios: Topic = {
  'may be written so, or not': async (s) => {
    for (const schema of SCHEMAS) await judge(s, 'POST', DEFINITIONS, widgets(s, schema), schema);
  },
  'cost what they cost by estimate': async (s) => {
    for (const text of PRICED) await judge(s, 'POST', DEFINITIONS, widgets(s, obj(FIELDS, rule(text))), text);
  },
  'say what they have against objects and changes': async (s) => {
    await s.define(widgets(s, AT_WORK));
    const spec = { pick: ({ kind, spec: made, ...status }: Body): unknown => (kind === 'Status' ? { ...status, details: { ...status.details, causes: [...(status.details?.causes ?? [])].sort((left: Body, right: Body) => (left.field < right.field ? -1 : 1)) }, message: (status.details?.causes ?? []).length > 1 ? 'several' : status.message } : made) };
    const create = (name: string, made: JsonObject): Promise<unknown> => s.post(widgetsOf(s), { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name }, spec: made }, spec);
    await create('a', { name: 'x', n: 5, list: [{ k: 'a', v: 'b' }], map: { a: 'xa' }, date: '2021-01-01T00:00:00Z', amount: '2Gi', divisor: 5 });
    for (const change of [
      { name: 'y' }, { n: 4 }, { n: 100 }, { list: [{ k: 'a', v: 'c' }] }, { list: [{ k: 'b', v: 'b' }] }, { list: [{ k: 'b', v: 'c' }, { k: 'a', v: 'b' }] }, { map: { b: 'y' } }, { optional: { a: 'old' } }, { optional: { a: 'new' } }, { optional: { a: 'old' } },
      { date: '2019-01-01T00:00:00Z' }, { amount: '1Mi' }, { divisor: 0 }, { divisor: 11 }, { name: null }, { name: 'z' }, { n: null }, { n: 1 }, { name: 5, n: 200 },
    ]) await s.patch(`${widgetsOf(s)}/a`, MERGE, { spec: change }, spec);
    await create('b', { n: 100, map: { 'a.b': 'y', c: 'z' }, list: [{ k: 'q', v: 'q' }] });
  },
  'fail in words of their own': async (s) => {
    await s.define(widgets(s, obj(Object.fromEntries(FAILING.map((text, index) => [`f${index}`, { type: 'string', maxLength: 10, ...rule(text) }])))));
    for (const index of FAILING.keys()) await judge(s, 'POST', widgetsOf(s), { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name: 'a' }, spec: { [`f${index}`]: 'bad value' } }, FAILING[index]);
  },
};
