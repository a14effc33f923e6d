import { strict as assert } from 'node:assert';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Node, Pod, provide } from 'karpenter-ts/operator';
import { everyFault, testBed } from 'karpenter-ts/operator/testing';
import type { TestBed } from 'karpenter-ts/operator/testing';
import { Cloud, Interruptions, RegistrationHook } from './cloud.js';
import { FakeCloud, FakeInterruptions } from './fake-cloud.js';
import { MachineClass } from './machine-class.js';
import { UNREGISTERED } from './machine-lifecycle.js';
import { Machine } from './machine.js';
import { modules } from './module.js';

const STARTING = 'example.com/starting';
const machine = { metadata: { name: 'a' }, spec: { className: 'default', provider: 'example', startupTaints: [STARTING] } };
const taint = (key: string) => ({ key, effect: 'NoSchedule' });

/** What the machine does when it has booted. */
const join = (bed: TestBed, providerID = 'fake:///0'): Promise<Node> =>
  bed.api.create(Node, { metadata: { name: 'n' }, spec: { providerID, taints: [taint(UNREGISTERED), taint(STARTING)] } });

let bed: TestBed;
let cloud: FakeCloud;
let interruptions: FakeInterruptions;

beforeEach(async () => {
  cloud = new FakeCloud();
  interruptions = new FakeInterruptions();
  bed = (await testBed(...modules, { permissions: 'generated' })).override(Cloud, cloud).override(Interruptions, interruptions);
});
afterEach(() => bed.close());

const conditions = async (): Promise<Record<string, string>> =>
  Object.fromEntries(((await bed.api.get(Machine, 'a')).status.conditions ?? []).map(({ type, status, reason }) => [type, `${status}/${reason}`]));

describe('A Machine', () => {
  it('is launched, registered and initialized', async () => {
    await bed.api.create(Machine, machine);
    await bed.settle();
    assert.deepEqual(await conditions(), { Launched: 'True/Launched', Registered: 'Unknown/NodeNotFound', Initialized: 'Unknown/DependenciesNotReady', Ready: 'Unknown/ReconcilingDependents' });
    await join(bed);
    await bed.settle();
    assert.equal((await conditions())['Initialized'], 'Unknown/StartupTaintsExist');
    const { metadata: { labels }, spec: { taints } } = await bed.api.get(Node, 'n');
    assert.equal(labels['topology.kubernetes.io/zone'], 'a');
    assert.deepEqual(taints?.map(({ key }) => key).filter((key) => key.includes('example.com')), [STARTING]);
    await bed.api.patch(Node, 'n', { spec: { taints: [] }, status: { allocatable: { cpu: '2' } } });
    await bed.settle();
    assert.equal((await conditions())['Ready'], 'True/Ready');
    assert.equal(cloud.running.size, 1);
  });

  it('ends with its node, then its instance', async () => {
    await bed.api.create(Machine, machine);
    await bed.settle();
    await join(bed);
    await bed.settle();
    cloud.slow = true;
    await bed.api.delete(Machine, 'a');
    await bed.settle();
    assert.equal(await bed.api.find(Node, 'n'), undefined);
    assert.equal((await conditions())['InstanceTerminating'], 'True/InstanceTerminating');
    cloud.slow = false;
    await bed.advance('6s');
    assert.equal(await bed.api.find(Machine, 'a'), undefined);
  });

  it('is given up after fifteen minutes without a node, to the second', async () => {
    await bed.api.create(Machine, machine);
    await bed.settle();
    await bed.advance('14m59s');
    assert.equal((await bed.api.get(Machine, 'a')).metadata.deletionTimestamp, undefined);
    await bed.advance('1s');
    assert.equal(await bed.api.find(Machine, 'a'), undefined);
    assert.equal(cloud.running.size, 0);
  });

  it('is given up at once where there is no capacity, and tried again where the cloud is down', async () => {
    cloud.full = true;
    const created = await bed.api.create(Machine, machine);
    await bed.settle();
    assert.equal(await bed.api.find(Machine, 'a'), undefined);
    assert.ok((await bed.events(created)).includes('Warning InsufficientCapacityError: no capacity in any zone'));
    cloud.full = false;
    cloud.failure = new Error('the cloud is down');
    await bed.api.create(Machine, machine);
    await bed.settle();
    assert.equal((await conditions())['Launched'], 'Unknown/LaunchFailed');
    cloud.failure = undefined;
    await bed.advance('3s');
    assert.equal((await conditions())['Launched'], 'True/Launched');
  });

  it('is left alone when somebody else provides it', async () => {
    await bed.api.create(Machine, { ...machine, spec: { ...machine.spec, provider: 'somebody' } });
    await bed.settle();
    assert.equal((await bed.api.get(Machine, 'a')).metadata.finalizers, undefined);
    assert.equal(cloud.running.size, 0);
  });

  it('waits for the hooks that other modules bind', async () => {
    let verdict: true | string = 'the disks are not attached';
    await bed.close();
    bed = (await testBed(...modules, provide(RegistrationHook, { ready: () => Promise.resolve(verdict) }))).override(Cloud, cloud);
    await bed.api.create(Machine, machine);
    await bed.settle();
    await join(bed);
    await bed.settle();
    assert.equal((await conditions())['Registered'], 'Unknown/RegistrationHookPending');
    verdict = true;
    await bed.advance('6s');
    assert.equal((await conditions())['Registered'], 'True/Registered');
  });

  it('goes when the cloud wants it back, and the message is acknowledged then', async () => {
    const created = await bed.api.create(Machine, machine);
    await bed.settle();
    interruptions.send({ providerID: 'fake:///0', kind: 'spot' });
    await bed.settle();
    assert.equal(await bed.api.find(Machine, 'a'), undefined);
    assert.ok((await bed.events(created)).includes('Warning Interrupted: spot interruption'));
    assert.equal(interruptions.pending('fake:///0'), undefined);
  });
});

