import type { DocumentHandler, ResourceRegistry } from '../contracts.js';
import { written } from '../http/encode.js';
import { isPretty } from '../http/negotiate.js';
import { apiVersionOf } from '../group-version.js';
import { servedGroups } from './groups.js';

/** Documents that are there whatever is served. */
const DOCUMENTS = ['/.well-known/openid-configuration', '/api', '/apis', '/apis/', '/metrics', '/metrics/slis', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/openid/v1/jwks', '/version'];

/** Serves `/` and `/index.html`: which paths there are. `more` are further ones. */
export const createPathList = (registry: ResourceRegistry, more: readonly string[]): DocumentHandler => ({ path, query, headers }) => {
  if (path !== '/' && path !== '/index.html') return undefined;
  const groups = servedGroups(registry).flatMap(({ name, versions }) => [
    ...(name === '' ? [] : [`/apis/${name}`]),
    ...versions.map(({ version }) => `${name === '' ? '/api' : '/apis'}/${apiVersionOf({ group: name, version })}`),
  ]);
  const paths = [...DOCUMENTS, ...groups, ...more].sort((left, right) => (left < right ? -1 : 1));
  const { contentType, body } = written({ paths }, { format: 'json', pretty: isPretty(query, headers['user-agent']) });
  return { status: 200, headers: { 'content-type': contentType }, body, anyMethod: true };
};
