import type { ApiRequest } from '../../http/exchange.js';
import { badRequest, notFound, StatusError } from '../../status.js';
import { forwardPorts } from '../../streaming/port-forward.js';
import type { RestContext, RestResult } from '../context.js';
import type { RequestInfo } from '../request-info.js';

/** Ways to what runs behind an object. */
export const CONNECTIONS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** A request for a connection with a pod, a service or a node: the ports of a pod may have somebody behind them, all else has not. */
export function connect({ storage, podPorts }: RestContext, { definition, namespace, name, subresource }: RequestInfo, request: ApiRequest): RestResult {
  const { plural } = definition;
  const target = storage.get(plural, namespace, name);
  if (!target) throw notFound(definition, name);
  if (plural === 'services') throw new StatusError(503, 'ServiceUnavailable', `no endpoints available for service "${name}"`);
  if (subresource !== 'portforward') {
    throw new StatusError(501, 'NotImplemented', `${plural}/${subresource} is not possible: the containers of this cluster do not run, so there is nothing to connect to`, {});
  }
  if (!request.upgrade) throw badRequest('Upgrade request required');
  const { phase } = (target['status'] ?? {}) as { phase?: string };
  if (phase !== 'Running') throw badRequest(`unable to forward port because pod is not running. Current status=${phase ?? 'Pending'}`);
  return { type: 'connection', serve: (wire) => forwardPorts(wire, name, (port) => podPorts?.(namespace, name, port)) };
}
