import type { KindRef } from './object.js';

/** The apiVersion of a kind: `v1`, `karpenter.sh/v1`. */
export const apiVersionOf = ({ group, version }: Pick<KindRef, 'group' | 'version'>): string => (group ? `${group}/${version}` : version);

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

/** The URL path of a collection, an object or a subresource, with its query. */
export function pathOf(kind: KindRef, { namespace, name, subresource, query }: PathTarget = {}): string {
  const parts = kind.group ? ['apis', kind.group, kind.version] : ['api', kind.version];
  if (kind.namespaced && namespace) parts.push('namespaces', namespace);
  parts.push(kind.plural);
  if (name !== undefined) parts.push(name);
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
