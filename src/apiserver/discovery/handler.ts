import { createHash } from 'node:crypto';
import type { DocumentHandler, JsonObject, ResourceRegistry } from '../contracts.js';
import { acceptedAggregation, AGGREGATED_TYPE, groupDiscoveryList } from './aggregated.js';
import { type ServedGroup, servedGroups } from './groups.js';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.js';

/** Serves `/api`, `/apis` and what is below them down to the version; documents are built once for each state of the registry. */
export function createDiscovery(registry: ResourceRegistry): DocumentHandler {
  const documents = new Map<string, { body: string; etag: string }>();
  let groups: ServedGroup[] | undefined;
  registry.onChange(() => {
    documents.clear();
    groups = undefined;
  });

  return ({ path, headers }) => {
    const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
    if (!/^\/apis?(?:\/|$)/.test(trimmed)) return undefined;
    const aggregation = trimmed === '/api' || trimmed === '/apis' ? acceptedAggregation(headers['accept']) : undefined;
    const key = `${trimmed} ${aggregation ?? ''}`;
    let document = documents.get(key);
    if (!document) {
      groups ??= servedGroups(registry);
      const core = groups.filter(({ name }) => name === '');
      const named = groups.filter(({ name }) => name !== '');
      const content = aggregation ? groupDiscoveryList(aggregation, trimmed === '/api' ? core : named) : legacyDocument(trimmed, groups, named);
      if (!content) return undefined;
      const body = JSON.stringify(content);
      document = { body, etag: `"${createHash('sha256').update(body).digest('hex').toUpperCase()}"` };
      documents.set(key, document);
    }
    const { body, etag } = document;
    // Clients are told apart by Accept: a cache must not mix them up.
    const answer = { 'content-type': aggregation ? AGGREGATED_TYPE(aggregation) : 'application/json', vary: 'Accept', ...(aggregation && { etag }) };
    if (aggregation && headers['if-none-match'] === etag) return { status: 304, headers: answer, body: '' };
    return { status: 200, headers: answer, body };
  };
}

function legacyDocument(path: string, groups: readonly ServedGroup[], named: readonly ServedGroup[]): JsonObject | undefined {
  if (path === '/api') return apiVersions();
  if (path === '/apis') return apiGroupList(named);
  const [, root, ...rest] = path.split('/');
  const [name = '', version] = root === 'api' ? ['', rest[0]] : rest;
  if (rest.length > (root === 'api' ? 1 : 2)) return undefined;
  const group = groups.find((candidate) => candidate.name === name);
  if (!group) return undefined;
  if (version === undefined) return apiGroup(group);
  const served = group.versions.find((candidate) => candidate.version === version);
  return served && apiResourceList(name, served);
}
