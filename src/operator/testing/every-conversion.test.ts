import { expect } from 'chai';
import { ConvertsFrom, Field, ResourceKind, Version } from '../dsl/kind-decorators.js';
import { mismatch } from '../dsl/resolve-schema.js';
import type { KindClass } from '../dsl/resource.js';
import { Resource } from '../dsl/resource.js';
import { s } from '../dsl/schema.js';
import { kindPlanOf } from '../dsl/kind-plan.js';
import { Problems } from '../dsl/problem.js';
import type { KubeObject } from '../kube/object.js';
import { seededRandom } from '../random.js';
import { ConversionLoss, everyConversion } from './every-conversion.js';
import { NoValueError, SchemaValues } from './schema-values.js';

const HOURS = 'test.example.com/hours';

class OldSpec {
  @Field(s.int().min(1).max(24)) declare hours: number;
  @Field(s.string().optional()) declare owner?: string;
}
class Spec {
  @Field(s.int().min(60).max(1_440)) declare minutes: number;
  @Field(s.string().optional()) declare owner?: string;
  @Field(s.array(s.object({ key: s.enum('a', 'b'), share: s.quantity().optional() })).listMapKeys('key').optional()) declare parts?: { key: 'a' | 'b'; share?: string | number }[];
}
@Version({ of: () => Lease, version: 'v1beta1', spec: () => OldSpec })
class OldLease extends Resource<OldSpec, unknown> {}
/** Minutes are more than hours can say, and parts are new: both go into an annotation. */
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Lease', scope: 'Namespaced', spec: () => Spec, conversion: 'Webhook' })
@ConvertsFrom(() => OldLease, {
  upgrade: ({ spec: { hours, ...same }, metadata, ...rest }) => {
    const { [HOURS]: carried, ...annotations } = metadata.annotations;
    const { minutes, ...more } = carried === undefined ? { minutes: hours * 60 } : JSON.parse(carried) as Pick<Spec, 'minutes' | 'parts'>;
    return { ...rest, metadata: { ...metadata, annotations }, spec: { ...same, ...more, minutes } };
  },
  downgrade: ({ spec: { minutes, parts, ...same }, metadata, ...rest }) => ({
    ...rest, spec: { ...same, hours: Math.ceil(minutes / 60) },
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...(minutes % 60 === 0 && !parts ? {} : { [HOURS]: JSON.stringify(parts ? { minutes, parts } : { minutes }) }) } },
  }),
})
class Lease extends Resource<Spec, unknown> {}

@Version({ of: () => Lossy, version: 'v1beta1', spec: () => OldSpec })
class OldLossy extends Resource<OldSpec, unknown> {}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Lossy', scope: 'Cluster', spec: () => Spec, conversion: 'Webhook' })
@ConvertsFrom(() => OldLossy, {
  upgrade: ({ spec: { hours, ...same }, ...rest }) => ({ ...rest, spec: { ...same, minutes: hours * 60 } }),
  downgrade: ({ spec: { minutes, parts: _, ...same }, ...rest }) => ({ ...rest, spec: { ...same, hours: Math.ceil(minutes / 60) } }),
})
class Lossy extends Resource<Spec, unknown> {}

class CodeSpec {
  @Field(s.string().pattern(/^[A-Z]{3}-\d{4}$/)) declare code: string;
}
@Version({ of: () => Coded, version: 'v1beta1', spec: () => CodeSpec })
class OldCoded extends Resource<CodeSpec, unknown> {}
@ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Coded', scope: 'Cluster', spec: () => CodeSpec, conversion: 'Webhook' })
@ConvertsFrom(() => OldCoded, { upgrade: (old) => old, downgrade: (coded) => coded })
class Coded extends Resource<CodeSpec, unknown> {}

const thrown = (work: () => void): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('every conversion of a kind', () => {
  it('is lossless where it carries on what the other version cannot say', () => {
    everyConversion(Lease);
  });

  it('names the field that did not come back, in the first object that lost it', () => {
    const loss = thrown(() => everyConversion(Lossy)) as ConversionLoss;
    expect(loss).to.be.instanceOf(ConversionLoss);
    expect(loss.field).to.match(/^spec\.(minutes|parts)$/);
    expect(loss.message).to.match(/^Lossy of test\.example\.com\/v1 does not survive v1beta1: spec\.\w+ was .*, and is .* when it is back\n\{/);
    const isOfFullHours = (object: KubeObject): boolean => {
      const { hours, minutes = 0, parts } = (object as unknown as { spec: Partial<OldSpec & Spec> }).spec;
      return hours !== undefined || (minutes % 60 === 0 && !parts);
    };
    everyConversion(Lossy, { where: isOfFullHours, runs: 1_000 });
    expect(() => everyConversion(Lossy, { where: () => false })).to.throw(TypeError, 'where lets none of 100 objects of Lossy v1 through: nothing would be tried');
  });

  it('asks for examples where a schema does not say enough', () => {
    expect(thrown(() => everyConversion(Coded))).to.be.instanceOf(NoValueError)
      .with.property('message', 'no value for spec.code can be made up from its schema; give some: examples: { "spec.code": […] }');
    everyConversion(Coded, { examples: { 'spec.code': ['ABC-1234'] } });
  });

  it('is of a kind that has more than one version', () => {
    @ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Single', scope: 'Cluster', spec: () => OldSpec })
    class Single extends Resource<OldSpec, unknown> {}
    expect(() => everyConversion(Single as KindClass)).to.throw(TypeError, 'Single has no other versions: there is nothing to convert; see @ConvertsFrom');
  });
});

describe('values that are made up', () => {
  it('are what the schema allows, all of it in the end, and the same from the same seed', () => {
    const schema = kindPlanOf(Lease, new Problems()).definition?.versions[0]?.schema.properties?.['spec'] ?? {};
    const made = (seed: number): unknown[] => {
      const values = new SchemaValues(seededRandom(seed));
      return Array.from({ length: 200 }, () => values.of(schema, 'spec'));
    };
    const specs = made(1) as Spec[];
    for (const spec of specs) expect(mismatch(spec, schema), JSON.stringify(spec)).to.equal(undefined);
    expect(new Set(specs.map(({ parts, owner }) => `${parts?.length} ${owner === undefined}`))).to.include.members(['undefined true', 'undefined false', '0 false', '1 true', '2 false']);
    for (const { parts = [] } of specs) expect(new Set(parts.map(({ key }) => key)).size).to.equal(parts.length);
    expect(made(1)).to.deep.equal(specs);
    expect(made(2)).not.to.deep.equal(specs);
  });
});

describe('made-up objects', () => {
  class NestedSpec { @Field(s.object({ memory: s.string().default('a') }).default({})) declare resources: { memory: string }; }
  class FlatSpec { @Field(s.string().default('a')) declare memory: string; }
  @Version({ of: () => Nested, version: 'v1beta1', spec: () => FlatSpec })
  class Flat extends Resource<FlatSpec, unknown> {}
  @ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Nested', scope: 'Cluster', spec: () => NestedSpec })
  @ConvertsFrom(() => Flat, {
    upgrade: ({ spec: { memory }, ...rest }: Flat) => ({ ...rest, spec: { resources: { memory } } }),
    downgrade: ({ spec: { resources: { memory } }, ...rest }: Nested) => ({ ...rest, spec: { memory } }),
  })
  class Nested extends Resource<NestedSpec, unknown> {}

  it('have what has a default, as API servers fill it in before they convert', () => everyConversion(Nested));
});
