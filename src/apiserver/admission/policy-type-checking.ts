import type { ExpressionWarning, ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1.js';
import { celName } from '../cel/names.js';
import { RuleSyntaxError } from '../cel/rule.js';
import { BOOL, BYTES, type CelType, DOUBLE, DYN, INT, listOf, mapOf, readType, STRING, structOf } from '../cel/type.js';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { sameJson } from '../schema/json.js';
import { schemaOfNode } from '../schema/schema-node.js';
import type { Schema } from '../schema/schema.js';
import type { MatchRule } from './match-rule.js';
import { policyExpressionType, policyScope, type ScopeOptions, variableTypes } from './policy-scope.js';
import { POLICY_RESOURCE } from './validating-admission-policy.js';
import { groupVersionOf } from '../group-version.js';

/** Types that one policy is checked against at most; kube-controller-manager's. */
const MOST_TYPES = 10;

type Spec = NonNullable<ValidatingAdmissionPolicy['spec']>;

/** Keeps `status.typeChecking` of every policy: what its expressions get wrong about the types that it matches. Within the write that changed it. */
export function startPolicyTypeChecking({ storage, registry }: Pick<RestContext, 'storage' | 'registry'>): { close(): void } {
  const check = (name: string): void => {
    const policy = storage.get(POLICY_RESOURCE, '', name);
    if (!policy || policy.metadata.deletionTimestamp) return;
    const expressionWarnings = typeWarnings(policy as unknown as ValidatingAdmissionPolicy, registry);
    const status: JsonObject = {
      ...(policy['status'] as JsonObject | undefined),
      observedGeneration: policy.metadata.generation ?? 0,
      typeChecking: expressionWarnings.length > 0 ? { expressionWarnings } : {},
    };
    if (!sameJson(status, policy['status'])) storage.update(POLICY_RESOURCE, { ...policy, status } satisfies ApiObject);
  };
  const checkAll = (): void => storage.list(POLICY_RESOURCE).forEach(({ metadata }) => check(metadata.name!));
  const unsubscribe = storage.subscribe(({ type, resource, object }) => {
    if (resource === POLICY_RESOURCE && type !== 'DELETED') check(object.metadata.name!);
  });
  const forget = registry.onChange(checkAll);
  checkAll();
  return {
    close() {
      unsubscribe();
      forget();
    },
  };
}

/** What the validations of a policy get wrong, a warning for each expression. */
export function typeWarnings({ spec = {} }: ValidatingAdmissionPolicy, registry: RestContext['registry']): ExpressionWarning[] {
  const params = paramsType(spec, registry);
  const checked = matchedTypes(spec, registry).map((definition) => {
    const options: ScopeOptions = { object: typeOf(definition), authorizer: true, ...(params && { params }) };
    return { definition, scope: policyScope({ ...options, ...(spec.variables?.length && { variables: variableTypes(spec.variables, options) }) }) };
  });
  return (spec.validations ?? []).flatMap(({ expression, messageExpression }, index) =>
    [['expression', expression], ['messageExpression', messageExpression]].flatMap(([field, text]) => {
      if (!text) return [];
      const warning = checked.map(({ definition, scope }) => warningOf(definition, scope, text)).filter((found) => found !== undefined).join('\n');
      return warning === '' ? [] : [{ fieldRef: `spec.validations[${index}].${field}`, warning }];
    }),
  );
}

/** The served types that the rules of a policy spell out, in order; wildcards name none in particular, nor do subresources. */
function matchedTypes({ matchConstraints }: Spec, registry: RestContext['registry']): ResourceDefinition[] {
  const found = new Set<ResourceDefinition>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of (matchConstraints?.resourceRules ?? []) as MatchRule[]) {
    if ([...apiGroups, ...apiVersions].some((each) => each.includes('*'))) continue;
    for (const group of apiGroups) {
      for (const version of apiVersions) {
        for (const resource of resources) {
          const definition = registry.lookup(group, version, resource);
          if (definition && found.size < MOST_TYPES) found.add(definition);
        }
      }
    }
  }
  const key = ({ group, version, kind }: ResourceDefinition): string => JSON.stringify([group, version, kind]);
  return [...found].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}

function paramsType({ paramKind }: Spec, registry: RestContext['registry']): CelType | undefined {
  const { group, version } = groupVersionOf(paramKind?.apiVersion ?? '');
  const definition = paramKind && registry.lookupKind(group, version, paramKind.kind ?? '');
  return definition && typeOf(definition);
}

const types = new WeakMap<ResourceDefinition, CelType>();

function typeOf(definition: ResourceDefinition): CelType {
  let type = types.get(definition);
  if (!type) types.set(definition, (type = schemaType(schemaOfNode(definition.schema), definition.kind)));
  return type;
}

/** A schema in the words of the checker. Structs come as they are asked for: some contain themselves. */
function schemaType(schema: Schema | undefined, name: string): CelType {
  if (!schema || schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']) return DYN;
  switch (schema.type) {
    case 'array':
      return listOf(schemaType(schema.items, `${name}.@idx`));
    case 'object': {
      if (typeof schema.additionalProperties === 'object') return mapOf(STRING, schemaType(schema.additionalProperties, `${name}.@elem`));
      const { properties } = schema;
      return properties ? structOf(name, new Fields(properties, name)) : DYN;
    }
    case 'string':
      return schema.format === 'date-time' ? readType('timestamp') : schema.format === 'byte' ? BYTES : STRING;
    case 'integer':
      return INT;
    case 'number':
      return DOUBLE;
    case 'boolean':
      return BOOL;
    default:
      return DYN;
  }
}

/** The fields of a struct, by the names that expressions write. */
class Fields extends Map<string, CelType> {
  readonly #schemas: ReadonlyMap<string, Schema>;

  constructor(properties: Readonly<Record<string, Schema>>, private readonly owner: string) {
    super();
    this.#schemas = new Map(Object.entries(properties).map(([name, schema]) => [celName(name), schema]));
  }

  override get(name: string): CelType | undefined {
    const known = super.get(name);
    const schema = this.#schemas.get(name);
    if (known || !schema) return known;
    const type = schemaType(schema, `${this.owner}.${name}`);
    this.set(name, type);
    return type;
  }
}

function warningOf({ group, version, kind }: ResourceDefinition, scope: ReadonlyMap<string, CelType>, expression: string): string | undefined {
  try {
    policyExpressionType(expression, scope, 'anything');
    return undefined;
  } catch (error) {
    if (!(error instanceof RuleSyntaxError)) throw error;
    return `${group}/${version}, Kind=${kind}: ${error.message.replace(/^compilation failed: /, '')}\n`;
  }
}
