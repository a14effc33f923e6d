import { expect } from 'chai';
import fc from 'fast-check';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { solve } from '../../src/scheduling/index.js';
import type { Decision, Snapshot, SolveOptions } from '../../src/scheduling/index.js';
import { carriedOut } from '../support/materialise.js';
import { naivePlaces } from '../support/naive-solver.js';
import type { NaivePlace } from '../support/naive-solver.js';
import { clusters, PLAIN_ASKS, scenarios, SCENARIO_TYPES, workloadsOf } from '../support/scenarios.js';
import { nodePool } from '../support/workloads.js';

const reasons = ({ unschedulable }: Decision): string[] => unschedulable.map(({ pod: { metadata }, reason }) => `${metadata?.name}: ${reason}`);

/** Where the one pod of a decision went, in the naive solver's words. */
const chosen = ({ newNodes: [planned], existingNodes: [existing] }: Decision): string[] =>
  (existing ? [existing.node.name] : (planned?.instanceTypes ?? []).map(({ name }) => `${planned?.pool.nodePool.metadata.name} ${name}`).sort());

/** Nodes by name, new ones by pool and type. */
const named = (places: readonly NaivePlace[]): string[] => [...new Set(places.map(({ node, way }) => node ?? `${way?.pool.nodePool.metadata.name} ${way?.type.name}`))].sort();

/** Whether some pool with places has as many types as it asks for; where pods must be spread, those that can be in one domain. */
function hasVariety(places: readonly NaivePlace[], { pools }: Snapshot, { spec }: Pod, { minValuesPolicy }: SolveOptions): boolean {
  const keys = [...(spec?.topologySpreadConstraints ?? []), ...(spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])].map(({ topologyKey }) => topologyKey);
  return pools.some(({ nodePool: { metadata, spec: { template } } }) => {
    const minValues = minValuesPolicy === 'BestEffort' ? 0 : Math.max(0, ...template.spec.requirements.map((each) => each.minValues ?? 0));
    const byDomain = new Map<string, Set<string>>();
    for (const { way } of places) {
      if (way?.pool.nodePool.metadata.name !== metadata.name) continue;
      const domain = way.offering.requirements.filter(({ key }) => keys.includes(key)).map(({ values }) => values?.join()).join();
      byDomain.set(domain, (byDomain.get(domain) ?? new Set()).add(way.type.name));
    }
    return [...byDomain.values()].some(({ size }) => size >= minValues);
  });
}

/** Room for a daemon that belongs in one zone is set aside on nodes that may still come in any. */
const withoutZonalDaemons = (cluster: Snapshot): Snapshot => ({ ...cluster, daemonSetPods: cluster.daemonSetPods.filter(({ metadata }) => metadata?.name !== 'by-zone') });

describe('the solver', () => {
  it('places a pod if and only if trying everything finds a place, and only there', () => {
    fc.assert(fc.property(scenarios, ({ cluster, pods, options }) => {
      let now = withoutZonalDaemons(cluster);
      for (const pod of pods.slice(0, 5)) {
        const decision = solve(now, [pod], options);
        const places = naivePlaces(now, pod, options);
        const isPossible = places.some(({ node }) => node !== undefined) || hasVariety(places, now, pod, options);
        expect(decision.unschedulable.length === 0, `${pod.metadata?.name}: ${reasons(decision).join()} ${named(places).join()}`).to.equal(isPossible);
        expect(named(places)).to.include.members(chosen(decision));
        now = carriedOut(now, decision, (launches) => launches[0] as (typeof launches)[number]);
      }
    }), { numRuns: 12 });
  });

  it('offers every type that would do', () => {
    const anywhere = clusters.map((cluster) => ({ ...cluster, nodes: [], pools: [{ nodePool: nodePool('default'), instanceTypes: SCENARIO_TYPES }] }));
    fc.assert(fc.property(anywhere, workloadsOf(PLAIN_ASKS), (cluster, [pod]) => {
      const decision = solve(withoutZonalDaemons(cluster), [pod as Pod]);
      // Of alternatives, for labels or for volumes, only the first that will do is offered.
      const terms = pod?.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.length ?? 1;
      if (terms === 1 && !pod?.spec?.volumes) expect(chosen(decision)).to.deep.equal(named(naivePlaces(withoutZonalDaemons(cluster), pod as Pod)));
    }), { numRuns: 60 });
  });

  it('leaves no pod over that has a place beside all others', () => {
    const unlimited = clusters.map((cluster) => ({ ...cluster, pools: cluster.pools.map(({ nodePool: { metadata, spec } }) => ({ nodePool: nodePool(metadata.name, { template: { ...spec.template.spec, requirements: spec.template.spec.requirements.filter(({ minValues }) => !minValues) } }), instanceTypes: SCENARIO_TYPES })) }));
    fc.assert(fc.property(unlimited, workloadsOf(PLAIN_ASKS), (cluster, pods) => {
      const decision = solve(withoutZonalDaemons(cluster), pods, { improve: false });
      // Each new node as the largest type that it may be: if there was room for more, it was there.
      const then = carriedOut(withoutZonalDaemons(cluster), decision, (launches) => launches.toSorted((a, b) => (b.allocatable['cpu'] as number) - (a.allocatable['cpu'] as number))[0] as (typeof launches)[number]);
      for (const { pod } of decision.unschedulable.slice(0, 3)) expect(naivePlaces(then, pod)).to.deep.equal([]);
    }), { numRuns: 40 });
  });

  /** What other pods' places have to do with; room is short too for a pod that was on an existing node, where now others are. */
  const HANGS_ON_OTHERS = /exceed limits|node limits|unsatisfiable topology|could not be reserved|minValues|has enough resources|had enough resources/;

  it('keeps placing a pod when a type is added or a limit raised, unless what others do now stands in its way', () => {
    fc.assert(fc.property(scenarios, fc.nat(), ({ cluster, pods, options }, pick) => {
      const without = pick % SCENARIO_TYPES.length;
      const fewer = { ...cluster, pools: cluster.pools.map(({ nodePool: pool, instanceTypes }) => ({ nodePool: pool, instanceTypes: instanceTypes.filter((_, index) => index !== without) })) };
      const more = { ...cluster, pools: cluster.pools.map(({ nodePool: { spec: { limits: _, ...spec }, ...pool }, instanceTypes }) => ({ nodePool: { ...pool, spec }, instanceTypes })) };
      const before = new Set(solve(fewer, pods, options).unschedulable.map(({ pod }) => pod));
      for (const { pod, reason } of solve(more, pods, options).unschedulable) if (!before.has(pod)) expect(reason).to.match(HANGS_ON_OTHERS);
    }), { numRuns: 100 });
  });

  it('keeps placing pods that ask nothing of each other when a type is added', () => {
    const plain = clusters.map((cluster) => ({ ...cluster, nodes: [] }));
    fc.assert(fc.property(plain, workloadsOf(PLAIN_ASKS), fc.nat(), (cluster, pods, pick) => {
      const on = (keep: (index: number) => boolean): Decision => solve({ ...cluster, pools: [{ nodePool: nodePool('default'), instanceTypes: SCENARIO_TYPES.filter((_, index) => keep(index)) }] }, pods);
      const before = new Set(on((index) => index !== pick % SCENARIO_TYPES.length).unschedulable.map(({ pod }) => pod));
      expect(reasons(on(() => true)).filter((_, index) => !before.has(on(() => true).unschedulable[index]?.pod as Pod))).to.deep.equal([]);
    }), { numRuns: 60 });
  });
});
