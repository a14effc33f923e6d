import type { Clock } from '../../operator/clock.js';
import type { Random } from '../../operator/random.js';
import { NO_OVERLAYS } from '../overlay/overlay-store.js';
import type { InstanceTypeOverlays } from '../overlay/overlay-store.js';
import { AmiProvider } from './ami-provider.js';
import { CapacityReservationProvider } from './capacity-reservation-provider.js';
import { awsClients } from './clients.js';
import type { AwsClientOptions, AwsClients } from './clients.js';
import { AwsCloudProvider } from './cloud-provider.js';
import { Cluster } from './cluster.js';
import { InstanceProfileProvider } from './instance-profile-provider.js';
import { InstanceLauncher } from './instance/launcher.js';
import { InstanceProvider } from './instance/provider.js';
import type { InstanceObserver } from './instance/provider.js';
import { InstanceStatusProvider } from './instance-status-provider.js';
import { InstanceTypeProvider } from './instance-type/provider.js';
import { InterruptionQueue } from './interruption/queue.js';
import type { InterruptionObserver } from './interruption/queue.js';
import { LaunchTemplateProvider } from './launch-template/provider.js';
import type { LaunchTemplateObserver } from './launch-template/provider.js';
import { PlacementGroupProvider } from './placement-group-provider.js';
import type { EventPublisher, KubernetesFacts, NodeClassLookup } from './ports.js';
import { PricingProvider } from './pricing-provider.js';
import { SecurityGroupProvider } from './security-group-provider.js';
import type { AwsSettings } from './settings.js';
import { SsmProvider } from './ssm-provider.js';
import { SubnetProvider } from './subnet-provider.js';
import { UnavailableOfferings } from './unavailable-offerings.js';
import { ValidationProvider } from './validation/provider.js';
import { VersionProvider } from './version-provider.js';
import { ZonalShiftClient } from './zonal-shift/client.js';
import { ZonalShiftProvider } from './zonal-shift/provider.js';

/** What the provider takes from the process that it runs in. */
export interface AwsEnvironment extends Pick<AwsClientOptions, 'requestHandler' | 'credentials' | 'observe' | 'calls'> {
  clock: Clock;
  random: Random;
  observers?: {
    instances?: InstanceObserver;
    interruptions?: InterruptionObserver;
  } & LaunchTemplateObserver;
}

/** What the provider takes from the rest of the operator. */
export interface AwsPorts {
  nodeClasses: NodeClassLookup;
  kubernetes: KubernetesFacts;
  /** Default: dropped. */
  events?: EventPublisher;
  /** Default: none. */
  overlays?: InstanceTypeOverlays;
}

/** Everything that the provider consists of; each part exists once. */
export interface AwsServices {
  settings: AwsSettings;
  clients: AwsClients;
  cluster: Cluster;
  version: VersionProvider;
  subnets: SubnetProvider;
  securityGroups: SecurityGroupProvider;
  ssm: SsmProvider;
  amis: AmiProvider;
  instanceProfiles: InstanceProfileProvider;
  launchTemplates: LaunchTemplateProvider;
  pricing: PricingProvider;
  instanceTypes: InstanceTypeProvider;
  unavailable: UnavailableOfferings;
  reservations: CapacityReservationProvider;
  placementGroups: PlacementGroupProvider;
  instances: InstanceProvider;
  launcher: InstanceLauncher;
  validation: ValidationProvider;
  interruptions: InterruptionQueue;
  instanceStatus: InstanceStatusProvider;
  zonalShifts: ZonalShiftProvider;
  cloudProvider: AwsCloudProvider;
  /** Stops timers; nothing is deleted any more. */
  close(): void;
}

const DROPPED: EventPublisher = { publish: () => undefined };

/** Puts the provider together. Nothing is asked of AWS yet. */
export function createAwsServices(settings: AwsSettings, environment: AwsEnvironment, { nodeClasses, kubernetes, events = DROPPED, overlays = NO_OVERLAYS }: AwsPorts): AwsServices {
  const { clock, random, observers = {}, requestHandler, credentials, observe, calls } = environment;
  const clients = awsClients({
    region: settings.region,
    version: settings.version,
    clock,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(requestHandler === undefined ? {} : { requestHandler }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(observe === undefined ? {} : { observe }),
    ...(calls === undefined ? {} : { calls }),
  });
  const cluster = new Cluster(clients, kubernetes, settings);
  const version = new VersionProvider(clients, kubernetes, settings);
  const subnets = new SubnetProvider(clients, clock, settings.subnetRefreshInterval);
  const securityGroups = new SecurityGroupProvider(clients, clock);
  const ssm = new SsmProvider(clients, clock);
  const amis = new AmiProvider(clients, ssm, version, clock, settings.amiRefreshInterval);
  const instanceProfiles = new InstanceProfileProvider(clients, settings, clock, random);
  const launchTemplates = new LaunchTemplateProvider(clients, settings, cluster, clock, observers);
  const pricing = new PricingProvider(clients, settings, clock);
  const unavailable = new UnavailableOfferings(clock);
  const reservations = new CapacityReservationProvider(clients, clock);
  const placementGroups = new PlacementGroupProvider(clients, clock);
  const zonalShifts = new ZonalShiftProvider(new ZonalShiftClient(clients, settings), cluster, settings, clock);
  const instanceTypes = new InstanceTypeProvider(clients, settings, clock, pricing, unavailable, reservations, placementGroups, overlays, zonalShifts);
  const instances = new InstanceProvider(clients, settings, clock, zonalShifts, observers.instances);
  const launcher = new InstanceLauncher({
    clients, settings, clock, instances, subnets, launchTemplates, unavailable, reservations, placementGroups, events, ...(observers.instances ? { observer: observers.instances } : {}),
  });
  const validation = new ValidationProvider({ clients, settings, clock, cluster, nodeClasses, instanceTypes, launchTemplates, placementGroups, triesNothing: calls?.withheld ?? false });
  const interruptions = new InterruptionQueue(clients, settings.interruptionQueue, clock, observers.interruptions);
  const instanceStatus = new InstanceStatusProvider(clients, clock);
  const cloudProvider = new AwsCloudProvider({ nodeClasses, instances, launcher, instanceTypes, overlays, reservations, placementGroups, cluster, events, clock });
  return {
    settings, clients, cluster, version, subnets, securityGroups, ssm, amis, instanceProfiles, launchTemplates, pricing, instanceTypes, unavailable, reservations,
    placementGroups, instances, launcher, validation, interruptions, instanceStatus, zonalShifts, cloudProvider,
    close() {
      launchTemplates.close();
      unavailable.close();
      for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
    },
  };
}
