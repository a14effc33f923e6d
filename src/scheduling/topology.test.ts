import { expect } from 'chai';
import fc from 'fast-check';
import type { Pod, PodAffinityTerm, PodSpec, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import { scenarios } from '../../test/support/scenarios.js';
import { existingNode, instanceType, inValues, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import { WELL_KNOWN_LABELS } from '../api/labels.js';
import { untolerated } from '../api/taints.js';
import { compile } from './compiled.js';
import type { Decision } from './decision.js';
import type { DraftNode } from './draft-node.js';
import type { SolveOptions } from './options.js';
import type { NodeFilter } from './pod-class.js';
import { prepare } from './prepare.js';
import type { Run } from './run.js';
import type { Snapshot, SnapshotNode } from './snapshot.js';
import { solve } from './solve.js';
import { Solver } from './solver.js';
import type { Topology } from './topology.js';
import type { TopologyGroup } from './topology-group.js';

const ZONE = 'topology.kubernetes.io/zone';
const ARCH = 'kubernetes.io/arch';

const everywhere = (price: number) => ['a', 'b', 'c'].map((zone) => ({ zone, price }));
const TYPES = [instanceType('medium', { cpu: 4, memoryGi: 8 }, everywhere(0.2)), instanceType('arm', { cpu: 4, memoryGi: 8, arch: 'arm64' }, everywhere(0.3))];

const cluster = (spec: Parameters<typeof nodePool>[1] = {}, nodes: readonly SnapshotNode[] = []): Snapshot => snapshot([{ nodePool: nodePool('default', spec), instanceTypes: TYPES }], { nodes });
const spread = (rest: Partial<TopologySpreadConstraint> & Record<string, unknown> = {}): TopologySpreadConstraint =>
  ({ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } }, ...rest });
const web = (count: number, spec: Partial<PodSpec>, rest: Parameters<typeof pod>[0] = {}): Pod[] => Array.from({ length: count }, (_, index) => pod({ name: `web-${index}`, labels: { app: 'web' }, spec, ...rest }));
const nodeAffinity = (...terms: { key: string; operator: string; values?: string[] }[][]): Partial<PodSpec> =>
  ({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })) } } } });
const podAffinity = (...terms: PodAffinityTerm[]): Partial<PodSpec> => ({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } });
const term = (app: string, topologyKey = ZONE): PodAffinityTerm => ({ topologyKey, labelSelector: { matchLabels: { app } } });

/** Pods by zone, as `a2 b1`. */
function zonesOf({ newNodes, existingNodes }: Decision): string {
  const counts = new Map<string, number>();
  const add = (zone: string, count: number): unknown => counts.set(zone, (counts.get(zone) ?? 0) + count);
  for (const { requirements, pods } of newNodes) add([...requirements.get(ZONE).values].join('|'), pods.length);
  for (const { node, pods } of existingNodes) add(node.labels[ZONE] as string, pods.length);
  return [...counts].map(([zone, count]) => `${zone}${count}`).sort().join(' ');
}

/** A run whose pods are all placed, as far as they can be. */
function finished(snapshotOf: Snapshot, pods: readonly Pod[], options: SolveOptions): { run: Run; drafts: readonly DraftNode[] } {
  const steps = prepare(snapshotOf, compile(snapshotOf, WELL_KNOWN_LABELS, 'karpenter.k8s.aws/capacity-reservation-id'), pods, options, []);
  let step = steps.next();
  while (!step.done) step = steps.next();
  const { run, queue } = step.value;
  const solver = new Solver(run);
  for (const queued of [...queue, ...queue]) if (![...solver.drafts, ...run.nodes].some((node) => node.pods.includes(queued.pod))) solver.place(queued);
  return { run, drafts: solver.drafts };
}

type Entries = readonly { readonly group: TopologyGroup; readonly filter: NodeFilter | undefined }[];
const entriesOf = (topology: Topology): Entries => [...(topology as unknown as { entries: Map<string, Entries[number]> }).entries.values()];

