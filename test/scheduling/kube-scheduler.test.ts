import { expect } from 'chai';
import fc from 'fast-check';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type * as sandbox from '../../src/sandbox/cluster/model/kinds.js';
import { feasibility } from '../../src/sandbox/cluster/scheduler/feasibility.js';
import { NodeInfo, PodInfo } from '../../src/sandbox/cluster/scheduler/node-info.js';
import type { VolumeView } from '../../src/sandbox/cluster/scheduler/volumes.js';
import { seededRandom } from '../../src/operator/random.js';
import { solve } from '../../src/scheduling/index.js';
import { scenarios } from '../support/scenarios.js';
import { schedulerTrial, withNamespaces } from '../support/scheduler-trial.js';
import type { Expectation, SchedulerTrial } from '../support/scheduler-trial.js';

function volumesOf({ persistentVolumeClaims, persistentVolumes, storageClasses, csiNodes }: SchedulerTrial): VolumeView {
  const named = <T extends { metadata?: { name?: string; namespace?: string } }>(list: readonly T[], name: string, namespace?: string): T | undefined =>
    list.find(({ metadata }) => metadata?.name === name && (namespace === undefined || metadata.namespace === namespace));
  return {
    claim: (namespace, name) => named(persistentVolumeClaims, name, namespace), volume: (name) => named(persistentVolumes, name),
    storageClass: (name) => named(storageClasses, name), csiNode: (name) => named(csiNodes, name),
  } as VolumeView;
}

/** Lets the sandbox's scheduler bind the pods where they are expected. Returns those for which it never would, and why. */
function unbound(trial: SchedulerTrial, order: readonly Expectation[]): string[] {
  const info = (pod: Pod): PodInfo => new PodInfo(withNamespaces(pod, trial.namespaces) as sandbox.Pod);
  const nodes = trial.nodes.map((node) => new NodeInfo(node as sandbox.Node));
  const view = { nodes, volumes: volumesOf(trial) };
  const at = (name: string | undefined): NodeInfo => nodes.find((node) => node.name === name) as NodeInfo;
  for (const pod of trial.bound) at(pod.spec?.nodeName).add(info(pod));
  let waiting = order.map(({ pod, ...each }) => ({ ...each, pod: info(pod), why: '' }));
  for (let before = -1; before !== waiting.length;) {
    before = waiting.length;
    waiting = waiting.filter((each) => {
      const { feasible, rejections } = feasibility(each.pod, view);
      const isFeasible = feasible.some(({ name }) => name === each.node);
      if (isFeasible) at(each.node).add(each.pod);
      else each.why = `${each.pod.pod.metadata.name} on ${each.node}: ${rejections.get(each.node)?.reasons.join()}`;
      return !isFeasible;
    });
  }
  return waiting.filter(({ opensOwnDomain }) => !opensOwnDomain).map(({ why }) => why);
}

describe('the sandbox\'s scheduler', () => {
  it('binds pods where the solver put them, however the planned nodes come', () => {
    fc.assert(fc.property(scenarios, fc.nat(), ({ cluster, pods, options }, seed) => {
      const random = seededRandom(seed);
      const trial = schedulerTrial(cluster, pods, solve(cluster, pods, options), (launches) => launches[Math.floor(random.next() * launches.length)] as (typeof launches)[number]);
      const problems = trial.orders.map((order) => unbound(trial, order));
      expect(problems.find(({ length }) => length === 0), problems[0]?.join('; ')).to.not.be.undefined;
    }), { numRuns: 150 });
  });
});
