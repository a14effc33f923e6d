import { clientProblems, reviewVersionProblems } from '../kinds/validation/webhook-client.js';
import { at, child, duplicate, type FieldError, invalid, notSupported, required } from '../schema/field-error.js';
import { sameJson } from '../schema/json.js';
import { dns1035Label, dns1123Subdomain } from '../schema/names.js';
import type { Schema } from '../schema/schema.js';
import type { CustomResourceDefinition, CustomResourceNames, CustomResourceVersion } from './custom-resource-definition.js';
import { isConditionTrue } from './custom-resource-definition.js';
import { validateStructuralSchema } from './structural-schema.js';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const MOST_SELECTABLE_FIELDS = 8;
/** Of a deprecation warning, in characters. */
const LONGEST_WARNING = 256;

/** What is wrong with a CustomResourceDefinition, in the words of kube-apiserver. */
export function validateDefinition({ metadata, spec, status }: CustomResourceDefinition): FieldError[] {
  if (!spec) return [required('spec')];
  const errors: FieldError[] = [];
  const name = `${spec.names?.plural ?? ''}.${spec.group ?? ''}`;
  // Later the parts of the name cannot change.
  if (metadata.name && metadata.name !== name && metadata.resourceVersion === undefined) errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'));
  errors.push(...groupErrors(spec.group));
  if (spec.scope === undefined) errors.push(required('spec.scope'));
  else if (!['Cluster', 'Namespaced'].includes(spec.scope)) errors.push(notSupported('spec.scope', spec.scope, ['Cluster', 'Namespaced']));
  if (spec.preserveUnknownFields) errors.push(invalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'));
  errors.push(...nameErrors(spec.names ?? ({} as CustomResourceNames), 'spec.names'));
  errors.push(...versionsErrors(spec.versions ?? [], 'spec.versions'));
  errors.push(...conversionErrors(spec.conversion));
  errors.push(...storedErrors(status?.storedVersions ?? [], spec.versions ?? []));
  errors.push(...approvalErrors(spec.group, metadata.annotations));
  return errors;
}

/** What an update of a CustomResourceDefinition may not change. */
export function validateDefinitionUpdate(crd: CustomResourceDefinition, previous: CustomResourceDefinition): FieldError[] {
  const errors: FieldError[] = [];
  if (isConditionTrue(previous, 'Established')) {
    const immutable = (field: string, value: unknown, before: unknown): void => {
      if (!sameJson(value, before)) errors.push(invalid(field, value, 'field is immutable'));
    };
    immutable('spec.group', crd.spec.group, previous.spec.group);
    immutable('spec.scope', crd.spec.scope, previous.spec.scope);
    immutable('spec.names.kind', crd.spec.names.kind, previous.spec.names.kind);
    immutable('spec.names.plural', crd.spec.names.plural, previous.spec.names.plural);
  }
  return errors;
}

/** Versions that objects were ever stored in stay, and the one that they are stored in now is among them. */
function storedErrors(stored: readonly string[], versions: readonly CustomResourceVersion[]): FieldError[] {
  const field = 'status.storedVersions';
  if (stored.length === 0) return [{ reason: 'FieldValueInvalid', field, message: 'Invalid value: null: must have at least one stored version' }];
  const left = new Set(stored);
  const missing = versions.filter(({ name, storage }) => !left.delete(name) && storage).map(({ name }) => invalid(field, stored, `must have the storage version ${name}`));
  return [...missing, ...stored.flatMap((version, index) => (left.has(version) ? [invalid(at(field, index), version, `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`)] : []))];
}

function groupErrors(group: string | undefined): FieldError[] {
  if (!group) return [required('spec.group')];
  const problems = dns1123Subdomain(group);
  if (problems.length > 0) return [invalid('spec.group', group, problems.join(','))];
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')];
}

function nameErrors(names: CustomResourceNames, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const label = (field: string, value: string, prefix = ''): void => {
    const problems = dns1035Label(value.toLowerCase());
    if (problems.length > 0 || (prefix === '' && value !== value.toLowerCase())) errors.push(invalid(field, value, `${prefix}${(problems.length > 0 ? problems : dns1035Label('A')).join(',')}`));
  };
  if (!names.plural) errors.push(required(child(path, 'plural')));
  else label(child(path, 'plural'), names.plural);
  if (names.singular) label(child(path, 'singular'), names.singular);
  if (!names.singular) errors.push(required(child(path, 'singular')));
  if (!names.kind) errors.push(required(child(path, 'kind')));
  else label(child(path, 'kind'), names.kind, 'may have mixed case, but should otherwise match: ');
  if (!names.listKind) errors.push(required(child(path, 'listKind')));
  if (names.listKind) label(child(path, 'listKind'), names.listKind, 'may have mixed case, but should otherwise match: ');
  if (names.kind && names.kind === names.listKind) errors.push(invalid(child(path, 'listKind'), names.listKind, 'kind and listKind may not be the same'));
  names.shortNames?.forEach((name, index) => label(at(child(path, 'shortNames'), index), name));
  names.categories?.forEach((category, index) => label(at(child(path, 'categories'), index), category));
  return errors;
}

function versionsErrors(versions: readonly CustomResourceVersion[], path: string): FieldError[] {
  const names = versions.map(({ name }) => name);
  const errors: FieldError[] = [];
  if (new Set(names).size !== names.length) errors.push(invalid(path, internalVersions(versions), 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1) errors.push(invalid(path, internalVersions(versions), 'must have exactly one version marked as storage version'));
  versions.forEach((version, index) => errors.push(...versionErrors(version, at(path, index), versions, index)));
  const [first] = versions;
  if (first && dns1035Label(first.name ?? '').length > 0) errors.push(invalid('spec.version', first.name, dns1035Label(first.name ?? '').join(',')));
  return errors;
}

/** What all versions have in common Kubernetes keeps once, and its errors say so: `spec.validation` rather than `spec.versions[0].schema`. */
type Shared = 'schema' | 'subresources' | 'additionalPrinterColumns' | 'selectableFields';
const SHARED_NAMES: Record<Shared, string> = { schema: 'spec.validation', subresources: 'spec.subresources', additionalPrinterColumns: 'spec.additionalPrinterColumns', selectableFields: 'spec.selectableFields' };
const isShared = (versions: readonly CustomResourceVersion[], part: Shared): boolean => versions.every((version) => sameJson(version[part] ?? null, versions[0]![part] ?? null));

/** Versions as Kubernetes prints them. */
const internalVersions = (versions: readonly CustomResourceVersion[]): unknown => versions.map((version) => ({
  Name: version.name, Served: version.served ?? false, Storage: version.storage ?? false, Deprecated: version.deprecated ?? false, DeprecationWarning: version.deprecationWarning ?? null,
  Schema: isShared(versions, 'schema') ? null : (version.schema ?? null), Subresources: isShared(versions, 'subresources') ? null : (version.subresources ?? null),
  AdditionalPrinterColumns: isShared(versions, 'additionalPrinterColumns') ? null : (version.additionalPrinterColumns ?? null), SelectableFields: isShared(versions, 'selectableFields') ? null : (version.selectableFields ?? null),
}));

function versionErrors(version: CustomResourceVersion, path: string, versions: readonly CustomResourceVersion[], index: number): FieldError[] {
  const placeOf = (part: Shared): string => (isShared(versions, part) ? SHARED_NAMES[part] : child(path, part));
  // What is kept once is looked at once.
  const looksAt = (part: Shared): boolean => index === 0 || !isShared(versions, part);
  const errors: FieldError[] = [];
  const problems = dns1035Label(version.name ?? '');
  if (problems.length > 0) errors.push(invalid(child(path, 'name'), version.name, problems.join(',')));
  if (version.deprecationWarning !== undefined && !version.deprecated) errors.push(invalid(child(path, 'deprecationWarning'), version.deprecationWarning, 'can only be set for deprecated versions'));
  const schema = version.schema?.openAPIV3Schema;
  const schemaPath = child(placeOf('schema'), 'openAPIV3Schema');
  if (version.deprecationWarning !== undefined && version.deprecationWarning.length > LONGEST_WARNING) errors.push(invalid(child(path, 'deprecationWarning'), version.deprecationWarning, `must be <= ${LONGEST_WARNING} characters long`));
  if (!schema) errors.push(required(child(path, 'schema', 'openAPIV3Schema')));
  else if (looksAt('schema')) {
    errors.push(...validateStructuralSchema(schema, schemaPath));
    if (schema.nullable) errors.push({ reason: 'FieldValueForbidden', field: child(schemaPath, 'nullable'), message: 'Forbidden: nullable cannot be true at the root' });
  }
  if (looksAt('subresources')) errors.push(...scaleErrors(version.subresources?.scale, child(placeOf('subresources'), 'scale')));
  for (const [at_, column] of (looksAt('additionalPrinterColumns') ? (version.additionalPrinterColumns ?? []) : []).entries()) {
    const place = at(placeOf('additionalPrinterColumns'), at_);
    if (!column.name) errors.push(required(child(place, 'name')));
    if (!column.type) errors.push(required(child(place, 'type'), `must be one of ${COLUMN_TYPES.join(',')}`));
    else if (!COLUMN_TYPES.includes(column.type)) errors.push(invalid(child(place, 'type'), column.type, `must be one of ${COLUMN_TYPES.join(',')}`));
    if (column.format && !COLUMN_FORMATS.includes(column.format)) errors.push(invalid(child(place, 'format'), column.format, `must be one of ${COLUMN_FORMATS.join(',')}`));
    if (!column.jsonPath) errors.push(required(child(place, 'JSONPath')));
    else if (!column.jsonPath.startsWith('.')) errors.push(invalid(child(place, 'JSONPath'), column.jsonPath, 'must be a simple json path starting with .'));
  }
  const selectable = looksAt('selectableFields') ? (version.selectableFields ?? []) : [];
  if (selectable.length > MOST_SELECTABLE_FIELDS) errors.push({ reason: 'FieldValueTooMany', field: placeOf('selectableFields'), message: `Too many: ${selectable.length}: must have at most ${MOST_SELECTABLE_FIELDS} items` });
  selectable.forEach(({ jsonPath: selected }, index) => {
    const field = child(at(placeOf('selectableFields'), index), 'jsonPath');
    if (!selected) errors.push(required(field));
    else if (!/^[.[]/.test(selected)) errors.push(invalid(field, selected, `is an invalid path: expected [ or . but got: ${selected}`));
    else if (!fieldAt(schema, selected)) errors.push(invalid(field, selected, 'is an invalid path: does not refer to a valid field'));
    else if (/^\.metadata\b/.test(selected)) errors.push(invalid(field, selected, 'must not point to fields in metadata'));
    else if (!selectableType(schema, selected)) errors.push(invalid(field, selected, 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'));
    else if (selectable.findIndex((other) => other.jsonPath === selected) !== index) errors.push(duplicate(field, selected));
  });
  return errors;
}

const fieldAt = (schema: Schema | undefined, path: string): Schema | undefined => path.replace(/^\./, '').split('.').reduce<Schema | undefined>((current, name) => current?.properties?.[name], schema);

function selectableType(schema: Schema | undefined, path: string): boolean {
  const target = fieldAt(schema, path);
  return target?.type === 'string' || target?.type === 'boolean' || target?.type === 'integer';
}

function scaleErrors(scale: NonNullable<CustomResourceVersion['subresources']>['scale'], path: string): FieldError[] {
  if (!scale) return [];
  const under = (field: keyof typeof scale, roots: readonly string[], where: string): FieldError[] => {
    const value = scale[field];
    if (!value) return field === 'labelSelectorPath' ? [] : [required(child(path, field))];
    if (!value.startsWith('.')) return [invalid(child(path, field), value, 'must be a simple json path starting with .')];
    const fits = roots.some((root) => value.startsWith(`${root}.`));
    return fits ? [] : [invalid(child(path, field), value, `should be a json path under ${where}`)];
  };
  return [...under('specReplicasPath', ['.spec'], '.spec'), ...under('statusReplicasPath', ['.status'], '.status'), ...under('labelSelectorPath', ['.spec', '.status'], 'either .spec or .status')];
}

function conversionErrors(conversion: CustomResourceDefinition['spec']['conversion']): FieldError[] {
  if (!conversion) return [];
  const path = 'spec.conversion';
  if (conversion.strategy !== 'None' && conversion.strategy !== 'Webhook') return [notSupported(child(path, 'strategy'), conversion.strategy ?? '', ['None', 'Webhook'])];
  if (conversion.strategy === 'None') return conversion.webhook ? [{ reason: 'FieldValueForbidden', field: child(path, 'conversionReviewVersions'), message: 'Forbidden: should not be set when strategy is not set to Webhook' }] : [];
  const { clientConfig, conversionReviewVersions } = conversion.webhook ?? {};
  const place = child(path, 'webhookClientConfig');
  return [
    ...(clientConfig ? clientProblems(clientConfig, place) : [required(place, 'required when strategy is set to Webhook')]),
    ...reviewVersionProblems(conversionReviewVersions, child(path, 'conversionReviewVersions')),
  ];
}

/** Groups of the Kubernetes project itself need its approval. */
function approvalErrors(group: string | undefined, annotations: Record<string, string> | undefined): FieldError[] {
  if (!group || !/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group) || annotations?.['api-approved.kubernetes.io']) return [];
  return [required('metadata.annotations[api-approved.kubernetes.io]', 'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111')];
}
