import type { JsonObject } from '../../../src/apiserver/index.js';
import { widgets, widgetsOf } from '../objects.js';
import { JSON_PATCH, MERGE, type Body } from '../session.js';
import type { Topic } from '../suite.js';

const ANY = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const column = (name: string, type: string, jsonPath: string, more: JsonObject = {}): JsonObject => ({ name, type, jsonPath, ...more });
const COLUMNS = [
  column('S', 'string', '.spec.s'), column('I', 'integer', '.spec.i'), column('N', 'number', '.spec.n'), column('B', 'boolean', '.spec.b'), column('L', 'string', '.spec.l'), column('L0', 'string', '.spec.l[0]'), column('LA', 'string', '.spec.l[*]'),
  column('F', 'string', ".spec.m[?(@.k=='a')].v"), column('O', 'string', '.spec.o'), column('Label', 'string', '.metadata.labels.a\\.b/c'), column('P', 'string', '.spec.s', { priority: 1, description: 'wide', format: 'password' }),
  column('None', 'string', '.spec.none'), column('Last', 'string', '.spec.l[-1]'), column('Part', 'string', '.spec.l[0:2]'), column('X', 'integer', '.spec.s'),
];
const ROWS: Readonly<Record<string, JsonObject>> = {
  a: { s: 'x', i: 3, n: 1.5, b: true, l: ['p', 'q'], m: [{ k: 'a', v: 'va' }, { k: 'b', v: 'vb' }], o: { z: 1, y: [2] } }, b: { s: 5, i: 'x', n: 'y', b: 'z', l: [], o: null },
  c: { s: '', i: 0, n: 0, b: false, l: 'text', m: {} }, d: { i: 1.5, n: 3, s: null, l: [1, { a: 'b' }] },
};
const three = { type: 'integer', default: 3 };
const DEFAULTED: JsonObject = {
  type: 'object', properties: {
    a: { type: 'string', default: 'x' }, o: { type: 'object', default: {}, properties: { b: three, c: { type: 'string' } } }, p: { type: 'object', properties: { b: three } }, l: { type: 'array', items: { type: 'object', properties: { d: { type: 'string', default: 'e' } } } },
    m: { type: 'object', additionalProperties: { type: 'object', properties: { f: { type: 'boolean', default: true } } } }, nothing: { type: 'string', nullable: true, default: 'n' }, e: { ...ANY, 'x-kubernetes-embedded-resource': true }, either: { 'x-kubernetes-int-or-string': true, default: '5' },
    any: { 'x-kubernetes-preserve-unknown-fields': true }, number: { type: 'number' }, long: { type: 'integer', format: 'int64' }, bytes: { type: 'string', format: 'byte' },
  },
};

export const scenarios: Topic = {
  'show in columns': async (s) => {
    await s.define(widgets(s, ANY, { additionalPrinterColumns: COLUMNS }));
    for (const [name, spec] of Object.entries(ROWS)) await s.quiet('POST', widgetsOf(s), { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name, ...(name === 'a' && { labels: { 'a.b/c': 'label' } }) }, spec });
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
    await s.get(widgetsOf(s), { headers: table, pick: (body) => ({ columns: body.columnDefinitions, rows: body.rows.map(({ cells }: Body) => cells) }) });
    for (const include of ['None', 'Bad', 'Object', 'Metadata']) await s.get(`${widgetsOf(s)}/a?includeObject=${include}`, { headers: table, pick: ({ rows, message }) => message ?? rows[0].object?.kind ?? 'no object' });
    await s.get(`${widgetsOf(s)}?limit=1`, { headers: table, pick: ({ rows, metadata }) => ({ rows: rows.length, remainingItemCount: metadata.remainingItemCount, continue: typeof metadata.continue }) });
  },
  'get defaults and lose what nobody knows': async (s) => {
    await s.define(widgets(s, DEFAULTED));
    const made = { pick: ({ kind, message, details, spec }: Body) => (kind === 'Status' ? { message: (details?.causes ?? []).length > 1 ? 'several' : message, causes: [...(details?.causes ?? [])].sort((left: Body, right: Body) => (left.field < right.field ? -1 : 1)) } : spec ?? null) };
    const create = (name: string, more: JsonObject, query = ''): Promise<unknown> => s.post(`${widgetsOf(s)}${query}`, { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name }, ...more }, made);
    await create('a', {});
    for (const [name, spec] of Object.entries({
      b: {}, c: { a: null, o: null, p: {}, l: [{}, { d: null }], m: { x: {}, y: { f: false } }, nothing: null }, d: { zzz: 1, o: { q: 1 }, l: [{ w: 1 }], m: { x: { v: 1 } }, any: { whatever: [1, { a: null }] } },
      f: { e: { apiVersion: 'v1', kind: 'X', metadata: { name: 'n', labels: { a: 'b' }, bogus: 1 }, data: 1 } }, g: { e: { kind: 'X' } }, h: { e: { apiVersion: 'a/b/c', kind: 'bad kind', metadata: { labels: { 'bad key': 'x' } } } }, q: { e: { apiVersion: '', kind: 5 } }, i: { e: { apiVersion: '', kind: 'X', metadata: { name: 'a/b', finalizers: ['bad one'] } } },
      j: { either: 1.5 }, k: { either: true }, l: { number: 1e300, bytes: 'not base64!' }, m: { long: 1, number: 5 }, n: 'text', o: [],
    })) await create(name, { spec });
    await create('e', { spec: { zzz: 1 } }, '?fieldValidation=Strict');
    await create('e', { spec: { zzz: 1 } }, '?fieldValidation=Ignore');
    for (const metadata of [{ labels: 'x' }, { annotations: { a: 1 } }, { finalizers: 'x' }, { generation: 'x' }]) await create('z', { metadata: { name: 'z', ...metadata } });
    const one = `${widgetsOf(s)}/a`;
    await s.patch(one, MERGE, { spec: { a: null, o: null } }, made);
    await s.patch(one, MERGE, { spec: { o: { c: 'z' } } }, made);
    await s.patch(one, JSON_PATCH, [{ op: 'remove', path: '/spec/o/b' }], made);
    await s.patch(one, JSON_PATCH, [{ op: 'add', path: '/spec/unknown', value: 1 }], made);
    for (const metadata of [{ labels: 'x' }, { annotations: { a: 1 } }]) await s.patch(one, MERGE, { metadata }, { pick: ({ code, details }) => ({ code, problem: details?.causes?.[0].message.replace(/^.*": /, '') }) });
  },
  'end with their definition': async (s) => {
    await s.define(widgets(s, ANY));
    const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${s.group}`;
    const state = { pick: ({ message, status, metadata }: Body) => message ?? { conditions: status.conditions.map(({ type, status: value, reason, message: text }: Body) => `${type} ${value} ${reason} ${text}`).sort(), generation: metadata.generation, finalizers: metadata.finalizers, grace: metadata.deletionGracePeriodSeconds } };
    await s.quiet('POST', widgetsOf(s), { apiVersion: `${s.group}/v1`, kind: 'Widget', metadata: { name: 'x', finalizers: ['a.example.com/b'] } });
    await s.delete(definition, undefined, state);
    await s.until(`${widgetsOf(s)}/x`, ({ body }) => body.metadata?.deletionTimestamp !== undefined);
    await s.get(definition, state);
    await s.patch(`${widgetsOf(s)}/x`, MERGE, { metadata: { finalizers: null } }, { pick: ({ message }) => message ?? 'done' });
    await s.until(definition, ({ status }) => status === 404);
  },
};
