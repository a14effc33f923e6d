import { expect } from 'chai';
import type { NodeOverlay } from '../../api/nodeoverlay.js';
import type { Requirement } from '../../api/requirement.js';
import { providerBed } from '../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../test/support/aws-provider.js';
import { nodeOverlay } from '../../../test/support/overlays.js';
import { evaluateOverlays } from '../overlay/overlay-evaluation.js';
import { OverlayStore } from '../overlay/overlay-store.js';
import { offeringCapacityType } from './instance-type/offering-labels.js';

const TYPE = 'node.kubernetes.io/instance-type';
const inValues = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values });
const types = (...values: string[]): Requirement => inValues(TYPE, ...values);
const capacityTypes = (...values: string[]): Requirement => inValues('karpenter.sh/capacity-type', ...values);

describe('AWS under overlays', () => {
  let bed: ProviderBed;
  let store: OverlayStore;

  /** Takes exactly these overlays into use. */
  const use = async (...overlays: NodeOverlay[]): Promise<void> => {
    const pools = [...bed.pools.values()];
    const known = await Promise.all(pools.map(async (nodePool) => ({ nodePool, instanceTypes: await bed.services.cloudProvider.getInstanceTypes(nodePool) })));
    store.update(evaluateOverlays(overlays, known), pools, pools);
  };
  const launched = async (...requirements: Requirement[]): Promise<string> => {
    const { labels } = await bed.launch(bed.claim(requirements));
    return `${labels[TYPE]} ${labels['karpenter.sh/capacity-type']}`;
  };

  beforeEach(async () => {
    store = new OverlayStore();
    bed = await providerBed({ overlays: store });
    await bed.readyNodeClass();
    bed.addPool();
  });

  for (const capacityType of ['on-demand', 'spot']) {
    it(`launches what they make the cheapest, and has EC2 follow: ${capacityType}`, async () => {
      await use();
      expect(await launched(capacityTypes(capacityType), types('m5.large', 'm5.4xlarge'))).to.equal(`m5.large ${capacityType}`);
      await use(nodeOverlay('licensed', { price: '0.0001', requirements: [types('m5.4xlarge')] }));
      expect(await launched(capacityTypes(capacityType), types('m5.large', 'm5.4xlarge'))).to.equal(`m5.4xlarge ${capacityType}`);
    });
  }

  it('launches on demand what they make cheaper than spot', async () => {
    await use(nodeOverlay('savings', { priceAdjustment: '-90%', requirements: [capacityTypes('on-demand')] }));
    expect(await launched(capacityTypes('spot', 'on-demand'), types('m5.large'))).to.equal('m5.large on-demand');
  });

  it('has EC2 follow the prices when a claim says that it was planned with overlays', async () => {
    await use();
    const claim = bed.claim([capacityTypes('spot'), types('m5.large')]);
    claim.metadata.annotations['karpenter.sh/price-overlay-applied'] = 'true';
    const strategies: unknown[] = [];
    bed.services.clients.ec2.middlewareStack.add((next) => (call) => {
      if ('SpotOptions' in call.input) strategies.push(call.input.SpotOptions?.AllocationStrategy);
      return next(call);
    }, { step: 'initialize' });
    await bed.launch(claim);
    expect(strategies).to.deep.equal(['capacity-optimized-prioritized']);
  });

  it('gives claims what they add to the capacity, and finds it on the instance again', async () => {
    await use(nodeOverlay('slices', { capacity: { 'example.com/slice': '4' }, requirements: [types('m5.large'), inValues('karpenter.sh/nodepool', 'default')] }));
    const instance = await bed.launch(bed.claim([capacityTypes('on-demand'), types('m5.large')], { requests: { 'example.com/slice': '3' } }));
    const [listed] = await bed.run(bed.services.cloudProvider.list());
    for (const each of [instance, listed, await bed.run(bed.services.cloudProvider.get(instance.providerID))]) {
      expect(each?.capacity).to.include({ 'example.com/slice': '4', cpu: '2' });
      expect(each?.allocatable).to.include({ 'example.com/slice': '4' });
    }
    await use();
    expect((await bed.run(bed.services.cloudProvider.get(instance.providerID)))?.capacity).to.include({ cpu: '2' }).and.not.have.property('example.com/slice');
  });

  it('launches nothing for a pool before they are evaluated for it, but still tells of what runs', async () => {
    await use();
    const instance = await bed.launch(bed.claim([capacityTypes('on-demand'), types('m5.large')]));
    store.update(evaluateOverlays([], []), [], []);
    const refused = await bed.launch(bed.claim([types('m5.large')])).then(() => undefined, (error: unknown) => error);
    expect(refused).to.include({ reason: 'UnevaluatedNodePool', message: 'nodepool "default" is awaiting evaluation' });
    expect((await bed.run(bed.services.cloudProvider.get(instance.providerID)))?.labels).to.include({ [TYPE]: 'm5.large' });
  });

  it('sells a type without a price when an overlay about it alone names one', async () => {
    const { pricing } = bed.services;
    const onDemand = pricing.onDemand.bind(pricing);
    pricing.onDemand = (type) => (type === 'm5.large' ? undefined : onDemand(type));
    const spot = pricing.spot.bind(pricing);
    pricing.spot = (type, zone) => (type === 'm5.large' ? undefined : spot(type, zone));
    const [pool] = bed.pools.values();
    const sold = async (name = 'm5.large') => (await bed.services.cloudProvider.getInstanceTypes(pool as never)).find((type) => type.name === name)?.offerings
      .filter(({ available }) => available).map((offering) => `${offeringCapacityType(offering)} ${offering.price}`);
    expect(await sold()).to.deep.equal([]);
    const others = await sold('c5.large');
    await use(nodeOverlay('adjusted', { priceAdjustment: '+1', requirements: [types('m5.large')] }));
    expect(await sold()).to.deep.equal([]);
    await use(nodeOverlay('preview', { price: '0.07', requirements: [types('m5.large', 'c5.large')] }));
    expect(new Set(await sold())).to.deep.equal(new Set(['on-demand 0.07', 'spot 0.07']));
    expect(await sold('c5.large'), 'what has a price keeps it here').to.deep.equal(others);
    expect(await launched(capacityTypes('on-demand'), types('m5.large'))).to.equal('m5.large on-demand');
    await use();
    expect(await sold()).to.deep.equal([]);
  });
});
