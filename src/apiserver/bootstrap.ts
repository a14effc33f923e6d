import { timestamp } from './clock.js';
import type { ApiObject, Clock, JsonObject, Random, Storage } from './contracts.js';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const PRIORITY_CLASSES = [
  { name: 'system-cluster-critical', value: 2_000_000_000, description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.' },
  { name: 'system-node-critical', value: 2_000_001_000, description: 'Used for system critical pods that must not be moved from their current node.' },
];

/** What services get their addresses of. */
const SERVICE_CIDR = '10.96.0.0/16';
/** Of this server inside the cluster; leads nowhere, for where the server listens is not known yet when the cluster is made. */
const ADVERTISED_ADDRESS = '192.0.2.1';
const API_PORT = { name: 'https', port: 6443, protocol: 'TCP' };

/** Makes what every cluster has from birth, where a data directory did not bring it along. */
export function bootstrap({ storage, clock, random }: { storage: Storage; clock: Clock; random: Random }): void {
  const ensure = (resource: string, apiVersion: string, kind: string, metadata: ApiObject['metadata'], fields: JsonObject): void => {
    const { namespace = '', name = '' } = metadata;
    if (storage.get(resource, namespace, name)) return;
    storage.create(resource, { apiVersion, kind, metadata: { ...metadata, uid: random.uuid(), creationTimestamp: timestamp(clock.now()) }, ...fields });
  };
  for (const name of NAMESPACES) {
    ensure('namespaces', 'v1', 'Namespace', { name, labels: { 'kubernetes.io/metadata.name': name } }, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
  }
  for (const { name, ...fields } of PRIORITY_CLASSES) {
    ensure('priorityclasses.scheduling.k8s.io', 'scheduling.k8s.io/v1', 'PriorityClass', { name, generation: 1 }, { ...fields, preemptionPolicy: 'PreemptLowerPriority' });
  }
  ensure('servicecidrs.networking.k8s.io', 'networking.k8s.io/v1', 'ServiceCIDR', { name: 'kubernetes' }, {
    spec: { cidrs: [SERVICE_CIDR] },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(clock.now()), reason: '', message: 'Kubernetes default Service CIDR is ready' }] },
  });
  const kubernetes = { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } };
  ensure('endpoints', 'v1', 'Endpoints', kubernetes, { subsets: [{ addresses: [{ ip: ADVERTISED_ADDRESS }], ports: [API_PORT] }] });
  ensure('endpointslices.discovery.k8s.io', 'discovery.k8s.io/v1', 'EndpointSlice', { ...kubernetes, generation: 1, labels: { 'kubernetes.io/service-name': 'kubernetes' } }, { addressType: 'IPv4', endpoints: [{ addresses: [ADVERTISED_ADDRESS], conditions: { ready: true } }], ports: [API_PORT] });
  ensure(
    'services',
    'v1',
    'Service',
    { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    {
      spec: {
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1'],
        internalTrafficPolicy: 'Cluster',
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
      },
      status: { loadBalancer: {} },
    },
  );
}
