import { expect } from 'chai';
import { crdOf } from '../operator/manifests/crd.js';
import { kindPlanOf, kindRefOf } from '../operator/dsl/kind-plan.js';
import { Problems } from '../operator/dsl/problem.js';
import { ApiError } from '../operator/kube/errors.js';
import { testBed } from '../operator/testing/index.js';
import type { TestBed } from '../operator/testing/index.js';
import { nodeOverlayProblems } from './nodeoverlay-validation.js';
import { NodeOverlay } from './nodeoverlay.js';

type Spec = Record<string, unknown>;
const requirement = (key: string, operator = 'Exists', values?: string[]): Spec => ({ requirements: [{ key, operator, ...(values && { values }) }] });

/** What the schema refuses, and validation does again; with a piece of what each of them says. */
const REFUSED: readonly [title: string, spec: Spec, schema: string, runtime: string][] = [
  ['In without values', requirement('Test', 'In', []), "operator 'In' must have a value", 'spec.requirements[0]: key Test with operator In must have a value'],
  ['NotIn without values', requirement('Test', 'NotIn', []), "operator 'NotIn' must have a value", 'spec.requirements[0]: key Test with operator NotIn must have a value'],
  ...['Gt', 'Lt', 'Gte', 'Lte'].flatMap((operator) => [[], ['1', '2'], ['a'], ['-1']].map((values): [string, Spec, string, string] =>
    [`${operator} of [${values.join(' ')}]`, requirement('a', operator, values), '', `with operator ${operator} must have a single non-negative integer value`])),
  ['an unknown operator', requirement('a', 'Is', ['b']), 'supported values', 'unsupported operator Is'],
  ['a key that is none', requirement('test/test/test'), 'should match', 'not a qualified name'],
  ['keys of karpenter.sh', requirement('karpenter.sh/test', 'In', ['x']), 'label domain "karpenter.sh" is restricted', 'label karpenter.sh/test is restricted'],
  ['keys of karpenter.k8s.aws', requirement('karpenter.k8s.aws/test', 'In', ['x']), 'label domain "karpenter.k8s.aws" is restricted', 'label karpenter.k8s.aws/test is restricted'],
  ['hostnames', requirement('kubernetes.io/hostname'), 'label "kubernetes.io/hostname" is restricted', 'label kubernetes.io/hostname is restricted'],
  ['price and adjustment at once', { price: '1', priceAdjustment: '+1' }, "cannot set both 'price' and 'priceAdjustment'", "cannot set both 'price' and 'priceAdjustment'"],
  ...['+42', '.5', '42.', '42%', '3,14', '1e10', '0x42', 'forty', ' 42', '42 ', '4.2.0', '-', '.', ''].map((price): [string, Spec, string, string] => [`the price ${JSON.stringify(price)}`, { price }, 'should match', 'spec.price: ']),
  ...['1', '1.3', '1%', '-100.0%', '-101%', '-129%', '+', '+%', '+1 %', '++1', '+1.', ''].map((priceAdjustment): [string, Spec, string, string] =>
    [`the adjustment ${JSON.stringify(priceAdjustment)}`, { priceAdjustment }, 'should match', 'spec.priceAdjustment: ']),
  ...['cpu', 'memory', 'ephemeral-storage', 'pods'].map((resource): [string, Spec, string, string] => [`an amount of ${resource}`, { capacity: { [resource]: '1' } }, 'invalid resource restricted', `spec.capacity[${resource}]: resource is restricted`]),
  ['an amount that is none', { capacity: { 'example.com/x': 'many' } }, 'should match', 'spec.capacity[example.com/x]: "many" is not an amount'],
  ['no weight', { weight: 0 }, 'greater than or equal to 1', 'spec.weight: 0 is out of range'],
  ['too much weight', { weight: 10_001 }, 'less than or equal to 10000', 'spec.weight: 10001 is out of range'],
];

