import { impersonated } from '../authentication/impersonation.js';
import { requestAttributes } from '../authorization/attributes.js';
import type { DocumentHandler, ResourceRegistry } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { dispatch } from '../rest/dispatch.js';
import { proxy } from '../rest/proxy.js';
import { parseRequest } from '../rest/request-info.js';
import { asStatusError, noSuchMethod, unknownPath } from '../status.js';
import { checkTimeout } from '../watch/watch-events.js';
import { encode, written } from './encode.js';
import { writesProtobuf } from './protobuf-writer.js';
import { once, type ApiRequest, type ApiResponse } from './exchange.js';
import { acceptedTypes, type Encoding, formatOf, isPretty, negotiate, requireOneOf } from './negotiate.js';

const NOT_CACHED = 'no-cache, private';

/** The whole server as one function: `documents` answer first, everything else is a resource. Never rejects. */
export function createHandler(ctx: RestContext, documents: readonly DocumentHandler[]): (request: ApiRequest) => Promise<ApiResponse> {
  return async (request) => {
    const warnings: string[] = [];
    let query = new URLSearchParams();
    let flow: Record<string, string> = {};
    try {
      const mark = request.path.indexOf('?');
      const path = mark < 0 ? request.path : request.path.slice(0, mark);
      query = new URLSearchParams(mark < 0 ? '' : request.path.slice(mark + 1));
      checkTimeout(query);
      const user = impersonated(ctx.authenticator.authenticate(request), request.headers, ctx.authorizer);
      const attributes = requestAttributes(request.method, path, query);
      flow = ctx.flows.headersFor(user, attributes);
      ctx.audit?.({ user: user.name, ...attributes });
      ctx.authorizer.require(user, attributes);
      for (const document of documents) {
        const found = document({ path, query, headers: request.headers });
        if (!found) continue;
        const { status, headers, body, anyMethod, offered } = found;
        if (!anyMethod && request.method !== 'GET') throw noSuchMethod();
        if (offered && request.headers['accept']) requireOneOf(offered, acceptedTypes(request.headers['accept']));
        return { status, headers: { 'cache-control': NOT_CACHED, ...flow, ...headers }, body: once(body) };
      }
      const proxied = await proxy(ctx, path, request);
      if (proxied) return { ...proxied, headers: { ...flow, ...proxied.headers } };
      const info = parseRequest(request.method, path, query, ctx.registry);
      if (!info) throw unknownPath();
      const encoding = negotiate(request.headers, query, { protobuf: writesProtobuf(info.definition) });
      const result = await dispatch(ctx, info, { ...request, user }, (message) => warnings.push(message));
      if (result.type === 'connection') return { status: 101, headers: flow, body: once(''), connection: result.serve };
      const { contentType, body } = encode(ctx, result, encoding, info.query);
      return {
        status: result.type === 'object' ? result.status : 200,
        headers: { ...flow, ...headersOf(contentType, warnings) },
        body,
      };
    } catch (error) {
      const { code, status } = asStatusError(error);
      if (code === 404 && !isServed(request.path, ctx.registry)) return { status: 404, headers: { ...flow, ...headersOf('text/plain; charset=utf-8', []), 'x-content-type-options': 'nosniff' }, body: once('404 page not found\n') };
      const { contentType, body } = written(status, formatOfErrors(request.headers, query));
      const headers = { ...flow, ...headersOf(contentType, warnings) };
      if (status.details?.retryAfterSeconds) headers['retry-after'] = String(status.details.retryAfterSeconds);
      return { status: code, headers, body: once(body) };
    }
  };
}

/** Errors come as what was asked for comes, and as JSON to those who take none of it. */
function formatOfErrors(headers: ApiRequest['headers'], query: URLSearchParams): Pick<Encoding, 'format' | 'pretty'> {
  const format = acceptedTypes(headers['accept'] ?? '').map(({ type }) => formatOf(type)).find((known) => known !== undefined) ?? 'json';
  return { format, pretty: isPretty(query, headers['user-agent']) };
}

/** Whether a path is below `/version`, in the core group or in one that has resources; nobody answers for others. */
function isServed(path: string, registry: ResourceRegistry): boolean {
  const [, root, group, version] = path.split(/[/?]/);
  if (root === 'version') return true;
  return group !== undefined && (root === 'api' || (root === 'apis' && registry.list().some((definition) => definition.group === group && (!definition.custom || version === undefined || definition.version === version))));
}

function headersOf(contentType: string, warnings: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': contentType, 'cache-control': NOT_CACHED };
  // Nothing else fits into a header.
  const texts = [...new Set(warnings)].filter((text) => text !== '' && !/\p{Cc}/u.test(text)).map((text) => `299 - "${text.replace(/[\\"]/g, '\\$&')}"`);
  if (texts.length > 0) headers['warning'] = texts.join(', ');
  return headers;
}
