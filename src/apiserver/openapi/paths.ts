import type { JsonObject, ResourceDefinition } from '../contracts.js';
import { apiVersionOf } from '../group-version.js';
import { subresourcesOf } from '../discovery/subresource.js';
import { RETURN_DELETED } from '../rest/delete.js';
import { patchTypes } from '../rest/patch.js';
import { type Components, componentName, type Dialect } from './component.js';
import { CREATE, DELETE, DELETE_COLLECTION, LIST, LOG, OPTIONS_OF, type Parameter, parametersIn, PATCH, READ } from './parameters.js';

/** What is said of one method of a path, in no dialect yet. */
interface Operation {
  readonly method: string;
  readonly id: string;
  readonly action?: string;
  readonly gvk?: JsonObject;
  readonly query?: readonly Parameter[];
  /** The schema of the body, and the types that it may have. */
  readonly body?: { readonly schema: JsonObject; readonly types: readonly string[]; readonly optional?: true };
  readonly answer: JsonObject;
  readonly answerTypes: readonly string[];
  readonly codes: readonly number[];
}

type Path = readonly [path: string, operations: readonly Operation[]];

const ANY = ['*/*'];
const OBJECT_TYPES = ['application/json', 'application/vnd.kubernetes.protobuf', 'application/yaml'];
const LIST_TYPES = ['application/json', 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf', 'application/vnd.kubernetes.protobuf;stream=watch', 'application/yaml'];
const CUSTOM_TYPES = ['application/json', 'application/yaml'];
const MEANING: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted', 401: 'Unauthorized' };
/** What a proxy passes on. */
const PROXIED = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
const METHODS: Readonly<Record<string, string>> = { get: 'get', create: 'post', update: 'put', patch: 'patch', delete: 'delete' };
const ID_VERBS: Readonly<Record<string, string>> = { get: 'read', update: 'replace' };
/** Types of what subresources have that is of no kind of the group. */
const SUBRESOURCE_TYPES: Readonly<Record<string, string>> = { Scale: 'autoscaling.v1.Scale', Eviction: 'policy.v1.Eviction', TokenRequest: 'authentication.v1.TokenRequest', Binding: 'core.v1.Binding' };

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `AppsV1`, `RbacAuthorizationV1`, `CoreV1`: how operations of a version are called. */
const idOf = ({ group, version, custom }: Pick<ResourceDefinition, 'group' | 'version' | 'custom'>): string =>
  `${group === '' ? 'Core' : (custom ? group : group.replace(/\.k8s\.io$/, '')).split(/[.-]/).map(capital).join('')}${capital(version)}`;

/** Every URL of a resource, with its operations. */
export function pathsOf(definition: ResourceDefinition, dialect: Dialect, components: Components): Record<string, JsonObject> {
  const all = [...resourcePaths(definition, dialect, components), ...subresourcePaths(definition, dialect, components)];
  return Object.fromEntries(all.filter(([, operations]) => operations.length > 0).map(([path, operations]) => [path, pathItem(path, operations, definition, dialect)]));
}

/** The URL at which a version of built-in kinds tells its resources. */
export function discoveryPath(definition: ResourceDefinition, dialect: Dialect, components: Components): Record<string, JsonObject> {
  if (definition.custom) return {};
  const path = `${rootOf(definition)}/`;
  return { [path]: pathItem(path, [{ method: 'get', id: `get${idOf(definition)}APIResources`, answer: components.refer('meta.v1.APIResourceList'), answerTypes: OBJECT_TYPES, codes: [200] }], definition, dialect) };
}

const rootOf = ({ group, version }: ResourceDefinition): string => `${group ? '/apis' : '/api'}/${apiVersionOf({ group, version })}`;

function resourcePaths(definition: ResourceDefinition, dialect: Dialect, components: Components): Path[] {
  const { group, version, kind, plural, namespaced, verbs, custom, storageResource } = definition;
  const gvk = { group, version, kind };
  const id = idOf(definition);
  const own = `${namespaced ? 'Namespaced' : ''}${kind}`;
  const object = { $ref: `${dialect.prefix}${componentName(definition)}` };
  const list = { $ref: `${object.$ref}List` };
  const status = (): JsonObject => components.refer('meta.v1.Status');
  const answerTypes = custom ? CUSTOM_TYPES : OBJECT_TYPES;
  const listTypes = custom ? CUSTOM_TYPES : LIST_TYPES;
  const written = { schema: object, types: custom ? CUSTOM_TYPES : ANY };
  const options = (): NonNullable<Operation['body']> => ({ schema: components.refer('meta.v1.DeleteOptions'), types: custom ? CUSTOM_TYPES : ANY, optional: true });
  const reading = custom ? { query: READ } : {};
  const listing = (name: string): Operation => ({ method: 'get', id: `list${id}${name}`, action: 'list', gvk, query: LIST, answer: list, answerTypes: listTypes, codes: [200] });
  const has = (verb: string, operation: () => Operation): Operation[] => (verbs.includes(verb) ? [operation()] : []);

  // What watches send is described, if by no operation.
  if (verbs.includes('watch') && !custom) components.refer('meta.v1.WatchEvent');
  const collection: Operation[] = [
    ...has('list', () => listing(own)),
    ...has('create', () => ({ method: 'post', id: `create${id}${own}`, action: 'post', gvk, query: CREATE, body: written, answer: object, answerTypes, codes: [200, 201, 202] })),
    ...has('deletecollection', () => ({ method: 'delete', id: `delete${id}Collection${own}`, action: 'deletecollection', gvk, ...(custom ? { query: LIST } : { query: DELETE_COLLECTION, body: options() }), answer: status(), answerTypes, codes: [200] })),
  ];
  const item: Operation[] = [
    ...has('get', () => ({ method: 'get', id: `read${id}${own}`, action: 'get', gvk, ...reading, answer: object, answerTypes, codes: [200] })),
    ...has('update', () => ({ method: 'put', id: `replace${id}${own}`, action: 'put', gvk, query: CREATE, body: written, answer: object, answerTypes, codes: [200, 201] })),
    ...has('delete', () => ({ method: 'delete', id: `delete${id}${own}`, action: 'delete', gvk, query: DELETE, body: options(), answer: RETURN_DELETED.has(storageResource) ? object : status(), answerTypes, codes: [200, 202] })),
    ...has('patch', () => patching(`patch${id}${own}`, gvk, definition, object, components)),
  ];
  const at = collectionPath(definition);
  return [[at, collection], [`${at}/{name}`, item], ...(namespaced ? [[`${rootOf(definition)}/${plural}`, has('list', () => listing(`${kind}ForAllNamespaces`))] as const] : [])];
}

const collectionPath = (definition: ResourceDefinition): string => `${rootOf(definition)}/${definition.namespaced ? 'namespaces/{namespace}/' : ''}${definition.plural}`;

/** kubectl apply looks here which kinds of patch it may send. */
const patching = (id: string, gvk: JsonObject, definition: ResourceDefinition, answer: JsonObject, components: Components): Operation => ({
  method: 'patch', id, action: 'patch', gvk, query: PATCH, answer, answerTypes: definition.custom ? CUSTOM_TYPES : OBJECT_TYPES, codes: definition.custom ? [200] : [200, 201],
  body: { schema: components.refer('meta.v1.Patch'), types: [...patchTypes(definition)].sort() },
});

function subresourcePaths(definition: ResourceDefinition, dialect: Dialect, components: Components): Path[] {
  const { kind, namespaced, group, version, custom } = definition;
  const own = `${idOf(definition)}${namespaced ? 'Namespaced' : ''}${kind}`;
  const answerTypes = custom ? CUSTOM_TYPES : OBJECT_TYPES;
  return subresourcesOf(definition).flatMap(({ name, kind: other, groupVersion = { group, version }, verbs }): Path[] => {
    const path = `${collectionPath(definition)}/{name}/${name}`;
    const gvk = custom ? { group, version, kind } : { ...groupVersion, kind: other };
    const called = capital(name);
    const connections = OPTIONS_OF[other];
    if (connections) {
      const connect = (suffix: string, methods: readonly string[]): Operation[] => methods.map((method) => ({ method, id: own.replace(/V\d[a-z\d]*/, (part) => `${part}${capital(method)}`).replace(/^/, 'connect') + called + suffix, action: 'connect', gvk, query: connections, answer: { type: 'string' }, answerTypes: ANY, codes: [200] }));
      return name === 'proxy' ? [[path, connect('', PROXIED)], [`${path}/{path}`, connect('WithPath', PROXIED)]] : [[path, connect('', ['get', 'post'])]];
    }
    const type = SUBRESOURCE_TYPES[other];
    const object = other === kind || type === undefined ? { $ref: `${dialect.prefix}${componentName(definition)}` } : components.refer(type);
    return [[path, verbs.map((verb): Operation => {
      const id = `${ID_VERBS[verb] ?? verb}${own}${called}`;
      if (name === 'log') return { method: 'get', id, action: 'get', gvk, query: LOG, answer: { type: 'string' }, answerTypes: [...OBJECT_TYPES, 'text/plain'], codes: [200] };
      if (verb === 'patch') return patching(id, gvk, definition, object, components);
      if (verb === 'get') return { method: 'get', id, action: 'get', gvk, ...(custom && { query: READ }), answer: object, answerTypes, codes: [200] };
      return { method: METHODS[verb]!, id, action: METHODS[verb]!, gvk, query: CREATE, body: { schema: object, types: custom ? CUSTOM_TYPES : ANY }, answer: object, answerTypes, codes: verb === 'create' ? [200, 201, 202] : [200, 201] };
    })]];
  });
}

/** What all operations of a path have in common stands at the path. */
function pathItem(path: string, operations: readonly Operation[], definition: ResourceDefinition, dialect: Dialect): JsonObject {
  const shared = (operations[0]?.query ?? []).filter((parameter) => operations.every(({ query = [] }) => query.includes(parameter)));
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]): Parameter => ({ name: name!, in: 'path', type: 'string' }));
  const isObject = operations.some(({ action }) => action !== undefined && action !== 'connect');
  const common = [...inPath, ...shared, ...(isObject ? [{ name: 'pretty', in: 'query', type: 'string' } as const] : [])].sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : left.in < right.in ? -1 : 1));
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationOf(operation, shared, definition, dialect)])),
    ...(common.length > 0 && { parameters: parametersIn(common, dialect) }),
  };
}

