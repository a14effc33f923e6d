import { expect } from 'chai';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { instanceType, inValues, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { allocatableOf } from './row.js';
import type { Snapshot } from './snapshot.js';
import { solve } from './solve.js';

const Gi = 2 ** 30;
const at = (zone: string, price = 0.2) => [{ zone, price }];
const on = (instanceTypes: InstanceType[], daemonSetPods: Pod[] = []): Snapshot => snapshot([{ nodePool: nodePool('default'), instanceTypes }], { daemonSetPods });
const names = (cluster: Snapshot, ...pods: Pod[]): string[] => (solve(cluster, pods).newNodes[0]?.instanceTypes ?? []).map(({ name }) => name);

describe('what a type offers to pods', () => {
  const plain = instanceType('plain', { cpu: 4, memoryGi: 8 }, at('a'));
  const paged: InstanceType = { ...instanceType('paged', { cpu: 4, memoryGi: 8 }, at('a')), capacity: { cpu: 4000, memory: 8 * Gi, pods: 110, 'hugepages-2Mi': 5 * Gi, 'hugepages-1Gi': Gi } };

  it('is memory that is not set aside as huge pages, and the pages', () => {
    expect(allocatableOf(paged.capacity, { memory: Gi })).to.deep.equal({ cpu: 4000, memory: Gi, pods: 110, 'hugepages-2Mi': 5 * Gi, 'hugepages-1Gi': Gi });
    expect(allocatableOf({ memory: Gi, 'hugepages-1Gi': 2 * Gi }, {})['memory']).to.equal(0);
    expect(names(on([plain, paged]), pod({ memoryMi: 3 * 1024 }))).to.deep.equal(['plain']);
    expect(names(on([plain, paged]), pod({ spec: { containers: [{ name: 'app', resources: { requests: { 'hugepages-2Mi': '3Gi' } } }] } }))).to.deep.equal(['paged']);
  });

  it('is less what daemons take that any of their terms sends there, pinned or not', () => {
    const arch = (value: string) => ({ matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: [value] }] });
    const to = (...nodeSelectorTerms: ReturnType<typeof arch>[]): Partial<PodSpec> => ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } });
    const arm = instanceType('arm', { cpu: 4, memoryGi: 8, arch: 'arm64' }, at('a'));
    const big = pod({ cpu: 3500 });
    expect(names(on([plain, arm], [pod({ name: 'daemon', cpu: 1000, spec: to(arch('s390x'), arch('arm64')) })]), big)).to.deep.equal(['plain']);
    expect(names(on([plain, arm], [pod({ name: 'daemon', cpu: 1000, spec: to(arch('amd64'), arch('arm64')) })]), big)).to.deep.equal([]);
    expect(names(on([plain, arm], [pod({ name: 'daemon', cpu: 1000, spec: to(arch('s390x')) })]), big)).to.deep.equal(['arm', 'plain']);
  });
});

describe('the zones among which pods are spread', () => {
  const spread = (nodeTaintsPolicy: string): Partial<PodSpec> => ({
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, nodeTaintsPolicy } as never],
  });
  const web = (count: number, spec: Partial<PodSpec>): Pod[] => Array.from({ length: count }, (_, index) => pod({ name: `web-${index}`, labels: { app: 'web' }, cpu: 3000, spec }));
  const pools = snapshot([
    { nodePool: nodePool('open', { weight: 1, template: { requirements: [inValues('topology.kubernetes.io/zone', 'a', 'b')] } }), instanceTypes: [instanceType('near', { cpu: 4, memoryGi: 8 }, [...at('a'), ...at('b')])] },
    { nodePool: nodePool('tainted', { template: { taints: [{ key: 'dedicated', effect: 'NoSchedule' }] } }), instanceTypes: [instanceType('far', { cpu: 4, memoryGi: 8 }, at('c'))] },
  ]);
  const tolerant: Partial<PodSpec> = { tolerations: [{ key: 'dedicated', operator: 'Exists' }] };

  it('are those of pools that they tolerate when taints are honoured, else those of all', () => {
    expect(solve(pools, web(4, spread('Honor'))).newNodes).to.have.length(4);
    expect(solve(pools, web(4, spread('Ignore'))).newNodes).to.have.length(2);
    expect(solve(pools, web(4, { ...spread('Honor'), ...tolerant })).newNodes.map(({ pool: { nodePool: { metadata } } }) => metadata.name).sort()).to.deep.equal(['open', 'open', 'open', 'tainted']);
  });
});
