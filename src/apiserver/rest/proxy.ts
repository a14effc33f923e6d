import { once } from 'node:events';
import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { ApiObject } from '../contracts.js';
import { once as inOnePiece, type ApiRequest, type ApiResponse } from '../http/exchange.js';
import { badRequest, notFound, StatusError } from '../status.js';
import type { PodPort, RestContext } from './context.js';
import { decodeSegment } from './request-info.js';
import { admitConnection } from './subresources/connect.js';

const PATH = /^\/api\/v1\/namespaces\/([^/]+)\/(pods|services)\/([^/]+)\/proxy(\/.*)?$/;
/** Of the connection, of who asks, and of the encodings that the answer may have on its way back. */
const OWN_HEADERS = /^(connection|keep-alive|transfer-encoding|te|trailer|upgrade|host|content-length|accept-encoding|authorization|impersonate-.*)$/;

type Pod = ApiObject & { spec: { containers: { ports?: { containerPort: number }[] }[] } };
type Service = ApiObject & { spec: { ports?: { name?: string; port: number }[] } };
type EndpointSlice = ApiObject & { endpoints?: { conditions?: { ready?: boolean }; targetRef?: { kind?: string; name: string } }[]; ports?: { name?: string; port?: number }[] };

const SCHEMES: ReadonlySet<string> = new Set(['', 'http', 'https']);

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`. */
interface Target {
  readonly scheme: string;
  readonly name: string;
  /** Empty: the first. */
  readonly port: string;
}

/**
 * Passes a request for `pods/NAME/proxy/…` or `services/NAME/proxy/…` on to what listens behind the pod's port, or behind that of a ready pod of
 * the service; undefined for other paths.
 * @throws {StatusError} NotFound, also for a name that cannot be decoded, BadRequest for a malformed name, ServiceUnavailable where nothing listens.
 */
export async function proxy(ctx: RestContext, path: string, request: ApiRequest): Promise<ApiResponse | undefined> {
  const [, namespace = '', resource, encoded = '', rest] = PATH.exec(path) ?? [];
  if (!resource) return undefined;
  const id = decodeSegment(encoded);
  const query = request.path.slice(path.length);
  const definition = ctx.registry.lookup('', 'v1', resource)!;
  await admitConnection(ctx, { definition, namespace, name: id, subresource: 'proxy', query: new URLSearchParams(query) }, request, () => undefined, rest);
  const target = targetOf(id, resource);
  const port = resource === 'pods' ? podPort(ctx, namespace, target) : servicePort(ctx, namespace, target);
  // Relative links in the answer would lead elsewhere.
  if (rest === undefined) return { status: 301, headers: { location: `${path}/${query}` }, body: inOnePiece('') };
  if (!port) throw unreachable('no container runs in this cluster, and nothing else listens there in its place');
  const answer = await forward(target.scheme, port, `${rest}${query}`, request).catch((error: Error) => {
    throw unreachable(error.message);
  });
  return { status: answer.statusCode ?? 502, headers: passed(answer.headers), body: answer as AsyncIterable<Uint8Array> };
}

function targetOf(id: string, resource: string): Target {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length < 3 ? ['', ...parts] : parts;
  if (!name || parts.length > 3 || !SCHEMES.has(scheme)) throw badRequest(`invalid ${resource === 'pods' ? 'pod' : 'service'} request ${JSON.stringify(id)}`);
  return { scheme, name, port };
}

function podPort({ storage, podPorts }: RestContext, namespace: string, { name, port }: Target): PodPort | undefined {
  const pod = storage.get('pods', namespace, name) as Pod | undefined;
  if (!pod) throw notFound({ group: '', plural: 'pods' }, name);
  const number = Number(port) || (pod.spec.containers.find(({ ports }) => ports?.length)?.ports?.[0]?.containerPort ?? 80);
  return podPorts?.(namespace, name, number);
}

function servicePort({ storage, podPorts }: RestContext, namespace: string, { name, port }: Target): PodPort | undefined {
  const service = storage.get('services', namespace, name) as Service | undefined;
  if (!service) throw notFound({ group: '', plural: 'services' }, name);
  const { ports = [] } = service.spec;
  const chosen = ports.find((each) => (port === '' ? ports.length === 1 : each.name === port || each.port === Number(port)));
  if (port !== '' && !chosen && Number(port)) throw new StatusError(503, 'ServiceUnavailable', `no service port ${port} found for service ${JSON.stringify(name)}`);
  for (const slice of storage.list('endpointslices.discovery.k8s.io', namespace) as EndpointSlice[]) {
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    const number = slice.ports?.find((each) => (each.name ?? '') === (chosen ? (chosen.name ?? '') : port))?.port;
    const pod = slice.endpoints?.find(({ conditions, targetRef }) => conditions?.ready !== false && targetRef?.kind === 'Pod')?.targetRef;
    if (number !== undefined && pod) return podPorts?.(namespace, pod.name, number);
  }
  throw new StatusError(503, 'ServiceUnavailable', `no endpoints available for service ${JSON.stringify(name)}`);
}

const unreachable = (why: string): StatusError => new StatusError(503, 'ServiceUnavailable', `error trying to reach service: ${why}`);

const passed = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined || OWN_HEADERS.test(name) ? [] : [[name, String(value)]])));

async function forward(scheme: string, { host, port }: PodPort, path: string, { method, headers, body, signal }: ApiRequest): Promise<IncomingMessage> {
  const options = { method, host, port, path, agent: false as const, headers: passed(headers), ...(signal && { signal }) };
  // Certificates of pods are not checked by API servers either.
  const outgoing = scheme === 'https' ? secureRequest({ ...options, rejectUnauthorized: false }) : plainRequest(options);
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}
