import { DescribeInstanceTypesCommand } from './aws-sdk.js';
import { abortable } from './clients.js';
import type { AwsClients } from './clients.js';
import { errorCode, isDryRunSuccess } from './errors.js';
import type { AwsSettings } from './settings.js';

/** AWS cannot be used: there are no credentials, it refuses them, or it cannot be reached. */
export class AwsUnavailable extends Error {
  override readonly name = 'AwsUnavailable';
  constructor(readonly reason: 'CredentialsMissing' | 'CredentialsRefused' | 'Unreachable', message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Asks EC2 whether the operator might list instance types: the cheapest proof that credentials, permissions and the way there are
 * in order (karpenter-aws §2.0). Rejects with {@link AwsUnavailable}.
 */
export async function assertConnectivity({ ec2 }: Pick<AwsClients, 'ec2'>, { region, endpoint }: Pick<AwsSettings, 'region' | 'endpoint'>, signal?: AbortSignal): Promise<void> {
  try {
    await ec2.send(new DescribeInstanceTypesCommand({ DryRun: true }), abortable(signal));
  } catch (error) {
    if (isDryRunSuccess(error)) return;
    throw asUnavailable(error as Error, endpoint ?? `region ${region}`);
  }
  throw new AwsUnavailable('Unreachable', `ec2:DescribeInstanceTypes in ${endpoint ?? region} answered a dry run with a result: this is not EC2`);
}

function asUnavailable(error: Error, where: string): AwsUnavailable {
  const [message = ''] = error.message.split('\n');
  const code = errorCode(error);
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError') {
    return new AwsUnavailable('CredentialsMissing', `no AWS credentials: ${message}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role of the pod`, { cause: error });
  }
  if ((error as { $fault?: string }).$fault === 'client' || (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined) {
    return new AwsUnavailable('CredentialsRefused', `AWS refuses ec2:DescribeInstanceTypes in ${where}: ${code}: ${message}`, { cause: error });
  }
  return new AwsUnavailable('Unreachable', `cannot reach EC2 in ${where}: ${code === 'Error' ? '' : `${code}: `}${message}`, { cause: error });
}
