/** What a request wants to do, as authorizers judge it. Read off method and URL alone: what is not served can be forbidden too. */
export interface Attributes {
  /** `get list watch create update patch delete deletecollection`, or what the resource makes of it; in lower case the method, for paths. */
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
  readonly version: string;
  readonly subresource: string;
  /** Empty for cluster scope and for all namespaces. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
  /** Of what is no resource; empty for resources. */
  readonly path: string;
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', GET: 'get', HEAD: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);
const NAME_SELECTOR = /(?:^|,)metadata\.name==?([^,]+)/;

export function requestAttributes(method: string, path: string, query: URLSearchParams): Attributes {
  const parts = path.split('/').filter((part) => part !== '').map(decoded);
  const elsewhere = { verb: method.toLowerCase(), resource: '', group: '', version: '', subresource: '', namespace: '', name: '', path };
  const core = parts[0] === 'api';
  if ((!core && parts[0] !== 'apis') || parts.length < (core ? 3 : 4)) return elsewhere;
  const [group, version] = core ? ['', parts[1]!] : [parts[1]!, parts[2]!];
  let rest = parts.slice(core ? 2 : 3);
  let verb = VERBS[method] ?? '';
  if ((rest[0] === 'watch' || rest[0] === 'proxy') && rest.length > 1) {
    verb = rest[0];
    rest = rest.slice(1);
  }
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1]!;
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)) rest = rest.slice(2);
  }
  const [resource = '', named = '', subresource = ''] = rest;
  let name = named;
  if (name === '' && verb === 'get') {
    const watching = query.get('watch');
    verb = watching !== null && watching !== 'false' && watching !== '0' ? 'watch' : 'list';
    name = NAME_SELECTOR.exec(query.get('fieldSelector') ?? '')?.[1] ?? '';
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  return { verb, resource, group, version, subresource, namespace, name, path: '' };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
