import type { Clock, Timer } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import type { CapacityType, Faults } from '../faults.js';
import type { Machines, SandboxInstance } from '../instance.js';
import { AwsError } from '../protocol/error.js';
import type { CapacityReservations } from './capacity-reservations.js';
import { privateDnsNameOf, privateIpOf, type Instance, type InstanceState } from './instance.js';
import type { Volumes } from './volumes.js';

/** How long a terminated instance stays in reads. */
const AFTERLIFE = 3_600_000;
/** What a spot instance is given between the warning and its end. */
const SPOT_NOTICE = 120_000;

/** Milliseconds: half of the draws fall below `median`, two thirds within a factor of 1 + spread of it. */
function delay(random: Random, { median, spread, least, most }: { median: number; spread: number; least: number; most: number }): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.round(Math.min(most, Math.max(least, median * Math.exp(normal * Math.log(1 + spread)))));
}
const STARTING = { median: 6_000, spread: 0.4, least: 2_000, most: 25_000 };
const STOPPING = { median: 25_000, spread: 0.4, least: 8_000, most: 90_000 };
const SHUTTING_DOWN = { median: 20_000, spread: 0.5, least: 6_000, most: 90_000 };

/** Something that EC2 tells EventBridge about an instance. */
export interface InstanceEvent {
  readonly type: 'EC2 Instance State-change Notification' | 'EC2 Spot Instance Interruption Warning' | 'EC2 Instance Rebalance Recommendation';
  readonly instance: Instance;
  readonly detail: Readonly<Record<string, string>>;
}

