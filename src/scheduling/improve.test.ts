import { expect } from 'chai';
import fc from 'fast-check';
import type { Pod, PodAffinityTerm, PodSpec } from 'kubernetes-types/core/v1.js';
import { brokenConstraints } from '../../test/support/constraint-checker.js';
import { scenarios } from '../../test/support/scenarios.js';
import { adversarialMix } from '../../test/support/workloads-adversarial.js';
import { cloudCatalogue, instanceType, nodePool, pod, services, snapshot, upstreamCatalogue, upstreamMix } from '../../test/support/workloads.js';
import type { OfferingInput } from '../../test/support/workloads.js';
import type { InstanceType } from '../cloud/instance-type.js';
import type { Decision } from './decision.js';
import type { SolveOptions } from './options.js';
import type { Snapshot } from './snapshot.js';
import { solve } from './solve.js';

const cloud = cloudCatalogue();
const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';
const CAPACITY_TYPE = 'karpenter.sh/capacity-type';

/** A machine with so many CPUs and GiB for pods. */
const machine = (name: string, cpu: number, memoryGi: number, ...offerings: OfferingInput[]): InstanceType => instanceType(name, { cpu: cpu + 0.1, memoryGi: memoryGi + 0.01 }, offerings);
const at = (price: number, zone = 'a'): OfferingInput => ({ zone, price });
const spotAt = (price: number, zone = 'a'): OfferingInput => ({ zone, price, capacityType: 'spot' });

const on = (instanceTypes: readonly InstanceType[], spec: Parameters<typeof nodePool>[1] = {}): Snapshot => snapshot([{ nodePool: nodePool('default', spec), instanceTypes }]);
const named = (app: string, count: number, cpu: number, spec: Partial<PodSpec> = {}, memoryMi = 128): Pod[] =>
  Array.from({ length: count }, (_, index) => pod({ name: `${app}-${index}`, labels: { app }, cpu, memoryMi, spec }));
const term = (app: string, topologyKey: string): PodAffinityTerm => ({ topologyKey, labelSelector: { matchLabels: { app } } });
const required = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: PodAffinityTerm[]): Partial<PodSpec> => ({ affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const preferred = (kind: 'podAffinity' | 'podAntiAffinity', podAffinityTerm: PodAffinityTerm): Partial<PodSpec> => ({ affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm }] } } });

const cheapestType = ({ instanceTypes: [type] }: Decision['newNodes'][number]): string => type?.name ?? '';
/** Nodes as `type: pods`, in any order. */
const outline = ({ newNodes }: Decision): string[] => newNodes.map((node) => `${cheapestType(node)}: ${node.pods.map(({ metadata }) => metadata?.name ?? '').sort().join(' ')}`).sort();
const types = ({ newNodes }: Decision): string => newNodes.map(cheapestType).sort().join(' ');
const both = (cluster: Snapshot, pods: readonly Pod[], options: SolveOptions = {}): { greedy: Decision; improved: Decision } =>
  ({ greedy: solve(cluster, pods, { ...options, improve: false }), improved: solve(cluster, pods, options) });

