import { expect } from 'chai';
import type { NodeOverlay, NodeOverlaySpec } from '../../api/nodeoverlay.js';
import type { Requirement } from '../../api/requirement.js';
import { nodeOverlay } from '../../../test/support/overlays.js';
import { inValues, instanceType, nodePool } from '../../../test/support/workloads.js';
import type { InstanceType } from '../instance-type.js';
import { OverlaidTypes } from './overlaid-types.js';
import { evaluateOverlays } from './overlay-evaluation.js';

const TYPE = 'node.kubernetes.io/instance-type';
const ZONE = 'topology.kubernetes.io/zone';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';
const POOL = 'karpenter.sh/nodepool';

/** Spot in zones 1 and 3, on-demand in zone 2, reserved in zone 4; `amd` likewise. */
const offerings = [
  { zone: 'zone-1', capacityType: 'spot', price: 1.02 }, { zone: 'zone-2', capacityType: 'on-demand', price: 2.02 },
  { zone: 'zone-3', capacityType: 'spot', price: 3.02 }, { zone: 'zone-4', capacityType: 'reserved', price: 4.02 },
];
const gpu: Requirement = inValues('karpenter.k8s.aws/instance-gpu-count', '2');
const arm = instanceType('arm', { cpu: 2, memoryGi: 4, arch: 'arm64', labels: [gpu, inValues('karpenter.k8s.aws/instance-cpu', '2')] }, offerings);
const amd = instanceType('amd', { cpu: 8, memoryGi: 16, labels: [{ key: gpu.key, operator: 'DoesNotExist' }, inValues('karpenter.k8s.aws/instance-cpu', '8')] }, offerings);
const TYPES = [arm, amd];
const pool = nodePool('one', { labels: { team: 'red', 'karpenter.k8s.aws/instance-size': 'large' } });
const other = nodePool('two', { template: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'unique' }, requirements: [inValues('stage', 'test')] } });

const evaluate = (...overlays: NodeOverlay[]) => evaluateOverlays(overlays, [{ nodePool: pool, instanceTypes: TYPES }, { nodePool: other, instanceTypes: TYPES }]);
/** `name: reason`, or `name: ok`, by name. */
function verdicts(...overlays: NodeOverlay[]): string[] {
  const { rejected } = evaluate(...overlays);
  return overlays.map((overlay) => `${overlay.metadata.name}: ${rejected.get(overlay)?.reason ?? 'ok'}`).sort();
}
const typesOf = (of: typeof pool, ...overlays: NodeOverlay[]): readonly InstanceType[] => new OverlaidTypes(evaluate(...overlays).accepted).of(of, TYPES);
const prices = (type: InstanceType | undefined): number[] => type?.offerings.map(({ price }) => Math.round(price * 1e6) / 1e6) ?? [];

describe('what an overlay is about', () => {
  const PLAIN = [1.02, 2.02, 3.02, 4.02];
  const ALL = [9, 9, 9, 9];
  const cases: readonly [title: string, requirements: NodeOverlaySpec['requirements'], arm: number[], amd: number[], where?: typeof pool][] = [
    ['everything, without requirements', [], ALL, ALL],
    ['types by name', [inValues(TYPE, 'arm')], ALL, PLAIN],
    ['types by an older name of a label', [inValues('beta.kubernetes.io/arch', 'arm64')], ALL, PLAIN],
    ['types by numbers', [{ key: 'karpenter.k8s.aws/instance-cpu', operator: 'Gte', values: ['8'] }], PLAIN, ALL],
    ['types that have a label', [{ key: gpu.key, operator: 'Exists' }], ALL, PLAIN],
    ['types that do not have it', [{ key: gpu.key, operator: 'DoesNotExist' }], PLAIN, ALL],
    ['types that are not one', [{ key: TYPE, operator: 'NotIn', values: ['arm'] }], PLAIN, ALL],
    ['offerings by zone', [inValues(ZONE, 'zone-1', 'zone-4')], [9, 2.02, 3.02, 9], [9, 2.02, 3.02, 9]],
    ['offerings by capacity type', [inValues(CAPACITY_TYPE, 'spot')], [9, 2.02, 9, 4.02], [9, 2.02, 9, 4.02]],
    ['both at once', [inValues(TYPE, 'arm'), inValues(ZONE, 'zone-1'), inValues(CAPACITY_TYPE, 'spot')], [9, 2.02, 3.02, 4.02], PLAIN],
    ['nothing, where type and offerings never meet', [inValues(ZONE, 'zone-1'), inValues(CAPACITY_TYPE, 'on-demand')], PLAIN, PLAIN],
    ['pools by name', [inValues(POOL, 'one')], ALL, ALL],
    ['not other pools', [inValues(POOL, 'one')], PLAIN, PLAIN, other],
    ['pools by their class', [inValues('karpenter.k8s.aws/ec2nodeclass', 'unique')], ALL, ALL, other],
    ['not pools of other classes', [inValues('karpenter.k8s.aws/ec2nodeclass', 'unique')], PLAIN, PLAIN],
    ['labels of the template', [inValues('team', 'red')], ALL, ALL],
    ['not other values of them', [inValues('team', 'blue')], PLAIN, PLAIN],
    ['labels that nothing has: nowhere', [{ key: 'example.com/x', operator: 'Exists' }], PLAIN, PLAIN],
    ['labels that nothing has, if they must not be: everywhere', [{ key: 'example.com/x', operator: 'DoesNotExist' }], ALL, ALL],
    ['not what a pool merely requires', [inValues('stage', 'test')], PLAIN, PLAIN, other],
  ];
  for (const [title, requirements, ofArm, ofAmd, where = pool] of cases) {
    it(title, () => expect(typesOf(where, nodeOverlay('a', { requirements, price: '9' })).map(prices)).to.deep.equal([ofArm, ofAmd]));
  }
});

