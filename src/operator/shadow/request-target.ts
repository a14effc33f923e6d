/** What a request is about. */
export interface RequestTarget {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** Absent for collections. */
  readonly name?: string;
  readonly subresource?: string;
  readonly query: URLSearchParams;
}

const ROOT = /^\/(?:api\/([^/]+)|apis\/([^/]+)\/([^/]+))\/(.+)$/;
/** Subresources of a namespace itself, which look like kinds in it. */
const OF_NAMESPACES = new Set(['status', 'finalize']);

/** What a path names; undefined for discovery, versions and whatever else is no object. */
export function requestTargetOf(path: string): RequestTarget | undefined {
  const [place = '', search = ''] = path.split('?');
  const match = ROOT.exec(place);
  if (!match) return undefined;
  const [, coreVersion, group = '', groupVersion, rest = ''] = match;
  const parts = rest.split('/').map(decodeURIComponent);
  const isScoped = parts[0] === 'namespaces' && parts.length > 2 && !OF_NAMESPACES.has(parts[2] as string);
  const [plural = '', name, subresource] = isScoped ? parts.slice(2) : parts;
  return {
    group, version: coreVersion ?? groupVersion ?? '', plural, namespace: isScoped ? parts[1] : undefined,
    ...(name === undefined ? {} : { name }), ...(subresource === undefined ? {} : { subresource }), query: new URLSearchParams(search),
  };
}
