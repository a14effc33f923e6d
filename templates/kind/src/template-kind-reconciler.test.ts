import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ConfigMap, reconcilers } from 'karpenter-ts/operator';
import { everyFault, testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { TemplateKindReconciler } from './template-kind-reconciler.js';
import { TemplateKind } from './template-kind.js';

describe('A TemplateKind', () => {
  let bed: TestBed;

  beforeEach(async () => {
    bed = await testBed(reconcilers(TemplateKindReconciler), { permissions: 'generated' });
    await bed.api.create(TemplateKind, { metadata: { name: 'example' }, spec: { message: 'hello' } });
    await bed.settle();
  });
  afterEach(() => bed.close());

  const message = async (): Promise<unknown> => (await bed.api.find(ConfigMap, 'template-kind-example'))?.data?.['message'];

  it('gets a ConfigMap, and says so', async () => {
    assert.equal(await message(), 'hello');
    const { status } = await bed.api.get(TemplateKind, 'example');
    assert.equal(status.configMap, 'template-kind-example');
    assert.deepEqual(status.conditions?.map(({ type, status: is }) => `${type}=${is}`).sort(), ['Published=True', 'Ready=True']);
  });

  it('has its message in it, whoever changes which of them', async () => {
    await bed.api.patch(TemplateKind, 'example', { spec: { message: 'good morning' } });
    await bed.settle();
    assert.equal(await message(), 'good morning');
    await bed.api.patch(ConfigMap, 'template-kind-example', { data: { message: 'something else' } });
    await bed.settle();
    assert.equal(await message(), 'good morning');
    await bed.api.delete(ConfigMap, 'template-kind-example');
    await bed.settle();
    assert.equal(await message(), 'good morning');
  });

  it('needs a message', async () => {
    await assert.rejects(bed.api.create(TemplateKind, { metadata: { name: 'empty' }, spec: { message: '' } }), /spec\.message/);
  });
});

describe('A TemplateKind, whatever goes wrong', () => {
  // A run for each write with each fault that can strike there; "FAULTS=all npm test" tries all of them.
  it('has its message in a ConfigMap in the end', async () => {
    await everyFault(async (world) => {
      const bed = await world.testBed(reconcilers(TemplateKindReconciler));
      await bed.api.create(TemplateKind, { metadata: { name: 'example' }, spec: { message: 'hello' } });
      await world.until(async () => (await bed.api.get(TemplateKind, 'example')).status.configMap !== undefined);
      await bed.api.patch(TemplateKind, 'example', { spec: { message: 'good morning' } });
      await world.until(async () => (await bed.api.find(ConfigMap, 'template-kind-example'))?.data?.['message'] === 'good morning');
    }, { sample: 5 });
  });
});
