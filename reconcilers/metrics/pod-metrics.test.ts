import { expect } from 'chai';
import { Pod } from 'karpenter-ts/operator';
import { karpenterBed } from '../../test/support/karpenter-bed.js';
import type { KarpenterBed } from '../../test/support/karpenter-bed.js';
import { observability } from '../module.js';
import { NodeClaimLifecycle } from '../nodeclaim/lifecycle.js';
import { Provisioner } from '../provisioning/provisioner.js';

describe('metrics of pods', () => {
  let karpenter: KarpenterBed;

  beforeEach(async () => {
    karpenter = await karpenterBed([NodeClaimLifecycle, Provisioner], { modules: observability() });
    await karpenter.readyNodeClass();
  });

  afterEach(() => karpenter.bed.close());

  /** What a series of pods has for a pod now; undefined when it has nothing. */
  const gauge = async (name: string, pod: string): Promise<number | undefined> => {
    const line = (await karpenter.metric(`karpenter_pods_${name}_seconds`)).find((each) => each.includes(`name="${pod}",namespace="default"`));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  /** How often a duration was observed, and what it is in sum. */
  const observed = async (name: string): Promise<[count: number, sum: number]> => {
    const value = async (part: string): Promise<number> => Number((await karpenter.metric(`karpenter_pods_${name}_duration_seconds_${part}`))[0]?.split(' ').at(-1) ?? 0);
    return [await value('count'), await value('sum')];
  };
  const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: karpenter.time() });
  const report = (name: string, status: object): Promise<Pod> => karpenter.api.patch(Pod, name, { status: status as never });

  it('show where a pod is, and for how long it waits for what', async () => {
    await karpenter.readyPool();
    await karpenter.bed.advance('1s');
    await karpenter.pod('web');
    await karpenter.bed.advance('20s');
    const waiting = ['unbound_time', 'unstarted_time', 'provisioning_unbound_time', 'provisioning_unstarted_time'];
    const seconds = (): Promise<(number | undefined)[]> => Promise.all(waiting.map((name) => gauge(name, 'web')));
    expect((await karpenter.metric('karpenter_pods_state')).find((line) => line.includes('name="web"')))
      .to.include('owner="",node="",scheduled="false",nodepool="",zone="",arch="",capacity_type="",instance_type="",phase="Pending",ready="",managed="false"');
    expect(await seconds()).to.deep.equal([20, 20, 19, 19]);
    await report('web', { conditions: [condition('PodScheduled')] });
    await karpenter.bed.advance('10s');
    expect(await seconds()).to.deep.equal([undefined, 30, undefined, 29]);
    await report('web', { phase: 'Running', conditions: [condition('PodScheduled')] });
    await karpenter.bed.advance('10s');
    expect(await seconds()).to.deep.equal([undefined, 40, undefined, 39]);
    await report('web', { phase: 'Running', conditions: [condition('PodScheduled'), condition('Ready')] });
    await karpenter.bed.advance('10s');
    expect(await seconds()).to.deep.equal([undefined, undefined, undefined, undefined]);
  });

  it('measure once how long a pod took to be decided, bound and ready', async () => {
    await karpenter.readyPool();
    await karpenter.bed.advance('1s');
    await karpenter.pod('web');
    await karpenter.bed.advance('30s');
    expect(await observed('scheduling_decision')).to.deep.equal([1, 1]);
    await report('web', { conditions: [condition('PodScheduled')] });
    await karpenter.bed.advance('5s');
    await report('web', { phase: 'Running', conditions: [condition('Ready'), { ...condition('PodScheduled'), lastTransitionTime: '2024-01-01T00:00:31Z' }] });
    await karpenter.bed.advance('5s');
    expect(await observed('bound')).to.deep.equal([1, 30]);
    expect(await observed('provisioning_bound')).to.deep.equal([1, 29]);
    expect(await observed('startup')).to.deep.equal([1, 35]);
    expect(await observed('provisioning_startup')).to.deep.equal([1, 34]);
  });

  it('do not measure pods that were running before, and forget those that go', async () => {
    await karpenter.readyPool();
    await karpenter.pod('old', { node: 'elsewhere' });
    await karpenter.pod('gone', { cpu: '1000' });
    await karpenter.bed.advance('10s');
    await karpenter.api.delete(Pod, 'gone');
    await karpenter.bed.advance('10s');
    expect(await gauge('unstarted_time', 'gone')).to.equal(undefined);
    expect([await observed('bound'), await observed('startup'), await observed('provisioning_bound')]).to.deep.equal([[0, 0], [0, 0], [0, 0]]);
  });

  it('show for how long a pod waits for its first decision', async () => {
    await karpenter.claim();
    await karpenter.bed.settle();
    karpenter.cloud.beforeLaunch = () => new Promise(() => undefined);
    await karpenter.claim({}, { name: 'launching' });
    await karpenter.readyPool();
    await karpenter.bed.advance('1s');
    await karpenter.pod('web');
    await karpenter.bed.advance('20s');
    expect(await gauge('provisioning_scheduling_undecided_time', 'web')).to.equal(20);
    expect(await gauge('provisioning_unbound_time', 'web')).to.equal(undefined);
  });
});