function operationOf({ id, action, gvk, query = [], body, answer, answerTypes, codes }: Operation, shared: readonly Parameter[], { group, version }: ResourceDefinition, dialect: Dialect): JsonObject {
  const isV3 = dialect.wrapReferences;
  const own = parametersIn(query.filter((parameter) => !shared.includes(parameter)), dialect);
  const parameters = [...(body && !isV3 ? [{ name: 'body', in: 'body', ...(!body.optional && { required: true }), schema: body.schema }] : []), ...own];
  const content = (types: readonly string[], schema: JsonObject): JsonObject => Object.fromEntries(types.map((type) => [type, { schema }]));
  return {
    tags: [`${group === '' ? 'core' : group.replace(/\.k8s\.io$/, '').replace(/[.-](\w)/g, (_, first: string) => first.toUpperCase())}_${version}`],
    operationId: id,
    ...(parameters.length > 0 && { parameters }),
    ...(body && isV3 && { requestBody: { content: content(body.types, body.schema), ...(!body.optional && { required: true }) } }),
    ...(!isV3 && { consumes: body?.types ?? ANY, produces: answerTypes, schemes: ['https'] }),
    responses: {
      ...Object.fromEntries(codes.map((code) => [code, { description: MEANING[code], ...(isV3 ? { content: content(answerTypes, answer) } : { schema: answer }) }])),
      401: { description: MEANING[401] },
    },
    ...(action && { 'x-kubernetes-action': action }),
    ...(gvk && { 'x-kubernetes-group-version-kind': gvk }),
  };
}
