import { catalogueTypes, type CatalogueType } from '../../../cloud/aws/catalogue/catalogue.js';
import type { Account } from '../account/account.js';
import { hashId } from '../account/identifiers.js';
import { AwsError } from '../protocol/error.js';
import { jsonService, numberMember, textMember } from '../protocol/json-service.js';

interface Filter {
  readonly Field: string;
  readonly Value: string;
}

const MOST = 100;
/** Codes that AWS uses for on-demand terms and for the hourly dimension in every offer. */
const TERM_CODE = 'JRTCKXETXF';
const RATE_CODE = '6YS6EN2CT7';

/** The one product that each type is sold as here: Linux, on demand; metal as dedicated, the rest as shared. */
function attributesOf(type: CatalogueType, account: Account): Record<string, string> {
  const metal = type.hypervisor === undefined;
  return {
    servicecode: 'AmazonEC2', serviceCode: 'AmazonEC2', regionCode: account.region, instanceType: type.name,
    productFamily: metal ? 'Compute Instance (bare metal)' : 'Compute Instance', tenancy: metal ? 'Dedicated' : 'Shared',
    operatingSystem: 'Linux', preInstalledSw: 'NA', capacitystatus: 'Used', marketoption: 'OnDemand', licenseModel: 'No License required',
    locationType: 'AWS Region', vcpu: String(type.vcpus), memory: `${type.memoryMiB / 1024} GiB`,
    currentGeneration: type.currentGeneration ? 'Yes' : 'No',
  };
}

function priceList(type: CatalogueType, account: Account): string {
  const { productFamily, serviceCode: _, ...attributes } = attributesOf(type, account);
  const sku = hashId('', type.name).slice(2).toUpperCase();
  const term = `${sku}.${TERM_CODE}`;
  const rate = `${term}.${RATE_CODE}`;
  const effectiveDate = '2025-01-01T00:00:00Z';
  const dimension = {
    unit: 'Hrs', endRange: 'Inf', description: `$${type.onDemandPrice} per On Demand Linux ${type.name} Instance Hour`, appliesTo: [],
    rateCode: rate, beginRange: '0', pricePerUnit: { USD: type.onDemandPrice.toFixed(10) },
  };
  return JSON.stringify({
    product: { productFamily, attributes, sku },
    serviceCode: 'AmazonEC2',
    terms: { OnDemand: { [term]: { priceDimensions: { [rate]: dimension }, sku, effectiveDate, offerTermCode: TERM_CODE, termAttributes: {} } } },
    version: '20250101000000',
    publicationDate: effectiveDate,
  });
}

function readFilters(value: unknown): Filter[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new AwsError('InvalidParameterException', 'Filters must be a list');
  return value.map((entry: Partial<Record<string, unknown>> | null) => {
    const { Type, Field, Value } = entry ?? {};
    if (Type !== 'TERM_MATCH' || typeof Field !== 'string' || typeof Value !== 'string') {
      throw new AwsError(
        'InvalidParameterException',
        `The filter ${JSON.stringify(entry)} is not supported here; use Type TERM_MATCH with a Field and a Value`,
      );
    }
    return { Field, Value };
  });
}

export const pricing = jsonService('pricing', { version: '1.1', target: 'AWSPriceListService' }, {
  GetProducts(input, { account }) {
    const service = textMember(input, 'ServiceCode');
    if (service !== 'AmazonEC2') throw new AwsError('NotFoundException', `Service code ${service} is not sold here; only AmazonEC2`);
    const filters = readFilters(input['Filters']);
    const matching = [...catalogueTypes()].filter((type) => {
      const attributes = attributesOf(type, account);
      return filters.every(({ Field, Value }) => attributes[Field]?.toLowerCase() === Value.toLowerCase());
    });
    const token = input['NextToken'] ?? undefined;
    const start = token === undefined ? 0 : Number(Buffer.from(textMember(input, 'NextToken'), 'base64').toString());
    if (!Number.isInteger(start)) {
      throw new AwsError('InvalidNextTokenException', 'The pagination token is invalid. Try again without a pagination token.');
    }
    const end = start + Math.min(MOST, numberMember(input, 'MaxResults') ?? MOST);
    return {
      FormatVersion: 'aws_v1', PriceList: matching.slice(start, end).map((type) => priceList(type, account)),
      ...(end < matching.length ? { NextToken: Buffer.from(String(end)).toString('base64') } : {}),
    };
  },
});
