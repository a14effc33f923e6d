import { expect } from 'chai';
import { EC2NodeClass, NodeClaim, NodeOverlay } from 'karpenter-ts/api';
import type { NodeOverlaySpec } from 'karpenter-ts/api';
import { CloudProvider, OverlayStore, overlaid } from 'karpenter-ts/cloud';
import { ReconcilerToken } from 'karpenter-ts/operator';
import type { ReconcilerClass } from 'karpenter-ts/operator';
import { Container } from 'inversify';
import { providerBed } from '../../test/support/aws-provider.js';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { Disruption } from '../disruption/disruption.js';
import { DisruptionQueue } from '../disruption/disruption-queue.js';
import { NodeClaimDisruption } from '../nodeclaim/disruption.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Provisioner } from '../provisioning/provisioner.js';
import { core } from '../index.js';
import { DEFAULT_SETTINGS } from '../settings.js';
import { NodeOverlayEvaluation } from './evaluation.js';
import { NodeOverlayStatusReconciler } from './status.js';

const TYPE = 'node.kubernetes.io/instance-type';
const gated = (nodeOverlay: boolean) => ({ settings: { featureGates: { ...DEFAULT_SETTINGS.featureGates, nodeOverlay } } });
const about = (...values: string[]): NodeOverlaySpec['requirements'] => [{ key: TYPE, operator: 'In', values }];
/** What a claim may be launched as, cheapest first. */
const typesOf = (claim: NodeClaim | undefined): readonly string[] | undefined => claim?.spec.requirements.find(({ key }) => key === TYPE)?.values;
const overlayAnnotations = (claim: NodeClaim | undefined): string[] => Object.keys(claim?.metadata.annotations ?? {}).filter((key) => key.includes('overlay')).sort();

