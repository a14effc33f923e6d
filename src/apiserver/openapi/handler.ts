import { createHash } from 'node:crypto';
import { systemClock } from '../clock.js';
import type { Clock, DocumentAnswer, DocumentHandler, JsonObject, ResourceDefinition, ResourceRegistry } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';
import { servedGroups } from '../discovery/groups.js';
import { acceptedTypes } from '../http/negotiate.js';
import { Components, type Dialect, type Kinds, V2, V3 } from './component.js';
import { schemaOfNode } from '../schema/schema-node.js';
import { encodeGnostic, GNOSTIC_TYPE } from './gnostic.js';
import { discoveryPath, pathsOf } from './paths.js';

interface Document {
  body: string;
  hash: string;
  /** What it describes: it is as good as new while these are served. */
  resources: readonly ResourceDefinition[];
}

/** How long a document that is asked for by its hash may be kept, in milliseconds: a year. */
const KEPT_FOR = 365 * 24 * 60 * 60 * 1000;
/** What clients call {@link GNOSTIC_TYPE}. */
const GNOSTIC = /^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf$/;

/** Serves `/openapi/v3` with one document for each group and version, and `/openapi/v2`; built when asked for, kept while they are true. */
export function createOpenApi(registry: ResourceRegistry, { version, clock = systemClock }: { version: string; clock?: Clock }): DocumentHandler {
  const documents = new Map<string, Document>();
  // Only the release's first two numbers: documents stay as they are within one.
  const info = { title: 'Kubernetes', version: version.replace(/^v(\d+\.\d+).*$/, '$1') };
  const kinds = kindsOf(registry.list());

  const document = (key: string, resources: readonly ResourceDefinition[], build: () => JsonObject): Document => {
    let known = documents.get(key);
    if (!known || known.resources.length !== resources.length || known.resources.some((resource, index) => resource !== resources[index])) {
      const body = JSON.stringify(build());
      known = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase(), resources };
      documents.set(key, known);
    }
    return known;
  };
  const expiry = (): string => new Date(clock.now() + KEPT_FOR).toUTCString().replace('GMT', 'UTC');
  const groupVersions = (): Map<string, ResourceDefinition[]> =>
    new Map(servedGroups(registry).flatMap(({ name, versions }) => versions.map(({ version: served, resources }) => [`${name ? 'apis' : 'api'}/${apiVersionOf({ group: name, version: served })}`, resources] as const)));
  const v3 = (path: string, resources: readonly ResourceDefinition[]): Document =>
    document(path, resources, () => {
      const { paths, schemas } = contentOf(resources, V3, kinds);
      return { openapi: '3.0.0', info, paths, components: { schemas, securitySchemes: SECURITY } };
    });
  const v2 = (): Document =>
    document('v2', registry.list(), () => {
      const { paths, schemas } = contentOf(registry.list(), V2, kinds);
      return { swagger: '2.0', info, paths, definitions: schemas, securityDefinitions: SECURITY, security: [{ BearerToken: [] }] };
    });

  return ({ path, query, headers }) => {
    const answer = answerTo(path, query, headers);
    return answer && { ...answer, anyMethod: true };
  };

  function answerTo(path: string, query: URLSearchParams, headers: Readonly<Record<string, string>>): DocumentAnswer | undefined {
    if (path === '/openapi/v2') {
      const found = v2();
      const format = preferred(headers['accept'], GNOSTIC);
      if (!format) return { status: 406, headers: { vary: 'Accept' }, body: '' };
      if (format === 'json') return respond(found, headers);
      return respond({ ...found, body: encodeGnostic(JSON.parse(found.body) as JsonObject) }, headers, { type: GNOSTIC_TYPE });
    }
    if (path !== '/openapi/v3' && !path.startsWith('/openapi/v3/')) return undefined;
    const served = groupVersions();
    if (path === '/openapi/v3') {
      const paths = Object.fromEntries([...served].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, resources]) => [name, { serverRelativeURL: `/openapi/v3/${name}?hash=${v3(name, resources).hash}` }]));
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: JSON.stringify({ paths }) };
    }
    const name = path.slice('/openapi/v3/'.length);
    const resources = served.get(name);
    if (!resources) return { status: 404, headers: {}, body: '' };
    // Version 3 is written as JSON only.
    if (!preferred(headers['accept'])) return { status: 406, headers: { vary: 'Accept' }, body: '' };
    const found = v3(name, resources);
    const hash = query.get('hash');
    if (hash) {
      const location = `${path}?hash=${found.hash}`;
      if (hash !== found.hash) return { status: 301, headers: { 'content-type': 'application/json', etag: `"${found.hash}"`, vary: 'Accept', location }, body: '' };
    }
    return respond(found, headers, hash ? { caching: { 'cache-control': 'public, immutable', expires: expiry() } } : {});
  }
}

const SECURITY = { BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' } };

/** The kinds that built-in types are served as, and those of requests and answers that are no resources. */
function kindsOf(definitions: readonly ResourceDefinition[]): Kinds {
  const kinds = new Map<string, JsonObject[]>([
    ['autoscaling.v1.Scale', [{ group: 'autoscaling', version: 'v1', kind: 'Scale' }]],
    ['policy.v1.Eviction', [{ group: 'policy', version: 'v1', kind: 'Eviction' }]],
    ['authentication.v1.TokenRequest', [{ group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }]],
    ['meta.v1.Status', [{ group: '', version: 'v1', kind: 'Status' }]],
    ['meta.v1.APIResourceList', [{ group: '', version: 'v1', kind: 'APIResourceList' }]],
  ]);
  for (const { group, version, kind, listKind, schema, custom } of definitions) {
    const { typeName } = schemaOfNode(schema);
    if (custom || typeName === undefined) continue;
    kinds.set(typeName, [{ group, version, kind }]);
    kinds.set(`${typeName}List`, [{ group, version, kind: listKind }]);
  }
  return kinds;
}

function contentOf(definitions: readonly ResourceDefinition[], dialect: Dialect, kinds: Kinds): { paths: JsonObject; schemas: JsonObject } {
  const components = new Components(dialect, kinds);
  const paths: JsonObject = {};
  for (const definition of definitions) {
    components.add(definition);
    Object.assign(paths, discoveryPath(definition, dialect, components), pathsOf(definition, dialect, components));
  }
  return { paths, schemas: components.schemas };
}

function respond({ body, hash }: { body: string | Uint8Array; hash: string }, headers: Readonly<Record<string, string>>, { type = 'application/json', caching = {} }: { type?: string; caching?: Record<string, string> } = {}): DocumentAnswer {
  const etag = `"${hash}"`;
  const kept = { etag, vary: 'Accept', ...caching };
  return headers['if-none-match'] === etag ? { status: 304, headers: kept, body: '' } : { status: 200, headers: { 'content-type': type, ...kept }, body };
}

/** What a client wants of JSON and, where there is one, protobuf; undefined: neither. */
function preferred(accept: string | undefined, protobuf?: RegExp): 'json' | 'protobuf' | undefined {
  if (!accept) return 'json';
  for (const { type } of acceptedTypes(accept)) {
    if (protobuf?.test(type)) return 'protobuf';
    if (['application/json', 'application/*', '*/*'].includes(type)) return 'json';
  }
  return undefined;
}
