import { expect } from 'chai';
import { Pod, PodDisruptionBudget } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { EvictionQueue, Evictions } from './eviction-queue.js';
import type { EvictionRequests } from './eviction-queue.js';

describe('the eviction queue', () => {
  let karpenter: KarpenterBed;
  /** The evictions that were asked for, as `name uid`. */
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    karpenter = await karpenterBed([EvictionQueue], {
      intercept: (transport) => ({
        close: () => transport.close(),
        send: (request) => {
          if (request.path.endsWith('/eviction')) {
            const { metadata, deleteOptions } = JSON.parse(String(request.body)) as { metadata: { name: string }; deleteOptions: { preconditions: { uid: string } } };
            asked.push(`${metadata.name} ${deleteOptions.preconditions.uid}`);
          }
          return transport.send(request);
        },
      }),
    });
  });
  afterEach(() => karpenter.bed.close());

  const evict = async (pod: Pod): Promise<void> => {
    await karpenter.bed.settle();
    karpenter.bed.operator.container.get<EvictionRequests>(Evictions).add({ pod, deadline: undefined, reason: 'Test' });
    await karpenter.bed.settle();
  };
  const isGoing = async (name: string): Promise<boolean> => (await karpenter.api.get(Pod, name)).metadata.deletionTimestamp !== undefined;

  it('asks for the very pod that has to leave', async () => {
    const pod = await karpenter.pod('web', { node: 'n' });
    await evict(pod);
    expect(asked).to.deep.equal([`web ${pod.metadata.uid}`]);
    expect(await isGoing('web')).to.equal(true);
    expect(await karpenter.metric('karpenter_pods_eviction_requests_total')).to.deep.equal(['karpenter_pods_eviction_requests_total{code="200"} 1']);
  });

  it('leaves its successor of the same name alone', async () => {
    const pod = await karpenter.pod('web-0', { node: 'n' });
    await karpenter.api.delete(Pod, 'web-0', { gracePeriodSeconds: 0 });
    await karpenter.pod('web-0', { node: 'n' });
    await evict(pod);
    await karpenter.bed.advance('1m');
    expect(asked).to.deep.equal([]);
    expect(await isGoing('web-0')).to.equal(false);
  });

  it('tries each pod again by itself, ever more rarely, while a budget holds it', async () => {
    const guarded = await karpenter.pod('guarded', { node: 'n', labels: { app: 'guarded' } });
    const free = await karpenter.pod('free', { node: 'n' });
    await karpenter.api.create(PodDisruptionBudget, { metadata: { name: 'guard' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } });
    await karpenter.api.patch(PodDisruptionBudget, 'guard', { status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 } as never });
    await evict(guarded);
    await karpenter.bed.advance('30s');
    const tries = asked.length;
    expect(tries).to.be.within(7, 12);
    await karpenter.bed.advance('30s');
    expect(asked.length - tries).to.be.within(2, 4);
    await evict(free);
    expect(asked.at(-1)).to.equal(`free ${free.metadata.uid}`);
    expect([await isGoing('guarded'), await isGoing('free')]).to.deep.equal([false, true]);
  });
});