/** How many pods of a group there are where, looked at in the end: by domain or machine. */
function recounted({ group, filter }: Entries[number], { nodes }: Snapshot, pods: ReadonlySet<Pod>, { run, drafts }: { run: Run; drafts: readonly DraftNode[] }): Record<string, number> {
  const { term: { namespaces, selector, key, honorAffinity, honorTaints } } = group;
  const isTolerated = (taints: Snapshot['nodes'][number]['taints']): boolean => !honorTaints || !filter || untolerated(taints.filter(({ effect }) => effect !== 'PreferNoSchedule'), filter.tolerations) === undefined;
  const counts: Record<string, number> = {};
  const add = (domain: string | undefined, there: readonly Pod[]): void => {
    const count = there.filter(({ metadata }) => namespaces.includes(metadata?.namespace ?? '') && selector.matches(metadata?.labels ?? {})).length;
    if (domain !== undefined && count > 0) counts[domain] = (counts[domain] ?? 0) + count;
  };
  for (const [host, node] of nodes.entries()) {
    const takesPart = isTolerated(node.taints) && (!honorAffinity || !filter || filter.anyTerm.some(({ requirements }) => requirements.conflictOfLabels(node.labels, node.name) === undefined));
    const placed = run.nodes.find(({ source }) => source === node)?.pods ?? [];
    if (takesPart) add(group.ofHosts ? run.hostName(host) : node.labels[key], [...node.pods.filter((each) => !pods.has(each)), ...placed]);
  }
  for (const { requirements, pool, host, pods: placed } of drafts) {
    const single = requirements.get(group.key)?.single;
    const takesPart = isTolerated(pool.taints) && (!honorAffinity || !filter || filter.anyTerm.some((any) => requirements.admits(any.requirements)));
    if (takesPart) add(group.ofHosts ? run.hostName(host) : single === undefined ? undefined : group.key.values[single], placed);
  }
  return counts;
}

const countsOf = (group: TopologyGroup, run: Run): Record<string, number> =>
  Object.fromEntries(group.describeCounts(run.hostName).split(', ').map((text) => text.split(': ')).map(([domain, count]) => [domain as string, Number(count)] as const).filter(([, count]) => count > 0));

