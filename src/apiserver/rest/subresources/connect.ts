import type { ApiRequest } from '../../http/exchange.js';
import { badRequest, notFound, StatusError } from '../../status.js';
import { forwardPorts } from '../../streaming/port-forward.js';
import type { RestContext, RestResult } from '../context.js';
import type { RequestInfo } from '../request-info.js';

/** Ways into a container. */
export const CONNECTIONS: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** A request for a connection with a pod: its ports may have somebody behind them, its containers have not. */
export function connectPod({ storage, podPorts }: RestContext, { namespace, name, subresource }: Pick<RequestInfo, 'namespace' | 'name'> & { subresource: string }, request: ApiRequest): RestResult {
  const pod = storage.get('pods', namespace, name);
  if (!pod) throw notFound({ group: '', plural: 'pods' }, name);
  if (subresource !== 'portforward') {
    throw new StatusError(501, 'NotImplemented', `pods/${subresource} is not possible: the containers of this cluster do not run, so there is nothing to connect to`, {});
  }
  if (!request.upgrade) throw badRequest('Upgrade request required');
  const { phase } = (pod['status'] ?? {}) as { phase?: string };
  if (phase !== 'Running') throw badRequest(`unable to forward port because pod is not running. Current status=${phase ?? 'Pending'}`);
  return { type: 'connection', serve: (wire) => forwardPorts(wire, name, (port) => podPorts?.(namespace, name, port)) };
}
