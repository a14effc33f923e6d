import { EC2Client, EKSClient, IAMClient, PricingClient, SQSClient, SSMClient } from './aws-sdk.js';
import type { EC2ClientConfig } from '@aws-sdk/client-ec2';
import type { Clock } from '../../operator/clock.js';
import type { ExternalCalls } from '../../operator/shadow/external-calls.js';
import { errorCode } from './errors.js';

/** One client a service. `ec2WithoutRetries` is for dry runs, whose expected answer is an error. */
export interface AwsClients {
  ec2: EC2Client;
  ec2WithoutRetries: EC2Client;
  eks: EKSClient;
  iam: IAMClient;
  pricing: PricingClient;
  sqs: SQSClient;
  ssm: SSMClient;
  /** One more EKS client, of which only credentials, signer and connections are used: clients sign for one service all their life. */
  zonalShift: EKSClient;
}

/** One finished call, retries included. */
export interface AwsCall {
  service: string;
  operation: string;
  milliseconds: number;
  attempts: number;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** Undefined when the call succeeded. */
  errorCode?: string;
}

export interface AwsClientOptions {
  region: string;
  /** Instead of every service's public endpoint. */
  endpoint?: string;
  /** For the user agent. */
  version: string;
  clock: Clock;
  /** Default: the SDK's own over HTTPS with a timeout of 4 minutes. */
  requestHandler?: NonNullable<EC2ClientConfig['requestHandler']>;
  /** Default: the SDK's provider chain. */
  credentials?: NonNullable<EC2ClientConfig['credentials']>;
  observe?: (call: AwsCall) => void;
  /** Each try of a call that changes something goes through it when it is about to leave. Default: nothing comes in between. */
  calls?: ExternalCalls;
}

/** The Pricing API is served in few regions (karpenter-aws §3.8.1). */
export function pricingRegion(region: string): string {
  if (region.startsWith('ap-')) return 'ap-south-1';
  if (region.startsWith('cn-')) return 'cn-northwest-1';
  if (region.startsWith('eu-')) return 'eu-central-1';
  return 'us-east-1';
}

interface Response { response?: { statusCode?: number } }
interface Metadata { $metadata?: { attempts?: number; httpStatusCode?: number } }
interface CommandContext { clientName?: string; commandName?: string }
/** The part of every client's middleware stack that observation needs. */
interface Stack {
  add(
    middleware: (next: (args: object) => Promise<Response & { output: Metadata }>, context: CommandContext) => (args: object) => Promise<Response & { output: Metadata }>,
    options: { step: 'initialize' | 'finalizeRequest'; priority?: 'low'; name: string },
  ): void;
}

const callOf = ({ clientName = '', commandName = '' }: CommandContext): [service: string, operation: string] => [clientName.replace(/Client$/, ''), commandName.replace(/Command$/, '')];

function observeCalls(stack: Stack, clock: Clock, observe: (call: AwsCall) => void): void {
  stack.add((next, context) => async (args) => {
    const startedAt = clock.now();
    const [service, operation] = callOf(context);
    const report = (metadata: Metadata['$metadata'], code?: string): void => observe({
      service,
      operation,
      milliseconds: clock.now() - startedAt,
      attempts: metadata?.attempts ?? 1,
      status: metadata?.httpStatusCode ?? 0,
      ...(code === undefined ? {} : { errorCode: code }),
    });
    try {
      const result = await next(args);
      report(result.output.$metadata);
      return result;
    } catch (error) {
      report((error as Metadata).$metadata, errorCode(error) || 'Unknown');
      throw error;
    }
  }, { step: 'initialize', name: 'karpenterObserveCalls' });
}

const READS = /^(Describe|Get|List|Receive)/;
/** For a shadow, receiving is none: it hides messages from the operator that is at work. */
const SHADOW_READS = /^(Describe|Get|List)/;

function guardChanges(stack: Stack, calls: ExternalCalls): void {
  const reads = calls.withheld ? SHADOW_READS : READS;
  stack.add((next, context) => (args) => (reads.test(context.commandName ?? '') ? next(args) : calls.make(...callOf(context), () => next(args))),
    { step: 'finalizeRequest', priority: 'low', name: 'karpenterGuardChanges' });
}

const ignore = (): void => undefined;
/** Without `info`: for it the SDK would copy every request and response, only to have them thrown away. */
const QUIET = { trace: ignore, debug: ignore, warn: ignore, error: ignore } as unknown as NonNullable<EC2ClientConfig['logger']>;

const REQUEST_TIMEOUT = 4 * 60_000;

/** The clients that everything here shares, set up alike. */
export function awsClients({ region, endpoint, version, clock, requestHandler, credentials, observe, calls }: AwsClientOptions): AwsClients {
  // The SDK prints its own end-of-support notice for Node 20 to stderr at the first client, in the middle of our log.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const shared = {
    region,
    logger: QUIET,
    customUserAgent: `karpenter.sh-${version}`,
    requestHandler: requestHandler ?? { requestTimeout: REQUEST_TIMEOUT, connectionTimeout: 10_000, httpsAgent: { maxSockets: 200 }, httpAgent: { maxSockets: 200 } },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const clients: AwsClients = {
    ec2: new EC2Client(shared),
    ec2WithoutRetries: new EC2Client({ ...shared, maxAttempts: 1 }),
    eks: new EKSClient(shared),
    iam: new IAMClient(shared),
    pricing: new PricingClient({ ...shared, region: pricingRegion(region) }),
    // A queue's URL names the public host, whatever endpoint the queue was asked of.
    sqs: new SQSClient({ ...shared, ...(endpoint === undefined ? {} : { useQueueUrlAsEndpoint: false }) }),
    ssm: new SSMClient(shared),
    zonalShift: new EKSClient(shared),
  };
  for (const client of Object.values(clients)) {
    const stack = (client as { middlewareStack: unknown }).middlewareStack as Stack;
    if (observe) observeCalls(stack, clock, observe);
    if (calls) guardChanges(stack, calls);
  }
  return clients;
}

/** The options with which a call ends when the signal aborts. */
export const abortable = (signal: AbortSignal | undefined): { abortSignal?: AbortSignal } => (signal ? { abortSignal: signal } : {});
