import { expect } from 'chai';
import fc from 'fast-check';
import type { JSONSchemaProps } from '../../operator/dsl/json-schema.js';
import { kindRefOf } from '../../operator/dsl/kind-plan.js';
import type { KindClass } from '../../operator/dsl/resource.js';
import { ApiError } from '../../operator/kube/errors.js';
import type { KubeObject, ObjectInput } from '../../operator/kube/object.js';
import { testBed } from '../../operator/testing/index.js';
import type { TestBed } from '../../operator/testing/index.js';
import { EC2NodeClass } from '../ec2nodeclass.js';
import { NodeClaim } from '../nodeclaim.js';
import { NodePool } from '../nodepool.js';
import { EC2NodeClassV1Beta1, withKeyID } from './ec2nodeclass.js';
import { NodeClaimV1Beta1 } from './nodeclaim.js';
import { NodePoolV1Beta1 } from './nodepool.js';

interface AnyObject extends KubeObject { spec: Record<string, unknown> }

/** Fields whose rules (in CEL) go beyond what their schema says; without these hardly any generated object would be valid. */
const BY_NAME: Record<string, fc.Arbitrary<unknown>> = {
  requirements: fc.array(fc.constantFrom(
    { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }, { key: 'team', operator: 'Gte', values: ['5'] }, { key: 'team', operator: 'Exists', minValues: 2 },
  ), { maxLength: 3 }),
  subnetSelectorTerms: fc.constantFrom([{ id: 'subnet-1' }], [{ tags: { a: '*' } }, { id: 'subnet-2' }]),
  securityGroupSelectorTerms: fc.constantFrom([{ id: 'sg-1' }], [{ name: 'nodes' }]),
  capacityReservationSelectorTerms: fc.constantFrom([], [{ id: 'cr-1' }], [{ tags: { a: 'b' }, ownerID: '123456789012' }]),
  placementGroupSelector: fc.constantFrom({ name: 'a' }, { id: 'pg-1' }),
  connectionTracking: fc.record({ udpTimeout: fc.integer({ min: 30, max: 60 }) }),
  kubeReserved: fc.constantFrom({}, { cpu: '100m' }),
  systemReserved: fc.constantFrom({}, { memory: '1Gi' }),
  networkInterfaces: fc.constant([{ networkCardIndex: 0, deviceIndex: 0, interfaceType: 'interface' }]),
  labels: fc.dictionary(fc.constantFrom('team', 'example.com/tier'), fc.constantFrom('', 'a')),
  tags: fc.dictionary(fc.constantFrom('team', 'Name'), fc.constantFrom('a', '*')),
  evictionHard: fc.constant({ 'memory.available': '5%' }),
  evictionSoft: fc.constant({}),
  evictionSoftGracePeriod: fc.constant({}),
};

const images = ({ properties }: JSONSchemaProps): object[][] =>
  [[{ id: 'ami-1' }], [{ name: 'x', owner: 'self' }], ...(properties?.['alias'] ? ['al2@latest', 'al2023@latest', 'bottlerocket@v1.20.0'].map((alias) => [{ alias }]) : [])];

/** Values that a schema describes. */
function valueOf(schema: JSONSchemaProps): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...(schema.enum as readonly unknown[]));
  if (schema['x-kubernetes-int-or-string']) return fc.constantFrom(3, '100m', '1.5Gi');
  if (schema.items?.properties?.['owner']) return fc.constantFrom(...images(schema.items));
  switch (schema.type) {
    case 'boolean': return fc.boolean();
    case 'integer': return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000 });
    case 'array': {
      const limits = { minLength: schema.minItems ?? 0, maxLength: 2 };
      const items = valueOf(schema.items as JSONSchemaProps);
      return schema['x-kubernetes-list-type'] === 'set' ? fc.uniqueArray(items, limits) : fc.array(items, limits);
    }
    case 'object': {
      if (!schema.properties) return fc.dictionary(fc.constantFrom('cpu', 'memory'), valueOf(schema.additionalProperties as JSONSchemaProps));
      const fields = Object.entries(schema.properties).filter(([name]) => name !== 'instanceProfile').map(([name, field]) => [name, BY_NAME[name] ?? valueOf(field)]);
      return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [...(schema.required ?? [])] });
    }
    default:
      if (schema.format === 'date-time') return fc.constant('2026-01-01T00:00:00Z');
      return schema.pattern === undefined ? fc.constantFrom('a', 'b') : fc.stringMatching(new RegExp(schema.pattern)).filter((text) => text.length <= (schema.maxLength ?? 60));
  }
}

describe('Objects generated from the schemas', () => {
  let bed: TestBed;
  let named = 0;
  before(async () => {
    bed = await testBed({ kinds: [NodePool, NodeClaim, EC2NodeClass] });
  });
  after(() => bed.close());

  /** The stored object, or undefined when a rule forbids it. */
  async function created(type: KindClass, spec: unknown): Promise<AnyObject | undefined> {
    try {
      return await bed.api.client.create<AnyObject>(kindRefOf(type), { metadata: { name: `object-${++named}` }, spec } as ObjectInput<AnyObject>, { fieldValidation: 'Strict' });
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'Invalid') return undefined;
      throw error;
    }
  }

  /** What an object says, whichever of two spellings it uses. */
  const meaning = (spec: Record<string, unknown>): unknown =>
    (spec['blockDeviceMappings'] ? { ...spec, blockDeviceMappings: withKeyID(spec['blockDeviceMappings'] as NonNullable<EC2NodeClass['spec']['blockDeviceMappings']>) } : spec);

  const pairs: [string, KindClass, KindClass][] = [
    ['NodePool', NodePool, NodePoolV1Beta1], ['NodeClaim', NodeClaim, NodeClaimV1Beta1], ['EC2NodeClass', EC2NodeClass, EC2NodeClassV1Beta1],
  ];
  for (const [kind, current, old] of pairs) {
    for (const [written, read] of [[current, old], [old, current]] as const) {
      const { version } = kindRefOf(written);
      it(`lose nothing when a ${version} ${kind} is read and written back as ${kindRefOf(read).version}`, async () => {
        const schema = bed.plan.kinds.find((plan) => plan.kind === kind)?.definition?.versions.find(({ name }) => name === version)?.schema.properties?.['spec'];
        await fc.assert(fc.asyncProperty(valueOf(schema as JSONSchemaProps), async (spec) => {
          const original = await created(written, spec);
          fc.pre(original !== undefined);
          const target = { name: original.metadata.name };
          const other = await bed.api.client.get<AnyObject>(kindRefOf(read), target);
          await bed.api.client.replace(kindRefOf(read), other, { fieldValidation: 'Strict' });
          const back = await bed.api.client.get<AnyObject>(kindRefOf(written), target);
          expect(meaning(back.spec)).to.deep.equal(meaning(original.spec));
          await bed.api.client.delete(kindRefOf(written), target);
        }), { numRuns: 60, seed: 42, maxSkipsPerRun: 200 });
      });
    }
  }
});
