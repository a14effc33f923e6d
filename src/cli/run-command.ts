import { assertConnectivity, awsClients } from '../cloud/aws/index.js';
import { createLogger, systemClock, systemRandom } from '../operator/index.js';
import type { Clock } from '../operator/index.js';
import { CliError } from './cli-error.js';
import { karpenter } from './karpenter.js';
import { certificateAuthorityOf, loadKubeconfig } from './kubeconfig.js';
import { logWriter } from './log-output.js';
import { operatorOptions } from './operator-options.js';
import type { OperatorOptions } from './operator-options.js';

/** `karpenter-ts run`: the operator against the current kubeconfig and AWS, until a signal. */
export async function runCommand(flags: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
  const options = settings(flags);
  const kubeconfig = await loadKubeconfig();
  const clock = systemClock();
  const logger = createLogger({ clock, level: options.logLevel, write: logWriter(options.logOutputPaths, options.logErrorOutputPaths) });
  await connect(options, clock, signal);
  const operator = karpenter(options, {
    clock,
    random: systemRandom,
    logger,
    kubeconfig,
    ...(options.debug.enabled ? { debug: { host: options.debug.host, port: options.debug.port } } : {}),
    caBundle: await certificateAuthorityOf(kubeconfig),
  });
  await operator.run({ signal });
}

/** Ends here, with one clear line, what could not work later (karpenter-aws §2.0). */
async function connect({ aws }: OperatorOptions, clock: Clock, signal: AbortSignal): Promise<void> {
  const clients = awsClients({ region: aws.region, version: aws.version, clock, ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint }) });
  try {
    await assertConnectivity(clients, aws, signal);
  } catch (error) {
    throw new CliError((error as Error).message, 1, { cause: error });
  } finally {
    for (const client of Object.values(clients)) (client as { destroy(): void }).destroy();
  }
}

function settings(flags: Readonly<Record<string, unknown>>): ReturnType<typeof operatorOptions> {
  try {
    return operatorOptions(flags, process.env);
  } catch (error) {
    throw new CliError((error as Error).message, 2);
  }
}
