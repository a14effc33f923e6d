import { ADMINISTRATOR } from '../authentication/requester.js';
import type { ApiObject } from '../contracts.js';
import type { ApiRequest } from '../http/exchange.js';
import { decodePatch, decodeDeleteOptions, decodeObject, mediaType } from '../http/request-body.js';
import { negotiate } from '../http/negotiate.js';
import { PROTOBUF } from '../http/protobuf.js';
import { type DuplicateFields, duplicateFields, duplicateKeys, NO_DUPLICATES } from '../schema/duplicate-fields.js';
import { methodNotAllowed, noSuchMethod, unknownPath } from '../status.js';
import { watch } from '../watch/watch-events.js';
import { readComponentStatus } from './component-status.js';
import type { RestContext, RestResult } from './context.js';
import { create } from './create.js';
import { readDeleteOptions, remove, removeCollection } from './delete.js';
import { get, list } from './list.js';
import { readMetrics } from './metrics.js';
import { patch } from './patch.js';
import type { RequestInfo } from './request-info.js';
import { answerReview, REVIEWS } from './reviews.js';
import { bind } from './subresources/binding.js';
import { connect, CONNECTIONS } from './subresources/connect.js';
import { evict } from './subresources/eviction.js';
import { finalizeNamespace } from './subresources/finalize.js';
import { podLog } from './subresources/log.js';
import { getScale, patchScale, updateScale } from './subresources/scale.js';
import { requestToken } from './subresources/token.js';
import { update } from './update.js';
import { readWriteOptions, type WriteOptions } from './write-options.js';

const ofKind = (kind: string, version = 'v1'): Parameters<typeof decodeObject>[2] => ({ kind, version, custom: false });
const SCALE = ofKind('Scale');
const BINDING = ofKind('Binding');
const EVICTION = ofKind('Eviction');
const TOKEN_REQUEST = ofKind('TokenRequest');

/** Carries out a request to a resource. `warn` collects what goes into `Warning` headers. */
export async function dispatch(ctx: RestContext, info: RequestInfo, request: ApiRequest, warn: (message: string) => void): Promise<RestResult> {
  const { verb, query, definition, subresource } = info;
  const { headers, body } = request;
  let known: DuplicateFields | undefined;
  const duplicates = (): DuplicateFields => (known ??= duplicatesIn(body, mediaType(headers)));
  const options = (kind: Parameters<typeof readWriteOptions>[0]): WriteOptions => ({ ...readWriteOptions(kind, query, headers['user-agent'] ?? '', warn), ...(request.user && { user: request.user }), duplicates: duplicates() });
  const object = (wanted: Parameters<typeof decodeObject>[2]): ApiObject => decodeObject(body, headers, wanted, () => duplicates().problems.length > 0);
  if (definition.deprecationWarning) warn(definition.deprecationWarning);
  if (definition.group === 'metrics.k8s.io') return readMetrics(ctx, info);
  if (definition.storageResource === 'componentstatuses') return readComponentStatus(info);

  switch (`${verb} ${subresource}`) {
    case 'get ':
    case 'get status':
    case 'get approval':
      return get(ctx, info);
    case 'list ':
      return list(ctx, info);
    case 'watch ':
      return watch(ctx, info, request.signal);
    case 'create ':
      return createOrAnswer(ctx, info, request, object(definition), options('CreateOptions'));
    case 'update ':
    case 'update status':
    case 'update approval':
    case 'update ephemeralcontainers':
    case 'update resize':
      return update(ctx, info, object(definition), options('UpdateOptions'));
    case 'patch ':
    case 'patch status':
    case 'patch approval':
    case 'patch ephemeralcontainers':
    case 'patch resize': {
      const type = mediaType(headers);
      return patch(ctx, info, type, decodePatch(body, type), options('PatchOptions'));
    }
    case 'delete ':
    case 'deletecollection ': {
      const deleteOptions = { ...readDeleteOptions(decodeDeleteOptions(body, headers), query), ...(request.user && { user: request.user }) };
      return verb === 'delete' ? remove(ctx, info, deleteOptions, warn) : removeCollection(ctx, info, deleteOptions, warn);
    }
    case 'get scale':
      return getScale(ctx, info);
    case 'update scale':
      return updateScale(ctx, info, object(SCALE), options('UpdateOptions'));
    case 'patch scale': {
      const type = mediaType(headers);
      return patchScale(ctx, info, type, decodePatch(body, type), options('PatchOptions'));
    }
    case 'create binding':
      return bind(ctx, info, object(BINDING), options('CreateOptions'));
    case 'create eviction':
      return evict(ctx, info, object(EVICTION), options('CreateOptions'));
    case 'create token':
      return requestToken(ctx, info, object(TOKEN_REQUEST), options('CreateOptions'));
    case 'get log':
      return podLog(ctx, info, request.signal);
    case 'update finalize':
      return finalizeNamespace(ctx, info, object(definition), options('UpdateOptions'));
    case 'get ephemeralcontainers':
    case 'get resize':
      return get(ctx, info);
    default:
      if (CONNECTIONS.has(subresource)) return connect(ctx, info, request, warn);
      if (definition.subresources[subresource as keyof typeof definition.subresources]) {
        throw definition.custom ? methodNotAllowed(definition, verb) : noSuchMethod();
      }
      throw unknownPath();
  }
}

function duplicatesIn(body: ApiRequest['body'], type: string): DuplicateFields {
  if (body === undefined || type === PROTOBUF) return NO_DUPLICATES;
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  return type.includes('yaml') ? duplicateKeys(text) : duplicateFields(text);
}

/** POSTs to some resources are not about storing anything. */
async function createOrAnswer(ctx: RestContext, info: RequestInfo, request: ApiRequest, object: ApiObject, options: WriteOptions): Promise<RestResult> {
  const { definition } = info;
  if (definition.storageResource === 'bindings') return bind(ctx, { ...info, name: object.metadata.name ?? '' }, object, options);
  const answer = REVIEWS[definition.storageResource];
  if (answer) {
    // An answer is no resource: it has neither columns nor metadata.
    negotiate(request.headers, info.query, { protobuf: true, transforms: false });
    return answerReview(ctx, answer, info, object, request.user ?? ADMINISTRATOR, options);
  }
  return create(ctx, info, object, options);
}
