import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convert } from '../dsl/convert.js';
import type { JSONSchemaProps } from '../dsl/json-schema.js';
import { Column, ConvertsFrom, Field, ResourceKind, Validation, Version } from '../dsl/kind-decorators.js';
import { kindPlanOf } from '../dsl/kind-plan.js';
import { Problems } from '../dsl/problem.js';
import { Resource } from '../dsl/resource.js';
import type { KubeObject } from '../kube/object.js';
import { s } from '../dsl/schema.js';
import { crdOf } from './crd.js';
import { checkManifests, renderManifests, toYAML } from './render.js';

class Budget {
  @Field(s.string().pattern(/^((100|[0-9]{1,2})%|[0-9]+)$/).default('10%').required())
  declare nodes: string;
  @Field(s.array(s.enum('Empty', 'Drifted')).maxItems(50).optional())
  declare reasons?: readonly ('Empty' | 'Drifted')[];
}

class Disruption {
  @Field(s.duration<string>().pattern(/^(([0-9]+(s|m|h))+|Never)$/).default('0s').optional())
  declare consolidateAfter?: string;
  @Validation("self.all(x, has(x.nodes))", 'nodes is needed')
  @Field(s.array(s.object(() => Budget)).default([{ nodes: '10%' }]).maxItems(50).optional())
  declare budgets?: Budget[];
}

@Validation('has(self.weight) == has(oldSelf.weight)', 'weight stays', { reason: 'FieldValueForbidden', fieldPath: '.weight' })
class PoolSpec {
  @Field(s.object(() => Disruption).default({ consolidateAfter: '0s' }).optional())
  declare disruption?: Disruption;
  @Field(s.int('int32').min(1).max(100).optional().describe('Priority among pools.'))
  declare weight?: number;
  @Field(s.record(s.quantity()))
  declare limits: Record<string, string | number>;
  @Field(s.array(s.object({ key: s.string().minLength(1), effect: s.enum('NoSchedule', 'NoExecute'), value: s.string().optional() })).listMapKeys('key', 'effect').optional())
  declare taints?: { key: string; effect: 'NoSchedule' | 'NoExecute'; value?: string }[];
  @Field(s.record(s.string().maxLength(63)).mapType('atomic').maxProperties(100).validation('self.all(x, x != "a")', 'label "a" is restricted').optional())
  declare labels?: Record<string, string>;
}

class PoolStatus {
  @Field(s.int('int64').default(0))
  declare nodes: number;
}

class OldSpec {
  @Field(s.int().optional())
  declare ttl?: number;
}

@Version({ of: () => Pool, version: 'v1beta1', spec: () => OldSpec, status: () => PoolStatus, deprecated: true, deprecationWarning: 'use v1', served: false })
@Column({ name: 'TTL', type: 'integer', jsonPath: '.spec.ttl' })
class PoolV1Beta1 extends Resource<OldSpec, PoolStatus> {}

@ResourceKind({
  group: 'example.sh', version: 'v1', kind: 'Pool', scope: 'Cluster', categories: ['karpenter'], shortNames: ['po'],
  spec: () => PoolSpec, status: () => PoolStatus, description: 'A pool.',
  scale: { specReplicasPath: '.spec.weight', statusReplicasPath: '.status.nodes' },
})
@ConvertsFrom(() => PoolV1Beta1, {
  upgrade: ({ spec, ...rest }: PoolV1Beta1) => ({ ...rest, spec: { limits: {}, weight: spec.ttl ?? 1 } }),
  downgrade: ({ spec, ...rest }: Pool) => ({
    ...rest,
    metadata: { ...rest.metadata, name: 'other', annotations: { kept: 'yes' } },
    spec: spec.weight === undefined ? {} : { ttl: spec.weight },
  }),
})
@Column({ name: 'Nodes', type: 'string', jsonPath: '.status.nodes' })
@Column({ name: 'Weight', type: 'integer', jsonPath: '.spec.weight', priority: 1 })
@Validation('size(self.metadata.name) < 64', 'the name is too long')
class Pool extends Resource<PoolSpec, PoolStatus, 'Ready'> {}

