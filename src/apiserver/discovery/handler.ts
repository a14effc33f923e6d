import { createHash } from 'node:crypto';
import type { DocumentHandler, JsonObject, ResourceRegistry } from '../contracts.js';
import { written } from '../http/encode.js';
import { isPretty, negotiate } from '../http/negotiate.js';
import { acceptedAggregation, AGGREGATED, groupDiscoveryList } from './aggregated.js';
import { type ServedGroup, servedGroups } from './groups.js';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.js';

/** Serves `/api`, `/apis` and what is below them down to the version; the aggregated documents are built once for each state of the registry. */
export function createDiscovery(registry: ResourceRegistry): DocumentHandler {
  const aggregated = new Map<string, { document: JsonObject; etag: string }>();
  let groups: ServedGroup[] | undefined;
  registry.onChange(() => {
    aggregated.clear();
    groups = undefined;
  });

  return ({ path, query, headers }) => {
    const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
    if (!/^\/apis?(?:\/|$)/.test(trimmed)) return undefined;
    groups ??= servedGroups(registry);
    const root = trimmed === '/api' || trimmed === '/apis';
    const format = root ? acceptedAggregation(headers['accept']) : undefined;
    if (!format) {
      const found = plainDocument(trimmed, groups, headers['host'] ?? '');
      if (!found) return undefined;
      const { contentType, body } = written(found.document, negotiate(headers, query, { protobuf: true, transforms: false, routed: !found.anyMethod }));
      return { status: 200, headers: { 'content-type': contentType }, body, ...(found.anyMethod && { anyMethod: true }) };
    }
    let known = aggregated.get(trimmed);
    if (!known) {
      const document = groupDiscoveryList(groups.filter(({ name }) => (name === '') === (trimmed === '/api')));
      known = { document, etag: `"${createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase()}"` };
      aggregated.set(trimmed, known);
    }
    const { document, etag } = known;
    // A cache keeps what is aggregated until the tag changes, and must not give it to those who want it plain.
    const caching = { etag, vary: 'Accept', 'cache-control': 'public' };
    if (headers['if-none-match'] === etag) return { status: 304, headers: caching, body: '' };
    const { contentType, body } = written(document, { format, pretty: isPretty(query, headers['user-agent']) });
    return { status: 200, headers: { 'content-type': `${contentType}${AGGREGATED}`, ...caching }, body };
  };
}

/** What kube-apiserver puts together from several servers' answers, and what it says of CRDs, it says whatever the method. */
function plainDocument(path: string, groups: readonly ServedGroup[], host: string): { document: JsonObject; anyMethod?: boolean } | undefined {
  if (path === '/api') return { document: apiVersions(host) };
  if (path === '/apis') return { document: apiGroupList(groups.filter(({ name }) => name !== '')), anyMethod: true };
  const [, root, ...rest] = path.split('/');
  const [name = '', version] = root === 'api' ? ['', rest[0]] : rest;
  if (rest.length > (root === 'api' ? 1 : 2)) return undefined;
  const group = groups.find((candidate) => candidate.name === name);
  if (!group) return undefined;
  if (version === undefined) return { document: apiGroup(group), anyMethod: true };
  const served = group.versions.find((candidate) => candidate.version === version);
  return served && { document: apiResourceList(name, served), anyMethod: served.resources.some(({ custom }) => custom) };
}
