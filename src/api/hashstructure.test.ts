import { expect } from 'chai';
import { fnv1, go, hashOf } from './hashstructure.js';
import { nodePoolHash } from './nodepool-hash.js';
import type { NodePool } from './nodepool.js';

const pool = (template: Partial<NodePool['spec']['template']['spec']>, metadata?: NodePool['spec']['template']['metadata']): Pick<NodePool, 'spec'> => ({
  spec: {
    template: {
      ...(metadata ? { metadata } : {}),
      spec: { requirements: [], nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, expireAfter: '720h', ...template },
    },
  },
});

describe('the structural hash', () => {
  it('hashes strings as FNV-1, the hash of upstream\'s instance profile names', () => {
    expect(fnv1(new TextEncoder().encode('us-west-2default')).toString()).to.equal('4067990795380418201');
  });

  it('ignores zero fields, and the order of slices and map entries', () => {
    const struct = (zone: string, ...tags: [string, string][]): bigint =>
      hashOf(go.struct('T', [['Zone', go.string(zone)], ['Tags', go.stringMap(Object.fromEntries(tags))], ['Absent', undefined]]));
    expect(struct('a', ['x', '1'], ['y', '2'])).to.equal(struct('a', ['y', '2'], ['x', '1']));
    expect(struct('')).to.not.equal(hashOf(go.struct('T', [])));
    expect(hashOf(go.struct('T', [['Zone', go.string('')]]))).to.equal(hashOf(go.struct('T', [])));
  });

  it('follows what drifts a pool, and nothing else', () => {
    const base = nodePoolHash(pool({}));
    expect(nodePoolHash(pool({ requirements: [{ key: 'a', operator: 'Exists' }] }))).to.equal(base);
    expect(nodePoolHash(pool({ expireAfter: '1h' }))).to.not.equal(base);
    expect(nodePoolHash(pool({ terminationGracePeriod: '1h' }))).to.not.equal(base);
    expect(nodePoolHash(pool({}, { labels: { team: 'a' } }))).to.not.equal(base);
    const taints = [{ key: 'a', effect: 'NoSchedule' as const }, { key: 'b', effect: 'NoExecute' as const }];
    expect(nodePoolHash(pool({ taints }))).to.equal(nodePoolHash(pool({ taints: taints.toReversed() })));
    expect(base).to.match(/^\d+$/);
  });
});
