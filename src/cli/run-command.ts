import { createLogger, systemClock, systemRandom } from '../operator/index.js';
import { CliError } from './cli-error.js';
import { karpenter } from './karpenter.js';
import { loadKubeconfig } from './kubeconfig.js';
import { operatorOptions } from './operator-options.js';

/** `karpenter-ts run`: the operator against the current kubeconfig and AWS, until a signal. */
export async function runCommand(flags: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
  const options = settings(flags);
  const kubeconfig = await loadKubeconfig();
  const clock = systemClock();
  const operator = karpenter(options, {
    clock,
    random: systemRandom,
    logger: createLogger({ clock, level: options.logLevel }),
    kubeconfig,
    caBundle: kubeconfig.getCurrentCluster()?.caData ?? '',
  });
  await operator.run({ signal });
}

function settings(flags: Readonly<Record<string, unknown>>): ReturnType<typeof operatorOptions> {
  try {
    return operatorOptions(flags, process.env);
  } catch (error) {
    throw new CliError((error as Error).message, 2);
  }
}
