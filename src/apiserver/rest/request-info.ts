import type { ResourceDefinition, ResourceRegistry, Subresource } from '../contracts.js';
import { methodNotAllowed, noSuchMethod, notFound, unknownPath } from '../status.js';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** What a request to a resource asks for. */
export interface RequestInfo {
  readonly verb: Verb;
  readonly definition: ResourceDefinition;
  /** Empty for cluster scope, and for requests across all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  readonly subresource: Subresource;
  readonly query: URLSearchParams;
}

/** What custom resources could have. */
const CUSTOM_SUBRESOURCES = new Set(['status', 'scale']);
const ONE_OBJECT = new Set(['get', 'update', 'patch', 'delete']);
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Reads method and path as kube-apiserver's router does; undefined for paths outside `/api/VERSION` and `/apis/GROUP/VERSION`. */
export function parseRequest(method: string, pathname: string, query: URLSearchParams, registry: ResourceRegistry): RequestInfo | undefined {
  const parts = pathname.split('/').filter((part) => part !== '').map(decodeSegment);
  let group: string;
  let version: string;
  let rest: string[];
  if (parts[0] === 'api' && parts.length > 2) [group, version, rest] = ['', parts[1]!, parts.slice(2)];
  else if (parts[0] === 'apis' && parts.length > 3) [group, version, rest] = [parts[1]!, parts[2]!, parts.slice(3)];
  else return undefined;

  // The deprecated /watch/ prefix means ?watch=true.
  const watchPath = rest[0] === 'watch';
  if (watchPath) rest = rest.slice(1);

  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 2 && !(rest.length === 3 && NAMESPACE_SUBRESOURCES.has(rest[2]!))) {
    namespace = rest[1]!;
    rest = rest.slice(2);
  }
  const [plural = '', name = '', subresource = ''] = rest;
  const definition = registry.lookup(group, version, plural);
  if (!definition || (namespace !== '' && !definition.namespaced)) throw unknownPath();
  if (subresource !== '' && !Object.hasOwn(definition.subresources, subresource)) {
    throw definition.custom && CUSTOM_SUBRESOURCES.has(subresource) ? notFound(definition, name) : unknownPath();
  }
  // Where single objects have no verb, they have no URL; what comes after a proxy is the path at its other end.
  if ((rest.length > 3 && subresource !== 'proxy') || (name !== '' && subresource === '' && !definition.verbs.some((verb) => ONE_OBJECT.has(verb)))) throw unknownPath();

  const watching = watchPath || isTrue(query.get('watch'));
  // Only custom resources have HEAD.
  const verb = method === 'HEAD' && !definition.custom ? undefined : verbOf(method, name, subresource, watching);
  // A single object can be watched at its own URL, which is a list that selects its name.
  if (verb === 'watch' && name !== '') {
    const selector = query.get('fieldSelector');
    query = new URLSearchParams(query);
    query.set('fieldSelector', [...(selector ? [selector] : []), `metadata.name=${name}`].join(','));
  }
  const allNamespaces = definition.namespaced && namespace === '';
  if (!verb || (allNamespaces && verb !== 'list' && verb !== 'watch')) {
    throw name !== '' && allNamespaces ? unknownPath() : noSuchMethod();
  }
  if (subresource === '' && !definition.verbs.includes(verb) && !definition.terminating) throw definition.custom ? methodNotAllowed(definition, verb) : noSuchMethod();
  return { verb, definition, namespace, name: verb === 'watch' ? '' : name, subresource: subresource as Subresource, query };
}

function verbOf(method: string, name: string, subresource: string, watching: boolean): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return watching && !subresource ? 'watch' : name ? 'get' : 'list';
    case 'POST':
      return name && !subresource ? undefined : 'create';
    case 'PUT':
      return name ? 'update' : undefined;
    case 'PATCH':
      return name ? 'patch' : undefined;
    case 'DELETE':
      return name ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

/** @throws {StatusError} NotFound for a malformed one. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw unknownPath();
  }
}

/** Booleans in queries, as Kubernetes converts them: `?watch` and `?watch=anything` but `false` and `0` are true. */
export const isTrue = (value: string | null): boolean => value !== null && value.toLowerCase() !== 'false' && value !== '0';
