import { configMap, deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { APPLY, JSON_PATCH, MERGE, STRATEGIC } from '../session.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

const MODES = ['Strict', 'Warn', 'Ignore'];
const brief = (body: Body): unknown => (body.kind === 'Status' ? body : { kind: body.kind, name: body.metadata.name, data: body.data, spec: body.kind === 'Widget' ? body.spec : undefined });

export const scenarios: Topic = {
  'finds unknown and doubled fields of built-in kinds': async (s) => {
    for (const mode of MODES) {
      const query = `?fieldValidation=${mode}&dryRun=All`;
      await s.post(s.in('configmaps') + query, { ...configMap('a'), unheard: 1, metadata: { name: 'a', labelz: {} } }, { pick: brief });
      await s.post(s.in('configmaps') + query, '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","name":"b"},"data":{"x":"1","x":"2"}}', { pick: brief });
      await s.post(s.in('configmaps') + query, 'kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\n  labelz: {}\ndata:\n  x: "1"\n  x: "2"\n', { pick: brief, headers: { 'content-type': 'application/yaml' } });
      await s.post(s.in('deployments', 'apps/v1') + query, { ...deployment('a'), spec: { ...(deployment('a')['spec'] as object), unheard: 1, template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'app', image: 'x', imagee: 'y', env: [{ name: 'A', valeu: 'b' }], resources: { limitz: {} } }], initContainers: [{ name: 'i', image: 'x', x: 1 }] } } } }, { pick: brief });
      await s.post(s.in('pods') + query, pod('a', { Containers: [], affinity: { nodeAffinity: { x: 1 } } }), { pick: brief });
    }
    await s.post(`${s.in('configmaps')}?fieldValidation=Unheard`, configMap('a'));
    await s.post(`${s.in('configmaps')}?dryRun=All`, { ...configMap('a'), unheard: 1 }, { pick: brief });
    await s.post(`${s.in('configmaps')}?dryRun=All&fieldValidation=Strict`, { KIND: 'ConfigMap', kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' } }, { pick: brief });
  },
  'looks at patches': async (s) => {
    const maps = s.in('configmaps');
    const deployments = s.in('deployments', 'apps/v1');
    await s.quiet('POST', maps, configMap('a', { x: '1' }));
    await s.quiet('POST', deployments, deployment('a'));
    for (const mode of MODES) {
      const query = `?fieldValidation=${mode}&dryRun=All`;
      await s.patch(`${maps}/a${query}`, MERGE, { unheard: 1 }, { pick: brief });
      await s.patch(`${maps}/a${query}`, MERGE, '{"data":{"x":"2","x":"3"},"unheard":1}', { pick: brief });
      await s.patch(`${maps}/a${query}`, JSON_PATCH, [{ op: 'add', path: '/unheard', value: 1 }, { op: 'add', path: '/metadata/labelz', value: {} }], { pick: brief });
      await s.patch(`${maps}/a${query}`, JSON_PATCH, '[{"op":"add","op":"replace","path":"/data/x","value":"3","extra":1}]', { pick: brief });
      await s.patch(`${deployments}/a${query}`, STRATEGIC, { spec: { unheard: 1, template: { spec: { containers: [{ name: 'app', imagee: 'x' }] } } } }, { pick: brief });
      await s.patch(`${maps}/a${query}&fieldManager=m`, APPLY, { ...configMap('a'), unheard: 1 }, { pick: brief });
      await s.patch(`${maps}/a${query}&fieldManager=m`, APPLY, 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\ndata: {x: "1", x: "2"}\n', { pick: brief });
      await s.put(`${maps}/a${query}`, { ...configMap('a', { x: '1' }), unheard: 1 }, { pick: brief });
    }
  },
  'looks at custom resources': async (s) => {
    await s.define(widgets(s, {
      type: 'object',
      properties: {
        size: { type: 'integer' }, list: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } }, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object', properties: { x: { type: 'string' } } } } },
      },
    }));
    const bad = widget(s, 'a', { size: 1, sise: 2, list: [{ a: 'x', b: 'y' }, { c: 1 }], free: { any: 1 }, template: { apiVersion: 'v1', kind: 'X', metadata: { name: 'x', labelz: {} }, spec: { y: 1 } } }, { top: 1 });
    (bad['metadata'] as Record<string, unknown>)['unheard'] = 1;
    for (const mode of MODES) {
      const query = `?fieldValidation=${mode}&dryRun=All`;
      await s.post(widgetsOf(s) + query, bad, { pick: brief });
      await s.post(widgetsOf(s) + query, `{"apiVersion":"${s.group}/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"size":1,"size":2,"free":{"x":1,"x":2}}}`, { pick: brief });
      await s.post(widgetsOf(s) + query, `apiVersion: ${s.group}/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 1, size: 2, other: 3}\n`, { pick: brief, headers: { 'content-type': 'application/yaml' } });
    }
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { size: 1 }));
    for (const mode of MODES) {
      const query = `?fieldValidation=${mode}&dryRun=All`;
      await s.patch(`${widgetsOf(s)}/a${query}`, MERGE, { spec: { sise: 1 } }, { pick: brief });
      await s.patch(`${widgetsOf(s)}/a${query}`, MERGE, '{"spec":{"size":1,"size":2}}', { pick: brief });
      await s.patch(`${widgetsOf(s)}/a${query}`, JSON_PATCH, [{ op: 'add', path: '/spec/sise', value: 1 }], { pick: brief });
      await s.patch(`${widgetsOf(s)}/a${query}&fieldManager=m`, APPLY, widget(s, 'a', { sise: 1 }), { pick: brief });
      await s.put(`${widgetsOf(s)}/a${query}`, widget(s, 'a', { sise: 1 }), { pick: brief });
    }
  },
};
