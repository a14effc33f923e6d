import { expect } from 'chai';
import { EC2NodeClass, NodeClaim, NodePool } from 'karpenter-ts/api';
import { compile } from 'karpenter-ts/operator';
import type { ReconcilerClass } from 'karpenter-ts/operator';
import { EvictionQueue } from '../../reconcilers/node/eviction-queue.js';
import { NodeTermination } from '../../reconcilers/node/termination.js';
import { NodeClaimConsistency } from '../../reconcilers/nodeclaim/consistency.js';
import { NodeClaimDisruption } from '../../reconcilers/nodeclaim/disruption.js';
import { NodeClaimHydration, NodeHydration } from '../../reconcilers/nodeclaim/hydration.js';
import { NodeClaimLifecycle } from '../../reconcilers/nodeclaim/lifecycle.js';
import { RegistrationHealthReset } from '../../reconcilers/nodepool/registration-health-reset.js';
import { NodePoolStatusReconciler } from '../../reconcilers/nodepool/status.js';
import { karpenterBed } from '../support/karpenter-bed.js';

const RECONCILERS: readonly ReconcilerClass[] = [
  NodeClaimLifecycle, NodeClaimHydration, NodeHydration, NodeClaimConsistency, NodeClaimDisruption, NodeTermination, EvictionQueue, NodePoolStatusReconciler, RegistrationHealthReset,
];

interface DecoratorRecord { readonly decorator: string; readonly member: string | undefined }

/** What decorators recorded on a class, as `records.ts` keeps it for all copies of the package. */
const recordsOf = (type: ReconcilerClass): DecoratorRecord[] =>
  ((globalThis as unknown as Record<symbol, WeakMap<object, DecoratorRecord[]>>)[Symbol.for('karpenter-ts/operator/1')] as WeakMap<object, DecoratorRecord[]>).get(type) as DecoratorRecord[];

/** A claim becomes a node with a pod, and goes: what the bed found meanwhile, whatever came of the claim. */
async function findings(): Promise<readonly string[]> {
  const karpenter = await karpenterBed(RECONCILERS, { findings: 'note' });
  const { bed, api } = karpenter;
  try {
    await karpenter.readyNodeClass();
    const pool = await karpenter.readyPool();
    await karpenter.claim({}, { pool });
    await bed.settle();
    await karpenter.join('claim');
    await karpenter.pod('busy', { node: 'node-of-claim' });
    await bed.advance('2s');
    await api.patch(EC2NodeClass, 'default', { metadata: { annotations: { changed: 'yes' } } });
    await api.patch(NodePool, 'default', { spec: { weight: 5 } });
    await bed.advance('2s');
    await api.delete(NodeClaim, 'claim');
    await bed.advance('10s');
    return bed.findings;
  } finally {
    await bed.close();
  }
}

/**
 * Watches of reconcilers that look again by themselves, or read through the cloud's provider, are only quicker: other tests miss them
 * (`make test-defects` deletes each).
 */
const ONLY_QUICKER = ['NodeTermination.nodesOf', 'NodeTermination.nodeOfPod', 'NodeTermination.nodeOfAttachment', 'NodeClaimDisruption.claimsOfClass'];

describe('the watches of the built-in reconcilers', () => {
  it('cover what is read, as they are', async () => {
    expect(await findings()).to.deep.equal([]);
  });

  const watches = compile([...RECONCILERS]).reconcilers.flatMap(({ type, watches: all }) => all.map(({ method, kind: { kind } }) => ({ type, method, kind })));
  for (const { type, method, kind } of watches.filter((watch) => !ONLY_QUICKER.includes(`${watch.type.name}.${watch.method}`))) {
    it(`are missed when @Watches(${kind}) ${type.name}.${method} is deleted`, async () => {
      const records = recordsOf(type);
      const at = records.findIndex(({ decorator, member }) => decorator === 'Watches' && member === method);
      const [deleted] = records.splice(at, 1) as [DecoratorRecord];
      try {
        const found = await findings();
        expect(found.some((finding) => finding.includes(`add @Watches(${kind})`)), found.join('\n')).to.equal(true);
      } finally {
        records.splice(at, 0, deleted);
      }
    }).timeout(60_000);
  }
});
