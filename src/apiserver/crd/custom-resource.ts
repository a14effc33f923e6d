import type { ApiObject, JsonObject, ResourceDefinition, Subresource, UnknownField } from '../contracts.js';
import { validateRules } from '../cel/validate-rules.js';
import { builtinSchema } from '../kinds/type-catalogue.js';
import { NO_OLD_VALUE, type OldValue } from '../schema/correlate.js';
import { decodeBuiltin } from '../schema/decode.js';
import { applyDefaults } from '../schema/default.js';
import { child, type FieldError, fieldErrorText, invalid, quote } from '../schema/field-error.js';
import { validateListTypes } from '../schema/list-types.js';
import { prune } from '../schema/prune.js';
import { schemaNode } from '../schema/schema-node.js';
import type { Schema } from '../schema/schema.js';
import { isObject } from '../schema/schema.js';
import { validateSchema } from '../schema/validate.js';
import { customColumns } from '../table/custom-columns.js';
import { jsonPath } from '../table/json-path.js';
import type { CustomResourceDefinition, CustomResourceVersion } from './custom-resource-definition.js';
import { compareVersions } from '../discovery/version-order.js';
import { isConditionTrue, storageVersionOf } from './custom-resource-definition.js';
import { scaleProblems } from './scale-values.js';
import { validateEmbedded } from './embedded-resources.js';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** Errors after which rules make no sense: they would run on values that are missing or of another type. */
const BLOCKING: ReadonlySet<string> = new Set<FieldError['reason']>(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);

/** The definitions that a CRD serves, one for each served version. */
export function customResources(crd: CustomResourceDefinition): ResourceDefinition[] {
  return crd.spec.versions.filter(({ served }) => served).map((version) => customResource(crd, version));
}

const OPEN: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** What a deprecated version tells to use instead: the best of those that are not. */
function successorOf({ spec }: CustomResourceDefinition, { name }: CustomResourceVersion): string {
  const [best] = spec.versions.filter(({ served, deprecated }) => served && !deprecated).map((version) => version.name).sort(compareVersions);
  return best === undefined || compareVersions(best, name) > 0 ? '' : `; use ${spec.group}/${best} ${spec.names.kind}`;
}

function customResource(crd: CustomResourceDefinition, version: CustomResourceVersion): ResourceDefinition {
  const { spec } = crd;
  const { group } = spec;
  const names = crd.status?.acceptedNames?.plural ? crd.status.acceptedNames : spec.names;
  const schema = withStandardFields(version.schema?.openAPIV3Schema ?? OPEN);
  const stored = withStandardFields(spec.versions.find(({ storage }) => storage)?.schema?.openAPIV3Schema ?? OPEN);
  const { status, scale } = version.subresources ?? {};
  const kind = { kind: names.kind, version: version.name };
  const terminating = isConditionTrue(crd, 'Terminating') || crd.metadata.deletionTimestamp !== undefined;
  return {
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: spec.scope === 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: terminating ? VERBS.filter((verb) => !['create', 'patch', 'update'].includes(verb)) : VERBS,
    ...(terminating && { terminating }),
    subresources: { ...(status && { status: true }), ...(scale && { scale: true, scalePaths: scale }) },
    custom: true,
    statusSubresource: status !== undefined,
    tracksGeneration: true,
    storageResource: `${spec.names.plural}.${group}`,
    storageApiVersion: `${group}/${storageVersionOf(spec)}`,
    convertsByHook: spec.conversion?.strategy === 'Webhook',
    ...(version.deprecated && { deprecationWarning: version.deprecationWarning ?? `${group}/${version.name} ${names.kind} is deprecated${successorOf(crd, version)}` }),
    schema: schemaNode(schema),
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: Object.fromEntries((version.selectableFields ?? []).map(({ jsonPath: path }) => [path.replace(/^\./, ''), selector(path)])),
    prune: (object) => pruneResource(object, schema, kind),
    setDefaults: (object, options) => applyDefaults(object, schema, options?.keepsNulls),
    readStored(object) {
      pruneResource(object, stored, kind);
      applyDefaults(object, stored);
    },
    validate: (object) => [...problemsOf(object, schema, NO_OLD_VALUE, ''), ...(scale ? scaleProblems(object, scale, '') : [])],
    validateUpdate: (object, previous, subresource, warn) => [...problemsOf(object, schema, previous, subresource, (waived) => warn(fieldErrorText(waived))), ...(scale ? scaleProblems(object, scale, subresource) : [])],
    warnings: finalizerWarnings,
  };
}

