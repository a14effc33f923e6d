import { expect } from 'chai';
import type { Node, Pod, PodDisruptionBudget } from '../model/kinds.js';
import { testNode, testPod } from '../testing/objects.js';
import { feasibility } from './feasibility.js';
import { fitMessage } from './fit-message.js';
import { NodeInfo, PodInfo } from './node-info.js';
import { planPreemption } from './preemption.js';

const VOLUMES = { claim: () => undefined, volume: () => undefined, storageClass: () => undefined, csiNode: () => undefined };
const pod = (name: string, priority: number, cpu: string): Pod => testPod(name, { requests: { cpu }, metadata: { labels: { name } }, spec: { priority, containers: [{ name: 'c', resources: { requests: { cpu } } }] } });

function plan(nodes: Record<string, { node?: Node; pods: Pod[] }>, incoming: Pod, budgets: PodDisruptionBudget[] = []) {
  const infos = Object.entries(nodes).map(([name, { node = testNode(name), pods }]) => {
    const info = new NodeInfo(node);
    for (const other of pods) info.add(new PodInfo(other));
    return info;
  });
  const view = { nodes: infos, volumes: VOLUMES };
  const result = planPreemption(new PodInfo(incoming), feasibility(new PodInfo(incoming), view).rejections, view, budgets);
  return { node: result.plan?.node.name, victims: result.plan?.victims.map((victim) => victim.pod.metadata.name), message: fitMessage(infos.length, result.rejections.values()) };
}

describe('Preemption', () => {
  it('takes the fewest and least important pods that make room', () => {
    expect(plan({ a: { pods: [pod('low', 1, '2'), pod('mid', 5, '2')] } }, pod('p', 10, '2'))).to.deep.include({ node: 'a', victims: ['low'] });
  });

  it('prefers the node whose highest victim matters least', () => {
    expect(plan({ a: { pods: [pod('mid', 5, '4')] }, b: { pods: [pod('low', 1, '4')] } }, pod('p', 10, '2'))).to.deep.include({ node: 'b', victims: ['low'] });
  });

  it('spares pods that a disruption budget protects while there is another way', () => {
    const budget: PodDisruptionBudget = {
      apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { ...testPod('pdb').metadata }, spec: { selector: { matchLabels: { name: 'low' } } }, status: { disruptionsAllowed: 0 },
    };
    expect(plan({ a: { pods: [pod('low', 1, '4')] }, b: { pods: [pod('mid', 5, '4')] } }, pod('p', 10, '2'), [budget])).to.deep.include({ node: 'b', victims: ['mid'] });
  });

  it('says where evictions would not help and where there is nobody to evict', () => {
    const tainted = testNode('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } });
    const { node, message } = plan({ a: { node: tainted, pods: [] }, b: { pods: [pod('peer', 10, '4')] } }, pod('p', 10, '2'));
    expect(node).to.equal(undefined);
    expect(message).to.equal('0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.');
  });
});
