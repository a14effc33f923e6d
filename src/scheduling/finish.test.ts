import { expect } from 'chai';
import { instanceType, inValues, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { SolveOptions } from './options.js';
import type { Snapshot } from './snapshot.js';
import { solve } from './solve.js';

const ZONE = 'topology.kubernetes.io/zone';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';

const plain = instanceType('plain', { cpu: 4, memoryGi: 8 }, [{ zone: 'a', price: 0.2 }, { zone: 'b', price: 0.2 }]);
const other = { ...plain, name: 'other', requirements: plain.requirements.map((each) => (each.key === 'node.kubernetes.io/instance-type' ? inValues(each.key, 'other') : each)) };
const reserved: InstanceType = {
  ...plain,
  requirements: plain.requirements.map((each) => (each.key === CAPACITY_TYPE ? inValues(CAPACITY_TYPE, 'on-demand', 'reserved') : each)),
  offerings: [...plain.offerings, { price: 0.001, available: true, reservationCapacity: 5, requirements: [inValues(ZONE, 'a'), inValues(CAPACITY_TYPE, 'reserved'), inValues('karpenter.k8s.aws/capacity-reservation-id', 'cr-1')] }],
};

const wanting = (minValues: number, instanceTypes: InstanceType[], requirements: ReturnType<typeof inValues>[] = []): Snapshot =>
  snapshot([{ nodePool: nodePool('default', { template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'Exists', minValues }, ...requirements] } }), instanceTypes }]);

describe('a finished node', () => {
  it('stays off a reservation that cannot give the variety that its pool asks for', () => {
    const { newNodes: [node] } = solve(wanting(2, [reserved, other]), [pod()]);
    expect(node?.instanceTypes.map(({ name }) => name)).to.deep.equal(['other', 'plain']);
    expect(node?.requirements.get(CAPACITY_TYPE).has('reserved')).to.be.false;
    expect(node?.price).to.equal(0.2);
    expect([...solve(wanting(1, [reserved, other]), [pod()]).newNodes[0]?.requirements.get(CAPACITY_TYPE).values ?? []]).to.deep.equal(['reserved']);
  });

  it('is none when its pool allows nothing but reservations that have too few types', () => {
    const onlyReserved = wanting(2, [reserved, { ...reserved, name: 'other', requirements: other.requirements, offerings: plain.offerings }], [inValues(CAPACITY_TYPE, 'reserved')]);
    expect(solve(onlyReserved, [pod()]).newNodes).to.deep.equal([]);
  });

  it('says that its variety was given up, so that the launch does not insist on it', () => {
    const cut = (options: SolveOptions): unknown => solve(wanting(2, [plain, other]), [pod()], { maxInstanceTypes: 1, ...options }).newNodes.map(({ minValuesRelaxed }) => minValuesRelaxed);
    expect(cut({ minValuesPolicy: 'BestEffort' })).to.deep.equal([true]);
    expect(cut({})).to.deep.equal([]);
  });

  it('that is given up takes along the pods that counted on it', () => {
    const web = (name: string, zone?: string) => pod({
      name, labels: { app: 'web' }, cpu: zone ? 200 : 100,
      spec: zone ? { nodeSelector: { [ZONE]: zone } } : { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: ZONE, labelSelector: { matchLabels: { app: 'web' } } }] } }, nodeSelector: { 'karpenter.sh/nodepool': 'free' } },
    });
    const picky = wanting(2, [plain, other]);
    const cluster = { ...picky, pools: [...picky.pools, { nodePool: nodePool('free'), instanceTypes: [plain] }] };
    const company = { ...web('company', 'b'), metadata: { ...web('company', 'b').metadata, labels: { app: 'web' } } };
    const follower = { ...web('follower'), metadata: { ...web('follower').metadata, labels: { app: 'follower' } } };
    const { unschedulable } = solve(cluster, [{ ...company, spec: { ...company.spec as object, nodeSelector: { [ZONE]: 'b', 'karpenter.sh/nodepool': 'default' } } as never }, follower], { maxInstanceTypes: 1 });
    expect(unschedulable.map(({ pod: { metadata } }) => metadata?.name)).to.deep.equal(['company', 'follower']);
  });
});
