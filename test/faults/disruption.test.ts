import { expect } from 'chai';
import { NodeClaim, isTrue } from 'karpenter-ts/api';
import { everyFault } from 'karpenter-ts/operator/testing';
import type { Invariant } from 'karpenter-ts/operator/testing';
import { Disruption } from '../../reconcilers/disruption/disruption.js';
import { DisruptionQueue } from '../../reconcilers/disruption/disruption-queue.js';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeClaimDisruption } from '../../reconcilers/nodeclaim/disruption.js';
import { NodeClaimHydration, NodeHydration } from '../../reconcilers/nodeclaim/hydration.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { Provisioner } from '../../reconcilers/provisioning/provisioner.js';
import type { FaultBed } from '../support/fault-bed.js';
import { PATIENCE, karpenterScenario } from '../support/fault-bed.js';

const RECONCILERS = [
  NodeClaimLifecycle, NodeClaimHydration, NodeHydration, NodeTermination, EvictionQueue, NodeClaimDisruption, Disruption, DisruptionQueue, Provisioner,
];
const LARGE = [{ key: 'node.kubernetes.io/instance-type', operator: 'In' as const, values: ['large'] }];

/** The claim goes only once another one has taken its place. */
const replacedFirst: Record<string, Invariant> = {
  'there is a node for the pod': async ({ bed }) => {
    const claims = await bed.api.list(NodeClaim);
    const leaving = claims.filter(({ metadata }) => metadata.deletionTimestamp);
    if (leaving.length > 0) expect(claims.some((claim) => !claim.metadata.deletionTimestamp && isTrue(claim, 'Initialized')), 'another claim is initialized').to.equal(true);
  },
};

/** An initialized claim whose node runs a pod. */
async function busyClaim(bed: FaultBed, consolidationPolicy: 'WhenEmpty' | 'WhenEmptyOrUnderutilized'): Promise<void> {
  const { karpenter } = bed;
  await karpenter.readyNodeClass();
  const pool = await karpenter.readyPool({ disruption: { consolidateAfter: '0s', consolidationPolicy, budgets: [{ nodes: '100%' }] } });
  await karpenter.claim({ requirements: LARGE }, { pool });
  await bed.until(async () => isTrue(await karpenter.api.get(NodeClaim, 'claim'), 'Initialized'));
  await karpenter.pod('busy', { node: 'node-of-claim', cpu: '1' });
}

/** The old claim is gone, and one that is initialized is there. */
const isReplaced = (bed: FaultBed) => async (): Promise<boolean> => (await bed.karpenter.api.find(NodeClaim, 'claim')) === undefined && bed.areInitialized(1);

describe('disruption under every fault', () => {
  it('replaces a drifted node, the replacement first', async () => {
    const { scenario, invariants } = karpenterScenario(RECONCILERS, async (bed) => {
      await busyClaim(bed, 'WhenEmpty');
      bed.karpenter.cloud.driftReason = ({ metadata }) => (metadata.name === 'claim' ? 'AMIDrift' : undefined);
      await bed.until(isReplaced(bed));
    });
    await everyFault(scenario, { invariants: { ...invariants, ...replacedFirst }, sample: 1 });
  }).timeout(PATIENCE);

  it('replaces a node by a cheaper one', async () => {
    const { scenario, invariants } = karpenterScenario(RECONCILERS, async (bed) => {
      await busyClaim(bed, 'WhenEmptyOrUnderutilized');
      await bed.until(async () => (await bed.claims()).length > 1);
      await bed.until(isReplaced(bed));
    });
    await everyFault(scenario, { invariants: { ...invariants, ...replacedFirst }, sample: 1 });
  }).timeout(PATIENCE);
});
