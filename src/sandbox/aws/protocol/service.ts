import type { Account } from '../account/account.js';
import type { AwsError } from './error.js';
import type { AwsRequest, AwsResponse } from './http.js';

/** One call, as a service takes it once its operation is known. */
export interface Call {
  readonly request: AwsRequest;
  readonly operation: string;
  readonly requestId: string;
  readonly account: Account;
  /** Aborts when the caller hangs up or the sandbox closes. */
  readonly signal: AbortSignal;
}

/** A service of the sandbox's AWS: its protocol around its operations. */
export interface Service {
  /** As in a signature's credential scope: `ec2`. */
  readonly name: string;
  /** Of the Query protocol: the API's date, which tells services apart where a request names none. */
  readonly apiVersion?: string;
  /** The operation that a request asks for (`DescribeSubnets`); empty when it names none. */
  operationOf(request: AwsRequest): string;
  respond(call: Call): AwsResponse | Promise<AwsResponse>;
  refuse(error: AwsError, requestId: string): AwsResponse;
  /** What the service says when called too often. */
  throttled(): AwsError;
}
