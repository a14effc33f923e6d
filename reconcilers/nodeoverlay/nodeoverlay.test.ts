import { expect } from 'chai';
import { NodeClaim, NodeOverlay, NodePool } from 'karpenter-ts/api';
import type { NodeOverlaySpec } from 'karpenter-ts/api';
import { Node, Pod } from 'karpenter-ts/operator';
import type { ReconcilerClass } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Disruption } from '../disruption/disruption.js';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { Provisioner } from '../provisioning/provisioner.js';
import { DEFAULT_SETTINGS } from '../settings.js';
import { NodeOverlayEvaluation } from './evaluation.js';
import { NodeOverlayStatusReconciler } from './status.js';

const TYPE = 'node.kubernetes.io/instance-type';
const ON = { settings: { featureGates: { ...DEFAULT_SETTINGS.featureGates, nodeOverlay: true } } };
const typesOf = ({ spec }: NodeClaim): readonly string[] => spec.requirements.find(({ key }) => key === TYPE)?.values ?? [];

describe('node overlays', () => {
  let karpenter: KarpenterBed;

  const start = async (settings: Parameters<typeof karpenterBed>[1] = ON, ...others: ReconcilerClass[]): Promise<void> => {
    karpenter = await karpenterBed([Provisioner, NodeOverlayEvaluation, NodeOverlayStatusReconciler, ...others], settings);
    await karpenter.readyNodeClass();
  };
  const claims = (): Promise<NodeClaim[]> => karpenter.api.list(NodeClaim);
  const overlay = (name: string, spec: Partial<NodeOverlaySpec>): Promise<NodeOverlay> => karpenter.api.create(NodeOverlay, { metadata: { name }, spec: { requirements: [], ...spec } });
  const about = (...values: string[]): NodeOverlaySpec['requirements'] => [{ key: TYPE, operator: 'In', values }];
  const conditions = (name: string): Promise<string[]> => karpenter.conditions(NodeOverlay, name);

  afterEach(() => karpenter.bed.close());

  it('change what is bought, and no longer once they are gone', async () => {
    await start();
    await karpenter.readyPool();
    await overlay('savings', { requirements: about('large'), priceAdjustment: '-90%' });
    await karpenter.bed.settle();
    await karpenter.pod('first');
    await karpenter.bed.advance('2s');
    const [first] = await claims();
    expect(first && typesOf(first)).to.deep.equal(['large', 'small']);
    console.log(first?.metadata.annotations, await conditions('savings'));
  });
});
