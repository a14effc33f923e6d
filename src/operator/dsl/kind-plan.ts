import type { KindRef, KubeObject } from '../kube/object.js';
import type { JSONSchemaProps, ValidationRule } from './json-schema.js';
import type { ResourceKindOptions, VersionOptions } from './kind-decorators.js';
import type { ColumnPlan, KindPlan, VersionPlan } from './plan.js';
import type { Problems } from './problem.js';
import { alternatives } from './problem.js';
import { classRecords, memberRecords } from './records.js';
import { SchemaResolver } from './resolve-schema.js';
import type { KindClass } from './resource.js';
import { s } from './schema.js';

type KindOptions = ResourceKindOptions<unknown, unknown>;
type OtherVersion = VersionOptions<unknown, unknown>;
interface Conversion {
  older: () => KindClass;
  upgrade: (older: KubeObject) => KubeObject;
  downgrade: (stored: KubeObject) => KubeObject;
}
type Report = (message: string, member?: string) => void;

const GROUP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
const VERSION = /^v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?$/;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;
const LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const COLUMN_TYPES = ['string', 'integer', 'number', 'boolean', 'date'];

/** English plural of a kind in lower case, as Kubernetes guesses it. */
export function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (/(s|x|ch|sh)$/.test(singular)) return `${singular}es`;
  return /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

const optionsOf = (type: KindClass): KindOptions | undefined => classRecords<KindOptions>(type, 'ResourceKind')[0];

/**
 * What identifies the kind of a class on the wire. Throws a TypeError when the class is no kind.
 */
export function kindRefOf(type: KindClass): KindRef {
  const foreign = classRecords<KindRef>(type, 'ForeignKind')[0];
  if (foreign) return { group: foreign.group, version: foreign.version, kind: foreign.kind, plural: foreign.plural, namespaced: foreign.namespaced };
  const options = optionsOf(type);
  if (options) {
    const { group, version, kind, plural = pluralOf(kind), scope } = options;
    return { group, version, kind, plural, namespaced: scope === 'Namespaced' };
  }
  const other = classRecords<OtherVersion>(type, 'Version')[0];
  if (other) return { ...kindRefOf(other.of()), version: other.version };
  throw new TypeError(`class ${type.name} is no kind; decorate it with @ResourceKind, @Version or @ForeignKind`);
}

/** Whether a class is a kind. */
export const isKind = (type: unknown): type is KindClass =>
  typeof type === 'function' && ['ForeignKind', 'ResourceKind', 'Version'].some((decorator) => classRecords(type, decorator).length > 0);

/** The plan of a kind, everything that its decorators say checked. */
export function kindPlanOf(type: KindClass, problems: Problems): KindPlan {
  const ref = kindRefOf(type);
  const foreign = classRecords<KindRef & { statusSubresource?: boolean }>(type, 'ForeignKind')[0];
  const options = optionsOf(type);
  if (foreign || !options) return { ...ref, type, statusSubresource: foreign?.statusSubresource ?? true };
  const report = problems.of(type);
  checkNames(ref, options, report);
  const versions = [versionPlan(type, options, true, report), ...otherVersions(type, ref, options, report)];
  const repeated = versions.find(({ name }, at) => versions.findIndex((other) => other.name === name) !== at);
  if (repeated) report(`version "${repeated.name}" is declared twice`);
  return {
    ...ref,
    type,
    statusSubresource: versions[0]?.subresources.status === true,
    definition: {
      singular: options.singular ?? ref.kind.toLowerCase(),
      shortNames: options.shortNames ?? [],
      categories: options.categories ?? [],
      versions,
      conversion: options.conversion ?? (versions.length > 1 ? 'Webhook' : 'None'),
    },
  };
}

function checkNames({ group, version, kind, plural }: KindRef, { singular, shortNames = [], categories = [] }: KindOptions, report: Report): void {
  if (!GROUP.test(group)) report(`group "${group}" is not a DNS subdomain with a dot, such as "finops.example.com"`);
  if (!VERSION.test(version)) report(`version "${version}" is not a Kubernetes version, such as "v1", "v1beta1" or "v2alpha1"`);
  if (!KIND.test(kind)) report(`kind "${kind}" is not CamelCase of letters and digits, such as "CostReport"`);
  for (const [what, names] of [['plural', [plural]], ['singular', singular === undefined ? [] : [singular]], ['short name', shortNames], ['category', categories]] as const) {
    for (const name of names) if (!LABEL.test(name)) report(`${what} "${name}" is not a lower-case DNS label`);
  }
}

