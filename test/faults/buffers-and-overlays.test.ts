import { expect } from 'chai';
import { CapacityBuffer, NodeClaim, NodeOverlay, isTrue } from 'karpenter-ts/api';
import { PodTemplate } from 'karpenter-ts/operator';
import { everyFault } from 'karpenter-ts/operator/testing';
import type { Invariant } from 'karpenter-ts/operator/testing';
import { CapacityBufferStatusReconciler } from '../../reconcilers/capacitybuffer/status.js';
import { Disruption } from '../../reconcilers/disruption/disruption.js';
import { DisruptionQueue } from '../../reconcilers/disruption/disruption-queue.js';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeClaimDisruption } from '../../reconcilers/nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { NodeOverlayEvaluation } from '../../reconcilers/nodeoverlay/evaluation.js';
import { NodeOverlayStatusReconciler } from '../../reconcilers/nodeoverlay/status.js';
import { Provisioner } from '../../reconcilers/provisioning/provisioner.js';
import { DEFAULT_SETTINGS } from '../../reconcilers/settings.js';
import { PATIENCE, karpenterScenario } from '../support/fault-bed.js';

const TYPE = 'node.kubernetes.io/instance-type';
const only = (type: string) => [{ key: TYPE, operator: 'In' as const, values: [type] }];
const gated = (gate: 'capacityBuffer' | 'nodeOverlay') => ({ settings: { featureGates: { ...DEFAULT_SETTINGS.featureGates, [gate]: true } } });

const onlyOne: Record<string, Invariant> = {
  'never two claims': async ({ bed }) => {
    expect((await bed.api.list(NodeClaim)).length).to.be.at.most(1);
  },
};

describe('what shapes capacity, under every fault', () => {
  it('a capacity buffer has its room made once, says so, and gives it back when it is gone', async () => {
    const classes = [CapacityBufferStatusReconciler, Provisioner, NodeClaimLifecycle, NodeTermination, EvictionQueue, NodeClaimDisruption, Disruption, DisruptionQueue];
    const { scenario, invariants } = karpenterScenario(classes, async (bed) => {
      const { karpenter } = bed;
      await karpenter.readyNodeClass();
      await karpenter.readyPool({ template: { requirements: only('small') }, disruption: { consolidateAfter: '0s', consolidationPolicy: 'WhenEmptyOrUnderutilized', budgets: [{ nodes: '100%' }] } });
      await karpenter.api.create(PodTemplate, { metadata: { name: 'chunk' }, template: { spec: { containers: [{ name: 'main', image: 'image', resources: { requests: { cpu: '1500m' } } }] } } });
      await karpenter.api.create(CapacityBuffer, { metadata: { name: 'spare' }, spec: { podTemplateRef: { name: 'chunk' }, replicas: 1 } });
      await bed.until(async () => (await bed.areInitialized(1)) && isTrue(await karpenter.api.get(CapacityBuffer, 'spare'), 'Provisioning'));
      expect((await karpenter.api.get(CapacityBuffer, 'spare')).status.replicas).to.equal(1);
      await karpenter.api.delete(CapacityBuffer, 'spare');
      await bed.until(async () => (await bed.claims()).length === 0);
    }, gated('capacityBuffer'));
    await everyFault(scenario, { sample: 1, invariants: { ...invariants, ...onlyOne } });
  }).timeout(PATIENCE);

  it('node overlays are in use, or say which other one is in their way', async () => {
    const { scenario, invariants } = karpenterScenario([Provisioner, NodeClaimLifecycle, NodeOverlayEvaluation, NodeOverlayStatusReconciler], async (bed) => {
      const { karpenter } = bed;
      const { api } = karpenter;
      const isReady = async (name: string): Promise<boolean> => isTrue(await api.get(NodeOverlay, name), 'Ready');
      await karpenter.readyNodeClass();
      await karpenter.readyPool();
      for (const [name, price] of [['bargain', '0.01'], ['rival', '9']] as const) await api.create(NodeOverlay, { metadata: { name }, spec: { weight: 7, requirements: only('large'), price } });
      await bed.until(async () => (await isReady('bargain')) !== (await isReady('rival')));
      await api.delete(NodeOverlay, 'rival');
      await bed.until(() => isReady('bargain'));
      // For as long as it takes to work out what overlays say, pods are planned by what they said before.
      await karpenter.bed.advance('15s');
      await karpenter.pod('waiting', { cpu: '1' });
      await bed.until(() => bed.areInitialized(1));
      const [claim] = await bed.claims();
      expect(claim?.spec.requirements.find(({ key }) => key === TYPE)?.values?.[0]).to.equal('large');
    }, gated('nodeOverlay'));
    await everyFault(scenario, { sample: 1, invariants: { ...invariants, ...onlyOne } });
  }).timeout(PATIENCE);
});
