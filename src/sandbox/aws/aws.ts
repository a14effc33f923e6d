import { sleep, type Clock } from '../../operator/clock.js';
import type { Random } from '../../operator/random.js';
import { Account } from './account/account.js';
import { furnish } from './account/fresh-account.js';
import { ec2 } from './ec2/ec2.js';
import { eks } from './eks/eks.js';
import { Faults, type FaultOptions } from './faults.js';
import { iam, sts } from './iam/iam.js';
import type { Machines } from './instance.js';
import { listen, type Listening } from './listen.js';
import { AwsError } from './protocol/error.js';
import { pricing } from './pricing/pricing.js';
import type { AwsRequest, AwsResponse } from './protocol/http.js';
import type { Service } from './protocol/service.js';
import { sqs } from './sqs/sqs.js';
import { ssm } from './ssm/ssm.js';
import { zonalShift } from './zonal-shift/zonal-shift.js';

export interface AwsOptions {
  clock: Clock;
  random: Random;
  /** Default `us-west-2`. */
  region?: string;
  accountId?: string;
  /**
   * Of the spot prices and the depths of the pools; the same seed gives the same market.
   * Default 5, where c5.large is cheaper than m5.large in every zone, as readers of the guide expect.
   */
  seed?: number;
  faults?: FaultOptions;
  /** What EKS says the clusters run. Default `1.32`. */
  kubernetesVersion?: string;
}

/** An AWS of one account and one region, with the endpoints that a Karpenter talks to. */
export interface SandboxAws {
  /** Answers one request as the service that its signature names would. */
  handle(request: AwsRequest, signal?: AbortSignal): Promise<AwsResponse>;
  /** Opens an HTTP endpoint for all services together. */
  listen(options?: { port?: number; host?: string }): Promise<Listening>;
  /** Stops every timer, ends every long poll and closes the endpoints. */
  close(): Promise<void>;
  /** The instances, as the machines that they are. */
  readonly machines: Machines;
  /** What the account holds; may be changed directly, to stand for what others do in it. */
  readonly account: Account;
  readonly faults: Faults;
  /** Calls so far by operation (`ec2:CreateFleet`), refused ones included. */
  readonly calls: ReadonlyMap<string, number>;
}

const SERVICES: readonly Service[] = [ec2, iam, sts, ssm, sqs, pricing, eks, zonalShift];
const CREDENTIAL_SCOPE = /Credential=[^/,]+\/[^/,]+\/[^/,]+\/([^/,]+)\/aws4_request/;

export function createAws(options: AwsOptions): SandboxAws {
  const { clock, random, region = 'us-west-2', accountId = '123456789012', seed = 5, kubernetesVersion = '1.32' } = options;
  const faults = new Faults(options.faults);
  const account = new Account({ clock, random, faults, region, accountId, seed });
  furnish(account, kubernetesVersion);
  const calls = new Map<string, number>();
  /** Calls under way: AbortSignal.any on one long-lived signal would leak a little with every call. */
  const open = new Set<AbortController>();
  const endpoints = new Set<Listening>();

  async function handle(request: AwsRequest, signal?: AbortSignal): Promise<AwsResponse> {
    const requestId = random.uuid();
    const service = serviceOf(request);
    if (!service) {
      const body = `no service answers here: sign for one of ${SERVICES.map(({ name }) => name).join(', ')}`;
      return { status: 404, headers: { 'content-type': 'text/plain', 'x-amzn-requestid': requestId }, body };
    }
    const call = new AbortController();
    const hangUp = (): void => call.abort(signal?.reason);
    signal?.addEventListener('abort', hangUp);
    open.add(call);
    try {
      const operation = service.operationOf(request);
      const name = `${service.name}:${operation}`;
      calls.set(name, (calls.get(name) ?? 0) + 1);
      if (faults.latency > 0) await sleep(clock, faults.latency, call.signal);
      if (!request.headers['authorization']) throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
      if (faults.throttleRate > 0 && random.next() < faults.throttleRate) throw service.throttled();
      faults.strike(name);
      return await service.respond({ request, operation, requestId, account, signal: call.signal });
    } catch (error) {
      if (error instanceof AwsError) return service.refuse(error, requestId);
      throw error;
    } finally {
      open.delete(call);
      signal?.removeEventListener('abort', hangUp);
    }
  }

  return {
    handle,
    machines: account.instances,
    account,
    faults,
    calls,
    async listen({ port = 0, host = '127.0.0.1' } = {}) {
      const endpoint = await listen(handle, { port, host });
      endpoints.add(endpoint);
      return endpoint;
    },
    async close() {
      for (const call of open) call.abort(new Error('the sandbox is closing'));
      account.instances.close();
      await Promise.all([...endpoints].map((endpoint) => endpoint.close()));
    },
  };
}

function serviceOf(request: AwsRequest): Service | undefined {
  const signed = CREDENTIAL_SCOPE.exec(request.headers['authorization'] ?? '')?.[1];
  if (signed !== undefined) return SERVICES.find(({ name }) => name === signed);
  // Whoever signs in another way, or not at all, gets the service that the request seems to be for.
  const version = /(?:^|&)Version=([^&]*)/.exec(request.body)?.[1];
  return SERVICES.find((service) => service.operationOf(request) !== '' && (version === undefined || service.apiVersion === version));
}
