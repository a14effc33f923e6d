import { expect } from 'chai';
import { Metrics } from '../operator/runtime/metrics.js';
import { VirtualClock } from '../operator/testing/virtual-clock.js';
import { InsufficientCapacity } from './errors.js';
import { measured } from './measured-provider.js';
import type { CloudProvider } from './provider.js';

describe('measured', () => {
  it('times calls and counts errors by reason, and changes nothing else', async () => {
    const clock = new VirtualClock();
    const metrics = new Metrics();
    const provider = {
      name: 'fake',
      list: async () => { await clock.advance('2s'); return []; },
      create: async () => { throw new InsufficientCapacity('none'); },
      repairPolicies(this: CloudProvider) { return [this.name]; },
    } as unknown as CloudProvider;
    const timed = measured(provider, metrics, clock);
    expect(await timed.list()).to.deep.equal([]);
    let error: unknown;
    await timed.create({} as never, { clientToken: '' }).catch((caught: unknown) => { error = caught; });
    expect(error).to.be.instanceOf(InsufficientCapacity);
    expect(timed.name).to.equal('fake');
    expect(timed.repairPolicies()).to.deep.equal(['fake']);
    const lines = (await metrics.registry.metrics()).split('\n');
    expect(lines).to.include('karpenter_cloudprovider_duration_seconds_sum{controller="",method="List",provider="fake"} 2');
    expect(lines).to.include('karpenter_cloudprovider_duration_seconds_count{controller="",method="Create",provider="fake"} 1');
    expect(lines).to.include('karpenter_cloudprovider_errors_total{controller="",method="Create",provider="fake",error="InsufficientCapacityError"} 1');
  });
});
