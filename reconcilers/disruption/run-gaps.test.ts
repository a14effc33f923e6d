import { expect } from 'chai';
import { NodeClaim } from 'karpenter-ts/api';
import { silentLogger } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { DisruptionQueue } from './disruption-queue.js';
import { Disruption } from './disruption.js';
import { RunGaps } from './run-gaps.js';

describe('passes of the disruption loop', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, Disruption, DisruptionQueue]);
    await karpenter.readyNodeClass();
    await karpenter.readyPool();
  });
  afterEach(() => karpenter.bed.close());

  /** What was logged to have run too long ago. */
  const abnormal = (): unknown[] => karpenter.bed.logs.filter(({ message }) => message === 'abnormal time between runs').map((line) => line['name']);
  /** Counts how often the loop looks whether it may decide, by what it asks the cloud for once it may. */
  const looks = (): (() => number) => {
    let count = 0;
    const types = karpenter.cloud.instanceTypes;
    karpenter.cloud.getInstanceTypes = () => Promise.resolve(((count += 1), types));
    return () => count;
  };

  it('are ten seconds apart, and one while a launch holds the decision back', async () => {
    const { claim } = await karpenter.initialized();
    await karpenter.bed.advance('8s');
    const count = looks();
    await karpenter.bed.advance('30s');
    expect(count()).to.equal(3);
    let launched = (): void => undefined;
    karpenter.cloud.beforeLaunch = () => new Promise((resolve) => (launched = resolve));
    await karpenter.claim({}, { name: 'launching' });
    await karpenter.bed.advance('35s');
    expect(count()).to.equal(3);
    launched();
    await karpenter.bed.advance('1s');
    expect(count()).to.equal(4);
    expect((await karpenter.api.get(NodeClaim, claim.metadata.name)).metadata.deletionTimestamp).to.equal(undefined);
  });

  it('are logged when one of them took unusually long', async () => {
    await karpenter.initialized();
    await karpenter.bed.advance('20m');
    expect(abnormal()).to.deep.equal([]);
    let answer = (): void => undefined;
    const types = karpenter.cloud.instanceTypes;
    karpenter.cloud.getInstanceTypes = () => new Promise((resolve) => (answer = () => resolve(types)));
    await karpenter.bed.advance('15m30s');
    answer();
    await karpenter.bed.settle();
    expect(abnormal()).to.deep.equal(['disruption-loop']);
  });

  it('are told apart by what each of them tried', () => {
    const gaps = new RunGaps();
    gaps.note('Drift', 0);
    gaps.note('Emptiness', 60_001);
    const lines: unknown[] = [];
    gaps.report({ now: () => 16 * 60_000, log: { ...silentLogger, debug: (message, fields) => void lines.push([message, fields]) } });
    expect(lines).to.deep.equal([['abnormal time between runs', { name: 'Drift', time_since: '16m0s' }]]);
  });
});
