import type { KindRef } from './object.js';

/** The apiVersion of a kind: `v1`, `karpenter.sh/v1`. */
export const apiVersionOf = ({ group, version }: Pick<KindRef, 'group' | 'version'>): string => (group ? `${group}/${version}` : version);

/** What an apiVersion names; the core group has the empty name. */
export function groupVersionOf(apiVersion: string): Pick<KindRef, 'group' | 'version'> {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
}

/** Identifies a kind among all: `nodeclaims.karpenter.sh/v1`. */
export const kindKey = ({ group, version, plural }: KindRef): string => `${plural}.${group}/${version}`;

/** Values that are undefined are left out. */
export type Query = Record<string, string | number | boolean | undefined>;

/** What a path points at below its kind. */
export interface PathTarget {
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
  query?: Query | undefined;
}

/** URL parsers fold "." and ".." away, servers decode slashes: the path would be that of something else, of all objects of a namespace for one. */
const isSegment = (text: string): boolean => text !== '' && text !== '.' && text !== '..' && !/[/%]/.test(text);

function segmentOf({ kind }: KindRef, field: string, text: string): string {
  if (!isSegment(text)) throw new TypeError(`${kind}: the ${field} is ${JSON.stringify(text)}; it must not be empty, "." or "..", and have no "/" and no "%"`);
  return text;
}

/** The URL path of a collection, an object or a subresource, with its query. Throws TypeError for a name or a namespace that would lead elsewhere. */
export function pathOf(kind: KindRef, { namespace, name, subresource, query }: PathTarget = {}): string {
  const parts = kind.group ? ['apis', kind.group, kind.version] : ['api', kind.version];
  if (kind.namespaced && namespace) parts.push('namespaces', segmentOf(kind, 'namespace', namespace));
  parts.push(kind.plural);
  if (name !== undefined) parts.push(segmentOf(kind, 'name', name));
  if (subresource !== undefined) parts.push(subresource);
  const text = query ? queryOf(query) : '';
  return `/${parts.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

function queryOf(query: Query): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) pairs.push(`${name}=${encodeURIComponent(String(value))}`);
  }
  return pairs.join('&');
}