describe('several overlays', () => {
  const spot = [inValues(CAPACITY_TYPE, 'spot')];
  const fuse = { 'smarter-devices/fuse': '54' };

  it('conflict in a price that both set at one weight: the first by name is rejected, as Karpenter does', () => {
    const [a, b] = [nodeOverlay('a', { price: '1', weight: 10, requirements: [inValues(TYPE, 'arm')] }), nodeOverlay('b', { price: '2', weight: 10 })];
    expect(verdicts(a, b)).to.deep.equal(['a: Conflict', 'b: ok']);
    expect(evaluate(a, b).rejected.get(a)?.message).to.equal('conflict with another overlay: "b" sets the price of instance type arm in NodePool "one"; give them different weights, not both 10');
  });

  const conflicts: readonly [title: string, a: Partial<NodeOverlaySpec>, b: Partial<NodeOverlaySpec>, verdict: 'ok' | 'Conflict'][] = [
    ['price and adjustment are one', { price: '1' }, { priceAdjustment: '+1' }, 'Conflict'],
    ['overlapping zones', { price: '1', requirements: [inValues(ZONE, 'zone-1', 'zone-4')] }, { price: '2', requirements: spot }, 'Conflict'],
    ['separate zones', { price: '1', requirements: [inValues(ZONE, 'zone-2', 'zone-4')] }, { price: '2', requirements: spot }, 'ok'],
    ['separate types', { price: '1', requirements: [inValues(TYPE, 'arm')] }, { price: '2', requirements: [{ key: TYPE, operator: 'NotIn', values: ['arm'] }] }, 'ok'],
    ['separate pools', { price: '1', requirements: [inValues(POOL, 'one')] }, { price: '2', requirements: [inValues(POOL, 'two')] }, 'ok'],
    ['one pool of two', { price: '1', requirements: [inValues(POOL, 'two')] }, { price: '2' }, 'Conflict'],
    ['separate weights', { price: '1' }, { price: '2', weight: 1 }, 'ok'],
    ['no weight at all is a weight', { price: '1' }, { price: '2' }, 'Conflict'],
    ['equal prices, too', { price: '1' }, { price: '1' }, 'Conflict'],
    ['price and capacity', { price: '1' }, { capacity: fuse }, 'ok'],
    ['one resource', { capacity: fuse }, { capacity: { ...fuse, other: '1' } }, 'Conflict'],
    ['different resources', { capacity: fuse }, { capacity: { other: '1' } }, 'ok'],
    ['one resource of different offerings of a type', { capacity: fuse, requirements: [inValues(ZONE, 'zone-1')] }, { capacity: fuse, requirements: [inValues(ZONE, 'zone-2')] }, 'Conflict'],
    ['one resource of different types', { capacity: fuse, requirements: [inValues(TYPE, 'arm')] }, { capacity: fuse, requirements: [inValues(TYPE, 'amd')] }, 'ok'],
    ['types that do not exist', { price: '1', requirements: [inValues(TYPE, 'none')] }, { price: '2', requirements: [inValues(TYPE, 'none')] }, 'ok'],
  ];
  for (const [title, a, b, verdict] of conflicts) it(`of which one must give way (${verdict}): ${title}`, () => expect(verdicts(nodeOverlay('a', a), nodeOverlay('b', b))).to.deep.equal([`a: ${verdict}`, 'b: ok']));

  it('conflict even where a heavier one settles what both set', () => {
    expect(verdicts(nodeOverlay('a', { price: '1' }), nodeOverlay('b', { price: '2' }), nodeOverlay('c', { price: '3', weight: 5 }))).to.deep.equal(['a: Conflict', 'b: ok', 'c: ok']);
  });

  it('conflict over a resource although a third one, equally heavy, sets another in between', () => {
    expect(verdicts(nodeOverlay('a', { capacity: fuse }), nodeOverlay('b', { capacity: { other: '1' } }), nodeOverlay('c', { capacity: fuse }))).to.deep.equal(['a: Conflict', 'b: ok', 'c: ok']);
  });

  it('that are rejected set nothing anywhere, and stand in nobody\'s way', () => {
    const overlays = [
      nodeOverlay('c', { price: '3', requirements: [inValues(TYPE, 'arm')] }),
      nodeOverlay('b', { price: '2', capacity: fuse }),
      nodeOverlay('a', { price: '1', requirements: [inValues(TYPE, 'amd')] }),
    ];
    expect(verdicts(...overlays)).to.deep.equal(['a: ok', 'b: Conflict', 'c: ok']);
    const [one, two] = typesOf(pool, ...overlays);
    expect([prices(one)[0], prices(two)[0]]).to.deep.equal([3, 1]);
    expect(two?.capacity).to.not.have.property('smarter-devices/fuse');
  });

  it('that are invalid set nothing, and say why', () => {
    const overlay = nodeOverlay('a', { price: '9', requirements: [{ key: `test.com/${'x'.repeat(64)}`, operator: 'DoesNotExist' }] });
    const { accepted, rejected } = evaluate(overlay);
    expect(accepted).to.deep.equal([]);
    expect(rejected.get(overlay)).to.include({ reason: 'RuntimeValidation' }).and.have.property('message').that.includes('spec.requirements[0]: key test.com/xx');
  });

  it('apply from the heaviest down, price by price and resource by resource', () => {
    const [type] = typesOf(pool,
      nodeOverlay('light', { weight: 5, priceAdjustment: '-20%', capacity: { 'hugepages-2Mi': '50Mi', slice: '1' } }),
      nodeOverlay('heavy', { weight: 10, priceAdjustment: '+201', requirements: [inValues(ZONE, 'zone-2', 'zone-4')], capacity: { slice: '4' } }),
      nodeOverlay('unset', { price: '0.5' }));
    expect(prices(type)).to.deep.equal([0.816, 203.02, 2.416, 205.02]);
    expect(type?.capacity).to.include({ 'hugepages-2Mi': 50 * 2 ** 20, slice: 4, cpu: 2_000 });
  });
});

