import { expect } from 'chai';
import fc from 'fast-check';
import { WELL_KNOWN_LABELS } from '../../src/api/index.js';
import { seededRandom } from '../../src/operator/random.js';
import type { Random } from '../../src/operator/random.js';
import { buildNodeClaim, solve } from '../../src/scheduling/index.js';
import type { Decision, SolveOptions } from '../../src/scheduling/index.js';
import { scenarios } from '../support/scenarios.js';
import type { Scenario } from '../support/scenarios.js';

/** A decision as text, with names instead of references; and with the claims that come of it. */
const written = ({ newNodes, existingNodes, unschedulable, emptyPools, totalPrice }: Decision): string => JSON.stringify({
  newNodes: newNodes.map((node) => ({ ...node, pool: node.pool.nodePool.metadata.name, pods: node.pods.map(({ metadata }) => metadata?.name), requirements: node.requirements.toList(), instanceTypes: node.instanceTypes.map(({ name }) => name), claim: buildNodeClaim(node.pool.nodePool, node).spec.requirements })),
  existingNodes: existingNodes.map(({ node, pods }) => [node.name, pods.map(({ metadata }) => metadata?.name)]),
  unschedulable: unschedulable.map(({ pod: { metadata }, deferred, reason }) => [metadata?.name, deferred, reason]),
  emptyPools: emptyPools.map(({ pool, reason }) => [pool.nodePool.metadata.name, reason]),
  totalPrice,
});

/** Lists of which the order says something. */
const ORDERED = new Set(['nodeSelectorTerms', 'preferredDuringSchedulingIgnoredDuringExecution', 'topologySpreadConstraints', 'containers', 'initContainers', 'volumes', 'allowedTopologies']);

/** The same in another order: every list whose order says nothing, and every map. Pods that stand in two places stay one. */
function shuffled<T>(value: T, random: Random, seen = new Map<unknown, unknown>(), isOrdered = false): T {
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value) as T;
  const mixed = <E>(list: readonly E[]): E[] => list.map((each) => ({ each, at: random.next() })).sort((a, b) => a.at - b.at).map(({ each }) => each);
  const copy: unknown = Array.isArray(value) ? (isOrdered ? value : mixed(value)).map((each: unknown) => shuffled(each, random, seen))
    : Object.fromEntries(mixed(Object.entries(value)).map(([key, each]) => [key, shuffled(each, random, seen, ORDERED.has(key))]));
  seen.set(value, copy);
  return copy as T;
}

const forgetful = (options: SolveOptions): SolveOptions => ({ ...options, wellKnownLabels: new Set(WELL_KNOWN_LABELS) });

function inAnotherOrder({ cluster, pods, options }: Scenario, seed: number): Scenario {
  const { lookup, ...lists } = cluster;
  const mixed = shuffled({ lists, pods }, seededRandom(seed));
  return { cluster: { ...mixed.lists, lookup }, pods: mixed.pods, options };
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) deepFreeze(each);
}

describe('a decision', () => {
  it('is the same, byte for byte, for the same input in any order of its lists and maps', () => {
    fc.assert(fc.property(scenarios, fc.nat(), (scenario, seed) => {
      const other = inAnotherOrder(scenario, seed);
      expect(written(solve(other.cluster, other.pods, forgetful(other.options)))).to.equal(written(solve(scenario.cluster, scenario.pods, forgetful(scenario.options))));
    }), { numRuns: 60 });
  });

  it('is the same whatever was tried on the snapshot before, and changes nothing in it', () => {
    fc.assert(fc.property(scenarios, fc.nat(), ({ cluster, pods, options }, pick) => {
      const fresh = written(solve({ ...cluster }, pods, forgetful(options)));
      deepFreeze([cluster, pods]);
      const without = new Set(cluster.nodes.filter((_, index) => index % 2 === pick % 2).map(({ name }) => name));
      const displaced = cluster.nodes.filter(({ name }) => without.has(name)).flatMap((node) => node.pods);
      solve(cluster, [...displaced, ...pods], { ...options, withoutNodes: without, reservedCapacity: 'Fallback' });
      solve(cluster, displaced, { ...options, closedNodes: without, movedPods: new Set(displaced) });
      expect(written(solve(cluster, pods, options))).to.equal(fresh);
    }), { numRuns: 40 });
  });

  it('does not depend on which pods are alike', () => {
    fc.assert(fc.property(scenarios, ({ cluster, pods, options }) => {
      const each = pods.map((pod, index) => ({ ...pod, spec: { ...pod.spec as object, tolerations: [...(pod.spec?.tolerations ?? []), { key: `only-${index}`, operator: 'Exists' }] } as typeof pod.spec }));
      expect(written(solve(cluster, each as typeof pods, options))).to.equal(written(solve(cluster, pods, options)));
    }), { numRuns: 100 });
  });
});
