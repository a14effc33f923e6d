import type { JsonObject } from '../../../src/apiserver/index.js';
import { deployment, pod, widget, widgets, widgetsOf } from '../objects.js';
import { JSON_PATCH, MERGE, STRATEGIC, type Body, type Session } from '../session.js';
import type { Topic } from '../suite.js';

const SCALE = { apiVersion: 'autoscaling/v1', kind: 'Scale' };
const said = { pick: ({ kind, message, code, details, spec, status }: Body) => (kind === 'Status' ? { code, message, details } : { spec, status }) };

/** Widgets with a scale, one of which is there. */
async function scalable(s: Session): Promise<string> {
  await s.define(widgets(s, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } } }));
  await s.quiet('POST', widgetsOf(s), widget(s, 'a', {}));
  return `${widgetsOf(s)}/a`;
}

export const scenarios: Topic = {
  'scale what has no replicas yet, or none that can be': async (s) => {
    const one = await scalable(s);
    await s.get(`${one}/scale`);
    await s.put(`${one}/scale`, { metadata: { name: 'a' }, spec: { replicas: 3 } });
    for (const change of [{ spec: { replicas: -1 } }, { spec: { replicas: 2 ** 31 } }, { spec: null }, { spec: { replicas: null } }, { spec: { unknown: 1 } }, { status: { replicas: 7 } }, { metadata: { labels: { a: 'b' } } }, { metadata: { resourceVersion: '1' } }]) await s.patch(`${one}/scale`, MERGE, change, said);
    await s.patch(`${one}/scale`, JSON_PATCH, [{ op: 'replace', path: '/spec/replicas', value: 9 }], said);
    await s.patch(`${one}/scale`, STRATEGIC, { spec: { replicas: 9 } }, said);
    for (const status of [{ replicas: 2, selector: 'a=b' }, { replicas: 'x' }, { selector: 5 }, { replicas: -1 }, { replicas: 2 ** 31 }, { replicas: 1.5 }, 'x']) {
      await s.patch(`${one}/status`, MERGE, { status }, said);
      await s.get(`${one}/scale`, said);
    }
    for (const spec of [{ replicas: 'x' }, { replicas: -1 }, { replicas: 2 ** 31 }, { replicas: [1] }]) await s.patch(one, MERGE, { spec }, said);
    await s.put(`${one}/scale`, { ...SCALE, metadata: { name: 'b' }, spec: { replicas: 3 } });
    await s.put(`${widgetsOf(s)}/none/scale`, { ...SCALE, metadata: { name: 'none' }, spec: { replicas: 3 } });
    await s.delete(`${one}/scale`);
    await s.post(`${one}/scale`, {});
  },
  'scale Deployments': async (s) => {
    await s.quiet('POST', s.in('deployments', 'apps/v1'), deployment('d', { replicas: 2, selector: { matchLabels: { app: 'd' }, matchExpressions: [{ key: 'app', operator: 'In', values: ['d', 'e'] }] } }));
    const scale = s.in('deployments/d/scale', 'apps/v1');
    await s.get(scale, said);
    for (const change of [{ spec: { replicas: -1 } }, { spec: { replicas: 1.5 } }, { spec: {} }, { spec: { replicas: null } }, { metadata: { name: 'e' } }, { kind: 'X' }]) await s.patch(scale, MERGE, change, { pick: ({ kind, code, message, spec }) => (kind === 'Status' ? { code, message: message.slice(0, 40) } : spec) });
    await s.put(`${scale}?dryRun=All`, { ...SCALE, metadata: { name: 'd' }, spec: { replicas: 30 } }, said);
    await s.get(scale, said);
  },
  'evict as far as budgets go': async (s) => {
    for (const name of ['a', 'b', 'c', 'd']) await s.quiet('POST', s.in('pods'), pod(name, {}, { labels: { app: name === 'd' ? 'd' : 'x' } }));
    await s.quiet('POST', s.in('pods/a/binding'), { metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } });
    const status = (path: string, value: JsonObject): Promise<unknown> => s.quiet('PATCH', `${path}/status`, { status: value }, { headers: { 'content-type': MERGE } });
    await status(s.in('pods/a'), { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
    await status(s.in('pods/b'), { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] });
    const evict = (name: string, deleteOptions?: JsonObject, metadata: JsonObject = {}): Promise<unknown> => s.post(s.in(`pods/${name}/eviction`), { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, ...metadata }, deleteOptions }, { pick: ({ code, message, details, reason }) => ({ code, message, details, reason }) });
    const budget = (name: string, spec: JsonObject): Promise<unknown> => s.quiet('POST', s.in('poddisruptionbudgets', 'policy/v1'), { metadata: { name }, spec });
    const budgets = s.in('poddisruptionbudgets/p', 'policy/v1');
    await budget('p', { minAvailable: 1, selector: { matchLabels: { app: 'x' } } });
    await evict('a');
    await evict('b');
    await status(budgets, { observedGeneration: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 3, disruptionsAllowed: 0 });
    await evict('a');
    await evict('c', undefined, { namespace: s.namespace });
    await status(budgets, { observedGeneration: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 3, disruptionsAllowed: 1 });
    await evict('a', { dryRun: ['All'] });
    await evict('a', { preconditions: { uid: 'x' } });
    await s.get(budgets, { pick: (body) => body.status });
    await evict('a', { gracePeriodSeconds: 0 });
    await evict('none');
    await evict('d', undefined, { name: 'other' });
    await s.post(s.in('pods/d/eviction'), {}, said);
    await s.post(`${s.in('pods/d/eviction')}?dryRun=All`, { metadata: { name: 'd' } }, said);
    await s.post(s.in('pods/d/eviction'), { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name: 'd' } }, said);
    await s.quiet('POST', s.in('pods'), pod('e', {}, { labels: { app: 'x' } }));
    await status(s.in('pods/e'), { phase: 'Running' });
    await budget('q', { maxUnavailable: 1, selector: { matchLabels: { app: 'x' } } });
    await evict('e');
    await s.delete(s.in('pods/e'), { kind: 'X' }, said);
    await s.delete(s.in('pods/e'), { kind: 'X', apiVersion: 'v1' }, said);
    await s.delete(s.in('pods/e'), { kind: 'DeleteOptions', apiVersion: 'x/v1' }, { pick: ({ kind }) => kind });
  },
};