const planned = () => {
  const problems = new Problems();
  const plan = kindPlanOf(Pool, problems);
  problems.throwIfAny();
  return plan;
};

describe('custom resource definitions', () => {
  const crd = crdOf(planned());
  const [v1, v1beta1] = crd.spec.versions;
  const spec = v1?.schema.openAPIV3Schema.properties?.['spec'] as JSONSchemaProps;

  it('carry names, scope, columns with their priority, and both subresources', () => {
    expect(crd.metadata.name).to.equal('pools.example.sh');
    expect(crd.spec.names).to.deep.equal({ categories: ['karpenter'], kind: 'Pool', listKind: 'PoolList', plural: 'pools', shortNames: ['po'], singular: 'pool' });
    expect(crd.spec.scope).to.equal('Cluster');
    expect(v1?.additionalPrinterColumns).to.deep.equal([
      { jsonPath: '.status.nodes', name: 'Nodes', type: 'string' },
      { jsonPath: '.spec.weight', name: 'Weight', priority: 1, type: 'integer' },
    ]);
    expect(v1?.subresources).to.deep.equal({ scale: { specReplicasPath: '.spec.weight', statusReplicasPath: '.status.nodes' }, status: {} });
  });

  it('describe nested classes, defaults at every level, quantities, map lists and per-key rules', () => {
    expect(spec.required).to.deep.equal(['limits']);
    expect(v1?.schema.openAPIV3Schema.required).to.deep.equal(['spec']);
    expect(spec['x-kubernetes-validations']).to.deep.equal([
      { rule: 'has(self.weight) == has(oldSelf.weight)', message: 'weight stays', reason: 'FieldValueForbidden', fieldPath: '.weight' },
    ]);
    const { disruption, limits, taints, labels, weight } = spec.properties as Record<string, JSONSchemaProps>;
    expect(disruption?.default).to.deep.equal({ consolidateAfter: '0s' });
    expect(disruption?.properties?.['budgets']?.items?.required).to.deep.equal(['nodes']);
    expect(disruption?.properties?.['budgets']?.['x-kubernetes-validations']).to.deep.equal([{ rule: 'self.all(x, has(x.nodes))', message: 'nodes is needed' }]);
    expect(limits?.additionalProperties).to.include({ 'x-kubernetes-int-or-string': true }).and.not.to.have.property('type');
    expect(taints).to.deep.include({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key', 'effect'] });
    expect(labels).to.deep.include({ 'x-kubernetes-map-type': 'atomic', maxProperties: 100, 'x-kubernetes-validations': [{ rule: 'self.all(x, x != "a")', message: 'label "a" is restricted' }] });
    expect(weight).to.deep.equal({ description: 'Priority among pools.', type: 'integer', format: 'int32', minimum: 1, maximum: 100 });
  });

  it('never require status fields, and give status conditions that are a map by type', () => {
    const status = v1?.schema.openAPIV3Schema.properties?.['status'] as JSONSchemaProps;
    expect(status).not.to.have.property('required');
    expect(status.properties?.['conditions']).to.deep.include({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
  });

  it('store one version and have the others, served or not, with their own schema, columns and warning', () => {
    expect(crd.spec.versions.map(({ name, storage, served }) => ({ name, storage, served }))).to.deep.equal([
      { name: 'v1', storage: true, served: true },
      { name: 'v1beta1', storage: false, served: false },
    ]);
    expect(v1beta1).to.include({ deprecated: true, deprecationWarning: 'use v1' });
    expect(crd.spec.versions.map(({ schema }) => schema.openAPIV3Schema.description)).to.deep.equal(['A pool.', 'A pool.']);
    expect(v1beta1?.additionalPrinterColumns).to.deep.equal([{ jsonPath: '.spec.ttl', name: 'TTL', type: 'integer' }]);
    expect(Object.keys(v1beta1?.schema.openAPIV3Schema.properties?.['spec']?.properties ?? {})).to.deep.equal(['ttl']);
  });

  it('do not depend on the order in which properties are declared', () => {
    expect(Object.keys(spec.properties ?? {})).to.deep.equal(['disruption', 'labels', 'limits', 'taints', 'weight']);
    expect(Object.keys(spec).slice(0, 2)).to.deep.equal(['type', 'properties']);
  });
});

describe('conversion between versions', () => {
  const stored = { apiVersion: 'example.sh/v1', kind: 'Pool', metadata: { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels: {}, annotations: {} }, spec: { limits: {}, weight: 7 } };

  it('is by the functions of the versions unless the kind says otherwise, and gives them the labels and annotations that their types promise', () => {
    class BareSpec { @Field(s.string().optional()) declare a?: string; }
    @Version({ of: () => Bare, version: 'v1beta1', spec: () => BareSpec })
    class OldBare extends Resource<BareSpec, unknown> {}
    @ResourceKind({ group: 'test.example.com', version: 'v1', kind: 'Bare', scope: 'Cluster', spec: () => BareSpec })
    @ConvertsFrom(() => OldBare, { upgrade: ({ spec, ...old }: OldBare) => ({ ...old, spec: { a: old.metadata.annotations['a'] ?? 'none', ...spec } }), downgrade: (bare: Bare) => bare })
    class Bare extends Resource<BareSpec, unknown> {}
    const plan = kindPlanOf(Bare, new Problems());
    expect(plan.definition?.conversion).to.equal('Webhook');
    const raw = { apiVersion: 'test.example.com/v1beta1', kind: 'Bare', metadata: { name: 'a' }, spec: {} } as unknown as KubeObject;
    expect(convert(plan, raw, 'v1')).to.deep.equal({ apiVersion: 'test.example.com/v1', kind: 'Bare', metadata: { name: 'a' }, spec: { a: 'none' } });
  });

  it('goes through the stored version and changes labels and annotations of the metadata only', () => {
    const old = convert(planned(), stored, 'v1beta1');
    expect(old).to.deep.equal({ ...stored, apiVersion: 'example.sh/v1beta1', metadata: { ...stored.metadata, annotations: { kept: 'yes' } }, spec: { ttl: 7 } });
    expect(convert(planned(), old, 'v1')).to.deep.include({ apiVersion: 'example.sh/v1', spec: { limits: {}, weight: 7 } });
    expect(stored.metadata.annotations).to.deep.equal({});
  });

  it('names the versions that there are', () => {
    expect(() => convert(planned(), stored, 'v1beta2')).to.throw('Pool "a" from example.sh/v1 to v1beta2: Pool has no version "v1beta2". Did you mean "v1beta1"? It can be "v1", "v1beta1".');
  });
});

describe('generated manifests', () => {
  it('quote what Kubernetes would take for something else', () => {
    expect(toYAML({ a: ['on', 'y', '1:30', '010', 'true', 'Never', '10%'] })).to.equal(`---
a:
  - "on"
  - "y"
  - "1:30"
  - "010"
  - "true"
  - Never
  - 10%
`);
  });

  it('are compared with a directory file by file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'manifests-'));
    try {
      const files = renderManifests({ kinds: [planned()] });
      expect([...files.keys()]).to.deep.equal(['example.sh_pools.yaml']);
      const text = files.get('example.sh_pools.yaml') as string;
      expect(text).to.match(/^---\napiVersion: apiextensions.k8s.io\/v1\nkind: CustomResourceDefinition\n/);
      expect(await checkManifests(directory, files)).to.deep.equal([{ file: 'example.sh_pools.yaml', problem: 'missing' }]);
      await writeFile(join(directory, 'example.sh_pools.yaml'), text);
      expect(await checkManifests(directory, files)).to.deep.equal([]);
      await writeFile(join(directory, 'example.sh_pools.yaml'), text.replace('kind: CustomResourceDefinition', 'kind: Else'));
      await writeFile(join(directory, 'stray.yaml'), '');
      expect(await checkManifests(directory, files)).to.deep.equal([
        { file: 'example.sh_pools.yaml', problem: 'different', line: 3 },
        { file: 'stray.yaml', problem: 'unexpected' },
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
