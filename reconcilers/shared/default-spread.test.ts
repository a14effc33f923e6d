import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { ReplicaSet } from 'karpenter-ts/operator';
import type { Pod, ReconcilerClass } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { Disruption } from '../disruption/disruption.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Provisioner } from '../provisioning/provisioner.js';
import { DefaultSpreadSources } from './default-spread.js';

const ZONE = 'topology.kubernetes.io/zone';
const BY_ZONE = [{ maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable: 'DoNotSchedule' }];

describe('default topology spread', () => {
  let karpenter: KarpenterBed;

  const start = async (defaultTopologySpread: typeof BY_ZONE, ...classes: ReconcilerClass[]): Promise<void> => {
    karpenter = await karpenterBed([DefaultSpreadSources, ...classes], { settings: { defaultTopologySpread } });
    await karpenter.readyNodeClass();
    await karpenter.readyPool({ template: { requirements: [{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] }] }, disruption: { consolidateAfter: '0s', budgets: [{ nodes: '100%' }] } });
  };
  /** A ReplicaSet, as the owner of the pods that it selects. */
  const replicas = async (): Promise<{ labels: Record<string, string>; ownerReferences: NonNullable<Pod['metadata']['ownerReferences']> }> => {
    const labels = { app: 'web' };
    const { metadata: { uid } } = await karpenter.api.create(ReplicaSet, {
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image' }] } } },
    });
    return { labels, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid, controller: true }] };
  };

  afterEach(() => karpenter.bed.close());

  it('spreads the pods of a ReplicaSet that have no constraints of their own', async () => {
    await start(BY_ZONE, Provisioner);
    const web = await replicas();
    for (const name of ['web-1', 'web-2']) await karpenter.pod(name, web);
    await karpenter.bed.advance('2s');
    const zones = (await karpenter.api.list(NodeClaim)).map(({ spec }) => spec.requirements.find(({ key }) => key === ZONE)?.values?.join());
    expect(zones).to.have.members(['zone-a', 'zone-b']);
  });

  it('keeps apart by consolidation what the provisioner spread', async () => {
    const left: number[] = [];
    for (const constraints of [BY_ZONE, []]) {
      await start(constraints, NodeClaimLifecycle, NodeClaimDisruption, Disruption, DisruptionQueue);
      const web = await replicas();
      for (const zone of ['zone-a', 'zone-b']) {
        const { node } = await karpenter.initialized({ requirements: [{ key: ZONE, operator: 'In', values: [zone] }] }, { name: zone });
        await karpenter.pod(`web-in-${zone}`, { ...web, node: node.metadata.name });
      }
      await karpenter.bed.advance('1m');
      left.push((await karpenter.api.list(NodeClaim)).filter(({ metadata }) => !metadata.deletionTimestamp).length);
      if (constraints === BY_ZONE) await karpenter.bed.close();
    }
    expect(left).to.deep.equal([2, 1]);
  });
});
