import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Deployment, Service, reconcilers } from 'karpenter-ts/operator';
import { everyFault, testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { MemoryNames, Names } from './names.js';
import { WebAppReconciler } from './web-app-reconciler.js';
import { WebApp } from './web-app.js';

const shop = { metadata: { name: 'shop' }, spec: { image: 'shop:1', replicas: 2, port: 8080, host: 'shop.example.com' } };

/** What the cluster's controllers would say: the bed has none. */
async function rollOut({ api }: TestBed, availableReplicas: number): Promise<void> {
  const { metadata: { generation = 1 } } = await api.get(Deployment, 'shop');
  await api.patch(Deployment, 'shop', { status: { observedGeneration: generation, replicas: 2, readyReplicas: availableReplicas, availableReplicas } });
}

describe('A WebApp', () => {
  let bed: TestBed;
  let names: MemoryNames;

  beforeEach(async () => {
    names = new MemoryNames();
    bed = (await testBed(reconcilers(WebAppReconciler), { permissions: 'generated' })).override(Names, names);
    await bed.api.create(WebApp, shop);
    await bed.settle();
  });
  afterEach(() => bed.close());

  const conditions = async (): Promise<Record<string, string>> =>
    Object.fromEntries(((await bed.api.get(WebApp, 'shop')).status.conditions ?? []).map(({ type, status, reason }) => [type, `${status}/${reason}`]));

  it('gets a Deployment and a Service that find each other', async () => {
    const { spec: { replicas, template } } = await bed.api.get(Deployment, 'shop');
    const service = await bed.api.get(Service, 'shop');
    assert.equal(replicas, 2);
    assert.deepEqual(service.spec.selector, template.metadata?.labels);
    assert.equal(service.metadata.ownerReferences?.[0]?.kind, 'WebApp');
  });

  it('is ready when its pods are, and is published then', async () => {
    assert.deepEqual(await conditions(), { Deployed: 'True/Deployed', Available: 'Unknown/RollingOut', Published: 'Unknown/DependenciesNotReady', Ready: 'Unknown/ReconcilingDependents' });
    await rollOut(bed, 1);
    await bed.settle();
    assert.equal(names.published.size, 0);
    await rollOut(bed, 2);
    await bed.settle();
    assert.deepEqual(await conditions(), { Deployed: 'True/Deployed', Available: 'True/Available', Published: 'True/Published', Ready: 'True/Ready' });
    assert.deepEqual([...names.published], [['shop.example.com', 'shop.default.svc']]);
  });

  it('says why a rollout fails', async () => {
    await bed.api.patch(Deployment, 'shop', { status: { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'no progress for 600 s' }] } });
    await bed.settle();
    assert.equal((await conditions())['Available'], 'False/RolloutFailed');
    assert.equal((await conditions())['Ready'], 'False/UnhealthyDependents');
  });

  it('takes back what others change', async () => {
    await bed.api.patch(Deployment, 'shop', { spec: { replicas: 7 } });
    await bed.api.delete(Service, 'shop');
    await bed.settle();
    assert.equal((await bed.api.get(Deployment, 'shop')).spec.replicas, 2);
    assert.notEqual(await bed.api.find(Service, 'shop'), undefined);
  });

  it('moves with its host, and is not published without one', async () => {
    await rollOut(bed, 2);
    await bed.settle();
    await bed.api.patch(WebApp, 'shop', { spec: { host: 'store.example.com' } });
    await bed.settle();
    assert.deepEqual([...names.published.keys()], ['store.example.com']);
    await bed.api.patch(WebApp, 'shop', { spec: { host: null } });
    await bed.settle();
    assert.equal(names.published.size, 0);
    assert.equal((await conditions())['Published'], 'True/NotAsked');
  });

  it('refuses a host that nobody would serve', async () => {
    await assert.rejects(bed.api.patch(WebApp, 'shop', { spec: { replicas: 0 } }), /a name needs somebody who serves it/);
  });
});

describe('A WebApp, whatever goes wrong', () => {
  it('leaves no name behind', async () => {
    await everyFault(async (world) => {
      const names = new MemoryNames();
      world.external(Names, names, ['publish', 'withdraw']);
      const bed = await world.testBed(reconcilers(WebAppReconciler));
      await bed.api.create(WebApp, shop);
      await world.until(async () => (await bed.api.find(Deployment, 'shop')) !== undefined);
      await rollOut(bed, 2);
      await world.until(() => names.published.has('shop.example.com'));
      await bed.api.delete(WebApp, 'shop');
      await world.until(async () => (await bed.api.find(WebApp, 'shop')) === undefined);
      assert.equal(names.published.size, 0);
    }, { sample: 6 });
  });
});