describe('packing again by price', () => {
  const two = machine('two', 2, 8, at(0.1));
  const eight = machine('eight', 8, 32, at(0.5));

  it('buys several small machines where they are cheaper than one that holds everything', () => {
    const { greedy, improved } = both(on([two, eight]), named('web', 3, 1500));
    expect(outline(greedy)).to.deep.equal(['eight: web-0 web-1 web-2']);
    expect(outline(improved)).to.deep.equal(['two: web-0', 'two: web-1', 'two: web-2']);
    expect(improved.totalPrice).to.be.closeTo(0.3, 1e-9);
  });

  it('does not buy more machines for a saving that each of them costs beside its price', () => {
    const nearly = machine('eight', 8, 32, at(0.309));
    expect(types(solve(on([two, nearly]), named('web', 3, 1500)))).to.equal('eight');
    expect(types(solve(on([two, machine('eight', 8, 32, at(0.311))]), named('web', 3, 1500)))).to.equal('two two two');
  });

  it('puts pods that need memory beside those that need CPU', () => {
    const cluster = on([machine('only', 8, 16, at(0.4))]);
    const pods = [...named('cpu', 2, 4000, {}, 2048), ...named('memory', 4, 1000, {}, 7168)];
    const { greedy, improved } = both(cluster, pods);
    expect(greedy.newNodes.map((node) => node.pods.length)).to.deep.equal([2, 2, 2]);
    expect(outline(improved)).to.deep.equal(['only: cpu-0 memory-0 memory-1', 'only: cpu-1 memory-2 memory-3']);
  });

  it('does not fill a node that must be on-demand with pods that spot machines carry for less', () => {
    const small = machine('small', 4, 16, at(0.2), spotAt(0.06));
    const large = machine('large', 16, 64, at(0.8), spotAt(0.24));
    const pods = [...named('careful', 1, 3000, { nodeSelector: { [CAPACITY_TYPE]: 'on-demand' } }), ...named('any', 8, 1500)];
    const { greedy, improved } = both(on([small, large]), pods);
    expect(greedy.totalPrice).to.be.closeTo(0.8, 1e-9);
    expect(improved.totalPrice).to.be.closeTo(0.44, 1e-9);
    expect(improved.newNodes.find((node) => node.pods.some(({ metadata }) => metadata?.name === 'careful-0'))?.pods).to.have.length(1);
  });

  it('does not fill a node with GPUs with pods that need none', () => {
    const gpu = machine('gpu', 8, 32, at(2));
    const many = machine('gpus', 32, 128, at(8));
    const withGPUs = (type: InstanceType, count: number): InstanceType => ({ ...type, capacity: { ...type.capacity, 'nvidia.com/gpu': count } });
    const model = named('model', 1, 1000).map((each): Pod => ({ ...each, spec: { containers: [{ name: 'model', resources: { requests: { cpu: '1', memory: '1Gi', 'nvidia.com/gpu': '1' } as never } }] } }));
    const { greedy, improved } = both(on([withGPUs(gpu, 1), withGPUs(many, 4), machine('plain', 8, 32, at(0.3))]), [...model, ...named('web', 8, 1500)]);
    expect(greedy.totalPrice).to.be.closeTo(8, 1e-9);
    expect(types(improved)).to.equal('gpu plain');
  });

  it('lets pods that keep their own kind off their hosts share hosts with others', () => {
    const cluster = on([machine('four', 4, 16, at(0.2)), machine('eight', 8, 32, at(0.45))]);
    const apart = (app: string, cpu: number): Pod[] => named(app, 3, cpu, required('podAntiAffinity', term(app, HOSTNAME)));
    const { greedy, improved } = both(cluster, [...apart('a', 2500), ...apart('b', 1500), ...named('c', 3, 3500)]);
    expect(outline(improved).map((node) => node.replaceAll(/-\d/g, ''))).to.deep.equal(['four: a b', 'four: a b', 'four: a b', 'four: c', 'four: c', 'four: c']);
    expect(greedy.totalPrice).to.be.greaterThan(improved.totalPrice);
  });

  it('puts many pods on hosts that only others keep them off', () => {
    const pods = [...named('shy', 1, 2000, required('podAntiAffinity', term('loud', HOSTNAME))), ...named('loud', 4, 1000)];
    expect(outline(solve(on([machine('big', 16, 64, at(2)), machine('four', 4, 16, at(0.2))]), pods))).to.deep.equal(['four: loud-0 loud-1 loud-2 loud-3', 'four: shy-0']);
  });

  it('keeps preferences that were kept, whoever would come later', () => {
    const four = machine('four', 4, 16, at(0.2));
    const small = machine('two', 2, 8, at(0.18));
    for (const [cpu, memoryMi] of [[900, 7168], [900, 128]] as const) {
      const pods = [...named('shy', 1, cpu, preferred('podAntiAffinity', term('loud', HOSTNAME)), memoryMi), ...named('loud', 1, 1500)];
      expect(outline(solve(on([four]), pods))).to.deep.equal(['four: loud-0', 'four: shy-0']);
      expect(outline(solve(on([four]), pods, { preferencePolicy: 'Ignore' }))).to.deep.equal(['four: loud-0 shy-0']);
    }
    const spread = named('web', 2, 1000, { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: HOSTNAME, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'web' } } }] });
    expect(outline(solve(on([small, four]), spread))).to.deep.equal(['two: web-0', 'two: web-1']);
    const cheapElsewhere = [machine('far', 2, 8, at(0.01, 'b')), machine('near', 2, 8, at(0.2)), machine('big', 16, 64, at(2))];
    const near = named('near', 2, 1500, { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: ZONE, operator: 'In', values: ['a'] }] } }] } } });
    expect(types(solve(on(cheapElsewhere), near))).to.equal('near near');
  });

  it('leaves pods together that want each other\'s company on a host', () => {
    const pair = (index: number): Pod[] => named(`pair-${index}`, 2, 700, required('podAffinity', term(`pair-${index}`, HOSTNAME)));
    const { improved } = both(on([machine('one', 1, 4, at(0.01)), machine('four', 4, 16, at(0.2)), eight]), [...pair(0), ...pair(1), ...named('web', 2, 900)]);
    expect(outline(improved)).to.deep.equal(['four: pair-0-0 pair-0-1 pair-1-0 pair-1-1 web-0', 'one: web-1']);
  });

  it('leaves nodes alone whose pods have ports', () => {
    const pods = named('web', 3, 1500).map((each, index): Pod => (index > 0 ? each
      : { ...each, spec: { containers: [{ ...each.spec?.containers[0] as NonNullable<PodSpec['containers']>[number], ports: [{ containerPort: 80, hostPort: 80 }] }] } }));
    expect(types(solve(on([two, eight]), pods))).to.equal('eight');
  });

  it('leaves pools alone that ask for variety or hold reservations', () => {
    const reserved: InstanceType = { ...eight, name: 'reserved', offerings: [{ ...eight.offerings[0] as InstanceType['offerings'][number], reservationCapacity: 1, available: false }, ...eight.offerings] };
    const withReserved: InstanceType = { ...reserved, offerings: reserved.offerings.map((offering) => ({ ...offering, available: true })) };
    const various = { template: { requirements: [{ key: 'node.kubernetes.io/instance-type', operator: 'Exists' as const, minValues: 1 }] } };
    for (const cluster of [on([two, eight], various), on([two, withReserved])]) {
      const { greedy, improved } = both(cluster, named('web', 3, 1500));
      expect(outline(improved)).to.deep.equal(outline(greedy));
    }
  });

  it('keeps pods in their pools, whatever others would cost', () => {
    const pools = (weight: number): Snapshot => snapshot([
      { nodePool: nodePool('first', { weight }), instanceTypes: [eight, machine('four', 4, 16, at(0.2))] }, { nodePool: nodePool('second'), instanceTypes: [machine('cheap', 2, 8, at(0.01))] },
    ]);
    const { newNodes } = solve(pools(10), named('web', 4, 1500));
    expect(newNodes.map(({ pool }) => pool.nodePool.metadata.name)).to.deep.equal(['first', 'first']);
  });

  describe('within the limits of the pool', () => {
    it('of nodes', () => {
      expect(types(solve(on([two, eight], { limits: { nodes: '2' } }), named('web', 3, 1500)))).to.equal('eight');
      expect(types(solve(on([two, eight], { limits: { nodes: '3' } }), named('web', 3, 1500)))).to.equal('two two two');
    });

    it('of CPUs: nodes give up the larger types for it', () => {
      const { improved } = both(on([two, eight], { limits: { cpu: '10' } }), named('web', 3, 1500));
      expect(improved.newNodes.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name))).to.deep.equal([['two'], ['two'], ['two']]);
      const { improved: wide } = both(on([two, eight], { limits: { cpu: '24.3' } }), named('web', 3, 1500));
      expect(wide.newNodes.map(({ instanceTypes }) => instanceTypes.length)).to.deep.equal([2, 2, 2]);
    });

    it('or not at all, when that leaves fewer types to choose from than there were', () => {
      const eights = [eight, machine('other', 8, 32, at(0.51))];
      expect(types(solve(on([two, ...eights], { limits: { cpu: '9' } }), named('web', 3, 1500)))).to.equal('eight');
    });
  });

  it('leaves every pod\'s node as many types to choose from as the one had that it was on', () => {
    // Side by side, pods that need CPU and pods that need memory would fill two large machines: but these are of one type, and the others were on nodes that can be two.
    const pods = [...named('cpu', 2, 4000, {}, 2048), ...named('memory', 4, 1000, {}, 7168)];
    const { greedy, improved } = both(on([machine('large', 8, 16, spotAt(0.4)), machine('small', 4, 16, spotAt(0.35))]), pods);
    expect(outline(greedy)).to.deep.equal(['large: cpu-0 cpu-1', 'small: memory-0 memory-1', 'small: memory-2 memory-3']);
    expect(outline(improved)).to.deep.equal(outline(greedy));
  });

  const workloads: readonly (readonly [string, () => readonly [Snapshot, Pod[], SolveOptions?]])[] = [
    ['upstream\'s mix', () => [on(upstreamCatalogue(100)), upstreamMix(300)]],
    ['many services', () => [on(cloud), services(50, 8)]],
    ['many services with limits', () => [on(cloud, { limits: { cpu: '2000', nodes: '300' } }), services(50, 8)]],
    ['services in one zone each', () => [on(cloud), services(30, 10).map((each, index): Pod => ({ ...each, spec: { ...each.spec as PodSpec, nodeSelector: { ...each.spec?.nodeSelector, [ZONE]: `us-east-1${'abc'[Math.floor(index / 10) % 3]}` } } }))]],
    ['pods of which no two are alike', () => [on(cloud), adversarialMix(300).filter(({ spec }) => !spec?.affinity?.nodeAffinity)]],
  ];

  /** What is the same however new nodes are packed: which pods are placed, in which pool, and how many of each app are in which zone where that matters. */
  function invariants({ newNodes, existingNodes, unschedulable }: Decision): object {
    const list = (pods: readonly Pod[]): string => pods.map(({ metadata }) => metadata?.name ?? '').sort().join(' ');
    const inZones = newNodes.flatMap(({ pods, requirements }) => pods.filter(({ spec }) => spec?.topologySpreadConstraints?.some(({ topologyKey }) => topologyKey === ZONE))
      .map(({ metadata }) => `${metadata?.labels?.['app'] ?? metadata?.labels?.['my-label']} ${[...requirements.get(ZONE).values].join('|')}`));
    return {
      pools: newNodes.flatMap(({ pool, pods }) => pods.map(({ metadata }) => `${metadata?.name} ${pool.nodePool.metadata.name}`)).sort(),
      existing: existingNodes.map(({ node, pods }) => `${node.name}: ${list(pods)}`).sort(),
      left: list(unschedulable.map(({ pod: each }) => each)),
      inZones: inZones.sort(),
    };
  }

  for (const [name, make] of workloads) {
    it(`makes ${name} cheaper, and keeps every promise`, () => {
      const [cluster, pods, options = {}] = make();
      const { greedy, improved } = both(cluster, pods, options);
      expect(improved.totalPrice).to.be.lessThan(greedy.totalPrice);
      expect(brokenConstraints(cluster, pods, improved, options)).to.deep.equal([]);
      expect(invariants(improved)).to.deep.equal(invariants(greedy));
      expect(tooFewTypes(greedy, improved)).to.deep.equal([]);
    });
  }

  /** Nodes that can be fewer types than one of those that their pods were on. */
  function tooFewTypes(greedy: Decision, improved: Decision): string[] {
    const had = new Map(greedy.newNodes.flatMap((node) => node.pods.map((each) => [each, Math.min(60, node.instanceTypes.length)])));
    return improved.newNodes.flatMap((node) => node.pods.filter((each) => node.instanceTypes.length < (had.get(each) ?? Number.POSITIVE_INFINITY)).map(({ metadata }) => metadata?.name ?? ''));
  }

  it('never makes anything dearer, whatever pods, pools, nodes and options are like', () => {
    let cheaper = 0;
    fc.assert(fc.property(scenarios, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 30, maxLength: 30 }), fc.boolean(), ({ cluster: original, pods: few, options }, copies, isPlain) => {
      const cluster = isPlain ? withoutSpecialPools(original) : original;
      const pods = few.flatMap((each, index) => Array.from({ length: copies[index % copies.length] as number }, (_, copy): Pod => ({ ...each, metadata: { ...each.metadata, name: `${each.metadata?.name}-${copy}`, uid: `${each.metadata?.uid}-${copy}` } })));
      const { greedy, improved } = both(cluster, pods, options);
      expect(improved.totalPrice).to.be.at.most(greedy.totalPrice + 1e-9);
      if (improved.newNodes.length > greedy.newNodes.length) expect(improved.totalPrice + 0.005 * improved.newNodes.length).to.be.lessThan(greedy.totalPrice + 0.005 * greedy.newNodes.length);
      cheaper += Number(improved.totalPrice < greedy.totalPrice - 1e-9);
      expect(improved.lowerBound).to.be.at.most(improved.totalPrice + 1e-9);
      expect(brokenConstraints(cluster, pods, improved, options)).to.deep.equal([]);
      const { inZones: before, ...then } = invariants(greedy) as { inZones: unknown };
      const { inZones: after, ...now } = invariants(improved) as { inZones: unknown };
      expect(now).to.deep.equal(then);
      expect(tooFewTypes(greedy, improved)).to.deep.equal([]);
    }), { numRuns: 40 });
    expect(cheaper).to.be.greaterThan(2);
  });

  /** Without what keeps pools from being packed again. */
  function withoutSpecialPools(cluster: Snapshot): Snapshot {
    return {
      ...cluster, pools: cluster.pools.map(({ nodePool: { metadata, spec }, instanceTypes }) => ({
        nodePool: nodePool(metadata.name, { ...spec, template: { ...spec.template.spec, requirements: spec.template.spec.requirements.filter(({ minValues }) => minValues === undefined) } }),
        instanceTypes: instanceTypes.filter(({ offerings }) => offerings.every(({ reservationCapacity }) => reservationCapacity === undefined)),
      })),
    };
  }

  it('gives the answer as it was when the deadline has passed', () => {
    const [cluster, pods] = [on(cloud), services(20, 10)];
    let asked = 0;
    /** Passes the deadline when it is asked for the time once more than so often. */
    const clock = (often: number) => (): number => Number((asked += 1) > often);
    const greedy = solve(cluster, pods, { improve: false, deadline: 1, now: clock(Number.POSITIVE_INFINITY) });
    const placing = asked;
    asked = 0;
    const late = solve(cluster, pods, { deadline: 1, now: clock(placing) });
    expect(outline(late)).to.deep.equal(outline(greedy));
    expect(late.unfinished).to.deep.equal([]);
    expect(asked).to.be.at.most(placing + 2);
    expect(solve(cluster, pods, { deadline: 1, now: () => 0 }).totalPrice).to.be.lessThan(greedy.totalPrice);
  });

  it('is the same in any order of the pods', () => {
    const cluster = on(cloud);
    const pods = services(20, 8);
    const expected = outline(solve(cluster, pods));
    fc.assert(fc.property(fc.shuffledSubarray(pods, { minLength: pods.length }), (shuffled) => {
      expect(outline(solve(cluster, shuffled))).to.deep.equal(expected);
    }), { numRuns: 4 });
  });
});
