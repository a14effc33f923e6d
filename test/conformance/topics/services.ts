import type { Body, RequestOptions, Session } from '../session.js';
import { MERGE } from '../session.js';
import type { Topic } from '../suite.js';

/** Below these the server chooses nothing by itself, so that scenarios may name what is there. */
const FIRST_CHOSEN = { port: 30_086, address: /^10\.96\.0\.\d+$/ };

/** A service's spec, with what the server chose numbered in the order in which it appears. */
function numbered(seen: Map<unknown, string>): (body: Body) => unknown {
  const name = (value: unknown, kind: string): string => {
    if (!seen.has(value)) seen.set(value, `<${kind} ${seen.size + 1}>`);
    return seen.get(value)!;
  };
  const visit = (key: string, value: unknown): unknown => {
    if (typeof value === 'number' && /nodePort/i.test(key) && value >= FIRST_CHOSEN.port) return name(value, 'port');
    return typeof value === 'string' && value.startsWith('10.96.') && !FIRST_CHOSEN.address.test(value) ? name(value, 'address') : value;
  };
  return (body) => JSON.parse(JSON.stringify(body.spec ?? body, visit)) as unknown;
}

const shop = (s: Session): Record<'create' | 'change', (name: string, spec: object) => Promise<unknown>> => {
  const options: RequestOptions = { pick: numbered(new Map()) };
  return {
    create: (name, spec) => s.post(s.in('services'), { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }, options),
    change: (name, spec) => s.patch(s.in(`services/${name}`), MERGE, { spec }, options),
  };
};

