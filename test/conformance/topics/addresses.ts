import { MERGE, type Body, type Session } from '../session.js';
import type { Topic } from '../suite.js';

/** What is said of it, or nothing. */
const said = { pick: ({ message }: Body) => message ?? 'fine' };

const tryAt = (s: Session, path: string) => (more: object, metadata: object = {}): Promise<unknown> => s.post(`${path}?dryRun=All`, { metadata: { name: 'a', ...metadata }, ...more }, said);

/** Ways of writing an address, and others that are none. */
const ADDRESSES = ['1.2.3.4', '010.1.2.3', '1.2.3', '256.1.1.1', '::ffff:1.2.3.4', '::ffff:0102:0304', '2001:DB8::1', '2001:0db8::1', '2001:db8:0:0:0:0:0:1', '1:2:3:4:5:6:7:8', '0:0:1::', '64:ff9b::1.2.3.4', 'fe80::1%eth0', ' 1.2.3.4', ''];
const NETWORKS = ['10.0.0.0/8', '10.0.0.1/8', '010.0.0.0/8', '10.0.0.0/08', '010.0.0.1/08', ' 10.0.0.0/8', '10.0.0.0/33', '10.0.0.0', '10.0.0.0/-1', '2001:DB8::/32', '2001:db8::1/32', '::ffff:1.2.3.0/120', '0.0.0.0/0', '::/0', '1.2.3.4/32'];

