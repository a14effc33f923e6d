import type { JsonObject, ResourceDefinition } from '../contracts.js';
import type { ServedGroup } from './groups.js';
import { acceptedTypes, type Encoding, formatOf } from '../http/negotiate.js';
import { subresourcesOf } from './subresource.js';

/** What follows the media type of an aggregated document. */
export const AGGREGATED = ';g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** The format in which an Accept header takes the aggregated document; who takes it gets it, though they would rather have a plain one. */
export function acceptedAggregation(accept = ''): Encoding['format'] | undefined {
  for (const { type, parameters } of acceptedTypes(accept)) {
    const format = formatOf(type);
    if (!format) continue;
    if (parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('v') === 'v2') return format;
  }
  return undefined;
}

/** The whole discovery of `/api` (the core group) or `/apis` (all others) in one document. */
export const groupDiscoveryList = (groups: readonly ServedGroup[]): JsonObject => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: { ...(name && { name }) },
    versions: versions.map((served) => ({
      version: served.version,
      resources: served.resources.map(resourceOf),
      freshness: 'Current',
    })),
  })),
});

function resourceOf(definition: ResourceDefinition): JsonObject {
  const { group, version, plural, singular, namespaced, kind, verbs, shortNames, categories, custom } = definition;
  // Of what is built in, only the group and version are said that are not those of the list.
  const own = custom ? { group, version } : { group: '', version: '' };
  const subresources = subresourcesOf(definition).map(({ name, kind: other, groupVersion, verbs: allowed }) => ({
    subresource: name,
    responseKind: { ...(groupVersion ?? own), kind: other },
    verbs: allowed,
  }));
  return {
    resource: plural,
    responseKind: { ...own, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}
