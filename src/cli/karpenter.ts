import { ContainerModule } from 'inversify';
import { aws, core, observability } from '../../reconcilers/index.js';
import { TOKENS, awsModule } from '../cloud/aws/index.js';
import type { AwsEnvironment } from '../cloud/aws/index.js';
import { KubeClient, createOperator } from '../operator/index.js';
import type { Clock, Logger, Operator, Random } from '../operator/index.js';
import type { OperatorOptions as FrameworkOptions } from '../operator/index.js';
import { kubernetesFacts } from './kubernetes-facts.js';
import type { OperatorOptions } from './operator-options.js';

export interface KarpenterEnvironment extends Pick<FrameworkOptions, 'debug' | 'kubeconfig' | 'transport' | 'ports' | 'shutdownTimeout' | 'processMetrics' | 'shadow'> {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Base64 certificate authority of the API server; empty when unknown. */
  caBundle: string;
  aws?: Pick<AwsEnvironment, 'credentials' | 'requestHandler'>;
}

/** Karpenter, ready to run: the reconcilers on the AWS provider. */
export function karpenter(options: OperatorOptions, environment: KarpenterEnvironment): Operator {
  const { clock, random, logger, caBundle, aws: awsEnvironment = {}, ...framework } = environment;
  const { enabled, name: lease, ...election } = options.leaderElection;
  const operator = createOperator({
    ...framework,
    name: 'karpenter',
    clock,
    random,
    logger,
    rate: { qps: options.kubeClientQps, burst: options.kubeClientBurst, reserved: options.kubeClientReservedShare },
    cpus: Math.ceil(options.settings.cpuRequests / 1_000),
    userAgent: `karpenter/${options.aws.version}`,
    leaderElection: enabled && { ...election, lease },
    warmup: options.warmup,
    // An API server in this process needs no webhook to convert.
    ...(options.webhook.enabled && !framework.transport ? { webhooks: { port: options.webhook.port, service: options.webhook.service } } : {}),
    ports: framework.ports ?? { metrics: options.metricsPort, health: options.healthProbePort, profiling: options.profiling },
  });
  return operator.use(
    awsModule(options.aws, { clock, random, ...awsEnvironment }),
    new ContainerModule(({ bind }) => {
      bind(TOKENS.KubernetesFacts).toResolvedValue((client: KubeClient) => kubernetesFacts(client, caBundle), [KubeClient]).inSingletonScope();
    }),
    ...core(options.settings),
    ...aws({ queue: options.aws.interruptionQueue !== '', zonalShift: options.aws.zonalShift }),
    ...(options.clusterStateObservability ? observability() : []),
  );
}
