import type { KubeRequest } from '../../kube/transport.js';

/** A request to the API server, taken apart. */
export interface Call {
  readonly method: KubeRequest['method'];
  /** `PATCH nodes/n1/status`: for people, and the same in every run. */
  readonly label: string;
  /** `leases`, `nodes`. */
  readonly resource: string;
  /** Of the object, without subresource; that of the collection when there is no name. */
  readonly objectPath: string;
  /** On which the kind is watched, in all namespaces. */
  readonly watchPath: string;
}

/** Takes `/api/v1/namespaces/default/pods/p/status?…` apart; undefined for paths that name no resource. */
export function callOf({ method, path }: Pick<KubeRequest, 'method' | 'path'>): Call | undefined {
  const [, root, rest = ''] = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)\/([^?]+)/.exec(path) ?? [];
  if (root === undefined) return undefined;
  const parts = rest.split('/');
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2).join('/') : undefined;
  const [resource = '', name, subresource] = parts;
  const objectPath = [root, namespace, resource, name].filter((part) => part !== undefined).join('/');
  return {
    method, resource, objectPath, watchPath: `${root}/${resource}`,
    label: `${method} ${[resource, namespace?.split('/')[1], name, subresource].filter((part) => part !== undefined).join('/')}`,
  };
}