/** Versions are described like their kind, where they do not say otherwise. */
function otherVersions(type: KindClass, ref: KindRef, { description, specDescription, statusDescription }: KindOptions, report: Report): VersionPlan[] {
  const descriptions = Object.entries({ description, specDescription, statusDescription }).filter(([, text]) => text !== undefined);
  return classRecords<Conversion>(type, 'ConvertsFrom').flatMap(({ older, upgrade, downgrade }) => {
    const other = older() as KindClass | undefined;
    const options = other && classRecords<OtherVersion>(other, 'Version')[0];
    if (!other || !options) {
      report(`@ConvertsFrom names ${other ? `class ${other.name}` : 'undefined'}, which is no @Version of ${ref.kind}`);
      return [];
    }
    if (options.of() !== type) report(`@ConvertsFrom names class ${other.name}, which is a version of ${options.of().name}`);
    if (!VERSION.test(options.version)) report(`version "${options.version}" of class ${other.name} is not a Kubernetes version, such as "v1beta1"`);
    return [{ ...versionPlan(other, { ...Object.fromEntries(descriptions), ...options }, false, report), toStorage: upgrade, fromStorage: downgrade }];
  });
}

function versionPlan(type: KindClass, options: KindOptions | OtherVersion, storage: boolean, report: Report): VersionPlan {
  const columns = classRecords<ColumnPlan>(type, 'Column');
  for (const { name, jsonPath, type: columnType } of columns) {
    if (!jsonPath.startsWith('.')) report(`column "${name}": jsonPath "${jsonPath}" has to start with "."`);
    if (!COLUMN_TYPES.includes(columnType)) report(`column "${name}": there is no column type "${columnType}".${alternatives(columnType, COLUMN_TYPES)}`);
  }
  for (const path of Object.values(options.scale ?? {})) {
    if (!/^\.(spec|status)\./.test(path)) report(`scale: path "${path}" has to lie under ".spec." or ".status."`);
  }
  if (options.deprecationWarning !== undefined && !options.deprecated) report(`a deprecationWarning needs deprecated: true`);
  return {
    name: options.version,
    served: options.served ?? true,
    storage,
    ...(options.deprecated ? { deprecated: true } : {}),
    ...(options.deprecationWarning === undefined ? {} : { deprecationWarning: options.deprecationWarning }),
    schema: objectSchema(type, options, report),
    columns,
    subresources: { status: options.status !== undefined, ...(options.scale ? { scale: options.scale } : {}) },
  };
}

const described = (schema: JSONSchemaProps, description: string | undefined): JSONSchemaProps => (description === undefined ? schema : { ...schema, description });

/** The schema of the whole object: the standard fields, spec, status, and fields that the kind's class itself declares. */
function objectSchema(type: KindClass, options: KindOptions | OtherVersion, report: Report): JSONSchemaProps {
  const resolver = new SchemaResolver(report);
  const hasFields = memberRecords(type).some(({ decorator }) => decorator === 'Field');
  const own: JSONSchemaProps = hasFields ? resolver.fields(type, type.name) : {};
  if (!options.spec && !options.status && !hasFields) report('the kind has neither spec nor status nor fields of its own');
  const spec = options.spec && described(resolver.source(options.spec, 'spec'), options.specDescription);
  const status = options.status && described(statusSchema(resolver.source(options.status, 'status'), resolver), options.statusDescription);
  const specRequired = spec !== undefined && (options.specRequired ?? (spec.required ?? []).length > 0);
  const required = [...(own.required ?? []), ...(specRequired ? ['spec'] : [])];
  const rules = hasFields ? own['x-kubernetes-validations'] : classRecords<ValidationRule>(type, 'Validation');
  return {
    ...(options.description === undefined ? {} : { description: options.description }),
    type: 'object',
    properties: {
      apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: { type: 'object' },
      ...own.properties,
      ...(spec ? { spec } : {}),
      ...(status ? { status } : {}),
    },
    ...(required.length > 0 ? { required } : {}),
    ...(rules && rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}),
  };
}

/** Status is filled in piece by piece, so nothing in it is required, and it always has room for conditions. */
function statusSchema({ required: _required, ...schema }: JSONSchemaProps, resolver: SchemaResolver): JSONSchemaProps {
  if (schema.properties?.['conditions']) return schema;
  return { ...schema, properties: { ...schema.properties, conditions: resolver.schema(s.conditions(), 'status.conditions') } };
}