describe('types under overlays', () => {
  const cheap = nodeOverlay('cheap', { price: '0.1', requirements: [inValues(TYPE, 'arm')] });

  it('are marked, and what the cloud handed out is not changed', () => {
    const before = structuredClone(TYPES);
    const [type] = typesOf(pool, nodeOverlay('a', { price: '1', capacity: { slice: '4' }, requirements: [inValues(ZONE, 'zone-1')] }));
    expect(type).to.include({ capacityOverlaid: true });
    expect(type?.offerings.map(({ priceOverlaid }) => priceOverlaid)).to.deep.equal([true, undefined, undefined, undefined]);
    expect(TYPES).to.deep.equal(before);
  });

  it('lose nothing: an offering keeps what is said of it alone, but for resources that overlays set', () => {
    const special = { ...arm, offerings: arm.offerings.map((offering) => ({ ...offering, reservationCapacity: 3, capacityOverride: { slice: 1, disks: 2 }, overheadOverride: { cpu: 50 } })) };
    const evaluated = evaluateOverlays([nodeOverlay('a', { price: '1', capacity: { slice: '4' } })], [{ nodePool: pool, instanceTypes: [special] }]);
    const [type] = new OverlaidTypes(evaluated.accepted).of(pool, [special]);
    expect(type?.offerings[0]).to.deep.include({ price: 1, reservationCapacity: 3, capacityOverride: { disks: 2 }, overheadOverride: { cpu: 50 } });
    expect(type?.capacity).to.include({ slice: 4 });
  });

  it('are the same objects again for the same types; those that no overlay is about are the cloud\'s own', () => {
    const types = new OverlaidTypes([cheap]);
    const first = types.of(pool, TYPES);
    expect(types.of(pool, TYPES)).to.equal(first);
    expect(first[0]).to.not.equal(arm);
    expect(first[1]).to.equal(amd);
    const changed = { ...amd };
    const second = types.of(pool, [arm, changed]);
    expect(second).to.not.equal(first);
    expect(second[0]).to.equal(first[0]);
    expect(second[1]).to.equal(changed);
    const untouched = [amd];
    expect(types.of(pool, untouched)).to.equal(untouched);
    expect(new OverlaidTypes([]).of(pool, TYPES)).to.equal(TYPES);
  });

  it('are shared by pools between which no overlay makes a difference', () => {
    expect(new OverlaidTypes([cheap]).of(other, TYPES)).to.deep.equal(new OverlaidTypes([cheap]).of(pool, TYPES));
    const shared = new OverlaidTypes([cheap]);
    expect(shared.of(other, TYPES)).to.equal(shared.of(pool, TYPES));
    const apart = new OverlaidTypes([nodeOverlay('a', { price: '1', requirements: [inValues(POOL, 'one')] })]);
    expect(apart.of(other, TYPES)).to.equal(TYPES);
    expect(apart.of(pool, TYPES)).to.not.equal(TYPES);
  });
});