export const scenarios: Topic = {
  'of services': async (s) => {
    const services = tryAt(s, s.in('services'));
    const service = (spec: object, annotations?: object): Promise<unknown> => services({ spec: { ports: [{ port: 80 }], ...spec } }, { annotations });
    await service({ externalIPs: ADDRESSES.filter((address) => address !== ' 1.2.3.4') });
    await service({ externalIPs: ADDRESSES.filter((address) => /^[0-9a-fA-F.:]{3,}$/.test(address) && !['1.2.3', '256.1.1.1'].includes(address)) });
    await service({ type: 'LoadBalancer', loadBalancerSourceRanges: NETWORKS });
    await service({ type: 'LoadBalancer', loadBalancerSourceRanges: NETWORKS.filter((network) => !/33|-1|\.0$/.test(network)) });
    for (const loadBalancerIP of ['2001:0db8::1', '010.1.1.1', 'x']) await service({ type: 'LoadBalancer', loadBalancerIP });
    await service({ clusterIP: '10.096.3.4' });
    await service({ clusterIP: '010.1.2.3' });
    await service({ clusterIP: 'None', externalIPs: ['010.1.2.3'], loadBalancerIP: '1.2.3.4', sessionAffinity: 'ClientIP' });
    await service({ type: 'ExternalName', externalName: 'a.example.com', externalIPs: ['1.2.3.4'] });
    await service({ externalName: 'a.example.com', trafficDistribution: 'PreferClose' });
    await service({}, { 'service.kubernetes.io/topology-aware-hints': 'auto' });
    await s.post(s.in('services'), { metadata: { name: 'lb' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], loadBalancerSourceRanges: ['10.0.0.1/8'] } }, said);
    await s.patch(s.in('services/lb'), MERGE, { metadata: { labels: { a: 'b' } } }, said);
    for (const ip of ['010.1.2.3', '2001:DB8::1', 'x']) await s.patch(s.in('services/lb/status'), MERGE, { status: { loadBalancer: { ingress: [{ ip }] } } }, said);
  },
  'of the cluster’s services are one, however they are written': async (s) => {
    const service = (name: string, clusterIP: string): Promise<unknown> => s.post(s.in('services'), { metadata: { name }, spec: { clusterIP, ports: [{ port: 80 }] } }, said);
    await service('a', '10.96.0.97');
    await service('b', '10.096.0.97');
    await service('c', '10.96.000.98');
    await s.until('/apis/networking.k8s.io/v1/ipaddresses/10.96.0.98', ({ status }) => status === 200);
    await service('d', '10.96.0.98');
    await service('e', '::ffff:10.96.0.99');
  },
  'of what sends traffic on': async (s) => {
    const policies = tryAt(s, s.in('networkpolicies', 'networking.k8s.io/v1'));
    for (const cidr of NETWORKS) await policies({ spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr } }] }] } });
    await policies({ spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['10.01.0.0/16', '10.0.0.0/8', '11.0.0.0/16', 'x'] } }] }], egress: [{ to: [{ ipBlock: { cidr: '2001:DB8::/32', except: ['2001:db8:1::/48', '2001:db9::/48', '10.0.0.0/16'] } }] }] } });
    await policies({ spec: { podSelector: {}, egress: [{ to: [{ podSelector: {} }, { ipBlock: { cidr: '2001:DB8::/32', except: ['2001:DB8:1::/48'] } }] }] } });
    const slices = tryAt(s, s.in('endpointslices', 'discovery.k8s.io/v1'));
    for (const addressType of ['IPv4', 'IPv6']) for (const address of ADDRESSES) await slices({ addressType, endpoints: [{ addresses: [address] }] });
    await slices({ addressType: 'IPv4', endpoints: [{ addresses: ['010.1.2.3'] }] }, { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } });
    const endpoints = tryAt(s, s.in('endpoints'));
    for (const ip of ADDRESSES) await endpoints({ subsets: [{ addresses: [{ ip }], notReadyAddresses: [{ ip: '2001:DB8::1' }], ports: [{ port: 80 }] }] });
    await s.post(s.in('ingresses', 'networking.k8s.io/v1'), { metadata: { name: 'i' }, spec: { defaultBackend: { service: { name: 'a', port: { number: 1 } } } } }, said);
    for (const ip of ['2001:DB8::1', '010.1.1.1', 'x']) await s.patch(s.in('ingresses/i/status', 'networking.k8s.io/v1'), MERGE, { status: { loadBalancer: { ingress: [{ ip }] } } }, said);
  },
  'of pods and nodes': async (s) => {
    const pods = tryAt(s, s.in('pods'));
    const spec = { containers: [{ name: 'a', image: 'x' }] };
    for (const address of ADDRESSES) await pods({ spec: { ...spec, hostAliases: [{ ip: address, hostnames: ['a'] }], dnsConfig: { nameservers: ['010.1.1.1'] } } });
    await pods({ spec: { ...spec, dnsConfig: { nameservers: ['2001:DB8::1', 'x'] } } });
    await s.post(`${s.in('deployments', 'apps/v1')}?dryRun=All`, { metadata: { name: 'a' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { ...spec, dnsConfig: { nameservers: ['2001:DB8::1'] } } } } }, said);
    await s.post(s.in('pods'), { metadata: { name: 'p' }, spec }, said);
    for (const ip of ['010.1.1.1', '2001:DB8::1', 'x']) await s.patch(s.in('pods/p/status'), MERGE, { status: { podIP: ip, podIPs: [{ ip }], hostIP: ip, hostIPs: [{ ip }] } }, said);
    const nodes = tryAt(s, '/api/v1/nodes');
    await nodes({ spec: { podCIDRs: ['10.0.0.1/24', '2001:DB8::/64'] }, status: { addresses: [{ type: 'InternalIP', address: '010.0.0.1' }] } });
    await nodes({ spec: { podCIDRs: ['10.0.0.0/24', '::ffff:10.0.0.0/120'] } });
    await nodes({ spec: { podCIDRs: ['x'], externalID: 'y' } });
  },
  'that are objects': async (s) => {
    for (const name of ADDRESSES.filter((address) => /^[^ %]+$/.test(address))) await s.post('/apis/networking.k8s.io/v1/ipaddresses?dryRun=All', { metadata: { name }, spec: { parentRef: { resource: 'x', name: 'y' } } }, said);
    for (const cidr of NETWORKS) await s.post('/apis/networking.k8s.io/v1/servicecidrs?dryRun=All', { metadata: { name: 'a' }, spec: { cidrs: [cidr] } }, said);
    await s.post('/apis/networking.k8s.io/v1/ipaddresses?dryRun=All', { metadata: { name: '192.0.2.1' }, spec: { parentRef: { resource: 'X/y', name: 'a/b', namespace: 'B_', group: 'C_' } } }, said);
    await s.post('/apis/networking.k8s.io/v1/ipaddresses?dryRun=All', { metadata: { name: '192.0.2.1' }, spec: {} }, said);
    for (const cidrs of [[], ['10.1.0.0/16', '10.2.0.0/16'], ['10.1.0.0/16', '2001:db8::/64'], ['2001:db8::/64', '10.1.0.0/16', '10.3.0.0/16']]) await s.post('/apis/networking.k8s.io/v1/servicecidrs?dryRun=All', { metadata: { name: 'a' }, spec: { cidrs } }, said);
  },
};
