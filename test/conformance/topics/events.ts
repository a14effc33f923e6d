import type { JsonObject } from '../../../src/apiserver/index.js';
import { MERGE } from '../session.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const core = (s: Session): string => s.in('events');
const newer = (s: Session): string => s.in('events', 'events.k8s.io/v1');
const TIME = '2024-01-02T03:04:05Z';
const MICRO = '2024-01-02T03:04:05.678901Z';

/** An event as old clients write it. */
const old = (s: Session, name: string, more: JsonObject = {}): JsonObject =>
  ({ metadata: { name }, involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'x', namespace: s.namespace, uid: 'u1', resourceVersion: '7', fieldPath: 'spec.containers{app}' }, reason: 'Because', message: 'something', type: 'Normal', source: { component: 'kubelet', host: 'n1' }, firstTimestamp: TIME, lastTimestamp: TIME, count: 2, ...more });

/** An event as `events.k8s.io/v1` wants it. */
const modern = (s: Session, name: string, more: JsonObject = {}): JsonObject =>
  ({ metadata: { name }, regarding: { apiVersion: 'v1', kind: 'Pod', name: 'x', namespace: s.namespace }, reason: 'Because', note: 'something', type: 'Normal', eventTime: MICRO, action: 'Doing', reportingController: 'example.com/controller', reportingInstance: 'controller-0', ...more });

const brief = (body: Body): unknown => (body.kind === 'Status' ? body : 'accepted');
const names = (body: Body): unknown => (body.items ? body.items.map(({ metadata }: Body) => metadata.name) : body);

