import { createHash } from 'node:crypto';
import type { DocumentHandler, JsonObject, ResourceDefinition, ResourceRegistry } from '../contracts.js';
import { groupVersionOf, servedGroups } from '../discovery/groups.js';
import { Components, type Dialect, V2, V3 } from './component.js';
import { encodeGnostic, GNOSTIC_TYPE } from './gnostic.js';
import { pathsOf } from './paths.js';

interface Document {
  body: string;
  hash: string;
  /** What it describes: it is as good as new while these are served. */
  resources: readonly ResourceDefinition[];
}

/** A document that is asked for by its hash never changes. */
const FOREVER = { 'cache-control': 'public, immutable, max-age=31536000' };

/** Serves `/openapi/v3` with one document for each group and version, and `/openapi/v2`; built when asked for, kept while they are true. */
export function createOpenApi(registry: ResourceRegistry, { version }: { version: string }): DocumentHandler {
  const documents = new Map<string, Document>();
  const info = { title: 'Kubernetes', version };

  const document = (key: string, resources: readonly ResourceDefinition[], build: () => JsonObject): Document => {
    let known = documents.get(key);
    if (!known || known.resources.length !== resources.length || known.resources.some((resource, index) => resource !== resources[index])) {
      const body = JSON.stringify(build());
      known = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase(), resources };
      documents.set(key, known);
    }
    return known;
  };
  const groupVersions = (): Map<string, ResourceDefinition[]> =>
    new Map(servedGroups(registry).flatMap(({ name, versions }) => versions.map(({ version: served, resources }) => [`${name ? 'apis' : 'api'}/${groupVersionOf(name, served)}`, resources] as const)));
  const v3 = (path: string, resources: readonly ResourceDefinition[]): Document =>
    document(path, resources, () => {
      const { paths, schemas } = contentOf(resources, V3);
      return { openapi: '3.0.0', info, paths, components: { schemas } };
    });
  const v2 = (): Document =>
    document('v2', registry.list(), () => {
      const { paths, schemas } = contentOf(registry.list(), V2);
      return { swagger: '2.0', info, paths, definitions: schemas };
    });

  return ({ path, query, headers }) => {
    if (path === '/openapi/v2') {
      const found = v2();
      if (!wantsGnostic(headers['accept'])) return respond(found, headers, {});
      return respond({ ...found, body: encodeGnostic(JSON.parse(found.body) as JsonObject) }, headers, { 'content-type': GNOSTIC_TYPE });
    }
    if (path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return undefined;
    const served = groupVersions();
    if (path === '/openapi/v3') {
      const paths = Object.fromEntries([...served].map(([name, resources]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${v3(name, resources).hash}` }]));
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ paths }) };
    }
    const name = path.slice('/openapi/v3/'.length);
    const resources = served.get(name);
    if (!resources) return undefined;
    const found = v3(name, resources);
    const hash = query.get('hash');
    if (hash !== null && hash !== found.hash) return { status: 301, headers: { location: `${path}?hash=${found.hash}` }, body: '' };
    return respond(found, headers, hash === null ? {} : FOREVER);
  };
}

function contentOf(definitions: readonly ResourceDefinition[], dialect: Dialect): { paths: JsonObject; schemas: JsonObject } {
  const components = new Components(dialect);
  const paths: JsonObject = {};
  for (const definition of definitions) {
    components.add(definition);
    Object.assign(paths, pathsOf(definition, dialect));
  }
  return { paths, schemas: components.schemas };
}

function respond({ body, hash }: { body: string | Uint8Array; hash: string }, headers: Readonly<Record<string, string>>, more: Record<string, string>): ReturnType<DocumentHandler> {
  const etag = `"${hash}"`;
  const answer = { 'content-type': 'application/json', etag, vary: 'Accept', ...more };
  return headers['if-none-match'] === etag ? { status: 304, headers: answer, body: '' } : { status: 200, headers: answer, body };
}

/** Whether a client prefers protobuf to JSON. */
const wantsGnostic = (accept = ''): boolean => /^\s*application\/com\.github\.proto-openapi\.spec\.v2/.test(accept);
