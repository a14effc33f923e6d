import { expect } from 'chai';
import { seededRandom } from '../random.js';
import { shardOf } from './shard.js';
import type { Replica } from '../testing/shard-world.test-support.js';
import { ShardWorld } from '../testing/shard-world.test-support.js';

const SHARDS = 5;

/** `SCHEDULES=500` looks at more. */
const SCHEDULES = Number(process.env['SCHEDULES'] ?? 3);

const ascending = (left: number, right: number): number => left - right;
/** The shards that somebody holds. */
const held = (replicas: readonly Replica[]): number[] => replicas.flatMap(({ leases }) => leases.held).sort(ascending);
const counts = (replicas: readonly Replica[]): number[] => replicas.map(({ leases }) => leases.held.length).sort(ascending);

/** Lets replicas come, go, crash, stop for a while and lose the server, at random, for a minute and a half. */
async function disturb(world: ShardWorld, seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const story: string[] = [];
  const pick = (): Replica | undefined => world.living[Math.floor(random.next() * world.living.length)];
  const until = (seconds: number, act: () => void): void => void world.clock.schedule(seconds * 1_000, act);
  world.start(SHARDS);
  for (let step = 0; step < 18; step += 1) {
    const dice = random.next();
    const replica = pick();
    const seconds = 1 + random.next() * 24;
    if (world.living.length < 2 || (dice < 0.25 && world.living.length < 4)) story.push(`start ${world.start(SHARDS).identity}`);
    else if (replica && dice < 0.4) {
      replica.stop();
      story.push(`stop ${replica.identity}`);
    } else if (replica && dice < 0.5) {
      replica.kill();
      story.push(`kill ${replica.identity}`);
    } else if (replica && dice < 0.7 && !replica.paused) {
      replica.pause();
      until(seconds, () => replica.resume());
      story.push(`pause ${replica.identity} for ${seconds}s`);
    } else if (replica && dice < 0.9) {
      replica.cut = true;
      until(seconds, () => (replica.cut = false));
      story.push(`cut ${replica.identity} for ${seconds}s`);
    } else if (replica) replica.latency = random.next() * 1_500;
    await world.clock.advance(random.next() * 10_000);
  }
  return story;
}

async function calmDown(world: ShardWorld): Promise<void> {
  await world.clock.advance('30s');
  for (const replica of world.living) replica.latency = 0;
  if (world.living.length === 0) world.start(SHARDS);
  await world.clock.advance('60s');
}

async function endAll(world: ShardWorld): Promise<void> {
  for (const replica of world.living) replica.stop();
  await world.clock.advance('30s');
  await world.server.close();
}

describe('shards that replicas share by leases', () => {
  it('give every replica the same number, and the first shard to one that keeps it', async () => {
    const world = new ShardWorld(1);
    const first = world.start(SHARDS);
    await world.clock.advance('10s');
    expect(first.leases.held).to.deep.equal([0, 1, 2, 3, 4]);
    const [second] = [world.start(SHARDS), world.start(SHARDS)];
    await world.clock.advance('15s');
    expect(counts(world.replicas)).to.deep.equal([1, 2, 2]);
    expect(held(world.replicas)).to.deep.equal([0, 1, 2, 3, 4]);
    expect(first.leases.held).to.include(0);
    for (const [shard] of [0, 1, 2, 3, 4].entries()) expect(first.leases.ownerOf(shard)).to.equal(world.replicas.find(({ leases }) => leases.owns(shard))?.identity);
    first.stop();
    await world.clock.advance('10s');
    expect(await first.ended).to.equal(undefined);
    expect(second?.leases.members).to.equal(2);
    expect(counts(world.living)).to.deep.equal([2, 3]);
    expect(world.fouls).to.deep.equal([]);
    await endAll(world);
  });

  it('are handed over without a moment in which the rest may not be written', async () => {
    const world = new ShardWorld(2);
    const first = world.start(SHARDS);
    first.latency = 1_000;
    await world.clock.advance('15s');
    world.start(SHARDS);
    for (let step = 0; step < 200; step += 1) {
      await world.clock.advance('100ms');
      expect(first.leases.open, `at ${step / 10}s`).to.equal(true);
    }
    expect(counts(world.replicas)).to.deep.equal([2, 3]);
    await endAll(world);
  });

  it('never run a key in two places, and lose none, under any schedule of starts, stops, crashes, pauses and outages', async () => {
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      const world = new ShardWorld(seed);
      const story = await disturb(world, seed);
      await calmDown(world);
      expect(world.fouls, `schedule ${seed}: ${story.join(', ')}`).to.deep.equal([]);
      expect(held(world.living), `schedule ${seed}: ${story.join(', ')}`).to.deep.equal([0, 1, 2, 3, 4]);
      const shares = counts(world.living);
      expect(Math.max(...shares) - Math.min(...shares), `schedule ${seed}`).to.be.at.most(1);
      world.runs.clear();
      await world.clock.advance('15s');
      expect([...world.runs.keys()].sort(), `schedule ${seed}`).to.deep.equal([...world.keys].sort());
      await endAll(world);
    }
  });

  it('go to replicas that count differently only when the others are gone', async () => {
    const world = new ShardWorld(3);
    const old = [world.start(5), world.start(5)];
    await world.clock.advance('15s');
    const newer = [world.start(3), world.start(3)];
    await world.clock.advance('60s');
    expect(newer.flatMap(({ leases }) => leases.held)).to.deep.equal([]);
    for (const replica of old) replica.stop();
    await world.clock.advance('60s');
    expect(held(newer)).to.deep.equal([0, 1, 2]);
    expect(world.fouls).to.deep.equal([]);
    await endAll(world);
  });

  it('wait for a run that does not end before they are handed over', async () => {
    const world = new ShardWorld(4, 0);
    let release: () => void = () => undefined;
    const busy = world.start(SHARDS);
    busy.drained = () => new Promise((resolve) => (release = resolve));
    await world.clock.advance('10s');
    const other = world.start(SHARDS);
    await world.clock.advance('60s');
    expect(other.leases.held).to.deep.equal([]);
    expect(busy.leases.held).to.have.length(3);
    release();
    await world.clock.advance('5s');
    expect(other.leases.held).to.have.length(1);
    await endAll(world);
  });
});

describe('the shard of a key', () => {
  it('is the same in every version of this package', () => {
    expect(['a', 'default/web', 'kube-system/coredns', ''].map((key) => shardOf(key, 16))).to.deep.equal([13, 15, 3, 3]);
  });

  it('is any of them equally often, also for names that are much alike', () => {
    const shards = Array.from({ length: 8_000 }, (_, index) => shardOf(`default/pod-${index}`, 8));
    for (let shard = 0; shard < 8; shard += 1) expect(shards.filter((each) => each === shard).length).to.be.within(900, 1_100);
  });

  it('changes for no more keys than it must when there is one shard more', () => {
    const keys = Array.from({ length: 4_000 }, (_, index) => `default/pod-${index}`);
    const moved = keys.filter((key) => shardOf(key, 8) !== shardOf(key, 9));
    expect(moved.every((key) => shardOf(key, 9) === 8)).to.equal(true);
    expect(moved.length).to.be.within(350, 550);
  });
});