describe('A MachineClass', () => {
  const ready = async (): Promise<string[]> => ((await bed.api.get(MachineClass, 'default')).status.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`).sort();
  beforeEach(async () => {
    await bed.api.create(MachineClass, { metadata: { name: 'default' }, spec: { role: 'nodes' } });
    await bed.settle();
  });

  it('has what the cloud has for it, and looks every minute', async () => {
    const { status } = await bed.api.get(MachineClass, 'default');
    assert.deepEqual(status.subnets, [{ id: 'subnet-a', zone: 'a' }, { id: 'subnet-b', zone: 'b' }]);
    assert.equal(status.profile, 'profile-of-nodes');
    cloud.zones = [];
    await bed.advance('70s');
    assert.deepEqual(await ready(), ['ProfileReady=True/ProfileReady', 'Ready=False/UnhealthyDependents', 'SubnetsReady=False/SubnetsNotFound', 'ValidationSucceeded=False/DependenciesNotReady']);
  });

  it('looks again after ten minutes where permissions are missing', async () => {
    cloud.deniedAction = 'launch machines';
    await bed.advance('70s');
    assert.ok((await ready()).includes('ValidationSucceeded=False/NotAuthorized'));
    cloud.deniedAction = undefined;
    await bed.advance('11m');
    assert.ok((await ready()).includes('Ready=True/Ready'));
  });

  it('stays while machines use it', async () => {
    await bed.api.create(Machine, machine);
    await bed.settle();
    await bed.api.delete(MachineClass, 'default');
    await bed.settle();
    assert.notEqual(await bed.api.find(MachineClass, 'default'), undefined);
    await bed.api.delete(Machine, 'a');
    await bed.settle();
    assert.equal(await bed.api.find(MachineClass, 'default'), undefined);
  });
});

describe('Singletons', () => {
  it('collect instances that no Machine knows at the second look', async () => {
    await bed.api.create(Machine, machine);
    await bed.settle();
    cloud.running.set('fake:///lost', { providerID: 'fake:///lost', labels: {}, capacity: {} });
    await bed.advance('2m30s');
    assert.equal(cloud.running.has('fake:///lost'), true);
    await bed.advance('2m30s');
    assert.deepEqual([...cloud.running.keys()], ['fake:///0']);
  });

  it('make machines for pods that fit nowhere, one pass for a burst', async () => {
    await bed.settle();
    for (let number = 0; number < 12; number += 1) {
      await bed.api.create(Pod, { metadata: { name: `p${number}` }, spec: { containers: [{ name: 'main', image: 'x' }] } });
      await bed.api.patch(Pod, `p${number}`, { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } });
    }
    await bed.settle();
    assert.equal((await bed.api.list(Machine)).length, 0);
    await bed.advance('1s');
    assert.equal((await bed.api.list(Machine)).length, 2);
  });
});

describe('A Machine, whatever goes wrong', () => {
  it('is one instance, and none in the end', async () => {
    let launched = new FakeCloud();
    await everyFault(async (world) => {
      launched = new FakeCloud();
      world.external(Cloud, launched, ['launch', 'terminate']);
      const faulty = await world.testBed(...modules);
      await faulty.api.create(Machine, { ...machine, spec: { ...machine.spec, startupTaints: [] } });
      await world.until(async () => (await faulty.api.get(Machine, 'a')).status.providerID !== undefined);
      await join(faulty);
      await world.until(async () => (await faulty.api.get(Machine, 'a')).status.nodeName === 'n');
      await faulty.api.delete(Machine, 'a');
      await world.until(async () => (await faulty.api.find(Machine, 'a')) === undefined && launched.running.size === 0);
    }, { sample: 6, invariants: { 'never two instances': () => { assert.ok(launched.running.size <= 1); } } });
  });
});