/** The account's instances and their lives. */
export class Instances implements Machines {
  private readonly byId = new Map<string, Instance>();
  private readonly listeners = new Set<(instance: SandboxInstance) => void>();
  private readonly timers = new Set<Timer>();
  /** Living instances by pool. */
  private readonly pools = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly faults: Faults,
    private readonly region: string,
    private readonly volumes: Volumes,
    private readonly reservations: CapacityReservations,
    private readonly announce: (event: InstanceEvent) => void,
  ) {}

  /** Takes a new instance in state pending, and lets it run. */
  start(instance: Instance): void {
    this.byId.set(instance.id, instance);
    this.count(instance, 1);
    this.changed(instance);
    this.boot(instance);
    const { spotInterruptionsPerHour: rate } = this.faults;
    if (instance.lifecycle === 'spot' && rate > 0) {
      this.after((-Math.log(1 - this.random.next()) / rate) * 3_600_000, () => {
        if (instance.state === 'pending' || instance.state === 'running') this.interrupt(instance);
      });
    }
  }

  /** Shuts a running instance down without ending it. Throws for spot instances, which end when they stop. Gives the state before. */
  stop(instance: Instance): InstanceState {
    const before = instance.state;
    if (instance.lifecycle === 'spot') {
      throw new AwsError(
        'UnsupportedOperation',
        `You can't stop the Spot Instance '${instance.id}' because it is associated with a one-time Spot Instance request.`,
      );
    }
    if (before === 'stopping' || before === 'stopped') return before;
    if (before !== 'running') {
      throw new AwsError('IncorrectInstanceState', `The instance '${instance.id}' is not in a state from which it can be stopped.`);
    }
    this.enter(instance, 'stopping');
    this.after(delay(this.random, STOPPING), () => {
      if (instance.state === 'stopping') this.enter(instance, 'stopped');
    });
    return before;
  }

  /** Boots a stopped instance again. Gives the state before. */
  restart(instance: Instance): InstanceState {
    const before = instance.state;
    if (before === 'pending' || before === 'running') return before;
    if (before !== 'stopped') {
      throw new AwsError('IncorrectInstanceState', `The instance '${instance.id}' is not in a state from which it can be started.`);
    }
    this.enter(instance, 'pending');
    this.boot(instance);
    return before;
  }

  /** Begins an instance's end; no effect on one that is already ending. Gives the state before. */
  terminate(
    instance: Instance, reason = { code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown' },
  ): InstanceState {
    const before = instance.state;
    if (before === 'shutting-down' || before === 'terminated') return before;
    instance.stateReason = reason;
    this.enter(instance, 'shutting-down');
    this.after(delay(this.random, SHUTTING_DOWN), () => {
      instance.terminatedAt = this.clock.now();
      for (const { subnet, privateIp } of instance.networkInterfaces) if (privateIp !== undefined) subnet.returnAddress(privateIp);
      this.volumes.release(instance.id);
      this.count(instance, -1);
      if (instance.capacityReservationId !== undefined) this.reservations.giveBack(instance.capacityReservationId);
      this.enter(instance, 'terminated');
    });
    return before;
  }

  /** AWS takes a spot instance back: the warning now, the end two minutes later. */
  interrupt(instance: Instance): void {
    if (instance.lifecycle !== 'spot') throw new AwsError('IncorrectInstanceState', `${instance.id} is not a spot instance`);
    this.announce({
      type: 'EC2 Spot Instance Interruption Warning', instance, detail: { 'instance-id': instance.id, 'instance-action': 'terminate' },
    });
    this.after(SPOT_NOTICE, () => this.terminate(instance, {
      code: 'Server.SpotInstanceTermination', message: 'Server.SpotInstanceTermination: Spot instance termination',
    }));
  }

  recommendRebalance(instance: Instance): void {
    this.announce({ type: 'EC2 Instance Rebalance Recommendation', instance, detail: { 'instance-id': instance.id } });
  }

  /** Throws InvalidInstanceID.Malformed or InvalidInstanceID.NotFound, also for one that reads do not show yet. */
  get(id: string): Instance {
    if (!/^i-[0-9a-f]{8,17}$/.test(id)) throw new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
    this.forget();
    const instance = this.byId.get(id);
    if (!instance || instance.visibleAt > this.clock.now()) {
      throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    }
    return instance;
  }

  /** All that reads show, in order of launch. */
  visible(): Instance[] {
    this.forget();
    return [...this.byId.values()].filter((instance) => instance.visibleAt <= this.clock.now());
  }

  /** How many living instances a pool of capacity holds. */
  inPool(instanceType: string, zone: string, capacityType: CapacityType): number {
    return this.pools.get(`${instanceType}/${zone}/${capacityType}`) ?? 0;
  }

  /** Those that still hold capacity, shown or not. */
  alive(): Instance[] {
    return [...this.byId.values()].filter((instance) => instance.state !== 'terminated');
  }

  subscribe(listener: (instance: SandboxInstance) => void): () => void {
    this.listeners.add(listener);
    for (const instance of this.list()) listener(instance);
    return () => this.listeners.delete(listener);
  }

  list(): readonly SandboxInstance[] {
    this.forget();
    return [...this.byId.values()].map((instance) => this.describe(instance));
  }

  close(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.listeners.clear();
  }

  private boot(instance: Instance): void {
    this.after(delay(this.random, STARTING), () => {
      if (instance.state === 'pending') this.enter(instance, 'running');
    });
  }

  private count({ type, subnet, lifecycle }: Instance, by: 1 | -1): void {
    const pool = `${type.name}/${subnet.zone.name}/${lifecycle}`;
    this.pools.set(pool, (this.pools.get(pool) ?? 0) + by);
  }

  private enter(instance: Instance, state: InstanceState): void {
    instance.state = state;
    this.changed(instance);
    this.announce({ type: 'EC2 Instance State-change Notification', instance, detail: { 'instance-id': instance.id, state } });
  }

  private changed(instance: Instance): void {
    const seen = this.describe(instance);
    for (const listener of this.listeners) listener(seen);
  }

  private after(length: number, run: () => void): void {
    const timer = this.clock.schedule(length, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
  }

  private forget(): void {
    const before = this.clock.now() - AFTERLIFE;
    for (const { id, terminatedAt } of this.byId.values()) if (terminatedAt !== undefined && terminatedAt <= before) this.byId.delete(id);
  }

  private describe(instance: Instance): SandboxInstance {
    const { type } = instance;
    return {
      instanceId: instance.id,
      instanceType: type.name,
      availabilityZone: instance.subnet.zone.name,
      privateIp: privateIpOf(instance),
      privateDnsName: privateDnsNameOf(instance, this.region),
      imageId: instance.image.id,
      ...familyOf(instance),
      podVolumeGiB: podVolumeGiB(instance),
      userData: Buffer.from(instance.specification.userData ?? '', 'base64').toString(),
      lifecycle: instance.lifecycle,
      instanceProfile: instance.instanceProfile?.name,
      launchTime: instance.launchTime,
      state: instance.state,
      tags: Object.fromEntries(instance.tags),
      pricePerHour: instance.pricePerHour,
      shape: {
        vcpus: type.vcpus, memoryMiB: type.memoryMiB, architecture: type.architecture, gpus: type.gpuCount,
        gpuManufacturer: type.gpuManufacturer ?? '', maxEnis: type.maxEnis, ipv4PerEni: type.ipv4PerEni,
        localNvmeGB: type.storageNvme ? (type.storageGB ?? 0) : 0,
      },
    };
  }
}

/** By the names that the publishers give their images; whoever builds one of his own leaves it to the user data. */
const FAMILIES: readonly [RegExp, NonNullable<SandboxInstance['imageFamily']>][] = [
  [/^amazon-eks-node-al2023-/, 'AL2023'], [/^amazon-eks-/, 'AL2'], [/^bottlerocket-/, 'Bottlerocket'], [/^Windows_Server-/, 'Windows'],
];

function familyOf({ image }: Instance): Pick<SandboxInstance, 'imageFamily'> {
  const imageFamily = FAMILIES.find(([pattern]) => pattern.test(image.name))?.[1];
  return imageFamily === undefined ? {} : { imageFamily };
}

/** Bottlerocket keeps pods' files on a volume of its own, the others on the root volume. */
function podVolumeGiB({ image, specification }: Instance): number {
  const device = image.name.startsWith('bottlerocket-') ? '/dev/xvdb' : image.rootDevice;
  return specification.blockDevices?.find(({ deviceName }) => deviceName === device)?.sizeGiB ?? Math.max(20, image.rootGiB);
}