describe('topology', () => {
  it('has counted, pod by pod, what there is in the end', () => {
    fc.assert(fc.property(scenarios, ({ cluster: from, pods, options }) => {
      const end = finished(from, pods, options);
      for (const entry of entriesOf(end.run.topology)) {
        // Until a node is certain, pods that keep others away stand in all the places where they may be.
        if (entry.group.term.kind === 'pod anti-affinity' && !entry.group.ofHosts) continue;
        expect(countsOf(entry.group, end.run), `${entry.group.term.kind} ${entry.group.term.key}`).to.deep.equal(recounted(entry, from, new Set(pods), end));
      }
    }), { numRuns: 100 });
  });

  describe('spread', () => {
    it('counts pods that were placed before a pod gave up a preference', () => {
      const prefersNoPods = cluster({ template: { taints: [{ key: 'soft', effect: 'PreferNoSchedule' }] } }, [existingNode('node-a', { zone: 'a' })]);
      expect(zonesOf(solve(prefersNoPods, web(3, { topologySpreadConstraints: [spread({ nodeTaintsPolicy: 'Honor' })] })))).to.equal('a1 b1 c1');
    });

    it('counts pods that came under another of their node affinity\'s terms', () => {
      const terms = nodeAffinity([{ key: 'team', operator: 'In', values: ['blue'] }], [{ key: ARCH, operator: 'Exists' }]);
      const blue = existingNode('blue', { zone: 'a', labels: { team: 'blue' }, available: { cpu: 150, memory: 2 ** 30, pods: 10 } });
      expect(zonesOf(solve(cluster({}, [blue]), web(3, { topologySpreadConstraints: [spread()], ...terms })))).to.equal('a1 b1 c1');
    });

    it('counts a pod from when it is certain in which zone its node will be', () => {
      const first = pod({ name: 'first', labels: { app: 'web' }, cpu: 500 });
      const settling = pod({ name: 'settling', cpu: 400, spec: { nodeSelector: { [ZONE]: 'a' } } });
      const { newNodes } = solve(cluster(), [first, settling, ...web(2, { topologySpreadConstraints: [spread()] })]);
      expect(newNodes.map(({ pods }) => pods.map(({ metadata }) => metadata?.name).join(' '))).to.deep.equal(['first settling', 'web-0', 'web-1']);
    });

    it('counts pods on nodes with taints that the pod does not tolerate, unless it is told to honour them', () => {
      const tainted = existingNode('tainted', { zone: 'a', available: {}, taints: [{ key: 'dedicated', effect: 'NoSchedule' }], pods: web(1, { nodeName: 'tainted' }).map((each) => ({ ...each, metadata: { ...each.metadata, name: 'there' } })) });
      const two = (nodeTaintsPolicy: string, rest: Partial<PodSpec> = {}): string => zonesOf(solve(cluster({}, [tainted]), web(2, { topologySpreadConstraints: [spread({ nodeTaintsPolicy })], ...rest })));
      expect(two('Ignore')).to.equal('b1 c1');
      expect(two('Honor')).to.equal('a1 b1');
      expect(two('Honor', { tolerations: [{ operator: 'Exists' }] })).to.equal('b1 c1');
    });

    it('takes the emptiest of the zones that keep the skew, among those where the pod may go', () => {
      const full = ['a', 'b', 'c'].map((zone, index) => existingNode(`full-${zone}`, {
        zone, available: {}, pods: web([2, 0, 1][index] as number, { nodeName: `full-${zone}` }).map((each) => ({ ...each, metadata: { ...each.metadata, name: `${zone}-${each.metadata?.name}` } })),
      }));
      const zoneFor = (rest: Record<string, unknown>, zones: string[] = ['a', 'b', 'c']): string => zonesOf(solve(cluster({}, full), web(1, { topologySpreadConstraints: [spread(rest)], ...nodeAffinity([{ key: ZONE, operator: 'In', values: zones }]) })));
      expect(zoneFor({})).to.equal('b1');
      expect(zoneFor({}, ['a', 'c'])).to.equal('c1');
      expect(zoneFor({ minDomains: 4 })).to.equal('b1');
      expect(zoneFor({ minDomains: 3 }, ['a', 'c'])).to.equal('');
    });

    it('sees how many pods the node would bring into its zone', () => {
      const two = ['first', 'second'].map((name) => pod({ name, labels: { app: 'web' }, cpu: 500 }));
      const follower = pod({ name: 'follower', spec: { topologySpreadConstraints: [spread()] } });
      expect(solve(cluster(), [...two, follower]).newNodes.map(({ pods }) => pods.length)).to.deep.equal([2, 1]);
      expect(solve(cluster(), [two[0] as Pod, follower]).newNodes.map(({ pods }) => pods.length)).to.deep.equal([2]);
    });

    it('is even over the zones of all node affinity terms, not only of the one in use', () => {
      const terms = nodeAffinity([{ key: ZONE, operator: 'In', values: ['a'] }], [{ key: ZONE, operator: 'In', values: ['b', 'c'] }]);
      const { unschedulable, ...decision } = solve(cluster(), web(3, { topologySpreadConstraints: [spread()], ...terms }));
      expect(zonesOf({ unschedulable, ...decision })).to.equal('a1 b1 c1');
    });

    it('is even over zones where the pod itself cannot go when told to ignore its node affinity', () => {
      const inA = (nodeAffinityPolicy: string): Decision => solve(cluster(), web(3, { topologySpreadConstraints: [spread({ nodeAffinityPolicy })], nodeSelector: { [ZONE]: 'a' } }));
      expect(zonesOf(inA('Honor'))).to.equal('a3');
      expect(zonesOf(inA('Ignore'))).to.equal('a1');
      expect(inA('Ignore').unschedulable).to.have.length(2);
    });

    it('counts only nodes that the pod\'s node affinity allows, or all when told to ignore it', () => {
      const arm = existingNode('arm', { zone: 'a', labels: { [ARCH]: 'arm64' }, available: {}, pods: web(1, { nodeName: 'arm' }).map((each) => ({ ...each, metadata: { ...each.metadata, name: 'there' } })) });
      const two = (nodeAffinityPolicy: string): string => zonesOf(solve(cluster({}, [arm]), web(2, { topologySpreadConstraints: [spread({ nodeAffinityPolicy })], nodeSelector: { [ARCH]: 'amd64' } })));
      expect(two('Honor')).to.equal('a1 b1');
      expect(two('Ignore')).to.equal('b1 c1');
    });
  });

  describe('affinity', () => {
    it('with several terms wants one pod that they all select, as Kubernetes does', () => {
      const apps = (...names: string[]): Pod[] => names.map((app) => pod({ name: app, labels: { app } }));
      const both = pod({ name: 'both', labels: { app: 'both' }, spec: podAffinity(term('one'), { topologyKey: ZONE, labelSelector: { matchExpressions: [{ key: 'role', operator: 'Exists' }] } }) });
      const apart = [...apps('one').map((each) => ({ ...each, spec: { ...each.spec as PodSpec, nodeSelector: { [ZONE]: 'a' } } })), pod({ name: 'role', labels: { role: 'x' }, spec: { nodeSelector: { [ZONE]: 'a' } } })];
      expect(solve(cluster(), [...apart, both]).unschedulable.map(({ pod: { metadata } }) => metadata?.name)).to.deep.equal(['both']);
      const joint = pod({ name: 'joint', labels: { app: 'one', role: 'x' }, spec: { nodeSelector: { [ZONE]: 'a' } } });
      expect(solve(cluster(), [...apart, joint, both]).unschedulable).to.deep.equal([]);
    });

    it('of pods that run leaves alone what their matchLabelKeys and mismatchLabelKeys leave out', () => {
      const running = (keys: object): SnapshotNode => existingNode('node', { pods: [pod({ name: 'there', labels: { app: 'web', revision: 'r0' }, spec: { nodeName: 'node', affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...term('web', 'kubernetes.io/hostname'), ...keys }] } } } })] });
      const placed = (keys: object, revision: string): number => solve(snapshot([], { nodes: [running(keys)] }), [pod({ labels: { app: 'web', revision } })]).existingNodes.length;
      expect([placed({ mismatchLabelKeys: ['revision'] }, 'r0'), placed({ mismatchLabelKeys: ['revision'] }, 'r1')]).to.deep.equal([1, 0]);
      expect([placed({ matchLabelKeys: ['revision'] }, 'r0'), placed({ matchLabelKeys: ['revision'] }, 'r1')]).to.deep.equal([0, 1]);
    });

    it('to itself is met on nodes that prefer no pods', () => {
      const prefersNoPods = cluster({ template: { taints: [{ key: 'soft', effect: 'PreferNoSchedule' }] } });
      expect(zonesOf(solve(prefersNoPods, web(2, podAffinity(term('web')))))).to.equal('a2');
    });

    it('has the same domains whichever pod comes first, whatever it tolerates', () => {
      const pools = snapshot([
        { nodePool: nodePool('open', { weight: 1, template: { requirements: [inValues(ZONE, 'a')] } }), instanceTypes: TYPES },
        { nodePool: nodePool('tainted', { template: { requirements: [inValues(ZONE, 'd')], taints: [{ key: 'dedicated', effect: 'NoSchedule' }] } }), instanceTypes: [instanceType('far', { cpu: 4, memoryGi: 8 }, [{ zone: 'd', price: 0.2 }])] },
      ]);
      const apart: Partial<PodSpec> = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('web')] } } };
      const [first, second] = [pod({ name: 'first', labels: { app: 'web' }, spec: apart }), pod({ name: 'second', labels: { app: 'web' }, spec: { ...apart, tolerations: [{ operator: 'Exists' }] } })];
      for (const pods of [[first, second], [second, first]]) expect(zonesOf(solve(pools, pods))).to.equal('a1 d1');
    });
  });
});
