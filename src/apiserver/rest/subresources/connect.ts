import { admitChanges, admitResult } from '../../admission/admit.js';
import type { ApiObject } from '../../contracts.js';
import type { ApiRequest } from '../../http/exchange.js';
import { badRequest, notFound, StatusError } from '../../status.js';
import { forwardPorts } from '../../streaming/port-forward.js';
import type { AdmissionRequest, RestContext, RestResult } from '../context.js';
import { isTrue, type RequestInfo } from '../request-info.js';

/** Ways to what runs behind an object. */
export const CONNECTIONS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** A request for a connection with a pod, a service or a node: the ports of a pod may have somebody behind them, all else has not. */
export async function connect(ctx: RestContext, info: RequestInfo, request: ApiRequest, warn: (message: string) => void): Promise<RestResult> {
  const { storage, podPorts } = ctx;
  const { definition, namespace, name, subresource } = info;
  const { plural } = definition;
  await admitConnection(ctx, info, request, warn);
  const target = storage.get(plural, namespace, name);
  if (!target) throw notFound(definition, name);
  if (plural === 'services') throw new StatusError(503, 'ServiceUnavailable', `no endpoints available for service "${name}"`);
  if (plural === 'pods' && subresource !== 'proxy' && !(target['spec'] as { nodeName?: string } | undefined)?.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  if (subresource !== 'portforward') {
    throw new StatusError(501, 'NotImplemented', `${plural}/${subresource} is not possible: the containers of this cluster do not run, so there is nothing to connect to`, {});
  }
  if (!request.upgrade) throw badRequest('Upgrade request required');
  const { phase } = (target['status'] ?? {}) as { phase?: string };
  if (phase !== 'Running') throw badRequest(`unable to forward port because pod is not running. Current status=${phase ?? 'Pending'}`);
  return { type: 'connection', serve: (wire) => forwardPorts(wire, name, (port) => podPorts?.(namespace, name, port)) };
}

/** @throws {StatusError} what admission has against a connection. @param path at the other end of a proxy */
export async function admitConnection(ctx: RestContext, info: ConnectionInfo, { user }: Pick<ApiRequest, 'user'>, warn: (message: string) => void, path = ''): Promise<void> {
  const { definition, namespace, name, subresource } = info;
  const admission: AdmissionRequest = { operation: 'CONNECT', definition, subresource, namespace, name, dryRun: false, warn, ...connectionOptions(info, path), ...(user && { user }) };
  await admitChanges(ctx, admission);
  await admitResult(ctx, admission);
}

type ConnectionInfo = Pick<RequestInfo, 'definition' | 'namespace' | 'name' | 'subresource' | 'query'>;

/** What a connection is asked for with, as admission sees it. */
function connectionOptions({ definition, subresource, query }: ConnectionInfo, path: string): Pick<AdmissionRequest, 'object' | 'kind'> {
  const flag = (name: string): object => (isTrue(query.get(name)) ? { [name]: true } : {});
  const streams = { ...flag('stdin'), ...flag('stdout'), ...flag('stderr'), ...flag('tty'), ...(query.get('container') && { container: query.get('container') }) };
  const [name, fields] = {
    exec: ['Exec', { ...streams, command: query.has('command') ? query.getAll('command') : null }],
    attach: ['Attach', streams],
    portforward: ['PortForward', query.has('ports') ? { ports: query.getAll('ports').map(Number) } : {}],
    proxy: ['Proxy', path ? { path } : {}],
  }[subresource as string] as [string, object];
  const kind = `${definition.kind}${name}Options`;
  return { kind: { group: '', version: 'v1', kind }, object: { kind, apiVersion: 'v1', ...fields } as unknown as ApiObject };
}
