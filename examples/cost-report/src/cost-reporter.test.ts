import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { NodeClaim } from 'karpenter-ts/api';
import { reconcilers } from 'karpenter-ts/operator';
import { testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { CostReport } from './cost-report.js';
import { CostReporter } from './cost-reporter.js';
import { PriceList } from './price-list.js';

describe('A CostReport', () => {
  let bed: TestBed;
  let prices: Record<string, number>;

  beforeEach(async () => {
    prices = { 'm5.large': 0.096 };
    bed = (await testBed(reconcilers(CostReporter), { permissions: 'generated' })).override(PriceList, { usdPerHour: (type: string) => prices[type] });
    await bed.api.create(CostReport, { metadata: { name: 'r' }, spec: { nodePool: 'default', refreshEvery: '1h' } });
    await bed.settle();
  });
  afterEach(() => bed.close());

  const report = (): Promise<CostReport> => bed.api.get(CostReport, 'r');
  const claim = (name: string, type: string): Promise<NodeClaim> => bed.api.create(NodeClaim, {
    metadata: { name, labels: { 'karpenter.sh/nodepool': 'default', 'node.kubernetes.io/instance-type': type } },
    spec: { nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' }, requirements: [] },
  });

  it('follows the machines of its pool, in its own time', async () => {
    await claim('a', 'm5.large');
    await claim('b', 'm5.large');
    await bed.settle();
    assert.equal((await report()).status.hourly, 0, 'not before the debounce');
    await bed.advance('10s');
    assert.deepEqual((await report()).status.byType, { 'm5.large': 0.192 });
  });

  it('says which prices it lacks, and looks again', async () => {
    await claim('a', 'x9.huge');
    await bed.advance('10s');
    const [condition] = (await report()).status.conditions ?? [];
    assert.deepEqual([condition?.reason, condition?.message], ['PriceUnknown', 'x9.huge']);
    prices['x9.huge'] = 9;
    await bed.advance('6m');
    assert.equal((await report()).status.hourly, 9);
  });

  it('keeps its pool, and has a default', async () => {
    await bed.api.client.create({ group: 'finops.example.com', version: 'v1alpha1', kind: 'CostReport', plural: 'costreports', namespaced: false }, { metadata: { name: 's' }, spec: { nodePool: 'spot' } } as never);
    assert.equal((await bed.api.get(CostReport, 's')).spec.refreshEvery, '1h');
    await assert.rejects(bed.api.patch(CostReport, 's', { spec: { nodePool: 'other' } }), /nodePool is immutable/);
  });

  it('looks again after its own time', async () => {
    await claim('a', 'm5.large');
    await bed.advance('10s');
    prices['m5.large'] = 0.2;
    await bed.advance('1h10m');
    assert.equal((await report()).status.hourly, 0.2);
  });
});
