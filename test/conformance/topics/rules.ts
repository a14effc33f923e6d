import type { JsonObject } from '../../../src/apiserver/index.js';
import { widget, widgets, widgetsOf } from '../objects.js';
import { JSON_PATCH, MERGE } from '../session.js';
import { problems } from '../problems.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const seen = { pick: problems };
const ruled = (s: Session, schema: object, ...rules: object[]): Promise<Body> => s.post(`${CRDS}?dryRun=All`, widgets(s, { type: 'object', ...schema, 'x-kubernetes-validations': rules } as never), seen);
const SIZE = { properties: { size: { type: 'integer' }, name: { type: 'string' }, list: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } } } };

export const scenarios: Topic = {
  'judge new objects, with messages, reasons and fields of their own': async (s) => {
    await s.define(widgets(s, {
      type: 'object', properties: { size: { type: 'integer' }, most: { type: 'integer' }, name: { type: 'string', maxLength: 10, 'x-kubernetes-validations': [{ rule: "self.startsWith('a')" }] }, list: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 5, 'x-kubernetes-validations': [{ rule: "self != 'bad'", message: 'is bad' }] } } },
      'x-kubernetes-validations': [
        { rule: '!has(self.most) || !has(self.size) || self.size <= self.most', messageExpression: "self.size > 4 ? 'far too big' : 'too big'", fieldPath: '.size', reason: 'FieldValueForbidden' },
        { rule: 'has(self.size)', message: 'size is wanted', reason: 'FieldValueRequired', fieldPath: '.size' },
        { rule: '!has(self.list) || self.list.all(x, self.list.exists_one(y, y == x))', message: 'twice', reason: 'FieldValueDuplicate' },
        { rule: '!has(self.size) || 10 / self.size > 0', message: 'divides' },
      ],
    }));
    for (const spec of [{ size: 1 }, {}, { size: 5, most: 3 }, { size: 1, name: 'b' }, { size: 1, list: ['ok', 'bad'] }, { size: 1, list: ['x', 'x'] }, { size: 0 }, { size: 11 }]) await s.post(`${widgetsOf(s)}?dryRun=All`, widget(s, 'a', spec), seen);
  },
  'judge changes by what was before': async (s) => {
    await s.define(widgets(s, {
      type: 'object', properties: { fixed: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }] }, grows: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }] }, once: { type: 'string' }, optional: { type: 'integer', 'x-kubernetes-validations': [{ rule: '!oldSelf.hasValue() || self > oldSelf.value()', optionalOldSelf: true, message: 'must grow' }] } },
      'x-kubernetes-validations': [{ rule: '!has(oldSelf.once) || has(self.once)', message: 'once cannot be removed' }],
    }));
    await s.post(widgetsOf(s), widget(s, 'a', { fixed: 'x', grows: 1, once: 'y', optional: 1 }), seen);
    const change = (spec: object): Promise<Body> => s.patch(`${widgetsOf(s)}/a`, MERGE, { spec }, seen);
    for (const spec of [{ fixed: 'z' }, { grows: 0 }, { grows: 2 }, { once: null }, { optional: 1 }, { optional: 0 }, { optional: 5 }, { fixed: null }, { fixed: 'new' }]) await change(spec);
  },
  'let be what was wrong before and did not change': async (s) => {
    const crd = widgets(s, { type: 'object', properties: { old: { type: 'string' }, list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object', required: ['k'], properties: { k: { type: 'string' }, v: { type: 'string' } } } }, free: { type: 'integer' } } });
    await s.define(crd);
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { old: 'wrong', list: [{ k: 'a', v: 'wrong' }] }));
    const strict = { old: { type: 'string', enum: ['right'] }, list: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: { type: 'object', required: ['k'], properties: { k: { type: 'string' }, v: { type: 'string', pattern: '^right$' } } } }, free: { type: 'integer' } };
    await s.quiet('PATCH', `${CRDS}/widgets.${s.group}`, { spec: { versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: strict } } } } }] } }, { headers: { 'content-type': MERGE } });
    for (;;) if ((await s.quiet('POST', `${widgetsOf(s)}?dryRun=All`, widget(s, 'try', { old: 'wrong' }))).status === 422) break;
    const change = (spec: object): Promise<Body> => s.patch(`${widgetsOf(s)}/a`, MERGE, { spec }, seen);
    for (const spec of [{ free: 1 }, { old: 'other' }, { list: [{ k: 'a', v: 'wrong' }, { k: 'b', v: 'right' }] }, { list: [{ k: 'a', v: 'wrong' }, { k: 'b', v: 'left' }] }, { old: 'right' }, { old: 'wrong' }]) await change(spec);
  },
  'are waived with a warning where nothing changed, there or around it': async (s) => {
    const list = { type: 'array', items: { type: 'string' } };
    const fields = (rule: (text: string, more?: object) => object): JsonObject => ({ type: 'object', properties: { a: { type: 'string', ...rule("self != 'bad'", { messageExpression: "'is ' + self", reason: 'FieldValueForbidden' }) }, list: { ...list, items: { ...list.items, ...rule("self != 'bad'") } }, free: { type: 'integer' } }, ...rule("!has(self.free) || self.free < 5", { message: 'too much' }) });
    await s.define(widgets(s, fields(() => ({}))));
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { a: 'bad' }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'list', { list: ['good', 'bad'] }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'whole', { free: 7 }));
    await s.quiet('PATCH', `${CRDS}/widgets.${s.group}`, [{ op: 'replace', path: '/spec/versions/0/schema/openAPIV3Schema/properties/spec', value: fields((rule, more) => ({ 'x-kubernetes-validations': [{ rule, ...more }] })) }], { headers: { 'content-type': JSON_PATCH } });
    for (;;) if ((await s.quiet('POST', `${widgetsOf(s)}?dryRun=All`, widget(s, 'try', { a: 'bad' }))).status === 422) break;
    const change = (name: string, value: object): Promise<Body> => s.patch(`${widgetsOf(s)}/${name}`, MERGE, value, seen);
    for (const spec of [{ free: 1 }, { a: 'bad' }, { a: 'worse', free: 2 }, { a: 'bad' }]) await change('a', { spec });
    for (const spec of [{ free: 1 }, { list: ['good', 'bad', 'new'] }, { list: ['new'] }]) await change('list', { spec });
    for (const value of [{ metadata: { labels: { x: 'y' } } }, { spec: { free: 8 } }, { spec: { a: 'x' } }]) await change('whole', value);
  },
  'must compile, and not cost too much': async (s) => {
    for (const rule of ['self.size > 0', 'self.unheard > 0', 'self.size', 'size(self.name) > 0', 'oldSelf.size < self.size', 'self.list.all(x, x.unheard)', 'self.name.matches("^a$")', 'true ? 1 : 2', '']) await ruled(s, SIZE, { rule });
    await ruled(s, SIZE, { rule: 'self.size > 0', messageExpression: 'self.size' });
    await ruled(s, SIZE, { rule: 'self.size > 0', messageExpression: "'x' + unheard" });
    await ruled(s, SIZE, { rule: 'self.size > 0', message: ' ' });
    await ruled(s, SIZE, { rule: 'self.size > 0', message: 'two\nlines' });
    await ruled(s, SIZE, { rule: 'self.size > 0', reason: 'Unheard' });
    await ruled(s, SIZE, { rule: 'self.size > 0', fieldPath: '.unheard' });
    await ruled(s, SIZE, { rule: 'self.size > 0', fieldPath: 'size' });
    await ruled(s, { properties: { list: { type: 'array', items: { type: 'string' } } } }, { rule: 'self.list.all(x, self.list.all(y, x == y))' });
    await ruled(s, { properties: { list: { type: 'array', items: { type: 'array', items: { type: 'string' } } } } }, { rule: 'self.list.all(x, x.all(y, y.contains(y)))' });
    await ruled(s, { properties: { list: { type: 'array', items: { type: 'integer' }, 'x-kubernetes-validations': [{ rule: 'self.all(x, x == oldSelf[0])' }] } } }, { rule: 'has(self.list)' });
  },
};