describe('node overlays', () => {
  let karpenter: KarpenterBed;

  const start = async (gate = true, ...others: ReconcilerClass[]): Promise<void> => {
    karpenter = await karpenterBed([Provisioner, ...(gate ? [NodeOverlayEvaluation, NodeOverlayStatusReconciler] : []), ...others], gated(gate));
    await karpenter.readyNodeClass();
  };
  const claims = (): Promise<NodeClaim[]> => karpenter.api.list(NodeClaim);
  const overlay = (name: string, spec: Partial<NodeOverlaySpec>): Promise<NodeOverlay> => karpenter.api.create(NodeOverlay, { metadata: { name }, spec: { requirements: [], ...spec } });
  const conditions = (name: string): Promise<string[]> => karpenter.conditions(NodeOverlay, name);
  /** The one claim that is made for another pod of this size. */
  const bought = async (name: string, cpu = '7'): Promise<NodeClaim | undefined> => {
    const known = new Set((await claims()).map(({ metadata }) => metadata.name));
    await karpenter.pod(name, { cpu });
    await karpenter.bed.advance('5s');
    return (await claims()).find(({ metadata }) => !known.has(metadata.name));
  };
  const slices = (amount: string) => ({ containers: [{ name: 'main', image: 'image', resources: { requests: { 'example.com/slice': amount }, limits: { 'example.com/slice': amount } } }] });

  afterEach(() => karpenter.bed.close());

  it('change what is bought on AWS, and no longer once they are gone', async () => {
    karpenter = await karpenterBed([Provisioner, NodeClaimLifecycle, NodeOverlayEvaluation, NodeOverlayStatusReconciler], gated(true));
    const store = new OverlayStore();
    const provider = await providerBed({ clock: karpenter.bed.clock, overlays: store });
    karpenter.bed.override(OverlayStore, store).override(CloudProvider, overlaid(provider.services.cloudProvider, store));
    await provider.readyNodeClass();
    await karpenter.readyNodeClass();
    provider.pools.set('default', await karpenter.readyPool({ template: { requirements: [...about('c5.4xlarge', 'm5.4xlarge'), { key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] }] } }));
    const machine = async (name: string): Promise<string[]> => {
      const claim = await bought(name, '9');
      return [claim?.metadata.labels[TYPE] ?? '', ...overlayAnnotations(claim)];
    };
    expect(await machine('before')).to.deep.equal(['c5.4xlarge']);
    await overlay('savings', { requirements: about('m5.4xlarge'), priceAdjustment: '-50%' });
    await karpenter.bed.advance('1s');
    expect(await conditions('savings')).to.deep.equal(['ValidationSucceeded=True ValidationSucceeded', 'Ready=True Ready']);
    expect(await machine('under')).to.deep.equal(['m5.4xlarge', 'karpenter.sh/price-overlay-applied']);
    await karpenter.api.delete(NodeOverlay, 'savings');
    await karpenter.bed.advance('1s');
    expect(await machine('after')).to.deep.equal(['c5.4xlarge']);
  });

  it('let pods be scheduled that ask for what only an overlay says there is', async () => {
    await start();
    await karpenter.readyPool();
    await overlay('slices', { requirements: about('large'), capacity: { 'example.com/slice': '4' } });
    await karpenter.bed.settle();
    await karpenter.api.delete(NodeOverlay, 'slices');
    await karpenter.pod('slicing', { spec: slices('3') });
    await karpenter.bed.advance('30s');
    expect(await claims(), 'after it was deleted').to.deep.equal([]);
    await overlay('slices', { requirements: about('large'), capacity: { 'example.com/slice': '4' } });
    await karpenter.bed.advance('2s');
    const [claim] = await claims();
    expect(typesOf(claim)).to.deep.equal(['large']);
    expect(claim?.spec.resources?.requests).to.include({ 'example.com/slice': '3' });
    expect(overlayAnnotations(claim)).to.deep.equal(['karpenter.sh/capacity-overlay-applied']);
  });

  it('say why they are not in use, and are used as soon as nothing stands in the way', async () => {
    await start();
    await karpenter.readyPool();
    await overlay('a', { price: '1', weight: 7 });
    await overlay('b', { price: '2', weight: 7, requirements: about('small') });
    await overlay('invalid', { requirements: [{ key: `example.com/${'x'.repeat(64)}`, operator: 'Exists' }] });
    await karpenter.bed.advance('2s');
    expect(await conditions('a')).to.deep.equal([
      'ValidationSucceeded=False Conflict: conflict with another overlay: "b" sets the price of instance type small in NodePool "default"; give them different weights, not both 7',
      'Ready=False UnhealthyDependents: ValidationSucceeded=False',
    ]);
    expect(await conditions('b')).to.include('Ready=True Ready');
    expect((await conditions('invalid'))[0]).to.match(/^ValidationSucceeded=False RuntimeValidation: spec.requirements\[0\]: key example.com\/x+ is not a qualified name$/);
    await karpenter.api.patch(NodeOverlay, 'b', { spec: { weight: 8 } });
    await karpenter.bed.advance('2s');
    expect(await conditions('a')).to.include('Ready=True Ready');
    const { status, metadata } = await karpenter.api.get(NodeOverlay, 'b');
    expect(status.conditions?.map(({ observedGeneration }) => observedGeneration)).to.deep.equal([metadata.generation, metadata.generation]);
    expect(metadata.generation).to.equal(2);
  });

  it('are evaluated before anything is planned for a pool, the pools one by one', async () => {
    await start(true, NodeClaimLifecycle);
    const poolsOfClaims = async (): Promise<Set<string | undefined>> => new Set((await claims()).map(({ metadata }) => metadata.labels['karpenter.sh/nodepool']));
    let broken: string | undefined = 'broken';
    karpenter.cloud.getInstanceTypes = async (pool) => {
      if (pool.metadata.name === broken) throw new Error('no types today');
      return karpenter.cloud.instanceTypes;
    };
    await karpenter.readyPool({ weight: 10 }, 'broken');
    await karpenter.readyPool();
    await overlay('slices', { capacity: { 'example.com/slice': '4' } });
    await karpenter.pod('waiting');
    await karpenter.bed.advance('30s');
    expect(await poolsOfClaims()).to.have.all.keys('default');
    expect(await conditions('slices')).to.include('Ready=True Ready');
    expect(karpenter.bed.logs.map((line) => JSON.stringify(line)).find((line) => line.includes('Reconciler error') && line.includes('nodeoverlay.controller'))).to.include('NodePool \\"broken\\": no types today');
    broken = undefined;
    await karpenter.bed.advance('2m');
    await bought('another', '7850m');
    expect(await poolsOfClaims()).to.have.all.keys('broken', 'default');
  });

  it('are evaluated again when a pool comes, and when its class changes', async () => {
    karpenter = await karpenterBed([NodeOverlayEvaluation, NodeOverlayStatusReconciler], gated(true));
    await karpenter.readyNodeClass();
    let asked = 0;
    karpenter.cloud.getInstanceTypes = async () => {
      asked += 1;
      return karpenter.cloud.instanceTypes;
    };
    await karpenter.bed.advance('1m');
    expect(asked).to.equal(0);
    await karpenter.readyPool();
    await karpenter.bed.advance('1s');
    expect(asked).to.equal(1);
    await karpenter.api.patch(EC2NodeClass, 'default', { status: { conditions: [] } });
    await karpenter.bed.advance('1s');
    expect(asked).to.equal(2);
  });

  it('make a node worth replacing, or not', async () => {
    await start(true, NodeClaimLifecycle, NodeClaimDisruption, Disruption, DisruptionQueue);
    const pool = await karpenter.readyPool({
      disruption: { consolidateAfter: '0s', budgets: [{ nodes: '100%' }] }, template: { requirements: [{ key: 'karpenter.sh/capacity-type', operator: 'In', values: ['on-demand'] }] },
    });
    await overlay('dear', { requirements: about('small'), price: '5' });
    await karpenter.bed.settle();
    const { node } = await karpenter.initialized({ requirements: about('large') }, { pool });
    await karpenter.pod('small', { node: node.metadata.name, cpu: '1' });
    await karpenter.bed.advance('2m');
    expect((await claims()).map(({ metadata }) => metadata.name)).to.deep.equal(['claim']);
    await karpenter.api.delete(NodeOverlay, 'dear');
    await karpenter.bed.advance('1m');
    expect((await claims()).map(typesOf)).to.deep.include(['small']);
  });

  it('do nothing while the feature gate is off', async () => {
    const container = new Container();
    await container.loadAsync(...core(DEFAULT_SETTINGS));
    expect(container.getAll<ReconcilerClass>(ReconcilerToken)).to.not.include.members([NodeOverlayEvaluation]).and.not.include.members([NodeOverlayStatusReconciler]);
    await start(false);
    await karpenter.readyPool();
    await overlay('slices', { price: '9', capacity: { 'example.com/slice': '4' } });
    await karpenter.pod('slicing', { spec: slices('1') });
    const claim = await bought('plain');
    expect(overlayAnnotations(claim)).to.deep.equal([]);
    expect(await claims()).to.have.length(1);
    expect(await conditions('slices')).to.deep.equal([]);
  });
});