export const scenarios: Topic = {
  'ports of nodes': async (s) => {
    const { create, change } = shop(s);
    const dns = (tcp: object, udp: object): object => ({ type: 'NodePort', ports: [{ name: 't', port: 53, ...tcp }, { name: 'u', port: 53, protocol: 'UDP', ...udp }] });
    await create('any', { type: 'NodePort' });
    await create('one', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] });
    await create('other', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] });
    await create('shared', dns({ nodePort: 30_002 }, {}));
    await create('both', dns({ nodePort: 30_003 }, { nodePort: 30_003 }));
    await create('twice', { type: 'NodePort', ports: [{ name: 'a', port: 53, nodePort: 30_004 }, { name: 'b', port: 54, nodePort: 30_004 }] });
    await create('outside', { type: 'NodePort', ports: [{ port: 80, nodePort: 40_000 }] });
    await create('inside', { ports: [{ port: 80, nodePort: 30_005 }] });
    await change('any', { ports: [{ port: 80, nodePort: 30_003 }] });
    await change('any', { ports: [{ port: 80, nodePort: 30_006 }] });
    await change('any', { ports: [{ name: 'x', port: 80 }, { name: 'y', port: 81 }] });
    await change('one', { type: 'ClusterIP' });
    await create('next', { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] });
  },
  'addresses': async (s) => {
    const { create, change } = shop(s);
    for (const [name, spec] of Object.entries({
      given: { clusterIP: '10.96.0.77' }, taken: { clusterIP: '10.96.0.77' }, first: { clusterIP: '10.96.0.1' }, outside: { clusterIP: '10.1.2.3' }, malformed: { clusterIP: 'abc' }, unlike: { clusterIP: '10.96.0.78', clusterIPs: ['10.96.0.79'] },
      plural: { clusterIPs: ['10.96.0.78'] }, headless: { clusterIP: 'None', selector: { a: 'b' } }, 'any-endpoints': { clusterIP: 'None' }, 'headless-port': { clusterIP: 'None', type: 'NodePort' },
      prefers: { ipFamilyPolicy: 'PreferDualStack' }, requires: { ipFamilyPolicy: 'RequireDualStack' }, six: { ipFamilies: ['IPv6'] }, same: { ipFamilies: ['IPv4', 'IPv4'] }, two: { ipFamilies: ['IPv4', 'IPv6'] }, five: { ipFamilies: ['IPv5'], ipFamilyPolicy: 'Any' },
      foreign: { externalIPs: ['1.2.3.4', 'x', '127.0.0.1', '0.0.0.0'] },
    })) await create(name, spec);
    await change('given', { clusterIP: '10.96.0.80' });
    await change('headless', { clusterIP: '10.96.0.80', clusterIPs: ['10.96.0.80'] });
    await change('prefers', { ipFamilyPolicy: 'SingleStack' });
    await change('prefers', { ipFamilyPolicy: 'RequireDualStack' });
  },
  'load balancers': async (s) => {
    const { create, change } = shop(s);
    for (const [name, spec] of Object.entries({
      plain: {}, local: { externalTrafficPolicy: 'Local' }, portless: { allocateLoadBalancerNodePorts: false }, classed: { loadBalancerClass: 'example.com/a' }, ranged: { loadBalancerSourceRanges: ['1.2.3.4/8', 'x'] }, misnamed: { loadBalancerClass: 'a b' },
    })) await create(name, { type: 'LoadBalancer', ...spec });
    await create('class-only', { loadBalancerClass: 'example.com/a' });
    await create('ports-only', { allocateLoadBalancerNodePorts: true });
    await create('ranges-only', { loadBalancerSourceRanges: ['1.2.3.0/24'] });
    await change('local', { externalTrafficPolicy: 'Cluster' });
    await change('plain', { externalTrafficPolicy: 'Local', healthCheckNodePort: 30_010 });
    await change('plain', { healthCheckNodePort: 30_011 });
    await change('plain', { loadBalancerClass: 'example.com/x' });
    await change('classed', { allocateLoadBalancerNodePorts: false });
    await change('classed', { type: 'ClusterIP' });
    await change('plain', { type: 'ClusterIP' });
  },
  'names of something outside': async (s) => {
    const { create, change } = shop(s);
    await create('name', { type: 'ExternalName', externalName: 'example.com.' });
    await create('nameless', { type: 'ExternalName' });
    await create('misnamed', { type: 'ExternalName', externalName: 'exa mple' });
    await create('addressed', { type: 'ExternalName', externalName: 'example.com', clusterIP: '10.96.0.90', ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] });
    await create('web', { type: 'NodePort' });
    await change('web', { type: 'ExternalName', externalName: 'example.com' });
    await change('web', { type: 'NodePort', externalName: null });
  },
  'take nothing from the pools in dry runs': async (s) => {
    const options = { pick: ({ message, spec }: Body) => message ?? { clusterIPs: spec.clusterIPs, ports: spec.ports.map(({ nodePort }: Body) => nodePort) } };
    const dry = (spec: object): Promise<unknown> => s.post(`${s.in('services')}?dryRun=All`, { metadata: { name: 'dry' }, spec: { type: 'NodePort', ports: [{ port: 80 }], ...spec } }, options);
    await dry({ ports: [{ port: 80, nodePort: 99 }] });
    await dry({ ports: [{ port: 80, nodePort: 30_099 }] });
    await s.quiet('POST', s.in('services'), { metadata: { name: 'a' }, spec: { clusterIP: '10.96.0.88', type: 'NodePort', ports: [{ port: 80, nodePort: 30_088 }] } });
    await dry({ ports: [{ port: 80, nodePort: 30_088 }] });
    await dry({});
    await dry({ ports: [{ name: 'a', port: 80 }, { name: 'b', port: 81 }, { name: 'c', port: 82, nodePort: 30_098 }] });
    await dry({ clusterIP: '172.16.0.1' });
    await dry({ clusterIP: '10.96.0.88' });
    await dry({ type: 'ClusterIP' });
    await s.patch(`${s.in('services/a')}?dryRun=All`, MERGE, { spec: { ports: [{ port: 80, nodePort: 99 }] } }, options);
    await s.patch(`${s.in('services/a')}?dryRun=All`, MERGE, { spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: [{ name: 'x', port: 80 }, { name: 'y', port: 81 }] } }, options);
  },
  'what is refused': async (s) => {
    const { create } = shop(s);
    for (const [name, spec] of Object.entries({
      kind: { type: 'Other' }, portless: { ports: [] }, same: { ports: [{ name: 'a', port: 80 }, { name: 'b', port: 80 }] }, target: { ports: [{ port: 80, targetPort: 'http_bad' }] }, zero: { ports: [{ port: 0 }] }, nameless: { ports: [{ port: 80 }, { port: 81 }] },
      protocol: { ports: [{ port: 80, protocol: 'ICMP', appProtocol: 'a b' }] }, traffic: { trafficDistribution: 'X', internalTrafficPolicy: 'Y' }, local: { externalTrafficPolicy: 'Local' }, policy: { type: 'NodePort', externalTrafficPolicy: 'Z' }, health: { type: 'NodePort', healthCheckNodePort: 30_020 },
      sticky: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }, loose: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } } }, affinity: { sessionAffinity: 'Always' }, selector: { selector: { 'a b': 'c d' } },
    })) await create(name, spec);
  },
  'objects of their addresses': async (s) => {
    const address = '/apis/networking.k8s.io/v1/ipaddresses/10.96.0.199';
    const { create, change } = shop(s);
    await create('addressed', { clusterIP: '10.96.0.199' });
    await s.get(address, { pick: ({ metadata: { name, labels, managedFields }, spec }) => ({ name, labels, manager: managedFields[0].manager, spec }) });
    await change('addressed', { type: 'ExternalName', externalName: 'example.com', clusterIP: null, clusterIPs: null, ports: null });
    await s.get(address, { pick: ({ code }) => code });
    await create('again', { clusterIP: '10.96.0.199' });
    await s.get(address, { pick: ({ spec }) => spec });
    await s.delete(s.in('services/again'), undefined, { pick: ({ kind }) => kind });
    await s.get(address, { pick: ({ code }) => code });
    await s.get(`/apis/networking.k8s.io/v1/ipaddresses?labelSelector=ipaddress.kubernetes.io/managed-by=ipallocator.k8s.io&fieldSelector=metadata.name=10.96.0.1`, { pick: ({ items }) => items.map(({ spec }: Body) => spec) });
  },
};
