import type { Clock } from '../../../operator/clock.js';
import type { Random } from '../../../operator/random.js';
import type { Faults } from '../faults.js';
import { CapacityReservations } from './capacity-reservations.js';
import { Clusters } from './clusters.js';
import { Idempotency } from './idempotency.js';
import { Identities } from './identities.js';
import { Images } from './images.js';
import type { Instance } from './instance.js';
import { Instances, type InstanceEvent } from './instances.js';
import { LaunchTemplates } from './launch-templates.js';
import { Network } from './network.js';
import { PlacementGroups } from './placement-groups.js';
import { Queue } from './queues.js';
import { SpotMarket } from './spot-market.js';
import { Volumes } from './volumes.js';
import { ZonalShifts } from './zonal-shifts.js';

export interface AccountOptions {
  clock: Clock;
  random: Random;
  faults: Faults;
  region: string;
  accountId: string;
  /** Of the spot market's prices and depths. */
  seed: number;
}

/** Everything that the sandbox's AWS holds for its one account. */
export class Account {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: Faults;
  readonly region: string;
  readonly id: string;
  readonly network: Network;
  readonly images: Images;
  readonly identities: Identities;
  readonly launchTemplates: LaunchTemplates;
  readonly volumes: Volumes;
  readonly instances: Instances;
  readonly capacityReservations: CapacityReservations;
  readonly placementGroups: PlacementGroups;
  readonly spotMarket: SpotMarket;
  readonly idempotency: Idempotency;
  readonly queues = new Map<string, Queue>();
  readonly clusters = new Clusters();
  readonly zonalShifts: ZonalShifts;

  constructor({ clock, random, faults, region, accountId, seed }: AccountOptions) {
    this.clock = clock;
    this.random = random;
    this.faults = faults;
    this.region = region;
    this.id = accountId;
    this.network = new Network(region);
    this.images = new Images(clock);
    this.identities = new Identities(clock, random, faults, accountId);
    this.launchTemplates = new LaunchTemplates(clock, random, faults);
    this.volumes = new Volumes(clock, random);
    this.capacityReservations = new CapacityReservations(clock, random);
    this.instances = new Instances(clock, random, faults, region, this.volumes, this.capacityReservations, (event) => this.announce(event));
    this.placementGroups = new PlacementGroups(random);
    this.spotMarket = new SpotMarket(clock, seed);
    this.idempotency = new Idempotency(clock);
    this.zonalShifts = new ZonalShifts(clock, random);
  }

  addQueue(name: string): Queue {
    const queue = new Queue(name, this.clock, this.random);
    this.queues.set(name, queue);
    return queue;
  }

  /** True when nothing that costs money or was made by a controller is left. */
  isEmpty(): boolean {
    const { instances, launchTemplates, identities, volumes } = this;
    return instances.alive().length === 0 && launchTemplates.count === 0 && identities.profiles.size === 0 && volumes.all.size === 0;
  }

  /** AWS plans to work on an instance's host: AWS Health says so through EventBridge. */
  scheduleMaintenance(instance: Instance): void {
    const body = {
      eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED', eventTypeCategory: 'scheduledChange', service: 'EC2',
      affectedEntities: [{ entityValue: instance.id }],
    };
    this.publish('aws.health', 'AWS Health Event', [], body);
  }

  private announce({ type, instance, detail }: InstanceEvent): void {
    this.publish('aws.ec2', type, [`arn:aws:ec2:${this.region}:${this.id}:instance/${instance.id}`], detail);
  }

  /** An EventBridge event, to every queue: the rules of Karpenter's stack match the whole account. */
  private publish(source: string, detailType: string, resources: readonly string[], detail: unknown): void {
    const time = new Date(this.clock.now()).toISOString().replace(/\.\d+/, '');
    const body = JSON.stringify({
      version: '0', id: this.random.uuid(), 'detail-type': detailType, source, account: this.id, time, region: this.region, resources,
      detail,
    });
    for (const queue of this.queues.values()) queue.send(body);
  }
}
