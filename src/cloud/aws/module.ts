import { ContainerModule } from 'inversify';
import type { ServiceIdentifier } from 'inversify';
import { measured } from '../measured-provider.js';
import { InstanceTypeOverlays } from '../overlay/overlay-store.js';
import { CloudProvider } from '../provider.js';
import { withholding } from '../withholding-provider.js';
import { EventRecorder } from '../../operator/kube/event-recorder.js';
import { Logger } from '../../operator/logger.js';
import { Metrics } from '../../operator/runtime/metrics.js';
import { CallWithheld, ExternalCalls } from '../../operator/shadow/external-calls.js';
import { errorText } from './errors.js';
import { awsMetrics } from './metrics.js';
import { createAwsServices } from './services.js';
import type { AwsEnvironment, AwsServices } from './services.js';
import type { EventPublisher, KubernetesFacts, NodeClassLookup } from './ports.js';
import type { AwsSettings } from './settings.js';
import { TOKENS } from './tokens.js';

/** The services by token, with the name under which {@link AwsServices} has them. */
const BOUND: readonly (readonly [symbol, Exclude<keyof AwsServices, 'close'>])[] = [
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
  [TOKENS.Launcher, 'launcher'],
  [TOKENS.Validation, 'validation'],
  [TOKENS.InterruptionQueue, 'interruptions'],
  [TOKENS.InstanceStatus, 'instanceStatus'],
  [TOKENS.ZonalShifts, 'zonalShifts'],
];

/** What the operator's own parts are told of: metrics under upstream's names, and what goes wrong in the log. */
function observed(environment: AwsEnvironment, metrics: Metrics | undefined, log: Logger | undefined): AwsEnvironment {
  const measured = metrics && awsMetrics(metrics);
  const warn = (message: string, fields: Record<string, unknown>): void => log?.warn(message, fields);
  return {
    ...measured,
    ...environment,
    observers: {
      ...measured?.observers,
      warn,
      launchTemplateDeletion: (name, error) => log?.[error instanceof CallWithheld ? 'debug' : 'error']('failed to delete launch template', { 'launch-template': name, error: errorText(error) }),
      instances: { ...measured?.observers.instances, warn },
      interruptions: { ...measured?.observers.interruptions, failed: (error) => log?.error('failed to handle the interruption queue', { error: errorText(error) }) },
      ...environment.observers,
    },
  };
}

const publisher = (recorder: EventRecorder): EventPublisher => ({ publish: ({ object, type, reason, message }) => recorder.record(object, type, reason, message) });

/**
 * Binds the provider, the CloudProvider port among it. Expects `TOKENS.NodeClassLookup` and `TOKENS.KubernetesFacts` to be
 * bound beside it; of the operator it uses the event recorder, the metrics, the logger and the way of external calls, if they are there. Timers stop when
 * the container is unbound.
 */
export function awsModule(settings: AwsSettings, environment: AwsEnvironment): ContainerModule {
  return new ContainerModule(({ bind }) => {
    bind<AwsServices>(TOKENS.Services)
      .toDynamicValue((context) => {
        const recorder = context.get<EventRecorder>(EventRecorder, { optional: true });
        const metrics = context.get<Metrics>(Metrics, { optional: true });
        const log = context.get<Logger>(Logger, { optional: true });
        const overlays = context.get<InstanceTypeOverlays>(InstanceTypeOverlays, { optional: true });
        const calls = context.get<ExternalCalls>(ExternalCalls, { optional: true });
        return createAwsServices(settings, { ...observed(environment, metrics, log), ...(calls ? { calls } : {}) }, {
          nodeClasses: context.get<NodeClassLookup>(TOKENS.NodeClassLookup),
          kubernetes: context.get<KubernetesFacts>(TOKENS.KubernetesFacts),
          ...(recorder ? { events: publisher(recorder) } : {}),
          ...(overlays ? { overlays } : {}),
        });
      })
      .inSingletonScope()
      .onDeactivation((services) => services.close());
    bind<CloudProvider>(CloudProvider)
      .toDynamicValue((context) => {
        const { cloudProvider } = context.get<AwsServices>(TOKENS.Services);
        const metrics = context.get<Metrics>(Metrics, { optional: true });
        const calls = context.get<ExternalCalls>(ExternalCalls, { optional: true });
        const provider = calls?.withheld ? withholding(cloudProvider, calls) : cloudProvider;
        return metrics ? measured(provider, metrics, environment.clock) : provider;
      })
      .inSingletonScope();
    for (const [token, name] of BOUND) bind(token as ServiceIdentifier).toDynamicValue((context) => context.get<AwsServices>(TOKENS.Services)[name]).inSingletonScope();
  });
}
