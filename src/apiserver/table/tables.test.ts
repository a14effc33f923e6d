import { expect } from 'chai';
import type { ApiObject, JsonObject } from '../contracts.js';
import { createRegistry } from '../kinds/registry.js';
import { renderTable } from './render-table.js';

const NOW = Date.parse('2024-01-01T01:00:00Z');
const registry = createRegistry();

/** A row of a kind's table as column → cell, without the name and age. */
function row(group: string, version: string, plural: string, fields: JsonObject, metadata: JsonObject = {}): Record<string, unknown> {
  const definition = registry.lookup(group, version, plural)!;
  const object = { apiVersion: group ? `${group}/${version}` : version, kind: definition.kind, metadata: { name: 'x', creationTimestamp: '2024-01-01T00:00:00Z', ...metadata }, ...fields } as ApiObject;
  const { columnDefinitions, rows } = renderTable(definition.columns, [object], { includeObject: 'None', version: 'v1', now: NOW, listMetadata: {}, withColumns: true }) as { columnDefinitions: { name: string }[]; rows: { cells: unknown[] }[] };
  const cells = Object.fromEntries(columnDefinitions.map(({ name }, index) => [name, rows[0]!.cells[index]]));
  expect(rows[0]!.cells).to.have.length(columnDefinitions.length);
  expect(rows[0]!.cells).to.not.include(undefined);
  return cells;
}

const pod = (status: JsonObject, spec: JsonObject = {}, metadata: JsonObject = {}): Record<string, unknown> => row('', 'v1', 'pods', { spec: { containers: [{ name: 'a' }], ...spec }, status }, metadata);
const running = { ready: true, restartCount: 0, state: { running: {} } };