/** What every object has, whatever its CRD says of it. */
function withStandardFields(schema: Schema): Schema {
  const { metadata: declared, ...properties } = schema.properties ?? {};
  const metadata: Schema = { ...builtinSchema('meta.v1.ObjectMeta') };
  // A CRD may narrow the name, and nothing else of the metadata.
  if (declared?.properties) metadata.properties = { ...metadata.properties, ...declared.properties };
  return { ...schema, properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, ...properties, metadata } };
}

/** Embedded metadata is decoded last. */
const isEmbedded = ({ path }: UnknownField): boolean => path.includes('.metadata.');

function pruneResource(object: ApiObject, schema: Schema, kind: { kind: string; version: string }): UnknownField[] {
  const { metadata, ...rest } = object;
  const unknown = isObject(metadata)
    ? decodeBuiltin(metadata, builtinSchema('meta.v1.ObjectMeta'), 'metadata')
    : decodeBuiltin({ metadata } as JsonObject, { type: 'object', typeName: kind.kind, properties: { metadata: builtinSchema('meta.v1.ObjectMeta') } });
  const found = prune(rest, schema).sort((left, right) => Number(isEmbedded(left)) - Number(isEmbedded(right)) || (left.path < right.path ? -1 : 1));
  for (const name of Object.keys(object)) if (name !== 'metadata' && !Object.hasOwn(rest, name)) delete object[name];
  return [...unknown, ...found];
}

const selector = (path: string) => (object: ApiObject): string => {
  const value = jsonPath(path)(object)[0];
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value as string | number | boolean);
};

function problemsOf(object: ApiObject, schema: Schema, previous: OldValue, subresource: Subresource, waive?: (error: FieldError) => void): FieldError[] {
  const errors = [...schemaProblems(object, schema, previous, subresource), ...validateEmbedded(object, schema), ...listProblems(object, schema, previous)];
  if (hasRules(schema) && errors.some(({ reason }) => BLOCKING.has(reason))) {
    return [...errors, { ...invalid('', '', ''), message: 'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation' }];
  }
  return [...errors, ...validateRules(withoutMetadata(object), schema, '', previous, waive)];
}

const ruled = new WeakMap<Schema, boolean>();

/** Whether there are rules anywhere in a schema. */
function hasRules(schema: Schema): boolean {
  const known = ruled.get(schema);
  if (known !== undefined) return known;
  // Built-in types, which may contain themselves, have none.
  const { properties = {}, items, additionalProperties, typeName } = schema;
  const inner = typeName === undefined ? [...Object.values(properties), ...(items ? [items] : []), ...(typeof additionalProperties === 'object' ? [additionalProperties] : [])] : [];
  const found = (schema['x-kubernetes-validations'] ?? []).length > 0 || inner.some(hasRules);
  ruled.set(schema, found);
  return found;
}

/** A write to `status` answers for the status alone. */
function schemaProblems(object: ApiObject, schema: Schema, previous: OldValue, subresource: Subresource): FieldError[] {
  if (subresource !== 'status') return validateSchema(validated(object, schema), schema, '', previous === NO_OLD_VALUE ? previous : validated(previous as ApiObject, schema));
  const statusSchema = schema.properties?.['status'];
  const status = object['status'];
  if (!statusSchema || status === undefined) return [];
  // Messages speak of places within the status.
  return validateSchema(status, statusSchema, '', isObject(previous) && previous['status'] !== undefined ? previous['status'] : NO_OLD_VALUE)
    .map((error) => ({ ...error, field: error.field === '<nil>' || error.field === '' ? 'status' : child('status', error.field) }));
}

/** Metadata is the server's to check, but for the names that a CRD narrows. */
function validated(object: ApiObject, schema: Schema): JsonObject {
  const narrowed = schema.properties?.['metadata']?.properties ?? {};
  const { name, generateName } = object.metadata;
  return { ...object, metadata: { ...(narrowed['name'] && name !== undefined && { name }), ...(generateName !== undefined && { generateName }) } };
}

const withoutMetadata = (object: ApiObject): JsonObject => {
  const { name, generateName } = object.metadata;
  return { ...object, metadata: { ...(name !== undefined && { name }), ...(generateName !== undefined && { generateName }) } };
};

/** Duplicates that were there before are not held against an update. */
function listProblems(object: ApiObject, schema: Schema, previous: OldValue): FieldError[] {
  if (isObject(previous) && validateListTypes(previous, schema).length > 0) return [];
  return validateListTypes(object, schema);
}

function finalizerWarnings({ metadata }: ApiObject): string[] {
  return (metadata.finalizers ?? [])
    .filter((finalizer) => !finalizer.includes('/') && !['orphan', 'foregroundDeletion', 'kubernetes'].includes(finalizer))
    .map((finalizer) => `${child('metadata', 'finalizers')}: ${quote(finalizer)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`);
}
