import { expect } from 'chai';
import fc from 'fast-check';
import { catalogueType, type CatalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import { VirtualClock } from '../../../operator/testing/virtual-clock.js';
import { hashFraction } from './identifiers.js';
import { Network } from './network.js';
import { SpotMarket } from './spot-market.js';
import { zonesOf } from './zones.js';

describe('zones', () => {
  it('carry the ids that AWS gives them', () => {
    expect(zonesOf('us-west-2').map(({ name, id }) => `${name} ${id}`)).to.deep.equal(['us-west-2a usw2-az1', 'us-west-2b usw2-az2', 'us-west-2c usw2-az3']);
    expect(zonesOf('ap-southeast-1')[0]).to.include({ name: 'ap-southeast-1a', id: 'apse1-az1' });
    expect(zonesOf('eu-central-1')[1]).to.include({ id: 'euc1-az2' });
  });
});

describe('a subnet', () => {
  it('never hands out an address twice, nor one that AWS keeps, and takes back what it is given', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 120 }), (steps) => {
        const network = new Network('us-west-2');
        const subnet = network.addSubnet(network.addVpc('10.9.0.0/16', {}), zonesOf('us-west-2')[0] as ReturnType<typeof zonesOf>[0], '10.9.1.16/28', { publicAddresses: false, tags: {} });
        const held: string[] = [];
        for (const take of steps) {
          if (take && subnet.freeAddresses > 0) {
            const address = subnet.takeAddress();
            expect(held).not.to.include(address);
            expect(Number(/^10\.9\.1\.(\d+)$/.exec(address)?.[1])).to.be.within(20, 30);
            held.push(address);
          } else if (!take && held.length > 0) subnet.returnAddress(held.shift() as string);
          expect(subnet.freeAddresses).to.equal(11 - held.length);
        }
      }),
    );
  });

  it('says so when it is full', () => {
    const network = new Network('us-west-2');
    const subnet = network.addSubnet(network.addVpc('10.9.0.0/16', {}), zonesOf('us-west-2')[0] as ReturnType<typeof zonesOf>[0], '10.9.1.16/28', { publicAddresses: false, tags: {} });
    for (let count = 0; count < 11; count += 1) subnet.takeAddress();
    expect(() => subnet.takeAddress()).to.throw(subnet.id).with.property('reason', 'InsufficientFreeAddressesInSubnet');
  });
});

describe('the spot market', () => {
  const [zone] = zonesOf('us-west-2') as [ReturnType<typeof zonesOf>[0]];
  const type = catalogueType('m5.large') as CatalogueType;

  it('gives the same prices for the same seed, and others for another', () => {
    const clock = new VirtualClock();
    const prices = (seed: number) => zonesOf('us-west-2').map((place) => new SpotMarket(clock, seed).price(type, place));
    expect(prices(7)).to.deep.equal(prices(7));
    expect(prices(7)).not.to.deep.equal(prices(8));
  });

  it('stands still unless prices are let loose; then they wander slowly, within bounds', async () => {
    const clock = new VirtualClock();
    const market = new SpotMarket(clock, 3);
    const start = market.price(type, zone);
    await clock.advance('48h');
    expect(market.price(type, zone)).to.equal(start);
    market.volatility = 0.3;
    const seen = new Set<number>();
    let previous = market.price(type, zone);
    for (let hour = 0; hour < 200; hour += 1) {
      await clock.advance('1h');
      const price = market.price(type, zone);
      expect(price).to.be.within(start * 0.69, Math.min(start * 1.31, type.onDemandPrice));
      expect(Math.abs(price - previous) / start).to.be.at.most(0.3);
      seen.add(price);
      previous = price;
    }
    expect(seen.size).to.be.greaterThan(20);
  });

  it('is deep in ordinary machines and shallow in rare ones', () => {
    const market = new SpotMarket(new VirtualClock(), 1);
    expect(market.depth(type, zone)).to.be.greaterThan(5_000);
    expect(market.depth(catalogueType('p5.48xlarge') as CatalogueType, zone)).to.be.within(1, 20);
  });
});

describe('hashFraction', () => {
  it('spreads evenly over [0, 1)', () => {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 10_000; index += 1) {
      const fraction = hashFraction(1, `pool-${index}`);
      expect(fraction).to.be.at.least(0).and.below(1);
      buckets[Math.floor(fraction * 10)] = (buckets[Math.floor(fraction * 10)] as number) + 1;
    }
    for (const bucket of buckets) expect(bucket).to.be.within(880, 1_120);
  });
});