export const scenarios: Topic = {
  'one event, seen in both groups': async (s) => {
    await s.post(core(s), old(s, 'a'));
    await s.get(`${newer(s)}/a`);
    await s.post(newer(s), modern(s, 'b', { related: { kind: 'Node', name: 'n1' }, series: { count: 3, lastObservedTime: MICRO } }));
    await s.get(`${core(s)}/b`);
    await s.get(newer(s), { pick: ({ kind, apiVersion, items }) => ({ kind, apiVersion, items }) });
    await s.patch(`${core(s)}/b`, MERGE, { message: 'changed through the core group', count: 9 });
    await s.get(`${newer(s)}/b`);
    await s.delete(`${newer(s)}/a`);
    await s.get(`${core(s)}/a`);
    await s.post(core(s), old(s, 'c', { extra: 1, related: { nothing: 1 } }), { pick: ({ metadata }) => metadata.name });
    await s.post(core(s), { metadata: { generateName: 'event-' }, involvedObject: { namespace: s.namespace } });
  },
  'rules of the core group': async (s) => {
    const bad = (more: JsonObject): Promise<unknown> => s.post(core(s), old(s, 'a', more), { pick: brief });
    await bad({ involvedObject: { kind: 'Pod', name: 'x', namespace: 'other' } });
    await bad({ involvedObject: { kind: 'Pod', name: 'x' } });
    await bad({ eventTime: MICRO });
    await bad({ eventTime: MICRO, reportingComponent: 'not qualified/x/y', reportingInstance: 'i'.repeat(129), action: 'a'.repeat(129), reason: 'r'.repeat(129), message: 'm'.repeat(1025) });
    await bad({ eventTime: MICRO, reportingComponent: 'example.com/x', reportingInstance: 'i', action: '', reason: '' });
    await bad({ eventTime: MICRO, reportingComponent: 'example.com/x', reportingInstance: 'i', action: 'a', involvedObject: { kind: 'Node', name: 'n' } });
    await bad({ eventTime: 'yesterday' });
    await bad({ eventTime: '2024-01-02T03:04:05+02:00', reportingComponent: 'x', reportingInstance: 'i', action: 'a' });
    await bad({ lastTimestamp: '2024-01-02' });
    await s.post(core(s), old(s, 'b', { type: 'Strange', reason: '', count: -1, series: { count: 0 } }), { pick: brief });
    await s.post(core(s), old(s, 'Capital.Name'), { pick: brief });
    await s.post(core(s), old(s, 'c', { reason: 'r'.repeat(2_000) }), { pick: brief });
    await s.post('/api/v1/namespaces/default/events', { ...old(s, s.unique('d')), involvedObject: { kind: 'Node', name: 'n1' } }, { pick: brief });
    await s.delete(`/api/v1/namespaces/default/events/${s.unique('d')}`, undefined, { pick: ({ status }) => status });
    await s.post('/api/v1/namespaces/default/events', { ...old(s, s.unique('e')), involvedObject: { kind: 'Pod', name: 'n1', namespace: s.namespace } }, { pick: brief });
    await s.post('/api/v1/events', old(s, 'f'), { pick: brief });
  },
  'rules of events.k8s.io': async (s) => {
    const bad = (more: JsonObject): Promise<unknown> => s.post(newer(s), modern(s, 'a', more), { pick: brief });
    await bad({ eventTime: null });
    await bad({ eventTime: null, regarding: { namespace: 'other' } });
    await bad({ type: '' });
    await bad({ type: 'Strange' });
    await bad({ reportingController: '', reportingInstance: '', action: '', reason: '' });
    await bad({ reportingController: 'a b', reportingInstance: 'i'.repeat(129), action: 'a'.repeat(129), reason: 'r'.repeat(129), note: 'n'.repeat(1025) });
    await bad({ deprecatedFirstTimestamp: TIME, deprecatedLastTimestamp: TIME, deprecatedCount: 3, deprecatedSource: { component: 'x' } });
    await bad({ series: { count: 1 } });
    await bad({ series: { count: 2, lastObservedTime: null } });
    await bad({ regarding: { kind: 'Node', name: 'n' } });
    await bad({ regarding: { kind: 'Pod', namespace: 'other' } });
    await bad({ note: 'n'.repeat(1024), reason: 'r'.repeat(128), action: 'a'.repeat(128), reportingInstance: 'i'.repeat(128) });
    await s.post(newer(s), modern(s, 'Capital'), { pick: brief });
    await s.post(newer(s), { ...modern(s, 'b'), metadata: { name: 'b', labels: { 'bad key': 'x' } } }, { pick: brief });
  },
  'what may be changed': async (s) => {
    await s.quiet('POST', newer(s), modern(s, 'a'));
    const change = (more: JsonObject): Promise<unknown> => s.patch(`${newer(s)}/a`, MERGE, more, { pick: brief });
    await s.patch(`${newer(s)}/a`, MERGE, { series: { count: 2, lastObservedTime: MICRO } });
    await change({ series: { count: 1, lastObservedTime: null } });
    await change({ series: { count: 3, lastObservedTime: MICRO } });
    await change({ note: 'other' });
    await change({ reason: 'Other' });
    await change({ type: 'Warning' });
    await change({ action: 'Other', reportingController: 'example.com/other', reportingInstance: 'other' });
    await change({ regarding: { name: 'other' }, related: { kind: 'Node', name: 'n' } });
    await change({ eventTime: '2025-01-02T03:04:05.000000Z' });
    await s.patch(`${newer(s)}/a`, MERGE, { eventTime: '2024-01-02T03:04:05.678901999Z' }, { pick: ({ code, reason }) => ({ code, reason }) });
    await change({ deprecatedCount: 4, deprecatedSource: { component: 'x' }, deprecatedFirstTimestamp: TIME, deprecatedLastTimestamp: TIME });
    await change({ metadata: { labels: { fine: 'yes' } } });
    await change({ series: null });
    // The core group lets everything be changed.
    await s.patch(`${core(s)}/a`, MERGE, { message: 'other', reason: 'Other', type: 'Warning', count: 4, involvedObject: { name: 'other' } }, { pick: brief });
    await s.patch(`${core(s)}/a`, MERGE, { reportingComponent: '' }, { pick: brief });
    await s.patch(`${core(s)}/a`, MERGE, { eventTime: null, involvedObject: { namespace: 'other' } }, { pick: brief });
    await s.patch(`${newer(s)}/a`, 'application/apply-patch+yaml', { apiVersion: 'events.k8s.io/v1', kind: 'Event', ...modern(s, 'a', { reason: 'Other', note: 'other', type: 'Warning', series: { count: 5, lastObservedTime: MICRO } }) }, { pick: brief });
  },
  'written with PUT': async (s) => {
    await s.put(`${core(s)}/a`, old(s, 'a'), { pick: ({ metadata, code, message }) => message ?? { code, name: metadata.name } });
    await s.put(`${newer(s)}/b`, modern(s, 'b'), { pick: ({ metadata, code, message }) => message ?? { code, name: metadata.name } });
    await s.put(`${core(s)}/a`, old(s, 'a', { count: 3 }), { pick: ({ count, message }) => message ?? { count } });
    await s.put(`${core(s)}/a`, { ...old(s, 'a', { count: 4 }), metadata: { name: 'a', resourceVersion: '1' } }, { pick: ({ count, reason, code }) => ({ count, reason, code }) });
    await s.put(`${core(s)}/c`, { ...old(s, 'c'), metadata: { name: 'c', resourceVersion: '1' } }, { pick: brief });
    await s.put(`${core(s)}/c`, { ...old(s, 'c'), metadata: { name: 'c', uid: 'some' } }, { pick: brief });
    await s.patch(`${core(s)}/d`, MERGE, { count: 1 }, { pick: brief });
  },
  'chosen by their fields': async (s) => {
    await s.quiet('POST', core(s), old(s, 'a'));
    await s.quiet('POST', newer(s), modern(s, 'b', { type: 'Warning', reason: 'Other' }));
    for (const selector of [
      'involvedObject.kind=Pod', 'involvedObject.name=x,involvedObject.namespace=other', 'involvedObject.uid=u1', 'involvedObject.apiVersion=v1', 'involvedObject.resourceVersion=7', 'involvedObject.fieldPath=spec.containers{app}', 'involvedObject.kind!=Pod',
      'reason=Because', 'reason!=Because', 'type=Warning', 'type!=Warning,reason=Because', 'source=kubelet', 'source=example.com/controller', 'reportingComponent=example.com/controller', 'reportingComponent=', 'reportingController=x', 'regarding.kind=Pod', 'message=something', 'metadata.name=a', 'count=2',
    ]) await s.get(`${core(s)}?fieldSelector=${encodeURIComponent(selector)}`, { pick: names });
    for (const selector of ['regarding.kind=Pod', 'regarding.name=x', 'regarding.uid=u1', 'regarding.fieldPath=spec.containers{app}', 'regarding.namespace=other', 'reason=Other', 'type=Normal', 'reportingController=example.com/controller', 'reportingController=', 'reportingComponent=x', 'involvedObject.kind=Pod', 'source=kubelet', 'metadata.name=b', 'metadata.namespace=other']) {
      await s.get(`${newer(s)}?fieldSelector=${encodeURIComponent(selector)}`, { pick: names });
    }
    await s.delete(`${newer(s)}?fieldSelector=type=Warning`, undefined, { pick: names });
    await s.get(core(s), { pick: names });
  },
  'watched in both groups': async (s) => {
    const pick = ({ kind, apiVersion, metadata, message, note, type }: Body): unknown => ({ kind, apiVersion, name: metadata.name, text: message ?? note, type });
    const one = await s.watch(`${core(s)}?watch=true`, { pick });
    const two = await s.watch(`${newer(s)}?watch=true&fieldSelector=type=Warning`, { pick });
    await s.quiet('POST', newer(s), modern(s, 'a'));
    await s.quiet('POST', core(s), old(s, 'b', { type: 'Warning' }));
    await s.quiet('PATCH', `${core(s)}/b`, { type: 'Normal' }, { headers: { 'content-type': MERGE } });
    await s.quiet('DELETE', `${newer(s)}/a`);
    await one.expect(4);
    await two.expect(2);
  },
};
