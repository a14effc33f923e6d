import type { Account } from '../account/account.js';
import { AwsError } from './error.js';
import { Parameters } from './parameters.js';
import type { Service } from './service.js';
import { xmlEncoder, type XmlObject } from './xml.js';

/** One operation of a Query-protocol service: from the request's parameters to the members of the response. */
export type Operation = (input: Parameters, account: Account) => XmlObject;

const HEADERS = { 'content-type': 'text/xml;charset=UTF-8' };

/** The two XML dialects of the Query protocol. */
interface Dialect {
  readonly listTag: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly success: (operation: string, members: XmlObject, requestId: string) => [element: string, content: XmlObject];
  readonly failure: (error: AwsError, requestId: string) => [element: string, content: XmlObject];
  readonly throttled: () => AwsError;
}

/** EC2's own: no result wrapper, lists of `item`. */
export const EC2_QUERY: Dialect = {
  listTag: 'item',
  apiVersion: '2016-11-15',
  namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  success: (operation, members, requestId) => [`${operation}Response`, { requestId, ...members }],
  failure: (error, requestId) => ['Response', { Errors: { Error: { Code: error.reason, Message: error.message } }, RequestID: requestId }],
  throttled: () => new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503),
};

/** IAM's and STS's: a result wrapper, lists of `member`. */
export const awsQuery = (host: string, apiVersion: string): Dialect => ({
  listTag: 'member',
  apiVersion,
  namespace: `https://${host}/doc/${apiVersion}/`,
  success: (operation, members, requestId) => [`${operation}Response`, { [`${operation}Result`]: members, ResponseMetadata: { RequestId: requestId } }],
  failure: (error, requestId) => ['ErrorResponse', {
    Error: { Type: error.status >= 500 ? 'Receiver' : 'Sender', Code: error.reason, Message: error.message }, RequestId: requestId,
  }],
  throttled: () => new AwsError('Throttling', 'Rate exceeded'),
});

export function queryService(name: string, dialect: Dialect, operations: Readonly<Record<string, Operation>>): Service {
  const encode = xmlEncoder(dialect.listTag);
  const document = ([element, content]: [string, XmlObject]): string => {
    const encoded = encode(element, content).slice(element.length + 2);
    return `<?xml version="1.0" encoding="UTF-8"?>\n<${element} xmlns="${dialect.namespace}">${encoded}`;
  };
  return {
    name,
    apiVersion: dialect.apiVersion,
    // Not by parsing: a fleet's body has thousands of parameters.
    operationOf: ({ body }) => /(?:^|&)Action=([^&]*)/.exec(body)?.[1] ?? '',
    respond({ request, operation, requestId, account }) {
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (!run) throw new AwsError('InvalidAction', `The action ${operation} is not valid for this web service.`);
      const members = run(Parameters.parse(request.body), account);
      return { status: 200, headers: { ...HEADERS, 'x-amzn-requestid': requestId }, body: document(dialect.success(operation, members, requestId)) };
    },
    refuse: (error, requestId) => ({
      status: error.status, headers: { ...HEADERS, 'x-amzn-requestid': requestId }, body: document(dialect.failure(error, requestId)),
    }),
    throttled: dialect.throttled,
  };
}
