import { decodeBody, decodeDeleteOptions, decodeObject, mediaType } from '../http/request-body.js';
import type { ApiRequest } from '../http/exchange.js';
import { checkTimeout, watch } from '../watch/watch-events.js';
import { StatusError } from '../status.js';
import type { RestContext, RestResult } from './context.js';
import { create } from './create.js';
import { readDeleteOptions, remove, removeCollection } from './delete.js';
import { get, list } from './list.js';
import { patch } from './patch.js';
import type { RequestInfo } from './request-info.js';
import { update } from './update.js';
import { readWriteOptions, type WriteOptions } from './write-options.js';

/** Carries out a request to a resource. `warn` collects what goes into `Warning` headers. */
export async function dispatch(ctx: RestContext, info: RequestInfo, request: ApiRequest, warn: (message: string) => void): Promise<RestResult> {
  const { verb, query, definition } = info;
  const { headers, body } = request;
  const options = (kind: Parameters<typeof readWriteOptions>[0]): WriteOptions => readWriteOptions(kind, query, headers['user-agent'] ?? '', warn);
  checkTimeout(query);
  if (definition.deprecationWarning) warn(definition.deprecationWarning);
  switch (verb) {
    case 'get':
      return get(ctx, info);
    case 'list':
      return list(ctx, info);
    case 'watch':
      return watch(ctx, info, request.signal);
    case 'create':
      return create(ctx, info, decodeObject(body, headers), options('CreateOptions'));
    case 'update':
      return update(ctx, info, decodeObject(body, headers), options('UpdateOptions'));
    case 'patch': {
      const type = mediaType(headers);
      return patch(ctx, info, type, decodeBody(body, type), options('PatchOptions'));
    }
    case 'delete':
    case 'deletecollection': {
      const deleteOptions = readDeleteOptions(decodeDeleteOptions(body, headers), query);
      return verb === 'delete' ? remove(ctx, info, deleteOptions, warn) : removeCollection(ctx, info, deleteOptions, warn);
    }
  }
}

/** What a client gets for an error: its `Status`, or for anything unforeseen a 500 that tells what happened. */
export function asStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}
