import type { JsonObject, ResourceDefinition } from '../contracts.js';
import { groupVersionOf } from '../discovery/groups.js';
import { subresourcesOf } from '../discovery/subresource.js';
import { componentName, type Dialect } from './component.js';

/** What an operation does, in Kubernetes' words, by verb of discovery. */
const ITEM_VERBS = { get: 'get', update: 'put', patch: 'patch', delete: 'delete' } as const;
const COLLECTION_VERBS = { list: 'get', create: 'post', deletecollection: 'delete' } as const;
const ACTIONS: Record<string, string> = { get: 'get', list: 'list', create: 'post', update: 'put', patch: 'patch', delete: 'delete', deletecollection: 'deletecollection' };
const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'];

/** Query parameters by verb: clients look here before they use one. */
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];
const QUERY: Record<string, readonly string[]> = {
  list: ['allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'timeoutSeconds', 'watch'],
  create: WRITE_PARAMETERS,
  update: WRITE_PARAMETERS,
  patch: [...WRITE_PARAMETERS, 'force'],
  delete: ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'],
  deletecollection: ['continue', 'dryRun', 'fieldSelector', 'gracePeriodSeconds', 'labelSelector', 'limit', 'propagationPolicy'],
  get: [],
};
const INTEGERS = new Set(['limit', 'timeoutSeconds', 'gracePeriodSeconds']);
const BOOLEANS = new Set(['allowWatchBookmarks', 'sendInitialEvents', 'watch', 'force', 'orphanDependents']);

/** Every URL of a resource, with its operations. */
export function pathsOf(definition: ResourceDefinition, dialect: Dialect): Record<string, JsonObject> {
  const { group, version, plural, namespaced, verbs, kind } = definition;
  const root = `${group ? '/apis' : '/api'}/${groupVersionOf(group, version)}`;
  const collection = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const schema = { $ref: `${dialect.prefix}${componentName(definition)}` };
  const gvk = { group, version, kind };
  // kubectl apply looks here which kind of patch it may send.
  const patchTypes = definition.custom ? PATCH_TYPES.filter((type) => !type.includes('strategic')) : PATCH_TYPES;
  const parameters = (...names: string[]): JsonObject => (names.length === 0 ? {} : { parameters: names.map((name) => ({ name, in: 'path', required: true, ...typed({ type: 'string' }, dialect) })) });
  const operations = (served: Readonly<Record<string, string>>, id: string, body: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(served)
        .filter(([verb]) => verbs.includes(verb))
        .map(([verb, method]) => [method, operation(verb, `${verb}${id}`, gvk, verb === 'list' ? { $ref: `${schema.$ref}List` } : body, dialect, patchTypes)]),
    );
  const paths: Record<string, JsonObject> = {};
  const id = operationId(definition);
  const onCollection = operations(COLLECTION_VERBS, id, schema);
  const onItem = operations(ITEM_VERBS, id, schema);
  if (Object.keys(onCollection).length > 0) paths[collection] = { ...onCollection, ...parameters(...(namespaced ? ['namespace'] : [])) };
  if (Object.keys(onItem).length > 0) paths[`${collection}/{name}`] = { ...onItem, ...parameters('name', ...(namespaced ? ['namespace'] : [])) };
  if (namespaced && verbs.includes('list')) paths[`${root}/${plural}`] = { get: operation('list', `list${id}ForAllNamespaces`, gvk, { $ref: `${schema.$ref}List` }, dialect) };
  for (const { name, kind: other, groupVersion, verbs: allowed } of subresourcesOf(definition)) {
    const target = { group: groupVersion?.group ?? group, version: groupVersion?.version ?? version, kind: other };
    const served = allowed.map((verb) => [verb === 'create' ? 'post' : ITEM_VERBS[verb as keyof typeof ITEM_VERBS], operation(verb, `${verb}${id}${capital(name)}`, target, other === kind ? schema : { type: 'object' }, dialect, patchTypes)] as const);
    paths[`${collection}/{name}/${name}`] = { ...Object.fromEntries(served), ...parameters('name', ...(namespaced ? ['namespace'] : [])) };
  }
  return paths;
}

function operation(verb: string, operationId: string, gvk: JsonObject, schema: JsonObject, dialect: Dialect, patchTypes: readonly string[] = PATCH_TYPES): JsonObject {
  const query = (QUERY[verb] ?? []).map((name) => ({ name, in: 'query', ...typed({ type: INTEGERS.has(name) ? 'integer' : BOOLEANS.has(name) ? 'boolean' : 'string' }, dialect) }));
  const hasBody = verb === 'create' || verb === 'update' || verb === 'patch';
  const bodyTypes = verb === 'patch' ? patchTypes : ['application/json', 'application/yaml'];
  const content = (types: readonly string[], of: JsonObject): JsonObject => ({ content: Object.fromEntries(types.map((type) => [type, { schema: of }])) });
  const bodySchema = verb === 'patch' ? { type: 'object' } : schema;
  const isV3 = dialect.wrapReferences;
  return {
    operationId,
    ...(query.length > 0 || (hasBody && !isV3) ? { parameters: [...(hasBody && !isV3 ? [{ name: 'body', in: 'body', required: true, schema: bodySchema }] : []), ...query] } : {}),
    ...(hasBody && (isV3 ? { requestBody: { required: true, ...content(bodyTypes, bodySchema) } } : { consumes: bodyTypes })),
    ...(!isV3 && { produces: ['application/json'] }),
    responses: { 200: { description: 'OK', ...(isV3 ? content(['application/json'], schema) : { schema }) } },
    'x-kubernetes-action': ACTIONS[verb] ?? verb,
    'x-kubernetes-group-version-kind': gvk,
  };
}

const typed = (schema: JsonObject, { wrapReferences }: Dialect): JsonObject => (wrapReferences ? { schema: { ...schema, uniqueItems: true } } : { ...schema, uniqueItems: true });

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `AppsV1NamespacedDeployment`: unique among all groups. */
const operationId = ({ group, version, kind, namespaced }: ResourceDefinition): string =>
  `${group === '' ? 'Core' : group.split(/[.-]/).map(capital).join('')}${capital(version)}${namespaced ? 'Namespaced' : ''}${kind}`;
