import { expect } from 'chai';
import fc from 'fast-check';
import type { EC2NodeClass } from '../ec2nodeclass.js';
import type { NodeClaim } from '../nodeclaim.js';
import type { NodePool } from '../nodepool.js';
import { nodeClassFromV1, nodeClassToV1 } from './ec2nodeclass.js';
import type { EC2NodeClassV1Beta1 } from './ec2nodeclass.js';
import { nodeClaimFromV1, nodeClaimToV1 } from './nodeclaim.js';
import type { NodeClaimV1Beta1 } from './nodeclaim.js';
import { nodePoolFromV1, nodePoolToV1 } from './nodepool.js';
import type { NodePoolV1Beta1 } from './nodepool.js';

const metadata = { name: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: { mine: 'kept' } };
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields).map((value) => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T);
const duration = fc.constantFrom('0s', '30s', '5m', '720h', 'Never');
const kubelet = record({ maxPods: optional(fc.nat(200)), systemReserved: optional(fc.constant({ cpu: '100m' })) });
const requirements = fc.array(record({ key: fc.constantFrom('kubernetes.io/arch', 'example.com/a'), operator: fc.constantFrom('In' as const, 'Exists' as const), values: optional(fc.constant(['amd64'])) }), { maxLength: 2 });
const budget = record({ nodes: fc.constantFrom('10%', '3'), schedule: optional(fc.constant('@daily')), duration: optional(fc.constant('1h')) });

const reference = fc.record({ group: fc.constant('karpenter.k8s.aws'), kind: fc.constant('EC2NodeClass'), name: fc.constantFrom('default', 'gpu') });
const v1Pool = record({
  template: record({
    metadata: optional(fc.constant({ labels: { team: 'a' } })),
    spec: record({ requirements, nodeClassRef: reference, expireAfter: optional(duration), terminationGracePeriod: optional(fc.constant('1h')) }),
  }),
  disruption: record({
    consolidationPolicy: fc.constantFrom('WhenEmpty' as const, 'WhenEmptyOrUnderutilized' as const, 'Balanced' as const),
    consolidateAfter: duration,
    budgets: optional(fc.array(fc.tuple(budget, optional(fc.constant(['Empty']))).map(([base, reasons]) => (reasons ? { ...base, reasons } : base)), { maxLength: 2 })),
  }),
  limits: optional(fc.constant({ cpu: 1000 })),
  weight: optional(fc.integer({ min: 1, max: 100 })),
  replicas: optional(fc.nat(5)),
});
const v1beta1Pool = record({
  template: record({
    spec: record({
      requirements,
      nodeClassRef: optional(record({ apiVersion: optional(fc.constant('karpenter.k8s.aws/v1beta1')), kind: optional(fc.constant('EC2NodeClass')), name: fc.constant('default') })),
      kubelet: optional(kubelet),
    }),
  }),
  disruption: record({
    consolidationPolicy: fc.constantFrom('WhenEmpty' as const, 'WhenUnderutilized' as const),
    consolidateAfter: optional(duration),
    expireAfter: optional(duration),
    budgets: optional(fc.array(budget, { maxLength: 2 })),
  }),
  limits: optional(fc.constant({ cpu: '500' })),
});

