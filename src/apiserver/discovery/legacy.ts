import { createHash } from 'node:crypto';
import type { JsonObject, ResourceDefinition } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';
import type { ServedGroup, ServedVersion } from './groups.js';
import { subresourcesOf } from './subresource.js';

/** `/api`, for who reached the server at the address. */
export const apiVersions = (serverAddress: string): JsonObject => ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] });

/** `/apis` */
export const apiGroupList = (groups: readonly ServedGroup[]): JsonObject => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) });

/** `/apis/{group}` */
export const apiGroup = (group: ServedGroup): JsonObject => ({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) });

function groupOf({ name, versions }: ServedGroup): JsonObject {
  const served = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: served, preferredVersion: served[0] };
}

/** `/api/v1`, `/apis/{group}/{version}` */
export const apiResourceList = (group: string, { version, resources }: ServedVersion): JsonObject => ({
  kind: 'APIResourceList',
  // The list of version v1 has been without since before there were groups.
  ...(group && { apiVersion: 'v1' }),
  groupVersion: apiVersionOf({ group, version }),
  resources: resources.flatMap(resourceOf),
});

function resourceOf(definition: ResourceDefinition): JsonObject[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = definition;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(verbs.includes('watch') && { storageVersionHash: storageVersionHash(definition) }),
    },
    ...subresourcesOf(definition).map(({ name, kind: other, groupVersion, verbs: allowed }) => ({
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      ...groupVersion,
      kind: other,
      verbs: allowed,
    })),
  ];
}

/** Kinds that kube-apiserver stores in a version before the one that is served. */
const STORED_OLDER: Readonly<Record<string, string>> = { CustomResourceDefinition: 'apiextensions.k8s.io/v1beta1', VolumeAttributesClass: 'storage.k8s.io/v1beta1' };

/** Changes when objects are stored in another version: migrations wait for that. */
function storageVersionHash({ storageApiVersion, kind, custom }: ResourceDefinition): string {
  const stored = (custom ? undefined : STORED_OLDER[kind]) ?? storageApiVersion;
  return createHash('sha256').update(`${stored.includes('/') ? '' : '/'}${stored}/${kind}`).digest().subarray(0, 8).toString('base64');
}
