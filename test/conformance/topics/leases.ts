import type { JsonObject } from '../../../src/apiserver/index.js';
import { APPLY, MERGE } from '../session.js';
import type { Body, Session } from '../session.js';
import type { Topic } from '../suite.js';

const MICRO = '2024-01-02T03:04:05.678901Z';
const leases = (s: Session): string => s.in('leases', 'coordination.k8s.io/v1');
const lease = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, ...metadata }, spec });
const brief = (body: Body): unknown => (body.kind === 'Status' ? body : body.spec);

export const scenarios: Topic = {
  'taken, kept and given back': async (s) => {
    const { body } = await s.post(leases(s), lease('a', { holderIdentity: 'one', leaseDurationSeconds: 15, acquireTime: MICRO, renewTime: MICRO, leaseTransitions: 0 }));
    const { body: renewed } = await s.put(`${leases(s)}/a`, { ...body, spec: { ...body.spec, renewTime: '2024-01-02T03:04:07.000001Z' } });
    await s.put(`${leases(s)}/a`, { ...body, spec: { ...body.spec, holderIdentity: 'two' } });
    await s.put(`${leases(s)}/a`, { ...renewed, spec: { ...renewed.spec, holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 1 } });
    await s.put(`${leases(s)}/a`, lease('a', { holderIdentity: 'two' }));
    await s.patch(`${leases(s)}/a`, MERGE, { spec: { holderIdentity: 'two' } }, { pick: brief });
    await s.patch(`${leases(s)}/a`, MERGE, { metadata: { resourceVersion: body.metadata.resourceVersion }, spec: { holderIdentity: 'three' } });
    await s.delete(`${leases(s)}/a`, { preconditions: { resourceVersion: body.metadata.resourceVersion } }, { pick: ({ reason, code }) => ({ reason, code }) });
    await s.delete(`${leases(s)}/a`);
  },
  'made with PUT and with apply': async (s) => {
    await s.put(`${leases(s)}/a`, lease('a', { holderIdentity: 'one' }));
    await s.put(`${leases(s)}/b`, lease('b', {}, { resourceVersion: '5' }));
    await s.put(`${leases(s)}/c`, lease('d'));
    await s.patch(`${leases(s)}/e?fieldManager=me`, APPLY, lease('e', { holderIdentity: 'one' }));
    await s.patch(`${leases(s)}/e?fieldManager=you`, APPLY, lease('e', { holderIdentity: 'two' }));
    await s.post(leases(s), { metadata: { name: 'f' } });
    await s.post(leases(s), { metadata: { generateName: 'lease-' }, spec: {} });
  },
  'which kinds PUT makes': async (s) => {
    const rbac = 'rbac.authorization.k8s.io/v1';
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'i' }] } };
    const bodies: [string, JsonObject][] = [
      [s.in('configmaps'), {}], [s.in('endpoints'), {}], [s.in('limitranges'), { spec: { limits: [] } }], [s.in('serviceaccounts'), {}], [s.in('services'), { spec: { clusterIP: 'None' } }], [s.in('secrets'), {}], [s.in('podtemplates'), { template }],
      [s.in('roles', rbac), { rules: [] }], [s.in('rolebindings', rbac), { roleRef }], [`/apis/${rbac}/clusterroles`, {}], [`/apis/${rbac}/clusterrolebindings`, { roleRef }], ['/apis/node.k8s.io/v1/runtimeclasses', { handler: 'x' }],
      ['/api/v1/nodes', {}], ['/apis/scheduling.k8s.io/v1/priorityclasses', { value: 1 }], [s.in('poddisruptionbudgets', 'policy/v1'), { spec: {} }], [s.in('deployments', 'apps/v1'), { spec: { selector: { matchLabels: { a: 'b' } }, template } }], [s.in('endpointslices', 'discovery.k8s.io/v1'), { addressType: 'IPv4', endpoints: [] }],
    ];
    const pick = ({ kind, code, message, metadata }: Body): unknown => (kind === 'Status' ? { code, message } : metadata.name);
    for (const [path, body] of bodies) await s.put(`${path}/${s.unique('made')}`, { metadata: { name: s.unique('made') }, ...body }, { pick });
  },
  'values that make no sense': async (s) => {
    const bad = (spec: JsonObject): Promise<unknown> => s.post(leases(s), lease('a', spec), { pick: brief });
    for (const leaseDurationSeconds of [0, -1, 1.5, 3_000_000_000, '15', null]) await bad({ leaseDurationSeconds });
    await s.quiet('DELETE', `${leases(s)}/a`);
    for (const leaseTransitions of [-1, -2_147_483_648, 'x']) await bad({ leaseTransitions });
    await bad({ leaseDurationSeconds: -1, leaseTransitions: -1 });
    await bad({ holderIdentity: 7 });
    await bad({ strategy: 'OldestEmulationVersion', preferredHolder: 'other' });
    await s.quiet('DELETE', `${leases(s)}/a`);
    await bad({ strategy: 'Nonsense' });
    await s.quiet('DELETE', `${leases(s)}/a`);
    await bad({ preferredHolder: 'other' });
    await s.quiet('DELETE', `${leases(s)}/a`);
    await bad({ unknown: 1 });
    await s.patch(`${leases(s)}/a`, MERGE, { spec: { leaseDurationSeconds: -3 } }, { pick: brief });
    await s.patch(`${leases(s)}/a`, MERGE, { spec: { leaseTransitions: -3 } }, { pick: brief });
  },
  'times to the microsecond': async (s) => {
    for (const [index, renewTime] of ['2024-01-02T03:04:05Z', MICRO, '2024-01-02T03:04:05.6Z', '2024-01-02T03:04:05.678901234Z', '2024-01-02T03:04:05.678901+02:00', '2024-01-02T03:04:05.000000-00:30', '2024-01-02T03:04:05', '2024-01-02 03:04:05Z', '2024-01-02', '', 'soon', 5, null, '2024-13-02T03:04:05.000000Z', '2024-01-02T24:04:05.000000Z', '2024-01-02t03:04:05.000000z'].entries()) {
      const { status, body } = await s.quiet('POST', leases(s), lease(`lease-${index}`, { renewTime }));
      s.note(`${JSON.stringify(renewTime)}: ${status} ${JSON.stringify(body.kind === 'Status' ? body.message : body.spec)}`.replaceAll('T03', ' T03'));
    }
    for (const creationTimestamp of ['2024-01-02T03:04:05.5Z', '2024-01-02T03:04:05+02:00', '2024-01-02', 'soon']) {
      const { status, body } = await s.quiet('POST', leases(s), lease('timed', {}, { creationTimestamp }));
      s.note(`${creationTimestamp}: ${status} ${body.kind === 'Status' ? body.message : 'accepted'}`.replaceAll('T03', ' T03'));
      await s.quiet('DELETE', `${leases(s)}/timed`);
    }
  },
  'watched': async (s) => {
    const watch = await s.watch(`${leases(s)}?watch=true&fieldSelector=metadata.name=a`, { pick: ({ metadata, spec }) => ({ name: metadata.name, spec }) });
    const { body } = await s.quiet('POST', leases(s), lease('a', { holderIdentity: 'one' }));
    await s.quiet('POST', leases(s), lease('b', { holderIdentity: 'one' }));
    await s.quiet('PUT', `${leases(s)}/a`, { ...body, spec: { holderIdentity: 'one', renewTime: MICRO } });
    await s.quiet('DELETE', `${leases(s)}/a`);
    await watch.expect(3);
    await s.get(`${leases(s)}?fieldSelector=spec.holderIdentity=one`);
  },
};
