import { configMap, deployment, pod, widgets, widgetsOf } from '../objects.js';
import type { Topic } from '../suite.js';

export const scenarios: Topic = {
  'creates, reads, replaces and deletes an object': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.post(maps, configMap('a', { one: '1' }, { labels: { app: 'x' } }));
    await s.get(`${maps}/a`);
    await s.put(`${maps}/a`, { ...body, data: { two: '2' } });
    await s.put(`${maps}/a`, { ...body, data: { three: '3' } });
    await s.put(`${maps}/a`, configMap('a', { four: '4' }));
    await s.put(`${maps}/a`, configMap('a', { four: '4' }));
    await s.delete(`${maps}/a`);
    await s.get(`${maps}/a`);
    await s.delete(`${maps}/a`);
    await s.put(`${maps}/a`, configMap('a'));
  },
  'refuses names that are taken, missing, different or malformed': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, configMap('a'));
    await s.post(maps, configMap('a'));
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap' });
    await s.post(maps, configMap('Upper_Case'));
    await s.post(maps, configMap('a..b'));
    await s.post(maps, configMap('x'.repeat(254)));
    await s.put(`${maps}/a`, configMap('b'));
    await s.put(`${maps}/a`, { data: { no: 'name' } });
    for (const metadata of [null, { name: null }, { name: 'b' }, { namespace: null }, { namespace: 'default' }]) await s.patch(`${maps}/a`, 'application/merge-patch+json', { metadata });
    for (const name of ['a', 'new']) await s.patch(`${maps}/${name}?fieldManager=x`, 'application/apply-patch+yaml', { apiVersion: 'v1', kind: 'ConfigMap', data: { no: 'name' } });
    await s.post(s.in('services'), { apiVersion: 'v1', kind: 'Service', metadata: { name: '1a' }, spec: { ports: [{ port: 80 }] } });
    await s.post('/api/v1/namespaces', { metadata: { name: 'Upper' } });
  },
  'makes up names': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } });
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-', name: 'given' } });
  },
  'refuses objects of another kind, version or namespace': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } });
    await s.post(maps, { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'a' } });
    await s.post(maps, { apiVersion: 'v1', kind: 'Unheard', metadata: { name: 'a' } });
    await s.post(maps, { metadata: { name: 'without-kind' } }, { pick: ({ kind, apiVersion }) => ({ kind, apiVersion }) });
    await s.post(maps, configMap('a', {}, { namespace: 'default' }));
    await s.post('/api/v1/configmaps', configMap('a'));
    await s.post('/api/v1/namespaces/no-such-namespace/configmaps', configMap('a'));
    await s.post('/api/v1/namespaces/no-such-namespace/configmaps', configMap('a', {}, { namespace: 'default' }));
    await s.get('/api/v1/namespaces/no-such-namespace/configmaps', { pick: ({ kind, items }) => ({ kind, items }) });
  },
  'refuses bodies that it cannot read': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, '{"kind":"ConfigMap",');
    await s.post(maps, '');
    await s.post(maps, '[]');
    await s.post(maps, 'null');
    await s.post(maps, '"text"');
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { number: 1 } });
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: ['x'] });
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: 'a' });
    await s.post(maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 7 } });
    await s.post(maps, 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: yaml}\n', { headers: { 'content-type': 'application/yaml' } });
    await s.post(maps, 'x', { headers: { 'content-type': 'text/plain' } });
    await s.post(maps, 'a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    await s.post(s.in('deployments', 'apps/v1'), deployment('a', { replicas: 'two' }));
    await s.post(s.in('deployments', 'apps/v1'), deployment('a', { replicas: 1.5 }));
    await s.post(s.in('deployments', 'apps/v1'), deployment('a', { replicas: 3_000_000_000 }));
    await s.post(s.in('pods'), pod('a', { containers: [{ name: 'app', image: 'nginx', resources: { requests: { cpu: 'lots' } } }] }));
  },
  'reads what stands twice in a body as one': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"1"}},"metadata":{"labels":{"y":"2"}},"data":{"a":"1"},"data":{"b":"2"}}');
    await s.put(`${maps}/a`, '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","name":"a"},"data":{"a":"1"},"data":null,"data":{"c":"3"}}');
    await s.post(s.in('pods'), '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":{"containers":[{"name":"a","image":"x","env":[{"name":"A","value":"1"}]}],"hostNetwork":true},"spec":{"containers":[{"name":"b"}],"dnsPolicy":"Default"}}', { pick: ({ spec: { containers: [{ name, image, env }], dnsPolicy, hostNetwork } }) => ({ name, image, env, dnsPolicy, hostNetwork }) });
    for (const type of ['merge-patch', 'strategic-merge-patch']) await s.patch(`${maps}/a`, `application/${type}+json`, `{"data":{"one-${type}":"1"},"data":{"two-${type}":"2"}}`, { pick: ({ data }) => data });
    await s.post(maps, 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: yaml}\ndata: {a: x}\ndata: {b: y}\n', { headers: { 'content-type': 'application/yaml' }, pick: ({ data, message }) => data ?? message });
    await s.define(widgets(s, { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }));
    await s.post(widgetsOf(s), `{"kind":"Widget","apiVersion":"${s.group}/v1","metadata":{"name":"a"},"spec":{"a":{"x":"1"},"a":{"y":"2"}}}`, { pick: ({ spec }) => spec });
  },
  'answers in the form that is asked for, or not at all': async (s) => {
    const maps = s.in('configmaps');
    await s.quiet('POST', maps, configMap('a', { one: '1' }));
    for (const accept of ['application/yaml', 'text/html', '*/*', 'text/html, application/json;q=0.5', 'application/json;as=Table;v=v9;g=meta.k8s.io', 'application/json;as=Unheard;v=v1;g=meta.k8s.io', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io']) {
      await s.get(`${maps}/a`, { headers: { accept } });
    }
    await s.get(`${maps}?labelSelector=none`, { headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }, pick: ({ kind, apiVersion, items }) => ({ kind, apiVersion, items }) });
    await s.get(maps, { headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' } });
    await s.get(`${maps}/a?pretty=true`, { pick: ({ data }) => data });
  },
  'knows what it does not serve': async (s) => {
    for (const path of ['/api/v1/unheard', '/apis/apps/v1/unheard', '/apis/unheard.example.com/v1/things', '/apis/apps/v9/deployments', '/unheard', '/api/v2', '/apis/unheard', `${s.in('configmaps')}/a/unheard`, `${s.in('pods')}/a/status/b`]) await s.get(path);
    await s.say('PATCH', s.in('configmaps'), {}, { headers: { 'content-type': 'application/merge-patch+json' } });
    await s.post(`${s.in('configmaps')}/a`, {});
    await s.put(s.in('configmaps'), {});
    await s.say('OPTIONS', s.in('configmaps'));
    await s.delete('/api/v1/namespaces');
    await s.put('/version', {});
  },
  'keeps metadata that clients may not set': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.post(maps, configMap('a', {}, { uid: '11111111-1111-1111-1111-111111111111', creationTimestamp: '2001-01-01T00:00:00Z', generation: 7, selfLink: '/x', deletionTimestamp: '2001-01-01T00:00:00Z', deletionGracePeriodSeconds: 5 }));
    await s.post(maps, configMap('b', {}, { resourceVersion: '5' }));
    await s.put(`${maps}/a`, { ...body, metadata: { ...body.metadata, uid: '22222222-2222-2222-2222-222222222222' } });
    await s.put(`${maps}/a`, { ...body, metadata: { name: 'a', creationTimestamp: '2001-01-01T00:00:00Z', generation: 9 } });
    await s.put(`${maps}/a`, configMap('a', {}, { resourceVersion: '0' }));
    await s.put(`${maps}/a`, configMap('a', {}, { resourceVersion: 'abc' }));
    await s.put(`${maps}/a`, configMap('a', {}, { resourceVersion: '1' }));
  },
  'validates metadata': async (s) => {
    const maps = s.in('configmaps');
    const bad = (metadata: object): Promise<unknown> => s.post(maps, configMap('a', {}, { ...metadata }));
    for (const [key, value] of [['bad key', 'x'], ['ok', 'bad value!'], [`${'p'.repeat(254)}/x`, 'y'], ['a/b/c', 'z'], ['', 'e'], ['long', 'v'.repeat(64)], ['/x', 'y'], ['x/', 'y'], ['Upper.Case/x', 'y'], ['k'.repeat(64), 'x'], ['ok', '-x'], ['ok', 'x.']] as const) await bad({ labels: { [key]: value } });
    for (const key of ['bad key', 'Upper.Case/ok', '', 'a/b/c', 'k'.repeat(64)]) await bad({ annotations: { [key]: 'x' } });
    await bad({ annotations: { big: 'x'.repeat(262_200) } });
    await bad({ finalizers: ['no-slash', 'ok.example.com/x', 'bad slash/x', ''] });
    await bad({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x' }] });
    await bad({ ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] });
    await bad({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'u', controller: true }, { apiVersion: 'v1', kind: 'Pod', name: 'y', uid: 'w', controller: true }] });
    await bad({ ownerReferences: [{ apiVersion: 'v1', kind: 'Event', name: 'x', uid: 'u' }] });
    await bad({ managedFields: [{ manager: 'x', operation: 'Unheard', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }] });
    await bad({ generateName: 'BAD_' });
  },
  'counts generations of specs, not of metadata or status': async (s) => {
    const deployments = s.in('deployments', 'apps/v1');
    const seen = { pick: ({ metadata }: { metadata: { generation: number } }) => metadata.generation };
    const { body } = await s.post(deployments, deployment('a'), seen);
    await s.patch(`${deployments}/a`, 'application/merge-patch+json', { metadata: { labels: { x: 'y' } } }, seen);
    await s.patch(`${deployments}/a`, 'application/merge-patch+json', { spec: { replicas: 3 } }, seen);
    await s.patch(`${deployments}/a`, 'application/merge-patch+json', { status: { replicas: 3 } }, seen);
    await s.patch(`${deployments}/a/status`, 'application/merge-patch+json', { status: { replicas: 3 }, spec: { replicas: 9 } }, { pick: ({ metadata, spec, status }) => ({ generation: metadata.generation, replicas: spec.replicas, status }) });
    await s.patch(`${deployments}/a`, 'application/merge-patch+json', { metadata: { generation: 17 } }, seen);
    await s.put(`${deployments}/a`, { ...body, metadata: { name: 'a' } }, seen);
  },
  'does not write what is the same': async (s) => {
    const maps = s.in('configmaps');
    const { body } = await s.post(maps, configMap('a', { one: '1' }));
    await s.put(`${maps}/a`, body);
    await s.patch(`${maps}/a`, 'application/merge-patch+json', { data: { one: '1' } });
    await s.patch(`${maps}/a`, 'application/json-patch+json', []);
    await s.patch(`${maps}/a`, 'application/merge-patch+json', {});
  },
  'tries writes without doing them': async (s) => {
    const maps = s.in('configmaps');
    await s.post(`${maps}?dryRun=All`, configMap('a', { one: '1' }));
    await s.get(`${maps}/a`);
    await s.post(`${maps}?dryRun=Some`, configMap('a'));
    await s.post(`${maps}?dryRun=`, configMap('a', {}, {}));
    await s.quiet('POST', maps, configMap('b', { one: '1' }));
    await s.patch(`${maps}/b?dryRun=All`, 'application/merge-patch+json', { data: { one: '2' } });
    await s.put(`${maps}/b?dryRun=All`, configMap('b', { one: '3' }));
    await s.delete(`${maps}/b?dryRun=All`);
    await s.delete(`${maps}/b`, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] });
    await s.delete(`${maps}?dryRun=All&labelSelector=x=y`, undefined, { pick: ({ kind, items }) => ({ kind, items }) });
    await s.delete(`${maps}/b`, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['Some'] });
    await s.get(`${maps}/b`);
    await s.patch(`${maps}/c?dryRun=All&fieldManager=me`, 'application/apply-patch+yaml', configMap('c', { one: '1' }));
    await s.get(`${maps}/c`);
    for (const resourceVersion of ['5', 'x', '0']) await s.post(`${maps}?dryRun=All`, { metadata: { name: 'd', resourceVersion } });
    await s.patch(`${maps}/c?dryRun=All&fieldManager=me`, 'application/apply-patch+yaml', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', resourceVersion: '5' } });
    for (const resourceVersion of ['5', 'x']) await s.post(maps, { metadata: { name: 'd', resourceVersion } });
  },
  'lets immutable things be': async (s) => {
    const maps = s.in('configmaps');
    await s.post(maps, { ...configMap('a', { one: '1' }), immutable: true });
    await s.put(`${maps}/a`, { ...configMap('a', { one: '2' }), immutable: true });
    await s.put(`${maps}/a`, configMap('a', { one: '1' }));
    await s.patch(`${maps}/a`, 'application/merge-patch+json', { metadata: { labels: { fine: 'yes' } } }, { pick: ({ metadata }) => metadata.labels });
    await s.post(s.in('secrets'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, type: 'Opaque', stringData: { b: 'c' } });
    await s.patch(`${s.in('secrets')}/a`, 'application/merge-patch+json', { type: 'Other' });
    await s.post(s.in('secrets'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'b' }, data: { bad: '!!' } });
    await s.post(s.in('configmaps'), { ...configMap('c', { 'bad key': 'x' }), binaryData: { same: 'eA==' } });
    await s.post(s.in('configmaps'), { ...configMap('c', { same: 'x' }), binaryData: { same: 'eA==' } });
  },
};
