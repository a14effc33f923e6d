import { expect } from 'chai';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import { existingNode, instanceType, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import type { OfferingInput } from '../../test/support/workloads.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { Decision } from './decision.js';
import type { SnapshotNode } from './snapshot.js';
import { solve } from './solve.js';

const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const Gi = 2 ** 30;

/** A machine with so many CPUs and GiB for pods, and room for more of them than the tests have. */
const machine = (name: string, cpu: number, memoryGi: number, ...offerings: OfferingInput[]): InstanceType => {
  const type = instanceType(name, { cpu, memoryGi, pods: 10_000 }, offerings);
  return { ...type, overhead: {} };
};
const at = (price: number): OfferingInput => ({ zone: 'a', price });
const spotAt = (price: number): OfferingInput => ({ zone: 'a', price, capacityType: 'spot' });
const named = (app: string, count: number, cpu: number, memoryMi: number, spec: Partial<PodSpec> = {}): Pod[] =>
  Array.from({ length: count }, (_, index) => pod({ name: `${app}-${index}`, labels: { app }, cpu, memoryMi, spec }));
const decide = (instanceTypes: readonly InstanceType[], pods: readonly Pod[], nodes: readonly SnapshotNode[] = []): Decision =>
  solve(snapshot([{ nodePool: nodePool('default'), instanceTypes }], { nodes }), pods);
const boundOf = (...input: Parameters<typeof decide>): number => decide(...input).lowerBound;

describe('the lower bound', () => {
  const four = machine('four', 4, 16, at(0.2));

  it('is the price, when machines of one type are full', () => {
    const { lowerBound, totalPrice } = decide([four], named('web', 8, 1000, 1024));
    expect(totalPrice).to.be.closeTo(0.4, 1e-9);
    expect(lowerBound).to.be.closeTo(0.4, 1e-4);
    expect(lowerBound).to.be.at.most(totalPrice);
  });

  it('counts fractions of machines', () => {
    expect(boundOf([four], named('web', 1, 1000, 1024))).to.be.closeTo(0.05, 1e-4);
  });

  it('takes the cheapest machine for what pods need most of', () => {
    const types = [machine('cpu', 8, 8, at(0.2)), machine('memory', 2, 16, at(0.2))];
    expect(boundOf(types, named('cpu', 4, 2000, 1024))).to.be.closeTo(0.2, 1e-3);
    expect(boundOf(types, named('memory', 4, 100, 4096))).to.be.closeTo(0.2, 1e-3);
  });

  it('lets pods pay only what they can buy', () => {
    const both = machine('four', 4, 16, at(0.2), spotAt(0.08));
    expect(boundOf([both], named('any', 4, 1000, 1024))).to.be.closeTo(0.08, 1e-4);
    const careful = named('careful', 4, 1000, 1024, { nodeSelector: { [CAPACITY_TYPE]: 'on-demand' } });
    expect(boundOf([both], careful)).to.be.closeTo(0.2, 1e-3);
    expect(boundOf([both], [...careful, ...named('any', 4, 1000, 1024)])).to.be.closeTo(0.28, 1e-3);
  });

  it('counts a machine for each pod that keeps its own kind off its host', () => {
    const apart: Partial<PodSpec> = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } }] } } };
    expect(boundOf([four], named('web', 5, 100, 128, apart))).to.be.closeTo(1, 1e-3);
    expect(boundOf([four], [...named('web', 5, 100, 128, apart), ...named('other', 5, 2000, 128)])).to.be.closeTo(1, 1e-3);
  });

  it('subtracts what existing nodes could take, and is never negative', () => {
    const there = (cpu: number): SnapshotNode[] => [existingNode('there', { allocatable: { cpu, memory: 64 * Gi, pods: 1000 } })];
    // Ten of fourteen pods go there; what it has is worth as much as they are.
    expect(boundOf([four], named('web', 14, 1000, 128), there(10_000))).to.be.closeTo(0.2, 1e-3);
    expect(boundOf([four], named('web', 1, 8000, 128), there(20_000))).to.equal(0);
    const gone = { ...there(10_000)[0] as SnapshotNode, markedForDeletion: true };
    expect(boundOf([four], named('web', 4, 1000, 128), [gone])).to.be.closeTo(0.2, 1e-3);
  });

  it('holds for more kinds of choices than are told apart', () => {
    const types = Array.from({ length: 24 }, (_, index) => machine(`type-${index}`, 4, 16, at(0.2 + index / 100)));
    const pods = types.flatMap(({ name }, index) => named(`web-${index}`, 4, 1000, 128, { nodeSelector: { 'node.kubernetes.io/instance-type': name } }));
    const { lowerBound, totalPrice } = decide(types, pods);
    expect(totalPrice).to.be.closeTo(24 * 0.2 + 23 * 24 / 200, 1e-9);
    expect(lowerBound).to.be.within(totalPrice * 0.85, totalPrice);
  });

  it('is 0 when nothing is bought, and where machines cost nothing', () => {
    expect(boundOf([four], [])).to.equal(0);
    expect(boundOf([machine('free', 4, 16, at(0))], named('web', 4, 1000, 128))).to.equal(0);
  });
});