describe('conversion between v1beta1 and v1', () => {
  it('loses nothing of a v1 NodePool', () => {
    fc.assert(fc.property(v1Pool, (spec) => {
      const pool = { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata, spec, status: {} } as unknown as NodePool;
      expect(nodePoolToV1(nodePoolFromV1(pool)).spec).to.deep.equal(pool.spec);
    }));
  });

  it('loses nothing of a v1beta1 NodePool', () => {
    fc.assert(fc.property(v1beta1Pool, (spec) => {
      const pool = { apiVersion: 'karpenter.sh/v1beta1', kind: 'NodePool', metadata, spec, status: {} } as unknown as NodePoolV1Beta1;
      const back = nodePoolFromV1(nodePoolToV1(pool));
      expect(back.spec).to.deep.equal(pool.spec);
      expect(back.metadata).to.deep.equal(pool.metadata);
    }));
  });

  it('reads the guide\'s WhenUnderutilized with consolidateAfter as v1 means it', () => {
    const old = {
      apiVersion: 'karpenter.sh/v1beta1', kind: 'NodePool', metadata, status: {},
      spec: { template: { spec: { requirements: [] } }, disruption: { consolidationPolicy: 'WhenUnderutilized', consolidateAfter: '30s', expireAfter: '30m' } },
    } as NodePoolV1Beta1;
    const { spec } = nodePoolToV1(old);
    expect(spec.disruption).to.include({ consolidationPolicy: 'WhenEmptyOrUnderutilized', consolidateAfter: '30s' });
    expect(spec.template.spec).to.deep.include({ expireAfter: '30m', nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' } });
  });

  it('loses nothing of NodeClaims', () => {
    fc.assert(fc.property(record({ requirements, nodeClassRef: reference, expireAfter: optional(duration), terminationGracePeriod: optional(fc.constant('1h')) }), (spec) => {
      const claim = { apiVersion: 'karpenter.sh/v1', kind: 'NodeClaim', metadata, spec, status: {} } as unknown as NodeClaim;
      expect(nodeClaimToV1(nodeClaimFromV1(claim)).spec).to.deep.equal(claim.spec);
    }));
    fc.assert(fc.property(record({ requirements, nodeClassRef: record({ name: fc.constant('x'), kind: optional(fc.constant('EC2NodeClass')) }), kubelet: optional(kubelet) }), (spec) => {
      const claim = { apiVersion: 'karpenter.sh/v1beta1', kind: 'NodeClaim', metadata, spec, status: {} } as unknown as NodeClaimV1Beta1;
      expect(nodeClaimFromV1(nodeClaimToV1(claim)).spec).to.deep.equal(claim.spec);
    }));
  });

  const terms = { subnetSelectorTerms: [{ tags: { a: 'b' } }], securityGroupSelectorTerms: [{ id: 'sg-1' }] };

  it('turns a family without image terms into its alias, and back', () => {
    const old = { apiVersion: 'karpenter.k8s.aws/v1beta1', kind: 'EC2NodeClass', metadata, status: {}, spec: { ...terms, amiFamily: 'AL2', role: 'r' } } as EC2NodeClassV1Beta1;
    const now = nodeClassToV1(old);
    expect(now.spec).to.deep.equal({ ...terms, role: 'r', amiSelectorTerms: [{ alias: 'al2@latest' }] });
    expect(nodeClassFromV1(now).spec).to.deep.equal(old.spec);
  });

  it('keeps a v1 class that names only a family, or Custom beside an alias', () => {
    for (const images of [{ amiFamily: 'AL2023' }, { amiFamily: 'Custom', amiSelectorTerms: [{ alias: 'al2023@latest' }] }]) {
      const now = { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata, status: {}, spec: { ...terms, ...images, role: 'r' } } as unknown as EC2NodeClass;
      const old = nodeClassFromV1(now);
      expect(old.spec).to.include({ amiFamily: 'AL2023' });
      expect(nodeClassToV1(old).spec).to.deep.equal(now.spec);
    }
  });

  it('follows a family that was changed in v1beta1', () => {
    const now = { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata, status: {}, spec: { ...terms, amiFamily: 'AL2023', amiSelectorTerms: [{ alias: 'al2023@latest' }], role: 'r' } } as unknown as EC2NodeClass;
    const old = nodeClassFromV1(now);
    old.spec.amiFamily = 'Bottlerocket';
    expect(nodeClassToV1(old).spec).to.deep.equal({ ...terms, amiSelectorTerms: [{ alias: 'bottlerocket@latest' }], role: 'r' });
  });

  it('keeps kmsKeyId under the API\'s name', () => {
    const old = {
      apiVersion: 'karpenter.k8s.aws/v1beta1', kind: 'EC2NodeClass', metadata, status: {},
      spec: { ...terms, amiFamily: 'AL2', blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { kmsKeyId: 'alias/key', volumeSize: '50Gi' } }] },
    } as EC2NodeClassV1Beta1;
    expect(nodeClassToV1(old).spec.blockDeviceMappings).to.deep.equal([{ deviceName: '/dev/xvda', ebs: { kmsKeyID: 'alias/key', volumeSize: '50Gi' } }]);
  });

  it('carries Ubuntu as upstream did', () => {
    const old = { apiVersion: 'karpenter.k8s.aws/v1beta1', kind: 'EC2NodeClass', metadata, status: {}, spec: { ...terms, amiFamily: 'Ubuntu', role: 'r' } } as EC2NodeClassV1Beta1;
    const now = nodeClassToV1(old);
    expect(now.spec.amiSelectorTerms).to.deep.equal([{ id: 'ami-placeholder' }]);
    expect(now.spec.blockDeviceMappings?.[0]?.deviceName).to.equal('/dev/sda1');
    expect(nodeClassFromV1(now).spec).to.deep.equal(old.spec);
  });

  it('loses nothing of a v1 EC2NodeClass', () => {
    const v1 = record({
      subnetSelectorTerms: fc.constant(terms.subnetSelectorTerms),
      securityGroupSelectorTerms: fc.constant(terms.securityGroupSelectorTerms),
      amiSelectorTerms: fc.constantFrom([{ alias: 'al2023@latest' }], [{ alias: 'bottlerocket@v1.20.0' }], [{ id: 'ami-1' }], [{ ssmParameter: '/x' }]),
      amiFamily: fc.constant(undefined as string | undefined),
      kubelet: optional(kubelet),
      ipPrefixCount: optional(fc.nat(3)),
      cpuOptions: optional(fc.constant({ nestedVirtualization: 'enabled' })),
      role: fc.constant('r'),
    }).map((spec) => (spec.amiSelectorTerms[0] && 'alias' in spec.amiSelectorTerms[0] ? spec : { ...spec, amiFamily: 'Custom' }));
    fc.assert(fc.property(v1, (spec) => {
      const nodeClass = { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata, spec, status: {} } as unknown as EC2NodeClass;
      expect(nodeClassToV1(nodeClassFromV1(nodeClass)).spec).to.deep.equal(nodeClass.spec);
    }));
  });
});
