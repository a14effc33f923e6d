import type { JsonObject, ResourceDefinition } from '../contracts.js';
import type { ServedGroup } from './groups.js';
import { subresourcesOf } from './subresource.js';

/** The versions of `apidiscovery.k8s.io` that are spoken; their documents differ in name only. */
export type AggregatedVersion = 'v2' | 'v2beta1';

export const AGGREGATED_TYPE = (version: AggregatedVersion): string => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

/** The first aggregated version that an Accept header asks for, unless plain JSON comes before it. */
export function acceptedAggregation(accept: string | undefined): AggregatedVersion | undefined {
  for (const range of (accept ?? '').split(',')) {
    const [media, ...parameters] = range.split(';').map((part) => part.trim());
    const parameter = (name: string): string | undefined => parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
    if (media !== 'application/json' && media !== '*/*') continue;
    if (parameter('as') === undefined) return undefined;
    const version = parameter('v');
    if (parameter('as') === 'APIGroupDiscoveryList' && parameter('g') === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')) return version;
  }
  return undefined;
}

/** The whole discovery of `/api` (the core group) or `/apis` (all others) in one document. */
export const groupDiscoveryList = (version: AggregatedVersion, groups: readonly ServedGroup[]): JsonObject => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: { ...(name && { name }), creationTimestamp: null },
    versions: versions.map((served) => ({
      version: served.version,
      resources: served.resources.map(resourceOf),
      freshness: 'Current',
    })),
  })),
});

const responseKind = (group: string, version: string, kind: string): JsonObject => ({ group, version, kind });

function resourceOf(definition: ResourceDefinition): JsonObject {
  const { group, version, plural, singular, namespaced, kind, verbs, shortNames, categories } = definition;
  const subresources = subresourcesOf(definition).map(({ name, kind: other, groupVersion, verbs: allowed }) => ({
    subresource: name,
    responseKind: responseKind(groupVersion?.group ?? group, groupVersion?.version ?? version, other),
    verbs: allowed,
  }));
  return {
    resource: plural,
    responseKind: responseKind(group, version, kind),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
