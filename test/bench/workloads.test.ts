import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { planCommand } from '../../src/cli/plan/plan-command.js';
import { solve } from '../../src/scheduling/index.js';
import { brokenConstraints } from '../support/constraint-checker.js';
import { caseFileOf, clusterOf, optionsOf } from '../support/workload.js';
import type { Workload } from '../support/workload.js';
import { WORKLOADS } from '../support/workload-list.js';

const made = (name: string): Promise<Workload> => (WORKLOADS[name] as (typeof WORKLOADS)[string])();
const count = <T>(list: readonly T[], holds: (each: T) => unknown): number => list.filter(holds).length;
const requestsOf = ({ spec }: Pod): unknown[] => (spec?.containers ?? []).map(({ resources }) => resources?.requests);

describe('the workloads of the benchmarks', function workloads() {
  this.timeout(60_000);

  it('are the same every time, of new objects', async () => {
    for (const name of ['upstream-mix-1000', 'preferences-ignore', 'services-2000', 'existing-250', 'adversarial']) {
      const workload = await made(name);
      expect(caseFileOf(name, workload) === caseFileOf(name, await made(name)), name).to.equal(true);
      expect(workload.pods()[0], name).not.to.equal(workload.pods()[0]);
    }
  });

  it('have upstream\'s mix of five kinds, its types and its prices', async () => {
    const { pods: podsOf, catalogue, pools } = await made('upstream-mix-1000');
    const pods = podsOf();
    const keyOf = ({ spec }: Pod): string | undefined => spec?.topologySpreadConstraints?.[0]?.topologyKey;
    const affinity = (kind: 'podAffinity' | 'podAntiAffinity') => ({ spec }: Pod) => spec?.affinity?.[kind];
    expect([
      count(pods, (pod) => keyOf(pod) === 'topology.kubernetes.io/zone'), count(pods, (pod) => keyOf(pod) === 'kubernetes.io/hostname'),
      count(pods, affinity('podAffinity')), count(pods, affinity('podAntiAffinity')), pods.length,
    ]).to.deep.equal([200, 200, 200, 200, 1_000]);
    expect(new Set(pods.flatMap(({ metadata }) => metadata?.labels?.['my-label'] ?? []))).to.deep.equal(new Set('abcdefg'));
    expect(new Set(pods.map((pod) => JSON.stringify(requestsOf(pod))))).to.have.length(30);
    expect(catalogue.map(({ offerings, capacity }) => [offerings.length, capacity['cpu']])).to.deep.equal(Array.from({ length: 400 }, (_, index) => [5, 1_000 * (index + 1)]));
    expect(catalogue[1]?.offerings.every(({ price }) => Math.abs(price - (0.2 + (0.1 * 4 * 2 ** 30) / 1e9)) < 1e-9)).to.equal(true);
    expect(pools[0]?.spec.limits).to.deep.equal({ cpu: '10000000', memory: '10000000Gi' });
    const preferring = await made('preferences-respect');
    expect(new Set(preferring.pods().map(({ spec }) => JSON.stringify(spec)))).to.have.length(1);
  });

  it('have services of 1 to 200 replicas with wishes of every kind on AWS\'s own types, and each can run', async () => {
    const workload = await made('services-2000');
    const [pods, { catalogue }] = [workload.pods(), workload];
    const sizes = new Map<string, number>();
    for (const { metadata } of pods) sizes.set(String(metadata?.labels?.['app']), (sizes.get(String(metadata?.labels?.['app'])) ?? 0) + 1);
    expect(Math.min(...sizes.values())).to.equal(1);
    expect(Math.max(...sizes.values())).to.be.within(100, 200);
    for (const wish of ['"topologyKey":"topology.kubernetes.io/zone"', 'ScheduleAnyway', '"kubernetes.io/arch":"arm64"', '"nvidia.com/gpu":"1"', '"dedicated":"data"', '"podAntiAffinity"']) {
      expect(count(pods, (pod) => JSON.stringify(pod.spec).includes(wish)), wish).to.be.greaterThan(0);
    }
    const snapshot = clusterOf(workload)();
    const wholesome = catalogue.filter(({ offerings }) => new Set(offerings.filter(({ available }) => available).map(({ requirements }) => JSON.stringify(requirements.slice(0, 2)))).size === 6);
    expect(wholesome.length).to.be.greaterThan(700);
    const decision = solve(snapshot, pods, optionsOf(workload));
    expect(decision.unschedulable.map(({ reason }) => reason)).to.deep.equal([]);
    expect(brokenConstraints(snapshot, pods, decision, optionsOf(workload))).to.deep.equal([]);
  });

  it('have half-full nodes', async () => {
    const { nodes } = clusterOf(await made('existing-250'))();
    expect(nodes).to.have.length(250);
    for (const { initialized, available, allocatable, nodePool } of nodes) {
      expect([initialized, nodePool]).to.deep.equal([true, 'general']);
      expect((available['cpu'] as number) / (allocatable['cpu'] as number)).to.be.closeTo(0.5, 0.01);
      expect((available['memory'] as number) / (allocatable['memory'] as number)).to.be.closeTo(0.5, 0.01);
    }
  });

  it('are answered from their files as they are here', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'workloads-'));
    try {
      const file = join(folder, 'case.json');
      for (const name of ['existing-250', 'preferences-ignore']) {
        const workload = await made(name);
        await writeFile(file, caseFileOf(name, workload));
        let answer = '';
        await planCommand({ offline: [file], output: 'json', repeat: 1 }, { write: async (text) => void (answer += text), note: (text) => expect.fail(text) });
        const { newNodes, existingNodes } = JSON.parse(answer) as { newNodes: { pods: string[]; price: number }[]; existingNodes: { name: string; pods: string[] }[] };
        const decision = solve(clusterOf(workload)(), workload.pods(), optionsOf(workload));
        const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => `default/${metadata?.name}`);
        expect(newNodes.map(({ pods, price }) => ({ pods, price }))).to.deep.equal(decision.newNodes.map(({ pods, price }) => ({ pods: names(pods), price })));
        expect(existingNodes.map(({ name: node, pods }) => ({ name: node, pods }))).to.deep.equal(decision.existingNodes.map(({ node, pods }) => ({ name: node.name, pods: names(pods) })));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('have pods of which no two are alike, with 200 selectors', async () => {
    const pods = (await made('adversarial')).pods();
    expect(new Set(pods.map((pod) => JSON.stringify(requestsOf(pod))))).to.have.length(pods.length);
    expect(new Set(pods.flatMap(({ spec }) => JSON.stringify(spec).match(/"group":"group-\d+"/g) ?? []))).to.have.length(200);
  });
});
