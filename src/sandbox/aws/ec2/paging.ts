import { AwsError, invalidParameter } from '../protocol/error.js';
import type { Parameters } from '../protocol/parameters.js';

/** One page of a list, by the request's MaxResults and NextToken, and the token of the next. */
export function page<Item>(
  items: readonly Item[], input: Parameters, { least = 5, most = 1000 } = {},
): { items: Item[]; nextToken: string | undefined } {
  const size = input.number('MaxResults');
  if (size !== undefined && size < least) throw invalidParameter('MaxResults', String(size), `It must be at least ${least}.`);
  const start = readToken(input.text('NextToken'));
  const end = size === undefined ? items.length : start + Math.min(size, most);
  return { items: items.slice(start, end), nextToken: end < items.length ? Buffer.from(`next:${end}`).toString('base64') : undefined };
}

function readToken(token: string | undefined): number {
  if (!token) return 0;
  const match = /^next:(\d+)$/.exec(Buffer.from(token, 'base64').toString());
  if (!match) throw new AwsError('InvalidNextToken', `The token '${token}' is invalid; use the one of the previous page`);
  return Number(match[1]);
}
