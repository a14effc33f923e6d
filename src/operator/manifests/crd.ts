import type { JSONSchemaProps } from '../dsl/json-schema.js';
import type { ColumnPlan, KindPlan, VersionPlan } from '../dsl/plan.js';

/** How a conversion webhook is reached. */
export interface ConversionWebhook {
  clientConfig: { service?: { namespace: string; name: string; path?: string; port?: number }; url?: string; caBundle?: string };
  conversionReviewVersions: readonly string[];
}

interface CustomResourceVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  additionalPrinterColumns?: readonly ColumnPlan[];
  subresources?: { status?: Record<string, never>; scale?: NonNullable<VersionPlan['subresources']['scale']> };
  schema: { openAPIV3Schema: JSONSchemaProps };
}

/** A CustomResourceDefinition, as far as it is generated. */
export interface GeneratedCRD {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; listKind: string; plural: string; singular: string; shortNames?: readonly string[]; categories?: readonly string[] };
    scope: 'Cluster' | 'Namespaced';
    conversion?: { strategy: 'Webhook'; webhook: ConversionWebhook };
    versions: CustomResourceVersion[];
  };
}

/** The order in which a schema's fields are written; properties are sorted by name. */
const ORDER: readonly (keyof JSONSchemaProps)[] = [
  'description', 'title', 'type', 'format', 'nullable', 'default', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'exclusiveMinimum',
  'maximum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'uniqueItems', 'items', 'minProperties', 'maxProperties', 'properties',
  'required', 'additionalProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type', 'x-kubernetes-validations',
];

function ordered(schema: JSONSchemaProps): JSONSchemaProps {
  const result: Record<string, unknown> = {};
  for (const key of ORDER) if (schema[key] !== undefined) result[key] = schema[key];
  const { items, properties, additionalProperties, allOf, anyOf, oneOf, not } = schema;
  if (items) result['items'] = ordered(items);
  if (properties) result['properties'] = Object.fromEntries(Object.keys(properties).sort().map((name) => [name, ordered(properties[name] as JSONSchemaProps)]));
  if (typeof additionalProperties === 'object') result['additionalProperties'] = ordered(additionalProperties);
  for (const [key, schemas] of Object.entries({ allOf, anyOf, oneOf })) if (schemas) result[key] = schemas.map(ordered);
  if (not) result['not'] = ordered(not);
  return result;
}

const column = ({ name, type, jsonPath, format, description, priority }: ColumnPlan): ColumnPlan => ({
  ...(description === undefined ? {} : { description }),
  ...(format === undefined ? {} : { format }),
  jsonPath,
  name,
  ...(priority ? { priority } : {}),
  type,
});

function versionOf({ name, served, storage, deprecated, deprecationWarning, columns, subresources, schema }: VersionPlan): CustomResourceVersion {
  const { status, scale } = subresources;
  return {
    name,
    served,
    storage,
    ...(deprecated ? { deprecated } : {}),
    ...(deprecationWarning === undefined ? {} : { deprecationWarning }),
    ...(columns.length > 0 ? { additionalPrinterColumns: columns.map(column) } : {}),
    ...(status || scale ? { subresources: { ...(scale ? { scale } : {}), ...(status ? { status: {} } : {}) } } : {}),
    schema: { openAPIV3Schema: ordered(schema) },
  };
}

/**
 * The CRD of a kind, with its fields in a fixed order. `webhook` is how versions are converted where the API server does not
 * know our functions; without it the CRD has no conversion, and the embedded server uses the plan's.
 */
export function crdOf(kind: KindPlan, { webhook }: { webhook?: ConversionWebhook } = {}): GeneratedCRD {
  const { definition } = kind;
  if (!definition) throw new TypeError(`${kind.kind} is defined elsewhere: there is no CRD to generate`);
  const { singular, shortNames, categories, versions, conversion } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      names: {
        ...(categories.length > 0 ? { categories } : {}),
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        ...(shortNames.length > 0 ? { shortNames } : {}),
        singular,
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      ...(conversion === 'Webhook' && webhook ? { conversion: { strategy: 'Webhook' as const, webhook } } : {}),
      versions: versions.map(versionOf),
    },
  };
}
