import { expect } from 'chai';
import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { providerBed } from '../../../test/support/aws-provider.js';
import type { ProviderBed } from '../../../test/support/aws-provider.js';
import { VirtualClock } from '../../operator/testing/virtual-clock.js';
import { Batcher } from './batcher.js';
import { ExpiringCache } from './expiring-cache.js';
import { UnavailableOfferings } from './unavailable-offerings.js';

describe('ExpiringCache', () => {
  it('forgets a value some time after it was last set, and says so once', async () => {
    const clock = new VirtualClock();
    const expired: string[] = [];
    const cache = new ExpiringCache<number>(clock, { ttl: 1_000, sweep: 100, onExpire: (key, value) => expired.push(`${key}=${value}`) });
    cache.set('a', 1);
    cache.set('b', 2);
    await clock.advance(900);
    cache.set('a', 3);
    await clock.advance(200);
    expect([cache.get('a'), cache.get('b')]).to.deep.equal([3, undefined]);
    expect(expired).to.deep.equal(['b=2']);
    cache.delete('a');
    await clock.advance(5_000);
    expect(expired).to.deep.equal(['b=2']);
    expect(clock.timers, 'nothing waits for an empty cache').to.equal(0);
  });

  it('never returns an expired value, swept or not', async () => {
    const clock = new VirtualClock();
    const cache = new ExpiringCache<number>(clock, { ttl: 1_000 });
    cache.set('a', 1);
    cache.set('longer', 1, 5_000);
    await clock.advance(1_000);
    expect(cache.has('a')).to.equal(false);
    expect([...cache.live()].map(([key]) => key)).to.deep.equal(['longer']);
  });
});

describe('what AWS said', () => {
  const SECOND = 1_000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const image = '/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/recommended/image_id';

  /** karpenter-aws §2.2: for how long it is believed, how it is asked for, and by which call. */
  const ANSWERS: Record<string, [lifetime: number, operation: string, ask: (bed: ProviderBed, nodeClass: EC2NodeClass) => Promise<unknown>]> = {
    'of subnets': [MINUTE, 'ec2:DescribeSubnets', ({ services }, nodeClass) => services.subnets.list(nodeClass)],
    'of security groups': [MINUTE, 'ec2:DescribeSecurityGroups', ({ services }, nodeClass) => services.securityGroups.list(nodeClass)],
    'of images': [MINUTE, 'ec2:DescribeImages', ({ services }, nodeClass) => services.amis.list(nodeClass)],
    "of AWS's parameters": [24 * HOUR, 'ssm:GetParameter', ({ services }) => services.ssm.get({ name: image, mutable: true })],
    'of parameters of the user': [5 * MINUTE, 'ssm:GetParameter', ({ services }) => services.ssm.get({ name: image, mutable: true, custom: true })],
    'of instance profiles': [15 * MINUTE, 'iam:GetInstanceProfile', ({ services }, nodeClass) => services.instanceProfiles.ensure(nodeClass)],
    'of reservations': [MINUTE, 'ec2:DescribeCapacityReservations', ({ services }, nodeClass) => services.reservations.list(nodeClass)],
    'of placement groups': [MINUTE, 'ec2:DescribePlacementGroups', ({ services }, nodeClass) => services.placementGroups.get(nodeClass)],
    'to the dry runs of a class': [30 * MINUTE, 'ec2:CreateFleet', (bed, nodeClass) => bed.run(bed.services.validation.validate(nodeClass))],
  };
  for (const [what, [lifetime, operation, ask]] of Object.entries(ANSWERS)) {
    it(`${what} counts for ${lifetime / MINUTE} minutes`, async () => {
      const bed = await providerBed();
      bed.aws.account.placementGroups.add({ name: 'together', strategy: 'cluster' });
      const nodeClass = await bed.readyNodeClass({ placementGroupSelector: { name: 'together' }, capacityReservationSelectorTerms: [{ tags: { team: 'a' } }] });
      await bed.clock.advance(25 * HOUR);
      const calls = async (): Promise<number> => {
        await ask(bed, nodeClass);
        return bed.aws.calls.get(operation) ?? 0;
      };
      const first = await calls();
      await bed.clock.advance(lifetime - 2 * SECOND);
      expect(await calls(), 'shortly before').to.equal(first);
      await bed.clock.advance(3 * SECOND);
      expect(await calls(), 'shortly after').to.equal(first + 1);
    });
  }

  it('of the memory of nodes counts for 60 days', async () => {
    const bed = await providerBed();
    const nodeClass = await bed.readyNodeClass();
    const memory = () => bed.services.instanceTypes.list(nodeClass).find(({ name }) => name === 'm5.large')?.capacity['memory'];
    const estimate = memory();
    const type = bed.services.instanceTypes.list(nodeClass).find(({ name }) => name === 'm5.large') as never;
    for (const { id } of nodeClass.status.amis ?? []) bed.services.instanceTypes.learnMemory(nodeClass, type, id, 7e9);
    await bed.clock.advance(59 * 24 * HOUR);
    expect(memory()).to.equal(7e9);
    await bed.clock.advance(24 * HOUR + 10 * MINUTE);
    expect(memory()).to.equal(estimate);
  });
});

