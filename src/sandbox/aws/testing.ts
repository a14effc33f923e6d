import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { PricingClient } from '@aws-sdk/client-pricing';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { seededRandom } from '../../operator/random.js';
import { VirtualClock } from '../../operator/testing/virtual-clock.js';
import { createAws, type AwsOptions, type SandboxAws } from './aws.js';
import { sdkRequestHandler } from './sdk-request-handler.js';

export interface SdkClients {
  ec2: EC2Client;
  eks: EKSClient;
  iam: IAMClient;
  pricing: PricingClient;
  sqs: SQSClient;
  ssm: SSMClient;
  sts: STSClient;
}

/** The real SDK clients, calling the sandbox in this process. One attempt a call, so that errors show at once. */
export function sdkClients(aws: SandboxAws): SdkClients {
  const options = {
    region: aws.account.region, credentials: { accessKeyId: 'AKIASANDBOX', secretAccessKey: 'sandbox' }, maxAttempts: 1,
    requestHandler: sdkRequestHandler(aws),
  };
  return {
    ec2: new EC2Client(options),
    eks: new EKSClient(options),
    iam: new IAMClient(options),
    pricing: new PricingClient(options),
    sqs: new SQSClient(options),
    ssm: new SSMClient(options),
    sts: new STSClient(options),
  };
}

/** A sandbox AWS in virtual time with a seeded market, and the real clients for it. */
export function testAws(options: Partial<AwsOptions> & { clock?: VirtualClock } = {}): { aws: SandboxAws; clock: VirtualClock } & SdkClients {
  const clock = options.clock ?? new VirtualClock(Date.UTC(2026, 0, 1));
  const aws = createAws({ random: seededRandom(1), ...options, clock });
  return { aws, clock, ...sdkClients(aws) };
}

/** The error that a call fails with; throws when it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<{ name: string; message: string; status: number | undefined }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, message, status: $metadata?.httpStatusCode };
  }
  throw new Error('the call succeeded');
}
