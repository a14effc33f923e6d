import { expect } from 'chai';
import { Lease, Node } from 'karpenter-ts/operator';
import type { ObjectInput } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import { LeaseGarbageCollection } from './lease-garbage-collection.js';

describe('leases of kubelets', () => {
  it('are deleted once their node is gone, they have no owner, and nobody renews them', async () => {
    // The kubelet of one comes back just as its lease is about to go.
    const karpenter = await karpenterBed([LeaseGarbageCollection], {
      intercept: (inner) => ({
        ...inner,
        send: async (request) => {
          if (request.method === 'DELETE' && request.path.includes('/back')) await karpenter.api.patch(Lease, { name: 'back', namespace: 'kube-node-lease' }, { spec: { renewTime: '2024-01-01T00:10:00.000000Z' } });
          return inner.send(request);
        },
      }),
    });
    try {
      const create = async (name: string, renewTime: string, rest: Partial<Lease['metadata']> = {}): Promise<unknown> =>
        karpenter.api.create(Lease, { metadata: { name, namespace: 'kube-node-lease', ...rest }, spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime } } as unknown as ObjectInput<Lease>);
      const past = '2024-01-01T00:00:00.000000Z';
      for (const name of ['alive', 'owned']) await karpenter.api.create(Node, { metadata: { name } });
      const { metadata: { uid } } = await karpenter.api.get(Node, 'owned');
      await create('alive', past);
      await create('leaked', past);
      await create('back', past);
      await create('renewed', '2024-01-01T00:09:00.000000Z');
      await create('owned', past, { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'owned', uid }] });
      await create('elsewhere', past, { namespace: 'default' });
      await karpenter.bed.advance('10m');
      const left = (await karpenter.api.list(Lease)).map(({ metadata }) => metadata.name);
      expect(left).to.include.members(['alive', 'renewed', 'owned', 'elsewhere', 'back']);
      expect(left).to.not.include('leaked');
      expect(await karpenter.metric('karpenter_nodes_leases_deleted_total')).to.deep.equal(['karpenter_nodes_leases_deleted_total 1']);
    } finally {
      await karpenter.bed.close();
    }
  });
});