describe('Batcher', () => {
  const setUp = (execute: (inputs: readonly string[]) => Promise<readonly (string | Error)[]> = async (inputs) => inputs.map((input) => `${input}!`)) => {
    const clock = new VirtualClock();
    const batches: string[][] = [];
    const observed: [number, number][] = [];
    const batcher = new Batcher<string, string>(clock, {
      name: 'test', idle: 100, max: 1_000, maxItems: 5, bucket: (input) => input.slice(0, 1), observe: (_, size, window) => observed.push([size, window]),
      execute: (inputs) => { batches.push([...inputs]); return execute(inputs); },
    });
    return { clock, batcher, batches, observed };
  };

  it('joins calls of a bucket until it is idle', async () => {
    const { clock, batcher, batches, observed } = setUp();
    const results = [batcher.add('a1'), batcher.add('b1')];
    await clock.advance(60);
    results.push(batcher.add('a2'));
    await clock.advance(60);
    expect(batches).to.deep.equal([['b1']]);
    await clock.advance(60);
    expect(await Promise.all(results)).to.deep.equal(['a1!', 'b1!', 'a2!']);
    expect(batches).to.deep.equal([['b1'], ['a1', 'a2']]);
    expect(observed).to.deep.equal([[1, 100], [2, 160]]);
  });

  it('sends at its greatest length and size', async () => {
    const { clock, batcher, batches } = setUp();
    for (let call = 0; call < 5; call += 1) void batcher.add('a');
    await clock.settle();
    expect(batches).to.deep.equal([['a', 'a', 'a', 'a', 'a']]);
    for (let call = 0; call < 30; call += 1) {
      if (call % 4 === 0) void batcher.add('b');
      await clock.advance(20);
    }
    for (let call = 0; call < 30; call += 1) {
      void batcher.add(`c${call}`);
      await clock.advance(210);
    }
    expect(batches.filter(([first]) => first?.startsWith('c')).length).to.equal(30);
  });

  it('gives each call its own error, or all of them the error of the batch', async () => {
    const { clock, batcher } = setUp(async (inputs) => {
      if (inputs.includes('boom')) throw new Error('boom');
      return [new Error('first'), 'second'];
    });
    const outcomes = Promise.allSettled([batcher.add('a1'), batcher.add('a2'), batcher.add('a3'), batcher.add('boom')]);
    await clock.advance(200);
    expect((await outcomes).map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message))).to.deep.equal(['first', 'second', 'test: error making call', 'boom']);
  });
});

describe('UnavailableOfferings', () => {
  const plain = { capacityType: 'spot', instanceType: 'm5.large', zone: 'a' };

  it('forgets after three minutes, and is prolonged by marking again', async () => {
    const clock = new VirtualClock();
    const unavailable = new UnavailableOfferings(clock);
    unavailable.markUnavailable(plain);
    expect(unavailable.isUnavailable(plain)).to.equal(true);
    for (const other of [{ zone: 'b' }, { capacityType: 'on-demand' }, { instanceType: 'c5.large' }]) expect(unavailable.isUnavailable({ ...plain, ...other })).to.equal(false);
    await clock.advance('2m');
    unavailable.markUnavailable(plain);
    await clock.advance('2m');
    expect(unavailable.isUnavailable(plain)).to.equal(true);
    await clock.advance('61s');
    expect(unavailable.isUnavailable(plain)).to.equal(false);
  });

  it('numbers changes type by type, when they come and when they go', async () => {
    const clock = new VirtualClock();
    const unavailable = new UnavailableOfferings(clock);
    const sequences = () => [unavailable.sequence('m5.large'), unavailable.sequence('c5.large')];
    expect(sequences()).to.deep.equal([0, 0]);
    unavailable.markUnavailable(plain);
    expect(sequences()).to.deep.equal([1, 0]);
    unavailable.markSubnetUnavailable('subnet-1');
    unavailable.markCapacityTypeUnavailable('spot');
    expect(sequences()).to.deep.equal([3, 2]);
    const { version } = unavailable;
    await clock.advance('3m11s');
    expect(sequences()).to.deep.equal([6, 4]);
    expect(unavailable.version).to.be.greaterThan(version);
  });

  it('knows whole capacity types, and zones all of whose subnets are full', () => {
    const unavailable = new UnavailableOfferings(new VirtualClock());
    unavailable.markSubnetUnavailable('subnet-1');
    expect(unavailable.isUnavailable(plain, ['subnet-1', 'subnet-2'])).to.equal(false);
    expect(unavailable.isUnavailable(plain, ['subnet-1'])).to.equal(true);
    expect(unavailable.isUnavailable(plain, [])).to.equal(false);
    unavailable.markCapacityTypeUnavailable();
    expect(unavailable.isUnavailable(plain)).to.equal(true);
    expect(unavailable.isUnavailable({ ...plain, capacityType: 'on-demand' })).to.equal(false);
  });

  it('keeps what a placement group lacks to the group, and tells the group what all lack', () => {
    const unavailable = new UnavailableOfferings(new VirtualClock());
    unavailable.markUnavailable({ ...plain, placementGroup: 'pg-1', partition: '2' });
    expect(unavailable.isUnavailable(plain)).to.equal(false);
    expect(unavailable.isUnavailable({ ...plain, placementGroup: 'pg-1', partition: '2' })).to.equal(true);
    expect(unavailable.isUnavailable({ ...plain, placementGroup: 'pg-1', partition: '1' })).to.equal(false);
    unavailable.markUnavailable(plain);
    expect(unavailable.isUnavailable({ ...plain, placementGroup: 'pg-2' })).to.equal(true);
  });
});
