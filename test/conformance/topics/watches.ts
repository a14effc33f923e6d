import { configMap, pod, widget, widgets, widgetsOf } from '../objects.js';
import type { Body } from '../session.js';
import type { Topic } from '../suite.js';

const brief = ({ kind, metadata, data, ...more }: Body): unknown => ({ kind, name: metadata?.name, version: metadata?.resourceVersion ? 'some' : 'none', annotations: metadata?.annotations, data, ...(kind === 'Status' && more) });

export const scenarios: Topic = {
  'send what is there, then what happens': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', { one: '1' }, { labels: { ours: 'yes' } }));
    const watch = await s.watch(`${maps}?watch=true&labelSelector=ours`);
    await watch.expect(1);
    await s.quiet('PATCH', `${maps}/a`, { data: { one: '2' } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    await watch.expect(1);
    await s.quiet('DELETE', `${maps}/a`);
    await watch.expect(1);
  },
  'send changes after a version, and deletions with a version of their own': async (s) => {
    const maps = s.in('configmaps');
    const { body: { metadata: { resourceVersion } } } = await s.quiet('POST', maps, configMap('a', { one: '1' }));
    await s.quiet('PATCH', `${maps}/a`, { data: { one: '2' } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    await s.quiet('DELETE', `${maps}/a`);
    const watch = await s.watch(`${maps}?watch=true&resourceVersion=${resourceVersion}`, { pick: brief });
    s.transcript[s.transcript.length - 1] = '> WATCH from the creation';
    const [modified, deleted] = await watch.expect(2);
    s.note(`the deletion is newer: ${Number(deleted!.object.metadata.resourceVersion) > Number(modified!.object.metadata.resourceVersion)}`);
  },
  'follow objects in and out of their selection': async (s) => {
    const maps = s.in('configmaps');
    const label = (value: string | null): Promise<unknown> => s.quiet('PATCH', `${maps}/a`, { metadata: { labels: { on: value } } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    const { body: { metadata: { resourceVersion } } } = await s.quiet('POST', maps, configMap('a'));
    const watch = await s.watch(`${maps}?watch=true&labelSelector=on%3Dyes&resourceVersion=${resourceVersion}`, { pick: ({ kind, metadata }) => ({ kind, labels: metadata.labels ?? null }) });
    s.transcript[s.transcript.length - 1] = '> WATCH on=yes';
    await label('yes');
    await label('no');
    await label('yes');
    await s.quiet('PATCH', `${maps}/a`, { data: { x: 'y' } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    await label(null);
    await label('yes');
    await s.quiet('DELETE', `${maps}/a`);
    await watch.expect(7);
  },
  'of a single object, by field or by the old path': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a'));
    await s.quiet('POST', maps, configMap('b'));
    const byField = await s.watch(`${maps}?watch=1&fieldSelector=metadata.name=a`, { pick: brief });
    await byField.expect(1);
    const old = await s.watch(`/api/v1/watch/namespaces/${s.namespace}/configmaps/b`, { pick: brief });
    await old.expect(1);
    const collection = await s.watch(`/api/v1/watch/namespaces/${s.namespace}/configmaps?fieldSelector=metadata.name!=kube-root-ca.crt`, { pick: brief });
    await collection.expect(2);
    await s.quiet('DELETE', `${maps}/a`);
    await byField.expect(1);
  },
  'end after their timeout': async (s) => {
    const watch = await s.watch(`${s.in('configmaps')}?watch=true&timeoutSeconds=1&fieldSelector=metadata.name=none`);
    await watch.ends();
  },
  'say with bookmarks where they are': async (s) => {
    const maps = s.in('configmaps');
    const watch = await s.watch(`${maps}?watch=true&allowWatchBookmarks=true&fieldSelector=metadata.name!=kube-root-ca.crt&timeoutSeconds=3`, { pick: brief });
    const { type, object } = await watch.until('a bookmark', (event) => event.type === 'BOOKMARK');
    s.note(`${type} ${JSON.stringify({ kind: object.kind, apiVersion: object.apiVersion, metadata: Object.keys(object.metadata).sort(), annotations: object.metadata.annotations })}`);
  },
  'send initial events and say where they end': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('b', { x: 'y' }));
    await s.quiet('POST', maps, configMap('a'));
    const watch = await s.watch(`${maps}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name!=kube-root-ca.crt`, { pick: brief });
    await watch.expect(3);
    await s.quiet('POST', maps, configMap('c'));
    await watch.expect(1);
  },
  'send no initial events when told not to': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a'));
    const watch = await s.watch(`${maps}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name!=kube-root-ca.crt`, { pick: brief });
    await s.quiet('POST', maps, configMap('c'));
    await watch.expect(1);
  },
  'refuse options that do not go together': async (s) => {
    const maps = s.in('configmaps');
    for (const query of [
      'sendInitialEvents=true', 'sendInitialEvents=true&resourceVersionMatch=Exact', 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=x', 'resourceVersionMatch=NotOlderThan', 'resourceVersion=x', 'resourceVersionMatch=NotOlderThan&resourceVersion=1', 'sendInitialEvents=maybe&timeoutSeconds=1',
      'sendInitialEvents=true&resourceVersionMatch=Unheard', 'labelSelector=bad%20key', 'fieldSelector=data.x=y', 'sendInitialEvents=false',
    ]) await s.get(`${maps}?watch=true&timeoutSeconds=1&${query}`);
    await s.get(`${maps}?sendInitialEvents=false&resourceVersionMatch=NotOlderThan`);
    for (const query of ['continue=x', 'continue=x&limit=4', 'continue=x&resourceVersion=0', 'continue=x&sendInitialEvents=true&resourceVersionMatch=NotOlderThan']) await s.get(`${maps}?watch=true&timeoutSeconds=1&${query}`);
  },
  'show rows of tables, and metadata only': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', { one: '1' }));
    const table = await s.watch(`${maps}?watch=true&fieldSelector=metadata.name=a`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }, pick: (body) => ({ ...body, rows: body.rows?.map((row: Body) => ({ ...row, cells: row.cells.map((cell: unknown) => (/^\d+s$/.test(String(cell)) ? '<age>' : cell)) })), columnDefinitions: body.columnDefinitions?.map(({ name }: Body) => name) }) });
    await table.expect(1);
    await s.quiet('PATCH', `${maps}/a`, { data: { two: '2' } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    await table.expect(1);
    await s.quiet('DELETE', `${maps}/a`);
    await table.expect(1);
    await s.quiet('POST', maps, configMap('b', { one: '1' }));
    const metadata = await s.watch(`${maps}?watch=true&fieldSelector=metadata.name=b`, { headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' } });
    await metadata.expect(1);
  },
  'tell of deletion first, then of the end of a held object': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', {}, { finalizers: ['example.com/hold'] }));
    const watch = await s.watch(`${maps}?watch=true&fieldSelector=metadata.name=a`, { pick: ({ metadata }) => ({ deleted: metadata.deletionTimestamp ?? null, finalizers: metadata.finalizers ?? null, grace: metadata.deletionGracePeriodSeconds ?? null }) });
    await s.quiet('DELETE', `${maps}/a`);
    await s.quiet('PATCH', `${maps}/a`, { metadata: { finalizers: null } }, { headers: { 'content-type': 'application/merge-patch+json' } });
    await watch.expect(3);
  },
  'of pods by where they run': async (s) => {
    const pods = s.in('pods');
    const watch = await s.watch(`${pods}?watch=true&fieldSelector=spec.nodeName=n1`, { pick: ({ metadata, spec }) => ({ name: metadata.name, nodeName: spec.nodeName }) });
    await s.quiet('POST', pods, pod('a'));
    await s.quiet('POST', `${pods}/a/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { apiVersion: 'v1', kind: 'Node', name: 'n1' } });
    await s.quiet('DELETE', `${pods}/a?gracePeriodSeconds=0`);
    await watch.expect(3);
  },
  'of custom resources end when their definition goes': async (s) => {
    await s.define(widgets(s, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }));
    await s.quiet('POST', widgetsOf(s), widget(s, 'a', { x: 1 }));
    const watch = await s.watch(`${widgetsOf(s)}?watch=true`, { pick: ({ metadata, spec, kind }) => ({ kind, name: metadata.name, spec }) });
    await watch.expect(1);
    await s.quiet('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${s.group}`);
    await watch.until('the deletion', (event) => event.type === 'DELETED');
    await watch.ends();
  },
};
