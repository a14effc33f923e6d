import { createHash } from 'node:crypto';
import type { JsonObject, ResourceDefinition } from '../contracts.js';
import { groupVersionOf, type ServedGroup, type ServedVersion } from './groups.js';
import { subresourcesOf } from './subresource.js';

const SERVER_ADDRESSES = [{ clientCIDR: '0.0.0.0/0', serverAddress: '' }];

/** `/api` */
export const apiVersions = (): JsonObject => ({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: SERVER_ADDRESSES });

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
  apiVersion: 'v1',
  groupVersion: groupVersionOf(group, version),
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
      ...(verbs.includes('list') && { storageVersionHash: storageVersionHash(definition) }),
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

/** Changes when objects are stored in another version: migrations wait for that. */
const storageVersionHash = ({ storageApiVersion, kind }: ResourceDefinition): string =>
  createHash('sha256').update(`${storageApiVersion.includes('/') ? '' : '/'}${storageApiVersion}/${kind}`).digest().subarray(0, 8).toString('base64');
