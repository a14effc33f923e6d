import { expect } from 'chai';
import { providerBed } from '../../../test/support/aws-provider.js';
import type { Requirement } from '../../api/requirement.js';
import { Metrics } from '../../operator/runtime/metrics.js';
import { OfferingMetrics } from './offering-metrics.js';

const PREFIX = 'karpenter_cloudprovider_instance_type_';
const oneOf = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values });
const TYPE = 'node.kubernetes.io/instance-type';
const CAPACITY = 'karpenter.sh/capacity-type';
const ZONE = 'topology.kubernetes.io/zone';

describe('the gauges of offerings', () => {
  async function gauges(pools: readonly Requirement[][], { reservedCapacity = false } = {}) {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const nodePools = pools.map((requirements, index) => bed.addPool(requirements, 'default', `pool-${index}`));
    const metrics = new Metrics();
    const { instanceTypes } = bed.services;
    new OfferingMetrics(metrics, { list: () => nodePools.map((nodePool) => ({ nodePool, instanceTypes: instanceTypes.list(nodeClass) })), factsOf: (name) => instanceTypes.factsOf(name), reservedCapacity }).register();
    const scrape = async () => (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(PREFIX)).map((line) => line.slice(PREFIX.length));
    return { bed, nodePools, scrape };
  }

  it('have upstream\'s names, and only what some pool admits', async () => {
    const { scrape } = await gauges([[oneOf(TYPE, 'm5.large'), oneOf(CAPACITY, 'on-demand'), oneOf(ZONE, 'us-west-2a', 'us-west-2b')]]);
    expect(await scrape()).to.have.members([
      'cpu_cores{instance_type="m5.large"} 2',
      'memory_bytes{instance_type="m5.large"} 8589934592',
      'offering_available{instance_type="m5.large",capacity_type="on-demand",zone="us-west-2a"} 1',
      'offering_available{instance_type="m5.large",capacity_type="on-demand",zone="us-west-2b"} 1',
      'offering_price_estimate{instance_type="m5.large",capacity_type="on-demand",zone="us-west-2a"} 0.096',
      'offering_price_estimate{instance_type="m5.large",capacity_type="on-demand",zone="us-west-2b"} 0.096',
    ]);
  });

  it('are of the moment of the scrape', async () => {
    const { bed, scrape } = await gauges([[oneOf(TYPE, 'm5.large'), oneOf(CAPACITY, 'spot'), oneOf(ZONE, 'us-west-2a')]]);
    const available = async () => (await scrape()).find((line) => line.startsWith('offering_available'))?.at(-1);
    expect(await available()).to.equal('1');
    bed.services.unavailable.markUnavailable({ instanceType: 'm5.large', zone: 'us-west-2a', capacityType: 'spot' });
    expect(await available()).to.equal('0');
    await bed.clock.advance('4m');
    expect(await available()).to.equal('1');
  });

  it('have one series for an offering of several pools', async () => {
    const pool = [oneOf(TYPE, 'm5.large'), oneOf(CAPACITY, 'on-demand'), oneOf(ZONE, 'us-west-2a')];
    const { scrape } = await gauges([pool, pool]);
    expect(await scrape()).to.have.length(4);
  });

  it('show reserved capacity that nobody has reserved as nothing at no price, where reservations are managed', async () => {
    const { scrape } = await gauges([[oneOf(TYPE, 'm5.large'), oneOf(ZONE, 'us-west-2a')]], { reservedCapacity: true });
    expect(await scrape()).to.include.members([
      'offering_available{instance_type="m5.large",capacity_type="reserved",zone="us-west-2a"} 0',
      'offering_price_estimate{instance_type="m5.large",capacity_type="reserved",zone="us-west-2a"} 0',
    ]);
  });

  it('go with the last pool that admits them', async () => {
    const { nodePools, scrape } = await gauges([[]]);
    expect((await scrape()).length).to.be.greaterThan(5_000);
    nodePools.length = 0;
    expect(await scrape()).to.deep.equal([]);
  });
});
