import { ContainerModule } from 'inversify';
import type { ServiceIdentifier } from 'inversify';
import { CloudProvider } from '../provider.js';
import { createAwsServices } from './services.js';
import type { AwsEnvironment, AwsServices } from './services.js';
import type { EventPublisher, KubernetesFacts, NodeClassLookup } from './ports.js';
import type { AwsSettings } from './settings.js';
import { TOKENS } from './tokens.js';

/** The services by token, with the name under which {@link AwsServices} has them. */
const BOUND: readonly (readonly [symbol, Exclude<keyof AwsServices, 'close'>])[] = [
  [CloudProvider, 'cloudProvider'],
  [TOKENS.Settings, 'settings'],
  [TOKENS.Clients, 'clients'],
  [TOKENS.Cluster, 'cluster'],
  [TOKENS.Version, 'version'],
  [TOKENS.Subnets, 'subnets'],
  [TOKENS.SecurityGroups, 'securityGroups'],
  [TOKENS.Ssm, 'ssm'],
  [TOKENS.Amis, 'amis'],
  [TOKENS.InstanceProfiles, 'instanceProfiles'],
  [TOKENS.LaunchTemplates, 'launchTemplates'],
  [TOKENS.Pricing, 'pricing'],
  [TOKENS.InstanceTypes, 'instanceTypes'],
  [TOKENS.UnavailableOfferings, 'unavailable'],
  [TOKENS.CapacityReservations, 'reservations'],
  [TOKENS.PlacementGroups, 'placementGroups'],
  [TOKENS.Instances, 'instances'],
  [TOKENS.Validation, 'validation'],
  [TOKENS.InterruptionQueue, 'interruptions'],
  [TOKENS.InstanceStatus, 'instanceStatus'],
];

/**
 * Binds the provider, the CloudProvider port among it. Expects `TOKENS.NodeClassLookup` and `TOKENS.KubernetesFacts` to be
 * bound beside it, and takes `TOKENS.EventPublisher` if it is. Timers stop when the container is unbound.
 */
export function awsModule(settings: AwsSettings, environment: AwsEnvironment): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind<AwsServices>(TOKENS.Services)
      .toDynamicValue((context) => {
        const events = context.get<EventPublisher>(TOKENS.EventPublisher, { optional: true });
        return createAwsServices(settings, environment, {
          nodeClasses: context.get<NodeClassLookup>(TOKENS.NodeClassLookup),
          kubernetes: context.get<KubernetesFacts>(TOKENS.KubernetesFacts),
          ...(events ? { events } : {}),
        });
      })
      .inSingletonScope()
      .onDeactivation((services) => services.close());
    for (const [token, name] of BOUND) bind(token as ServiceIdentifier).toDynamicValue((context) => context.get<AwsServices>(TOKENS.Services)[name]).inSingletonScope();
  });
}
