import { AwsError } from './error.js';
import type { Call, Service } from './service.js';

export type JsonInput = Readonly<Record<string, unknown>>;
export type JsonOperation = (input: JsonInput, call: Call) => object | Promise<object>;

interface JsonDialect {
  /** `1.0` or `1.1`. */
  readonly version: string;
  /** What stands before the operation in `X-Amz-Target`: `AmazonSSM`. */
  readonly target: string;
  /** Extra headers of a refusal. */
  readonly refusalHeaders?: (error: AwsError) => Record<string, string>;
}

/** A service that takes and gives JSON, the operation named in the header `X-Amz-Target`. */
export function jsonService(
  name: string, { version, target, refusalHeaders = () => ({}) }: JsonDialect, operations: Readonly<Record<string, JsonOperation>>,
): Service {
  const headers = (requestId: string): Record<string, string> => ({
    'content-type': `application/x-amz-json-${version}`, 'x-amzn-requestid': requestId,
  });
  return {
    name,
    operationOf({ headers: sent }) {
      const [prefix, operation] = (sent['x-amz-target'] ?? '').split('.');
      return prefix === target ? (operation ?? '') : '';
    },
    async respond(call) {
      const { operation, request, requestId } = call;
      const run = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
      if (!run) throw new AwsError('UnknownOperationException', `The operation ${operation || '(none)'} is not known to this service.`);
      return { status: 200, headers: headers(requestId), body: JSON.stringify(await run(parse(request.body), call)) };
    },
    refuse: (error, requestId) => ({
      status: error.status, headers: { ...headers(requestId), ...refusalHeaders(error) },
      body: JSON.stringify({ __type: error.reason, message: error.message }),
    }),
    throttled: () => new AwsError('ThrottlingException', 'Rate exceeded'),
  };
}

function parse(body: string): JsonInput {
  try {
    const input: unknown = JSON.parse(body || '{}');
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonInput;
  } catch {
    // Refused below, like any other body that is no object.
  }
  throw new AwsError('SerializationException', 'The request body is not a JSON object');
}

/** A string member. Throws the service's ValidationException when it is required and absent, or not a string. */
export function textMember(input: JsonInput, name: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value === '') {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must not be null`,
    );
  }
  return value;
}

/** A list of strings; empty when absent. */
export function textsMember(input: JsonInput, name: string): string[] {
  const value = input[name] ?? [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must be a list of strings`,
  );
}

export function numberMember(input: JsonInput, name: string): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must be a number`,
    );
  }
  return value;
}
