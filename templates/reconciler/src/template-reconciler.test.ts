import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { reconcilers } from 'karpenter-ts/operator';
import { testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { TemplateReconciler } from './template-reconciler.js';
import { TemplateTarget } from './template-target.js';

describe('TemplateReconciler', () => {
  let bed: TestBed;

  beforeEach(async () => {
    bed = await testBed(reconcilers(TemplateReconciler), { permissions: 'generated' });
    await bed.api.create(TemplateTarget, { metadata: { name: 'example' }, spec: {} });
    await bed.settle();
  });
  afterEach(() => bed.close());

  const seenBy = async (): Promise<string | undefined> => (await bed.api.get(TemplateTarget, 'example')).metadata.annotations['template-operator/seen-by'];

  it('marks a TemplateTarget', async () => {
    assert.equal(await seenBy(), 'template-reconciler');
  });

  it('marks it again when the mark is taken away', async () => {
    await bed.api.patch(TemplateTarget, 'example', { metadata: { annotations: { 'template-operator/seen-by': null } } });
    await bed.settle();
    assert.equal(await seenBy(), 'template-reconciler');
  });
});
