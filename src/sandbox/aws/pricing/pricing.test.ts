import { GetProductsCommand, paginateGetProducts } from '@aws-sdk/client-pricing';
import { expect } from 'chai';
import { refusalOf, testAws } from '../testing.js';

const filters = (fields: Record<string, string>) => Object.entries(fields).map(([Field, Value]) => ({ Type: 'TERM_MATCH' as const, Field, Value }));
const common = {
  regionCode: 'us-west-2', serviceCode: 'AmazonEC2', preInstalledSw: 'NA', operatingSystem: 'Linux', capacitystatus: 'Used',
  marketoption: 'OnDemand',
};

interface Product {
  product: { attributes: { instanceType: string } };
  terms: { OnDemand: Record<string, { priceDimensions: Record<string, { pricePerUnit: { USD: string } }> }> };
}

describe('Pricing', () => {
  it('sells every type on demand: shared, or dedicated when it is metal', async () => {
    const { pricing } = testAws();
    const prices = new Map<string, number>();
    for (const kind of [{ tenancy: 'Shared', productFamily: 'Compute Instance' }, { tenancy: 'Dedicated', productFamily: 'Compute Instance (bare metal)' }]) {
      for await (const { PriceList = [] } of paginateGetProducts({ client: pricing, pageSize: 100 }, { ServiceCode: 'AmazonEC2', Filters: filters({ ...common, ...kind }) })) {
        for (const item of PriceList) {
          const { product, terms } = JSON.parse(item.toString()) as Product;
          const [term] = Object.values(terms.OnDemand);
          const [dimension] = Object.values(term?.priceDimensions ?? {});
          expect(product.attributes.instanceType.includes('.metal')).to.equal(kind.tenancy === 'Dedicated');
          prices.set(product.attributes.instanceType, Number(dimension?.pricePerUnit.USD));
        }
      }
    }
    expect(prices.size).to.equal(1345);
    expect(prices.get('t3.medium')).to.equal(0.0416);
    expect(prices.get('m5.metal')).to.equal(4.608);
  });

  it('finds nothing for another region, and refuses other services', async () => {
    const { pricing } = testAws();
    expect((await pricing.send(new GetProductsCommand({
      ServiceCode: 'AmazonEC2', Filters: filters({ ...common, regionCode: 'eu-west-1' }),
    }))).PriceList).to.deep.equal([]);
    expect((await refusalOf(pricing.send(new GetProductsCommand({ ServiceCode: 'AmazonS3' })))).name).to.equal('NotFoundException');
  });
});
