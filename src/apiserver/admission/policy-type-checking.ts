import type { Environment, ObjectSchema, ParseResult } from '@marcbachmann/cel-js';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1.js';
import { libraryEnvironment } from '../cel/environment.js';
import { located } from '../cel/rule.js';
import type { ApiObject, JsonObject, ResourceDefinition } from '../contracts.js';
import type { RestContext } from '../rest/context.js';
import { apiVersionOf } from '../rest/versions.js';
import { sameJson } from '../schema/json.js';
import { schemaOfNode } from '../schema/schema-node.js';
import type { Schema } from '../schema/schema.js';
import type { MatchRule } from './match-rule.js';
import { POLICY_RESOURCE } from './validating-admission-policy.js';

/** Types that one policy is checked against at most; kube-controller-manager's. */
const MOST_TYPES = 10;
/** Objects within objects beyond this depth may hold anything: schemas can contain themselves. */
const DEEPEST = 12;

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
  const checked = matchedTypes(spec, registry).map((definition) => ({ definition, environment: environmentOf(definition, spec.variables ?? []) }));
  return (spec.validations ?? []).flatMap(({ expression, messageExpression }, index) =>
    [['expression', expression], ['messageExpression', messageExpression]].flatMap(([field, text]) => {
      if (!text) return [];
      const warning = checked.map(({ definition, environment }) => warningOf(definition, environment, text)).filter((found) => found !== undefined).join('\n');
      return warning === '' ? [] : [{ fieldRef: `spec.validations[${index}].${field}`, warning }];
    }),
  );
}

/** The served types that the rules of a policy spell out; wildcards name none in particular. */
function matchedTypes({ matchConstraints }: NonNullable<ValidatingAdmissionPolicy['spec']>, registry: RestContext['registry']): ResourceDefinition[] {
  const found = new Set<ResourceDefinition>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of (matchConstraints?.resourceRules ?? []) as MatchRule[]) {
    for (const group of apiGroups) {
      for (const version of apiVersions) {
        for (const resource of resources) {
          const definition = registry.lookup(group, version, resource);
          if (definition && found.size < MOST_TYPES) found.add(definition);
        }
      }
    }
  }
  return [...found];
}

function environmentOf(definition: ResourceDefinition, variables: readonly { name: string; expression: string }[]): Environment {
  const schema = objectSchema(schemaOfNode(definition.schema), DEEPEST);
  const types: ObjectSchema = {};
  // Made anew for each variable, for an environment cannot change once it has been used.
  const environment = (): Environment => {
    const made = libraryEnvironment.clone().registerVariable(variablesDeclaration(types));
    for (const name of ['object', 'oldObject']) made.registerVariable(typeof schema === 'string' ? { name, type: schema } : { name, schema });
    for (const name of ['request', 'params', 'namespaceObject']) made.registerVariable(name, 'dyn');
    return made;
  };
  // Each may use those before it.
  for (const { name, expression } of variables) types[name] = typeOf(environment(), expression);
  return environment();
}

const variablesDeclaration = (types: ObjectSchema): { name: string; type: string } | { name: string; schema: ObjectSchema } =>
  Object.keys(types).length === 0 ? { name: 'variables', type: 'dyn' } : { name: 'variables', schema: { ...types } };

/** The type of an expression where it is a plain one; anything may be done with the others. */
function typeOf(environment: Environment, expression: string): string {
  const { type } = environment.parse(expression).check();
  return type !== undefined && ['bool', 'int', 'double', 'string', 'bytes'].includes(type) ? type : 'dyn';
}

/** A schema in the words of the expression checker. */
function objectSchema(schema: Schema | undefined, depth: number): ObjectSchema | string {
  if (!schema || depth === 0 || schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']) return 'dyn';
  switch (schema.type) {
    case 'integer':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'array':
      return listType(schema.items, depth - 1);
    case 'object': {
      if (typeof schema.additionalProperties === 'object') return `map<string, ${elementType(schema.additionalProperties, depth - 1)}>`;
      const fields = Object.entries(schema.properties ?? {});
      return fields.length === 0 ? 'dyn' : Object.fromEntries(fields.map(([name, field]) => [name, objectSchema(field, depth - 1)]));
    }
    default:
      return 'dyn';
  }
}

const listType = (items: Schema | undefined, depth: number): string => `list<${elementType(items, depth)}>`;

/** Types in brackets have no names of their own here, so objects in lists and maps are checked when they run. */
function elementType(schema: Schema | undefined, depth: number): string {
  const type = objectSchema(schema, depth);
  return typeof type === 'string' ? type : 'dyn';
}

function warningOf(definition: ResourceDefinition, environment: Environment, expression: string): string | undefined {
  let program: ParseResult;
  try {
    program = environment.parse(expression);
  } catch {
    // What is no CEL at all is refused before it is stored.
    return undefined;
  }
  const { error } = program.check();
  // Every object may be compared with null: `oldObject == null` is how a creation is told.
  if (!error || /[!=]= null$|null [!=]= /.test(error.summary)) return undefined;
  return `${apiVersionOf(definition)}, Kind=${definition.kind}: ${located(expression, error.range?.start ?? 0, inCelWords(error.summary))}`;
}

/** The checker's words as cel-go has them, which clients look for. */
function inCelWords(summary: string): string {
  const overload = /^no such overload: (\S+) ([-+*/%<>=!]+|in) (\S+)$/.exec(summary);
  if (overload) return `found no matching overload for '_${overload[2]}_' applied to '(${overload[1]}, ${overload[3]})'`;
  return summary.replace(/^No such key: (.+)$/, "undefined field '$1'");
}
