import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Service, StatefulSet } from 'karpenter-ts/operator';
import { everyConversion, everyFault, testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { CacheClusterV1alpha1 } from './cache-cluster-v1alpha1.js';
import { CacheCluster } from './cache-cluster.js';
import { modules } from './module.js';

describe('A CacheCluster', () => {
  let bed: TestBed;

  beforeEach(async () => {
    bed = await testBed(...modules, { permissions: 'generated' });
    await bed.api.create(CacheCluster, { metadata: { name: 'sessions' }, spec: { replicas: 2, shards: 2 } });
    await bed.settle();
  });
  afterEach(() => bed.close());

  const digest = async (): Promise<string | undefined> => (await bed.api.get(StatefulSet, 'sessions')).spec.template.metadata?.annotations?.['caches.example.com/configuration'];

  it('is rolled out when its settings change, and only then', async () => {
    const before = await digest();
    await bed.api.patch(CacheCluster, 'sessions', { spec: { replicas: 3 } });
    await bed.settle();
    assert.equal(await digest(), before);
    assert.equal((await bed.api.get(StatefulSet, 'sessions')).spec.replicas, 6);
    await bed.api.patch(CacheCluster, 'sessions', { spec: { settings: { 'maxmemory-policy': 'noeviction' } } });
    await bed.settle();
    assert.notEqual(await digest(), before);
  });

  it('has an address for as long as one is wanted', async () => {
    await bed.api.delete(Service, 'sessions');
    await bed.settle();
    assert.notEqual(await bed.api.find(Service, 'sessions'), undefined);
    await bed.api.patch(CacheCluster, 'sessions', { spec: { exposed: false } });
    await bed.settle();
    assert.equal(await bed.api.find(Service, 'sessions'), undefined);
    assert.equal((await bed.api.get(CacheCluster, 'sessions')).status.address, undefined);
  });

  it('is defaulted and judged, whichever version people speak', async () => {
    assert.deepEqual((await bed.api.get(CacheCluster, 'sessions')).spec.settings, { 'maxmemory-policy': 'allkeys-lru' });
    await assert.rejects(bed.api.create(CacheClusterV1alpha1, { metadata: { name: 'bad' }, spec: { settings: { port: '1' } } }), /spec\.settings\.port.*is the operator's to choose/);
    await assert.rejects(bed.api.patch(CacheCluster, 'sessions', { spec: { shards: 3 } }), /shards cannot change/);
  });

  it('keeps what the other version cannot say', async () => {
    await bed.api.patch(CacheClusterV1alpha1, 'sessions', { spec: { size: 5, tier: 'large' } });
    const { spec: { replicas, shards } } = await bed.api.get(CacheCluster, 'sessions');
    assert.deepEqual({ replicas, shards }, { replicas: 5, shards: 2 });
    assert.equal((await bed.api.get(CacheClusterV1alpha1, 'sessions')).spec.tier, 'large');
  });

  it('goes through all versions without loss', () => everyConversion(CacheCluster));
});

describe('A CacheCluster, whatever goes wrong', () => {
  it('is deployed as asked in the end', async () => {
    await everyFault(async (world) => {
      const bed = await world.testBed(...modules);
      await bed.api.create(CacheCluster, { metadata: { name: 'sessions' }, spec: {} });
      await world.until(async () => (await bed.api.find(Service, 'sessions')) !== undefined);
      await bed.api.patch(CacheCluster, 'sessions', { spec: { exposed: false, replicas: 3 } });
      await world.until(async () => (await bed.api.find(Service, 'sessions')) === undefined);
      await world.until(async () => (await bed.api.get(StatefulSet, 'sessions')).spec.replicas === 3);
    }, { sample: 5 });
  });
});
