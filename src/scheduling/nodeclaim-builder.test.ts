import { expect } from 'chai';
import { nodePoolHash } from '../api/nodepool-hash.js';
import type { Requirement } from '../api/requirement.js';
import type { InstanceType } from '../cloud/instance-type.js';
import { instanceType, inValues, nodePool, pod, snapshot } from '../../test/support/workloads.js';
import { buildNodeClaim, buildStaticNodeClaim } from './nodeclaim-builder.js';
import { solve } from './solve.js';

const ZONE = 'topology.kubernetes.io/zone';
const TYPE = 'node.kubernetes.io/instance-type';
const small = instanceType('small', { cpu: 2, memoryGi: 4 }, [{ zone: 'a', price: 0.1 }, { zone: 'b', price: 0.1 }, { zone: 'a', capacityType: 'spot', price: 0.04 }]);
const pool = nodePool('default', {
  labels: { team: 'a' },
  template: {
    requirements: [{ key: 'example.com/rank', operator: 'Gt', values: ['4'] }, { key: 'example.com/kind', operator: 'In', values: ['y', 'x'] }, { key: TYPE, operator: 'Exists', minValues: 1 }],
    taints: [{ key: 'dedicated', effect: 'NoSchedule' }], startupTaints: [{ key: 'starting', effect: 'NoExecute' }], terminationGracePeriod: '1h',
  },
});
const planned = solve(snapshot([{ nodePool: pool, instanceTypes: [small] }]), [pod({ cpu: 500, memoryMi: 512, spec: { tolerations: [{ operator: 'Exists' }], nodeSelector: { [ZONE]: 'b' } } })]).newNodes[0];
if (planned === undefined) throw new Error('the pod was not placed');
const claim = buildNodeClaim(pool, planned);
const requirement = (key: string): Requirement[] => (claim.spec.requirements as Requirement[]).filter((each) => each.key === key);

describe('the NodeClaim of a planned node', () => {
  it('takes over the template', () => {
    expect(claim.metadata.generateName).to.equal('default-');
    expect(claim.spec).to.deep.include({ taints: [{ key: 'dedicated', effect: 'NoSchedule' }], startupTaints: [{ key: 'starting', effect: 'NoExecute' }], terminationGracePeriod: '1h', expireAfter: '720h' });
    expect(claim.spec.nodeClassRef.name).to.equal('default');
    expect(claim.metadata.ownerReferences).to.deep.equal([{ apiVersion: 'karpenter.sh/v1', kind: 'NodePool', name: 'default', uid: 'uid-default', blockOwnerDeletion: true }]);
  });

  it('names the types, and the capacity types of offerings that are left', () => {
    expect(requirement(TYPE)).to.deep.equal([{ key: TYPE, operator: 'In', values: ['small'], minValues: 1 }]);
    expect(requirement('karpenter.sh/capacity-type')).to.deep.equal([inValues('karpenter.sh/capacity-type', 'on-demand')]);
    expect(requirement(ZONE)).to.deep.equal([inValues(ZONE, 'b')]);
  });

  it('asks for what the pods and daemons ask for', () => {
    expect(claim.spec.resources).to.deep.equal({ requests: { cpu: '500m', memory: '512Mi', pods: '1' } });
  });

  it('gives every custom label a value, and none that only the simulation knows', () => {
    expect(claim.metadata.labels).to.deep.equal({
      team: 'a', 'example.com/rank': '5', 'example.com/kind': 'x', 'karpenter.sh/nodepool': 'default', 'karpenter.k8s.aws/ec2nodeclass': 'default',
    });
    expect(requirement('karpenter.sh/registered')).to.deep.equal([]);
    expect(requirement('kubernetes.io/hostname')).to.deep.equal([]);
    expect(requirement('example.com/rank')).to.deep.equal([{ key: 'example.com/rank', operator: 'Gte', values: ['5'] }]);
  });

  it('records what it is compared with for drift', () => {
    expect(claim.metadata.annotations).to.deep.equal({
      'karpenter.sh/nodepool-hash': nodePoolHash(pool), 'karpenter.sh/nodepool-hash-version': 'v3', 'karpenter.sh/nodeclaim-min-values-relaxed': 'false',
    });
  });

  it('says so when a price or a resource of some type is not the cloud\'s', () => {
    const annotations = (type: InstanceType): string[] => Object.keys(buildNodeClaim(pool, { ...planned, instanceTypes: [small, type] }).metadata.annotations ?? {}).filter((key) => key.includes('overlay'));
    expect(annotations(small)).to.deep.equal([]);
    expect(annotations({ ...small, capacityOverlaid: true })).to.deep.equal(['karpenter.sh/capacity-overlay-applied']);
    expect(annotations({ ...small, offerings: small.offerings.map((offering, index) => (index === 2 ? { ...offering, priceOverlaid: true } : offering)) })).to.deep.equal(['karpenter.sh/price-overlay-applied']);
  });

  it('of a static pool names no types and asks for nothing', () => {
    const { spec } = buildStaticNodeClaim(pool);
    expect(spec.resources).to.equal(undefined);
    expect(spec.requirements.filter(({ key }) => key === TYPE)).to.deep.equal([{ key: TYPE, operator: 'Exists', minValues: 1 }]);
    expect(spec.requirements.some(({ key }) => key === 'karpenter.sh/capacity-type')).to.be.false;
  });
});
