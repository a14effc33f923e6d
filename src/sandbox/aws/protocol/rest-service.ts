import { AwsError } from './error.js';
import type { AwsRequest } from './http.js';
import type { Call, Service } from './service.js';

const HEADERS = { 'content-type': 'application/json' };

/** One operation of a REST service: its path, whose parts in brackets are handed to what answers. */
export interface RestOperation {
  readonly path: RegExp;
  readonly answer: (parts: readonly string[], call: Call) => object;
}

const pathOf = ({ path }: AwsRequest): string => path.split('?')[0] as string;

/** A service that takes paths and gives JSON; all that is needed of such can be read with GET. */
export function restService(name: string, operations: Readonly<Record<string, RestOperation>>): Service {
  return {
    name,
    operationOf(request) {
      if (request.method !== 'GET') return '';
      return Object.entries(operations).find(([, { path }]) => path.test(pathOf(request)))?.[0] ?? '';
    },
    respond(call) {
      const { operation, request, requestId } = call;
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (!run) throw new AwsError('UnknownOperationException', `${request.method} ${pathOf(request)} is not an operation of this service`, 404);
      const [, ...parts] = run.path.exec(pathOf(request)) ?? [];
      return { status: 200, headers: { ...HEADERS, 'x-amzn-requestid': requestId }, body: JSON.stringify(run.answer(parts.map(decodeURIComponent), call)) };
    },
    refuse: (error, requestId) => ({
      status: error.status, headers: { ...HEADERS, 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.reason },
      body: JSON.stringify({ message: error.message }),
    }),
    throttled: () => new AwsError('ThrottlingException', 'Rate exceeded', 429),
  };
}
