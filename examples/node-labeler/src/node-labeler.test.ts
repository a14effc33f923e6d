import { strict as assert } from 'node:assert';
import { it } from 'node:test';
import { Node, reconcilers } from 'karpenter-ts/operator';
import { testBed } from 'karpenter-ts/operator/testing';
import { NodeLabeler } from './node-labeler.js';

it('labels a node with its family, and nothing else', async () => {
  const bed = await testBed(reconcilers(NodeLabeler), { permissions: 'generated' });
  await bed.api.create(Node, { metadata: { name: 'n', labels: { 'node.kubernetes.io/instance-type': 'c5.large' } }, spec: {} });
  const before = await bed.api.get(Node, 'n');
  await bed.settle();
  const { metadata: { labels }, spec, status } = await bed.api.get(Node, 'n');
  await bed.close();
  assert.deepEqual(labels, { ...before.metadata.labels, 'acme.io/family': 'c5' });
  assert.deepEqual({ spec, status }, { spec: before.spec, status: before.status });
});