describe('Tables', () => {
  describe('say of a pod', () => {
    for (const [status, expected, spec, metadata] of [
      [{ phase: 'Pending' }, { Status: 'Pending', Ready: '0/1', Restarts: '0' }],
      [{ phase: 'Running', containerStatuses: [running] }, { Status: 'Running', Ready: '1/1' }],
      [{ phase: 'Running', containerStatuses: [running] }, { Status: 'Terminating' }, {}, { deletionTimestamp: '2024-01-01T00:59:00Z' }],
      [{ phase: 'Succeeded', containerStatuses: [{ state: { terminated: { exitCode: 0, reason: 'Completed' } } }] }, { Status: 'Completed', Ready: '0/1' }],
      [{ phase: 'Running', containerStatuses: [{ restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, finishedAt: '2024-01-01T00:59:00Z' } } }] }, { Status: 'CrashLoopBackOff', Restarts: '3 (60s ago)' }],
      [{ phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 2 } } }] }, { Status: 'ExitCode:2' }],
      [{ phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137, signal: 9 } } }] }, { Status: 'Signal:9' }],
      [{ phase: 'Failed', reason: 'Evicted' }, { Status: 'Evicted' }],
      [{ phase: 'Pending', initContainerStatuses: [{ state: { running: {} } }] }, { Status: 'Init:0/2' }, { initContainers: [{ name: 'i' }, { name: 'j' }] }],
      [{ phase: 'Pending', initContainerStatuses: [{ state: { terminated: { exitCode: 0 } } }, { state: { waiting: { reason: 'ImagePullBackOff' } } }] }, { Status: 'Init:ImagePullBackOff' }, { initContainers: [{ name: 'i' }, { name: 'j' }] }],
      [{ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }, { Status: 'SchedulingGated' }],
      [{ phase: 'Running', initContainerStatuses: [{ name: 's', started: true, ready: true, restartCount: 1, state: { running: {} } }], containerStatuses: [running] }, { Status: 'Running', Ready: '2/2', Restarts: '1' }, { initContainers: [{ name: 's', restartPolicy: 'Always' }] }],
    ] as [JsonObject, JsonObject, JsonObject?, JsonObject?][]) {
      it(JSON.stringify(expected), () => expect(pod(status, spec, metadata)).to.include(expected));
    }

    it('where it is, when asked for more', () => {
      expect(pod({ podIPs: [{ ip: '10.0.0.1' }] }, { nodeName: 'n' })).to.include({ IP: '10.0.0.1', Node: 'n', 'Nominated Node': '<none>', 'Readiness Gates': '<none>' });
    });
  });

  it('say of a node how it is and what it is for', () => {
    const node = row('', 'v1', 'nodes', { spec: { unschedulable: true }, status: { conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1.32.0' }, addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } }, { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/gpu': '' } });
    expect(node).to.include({ Status: 'Ready,SchedulingDisabled', Roles: 'gpu,worker', Version: 'v1.32.0', 'Internal-IP': '10.0.0.1', 'External-IP': '<none>', 'OS-Image': '<unknown>' });
    expect(row('', 'v1', 'nodes', {})).to.include({ Status: 'Unknown', Roles: '<none>' });
  });

  for (const [group, plural, fields, expected] of [
    ['apps', 'deployments', { spec: { replicas: 3, selector: { matchLabels: { b: 'c' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] }, template: { spec: { containers: [{ name: 'n', image: 'i' }, { name: 'm', image: 'j' }] } } }, status: { readyReplicas: 2, updatedReplicas: 3 } }, { Ready: '2/3', 'Up-to-date': 3, Available: 0, Containers: 'n,m', Images: 'i,j', Selector: 'a in (x,y),b=c' }],
    ['apps', 'daemonsets', { spec: { template: { spec: { nodeSelector: { a: 'b' } } } }, status: { desiredNumberScheduled: 2 } }, { Desired: 2, Ready: 0, 'Node Selector': 'a=b' }],
    ['batch', 'jobs', { spec: { completions: 3 }, status: { succeeded: 1, startTime: '2024-01-01T00:00:00Z', completionTime: '2024-01-01T00:00:30Z', conditions: [{ type: 'Complete', status: 'True' }] } }, { Status: 'Complete', Completions: '1/3', Duration: '30s' }],
    ['policy', 'poddisruptionbudgets', { spec: { maxUnavailable: '30%' }, status: { disruptionsAllowed: 1 } }, { 'Min Available': 'N/A', 'Max Unavailable': '30%', 'Allowed Disruptions': 1 }],
    ['', 'services', { spec: { type: 'LoadBalancer', clusterIP: '10.96.0.9', ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }] } }, { Type: 'LoadBalancer', 'Cluster-IP': '10.96.0.9', 'External-IP': '<pending>', 'Port(s)': '80:30080/TCP' }],
    ['', 'events', { involvedObject: { kind: 'Pod', name: 'p' }, type: 'Normal', reason: 'R', message: ' m ', lastTimestamp: '2024-01-01T00:59:00Z' }, { 'Last Seen': '60s', Object: 'pod/p', Message: 'm', Count: 1 }],
    ['events.k8s.io', 'events', { regarding: { kind: 'Pod', name: 'p' }, note: 'm' }, { Object: 'pod/p', Message: 'm' }],
    ['', 'persistentvolumeclaims', { spec: { volumeName: 'v', storageClassName: 'gp3' }, status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce', 'ReadWriteMany'] } }, { Status: 'Bound', Volume: 'v', Capacity: '1Gi', 'Access Modes': 'RWO,RWX', StorageClass: 'gp3' }],
    ['storage.k8s.io', 'storageclasses', { provisioner: 'p' }, { Name: 'x', ReclaimPolicy: 'Delete', AllowVolumeExpansion: false }],
    ['coordination.k8s.io', 'leases', { spec: { holderIdentity: 'me' } }, { Holder: 'me' }],
    ['rbac.authorization.k8s.io', 'rolebindings', { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', namespace: 'n', name: 's' }] }, { Role: 'Role/r', ServiceAccounts: 'n/s', Users: '' }],
    ['apiextensions.k8s.io', 'customresourcedefinitions', {}, { 'Created At': '2024-01-01T00:00:00Z' }],
    ['node.k8s.io', 'runtimeclasses', {}, { Handler: '' }],
    ['', 'limitranges', {}, { Name: 'x', 'Created At': '2024-01-01T00:00:00Z' }],
  ] as [string, string, JsonObject, JsonObject][]) {
    it(`show ${plural}${group ? ` of ${group}` : ''}`, () => expect(row(group, 'v1', plural, fields)).to.include(expected));
  }

  it('have a row for every kind, whatever is missing from the object', () => {
    for (const { group, version, plural } of registry.list()) row(group, version, plural, {});
  });

  it('carry as much of the object as was asked for', () => {
    const definition = registry.lookup('', 'v1', 'configmaps')!;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'b' } };
    const rendered = (includeObject: 'None' | 'Metadata' | 'Object'): unknown => (renderTable(definition.columns, [object], { includeObject, version: 'v1', now: NOW, listMetadata: {}, withColumns: false }) as { rows: JsonObject[] }).rows[0]!['object'];
    expect([rendered('None'), rendered('Metadata'), rendered('Object')]).to.deep.equal([null, { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'x' } }, object]);
  });
});