const ACCEPTED: readonly [title: string, spec: Spec][] = [
  ['no requirements', {}],
  ...['+1%', '-1%', '-99.9%', '-100%', '+100.102%', '+298%', '+43', '-43', '+34.43', '-34.43', '+.5', '-.5'].map((priceAdjustment): [string, Spec] => [`the adjustment ${priceAdjustment}`, { priceAdjustment }]),
  ...['0', '0.25', '13234.223'].map((price): [string, Spec] => [`the price ${price}`, { price }]),
  ['extended resources', { capacity: { 'smarter-devices/fuse': 1, 'hugepages-2Mi': '100Mi', 'nvidia.com/gpu': '4' } }],
  ['pools, classes and types', { requirements: [
    { key: 'karpenter.sh/nodepool', operator: 'In', values: ['a'] }, { key: 'karpenter.k8s.aws/ec2nodeclass', operator: 'In', values: ['a'] },
    { key: 'karpenter.k8s.aws/instance-cpu', operator: 'Gte', values: ['32'] }, { key: 'test.com/test', operator: 'Exists' }, { key: 'topology.kubernetes.io/zone', operator: 'NotIn', values: ['x'] },
  ] }],
  ['the heaviest', { weight: 10_000 }],
];

/** What only validation sees. */
const RUNTIME: readonly [title: string, spec: Spec, message: string][] = [
  ['a key with too long a name', requirement(`test.com.test/test-${'x'.repeat(250)}`), 'not a qualified name'],
  ['a value that is none', requirement('a', 'In', ['no label value!']), 'must be a label value'],
  ['capacity types that do not exist', requirement('karpenter.sh/capacity-type', 'In', ['cheap']), 'expected one of: [on-demand spot reserved]'],
  ['less than nothing', { capacity: { 'example.com/x': '-1' } }, '"-1" is not an amount'],
  ['a resource without a name', { capacity: { 'a b': '1' } }, 'spec.capacity[a b]: is not a qualified name'],
];

describe('NodeOverlay', () => {
  let bed: TestBed;
  before(async () => {
    bed = await testBed({ kinds: [NodeOverlay] });
  });
  after(() => bed.close());

  const full = (spec: Spec): NodeOverlay['spec'] => ({ requirements: [], ...spec }) as never;
  const problems = (spec: Spec): string => nodeOverlayProblems({ spec: full(spec) }).join('; ');
  const create = (spec: Spec): Promise<unknown> => bed.api.client.create(kindRefOf(NodeOverlay), { metadata: { name: 'overlay' }, spec: full(spec) } as never, { dryRun: true, fieldValidation: 'Strict' });

  it('is a kind of the cluster with a short name, a status and columns', () => {
    const { spec } = crdOf(kindPlanOf(NodeOverlay, new Problems())) as unknown as { spec: { group: string; scope: string; names: object; versions: { name: string; subresources: object; additionalPrinterColumns: { name: string }[] }[] } };
    expect(spec).to.include({ group: 'karpenter.sh', scope: 'Cluster' });
    expect(spec.names).to.deep.include({ plural: 'nodeoverlays', shortNames: ['overlays'], categories: ['karpenter'] });
    expect(spec.versions[0]).to.deep.include({ name: 'v1alpha1', subresources: { status: {} } });
    expect(spec.versions[0]?.additionalPrinterColumns.map(({ name }) => name)).to.deep.equal(['Ready', 'Age', 'Weight']);
  });

  describe('refuses prices, adjustments, amounts, weights and requirements', () => {
    for (const [title, spec, schema, runtime] of REFUSED) {
      it(title, async () => {
        const error = await create(spec).then(() => undefined, (reason: unknown) => reason);
        expect(error, 'the server accepted it').to.be.instanceOf(ApiError);
        expect((error as ApiError).message).to.include(schema);
        expect(problems(spec)).to.include(runtime);
      });
    }
    it('what has no requirements at all', async () => {
      const error = await bed.api.client.create(kindRefOf(NodeOverlay), { metadata: { name: 'overlay' }, spec: {} } as never).then(() => undefined, (reason: unknown) => reason);
      expect((error as ApiError).message).to.include('spec.requirements: Required value');
    });
  });

  describe('accepts', () => {
    for (const [title, spec] of ACCEPTED) {
      it(title, async () => {
        await create(spec);
        expect(problems(spec)).to.equal('');
      });
    }
  });

  describe('finds', () => {
    for (const [title, spec, message] of RUNTIME) it(title, () => expect(problems(spec)).to.include(message));
  });
});
