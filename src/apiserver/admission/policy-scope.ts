import { checkExpression, RuleSyntaxError } from '../cel/rule.js';
import { BOOL, type CelType, DYN, listOf, mapOf, NULL, readType, sameType, STRING, structOf, typeText } from '../cel/type.js';
import { policyEnvironment } from './policy-expression.js';

const struct = (name: string, fields: Readonly<Record<string, CelType>>): CelType => structOf(`kubernetes.${name}`, new Map(Object.entries(fields)));
const strings = (...names: readonly string[]): Record<string, CelType> => Object.fromEntries(names.map((name) => [name, STRING]));

const INT = readType('int');
const TIMESTAMP = readType('timestamp');
const KIND = struct('GroupVersionKind', strings('group', 'version', 'kind'));
const RESOURCE = struct('GroupVersionResource', strings('group', 'version', 'resource'));
const USER = struct('UserInfo', { ...strings('username', 'uid'), groups: listOf(STRING), extra: mapOf(STRING, listOf(STRING)) });

const REQUEST = struct('AdmissionRequest', {
  kind: KIND, resource: RESOURCE, requestKind: KIND, requestResource: RESOURCE, ...strings('subResource', 'requestSubResource', 'name', 'namespace', 'operation'), userInfo: USER, dryRun: BOOL, options: DYN,
});
const NAMESPACE = struct('Namespace', {
  metadata: struct('NamespaceMetadata', {
    ...strings('name', 'generateName', 'namespace', 'UID', 'resourceVersion'), labels: mapOf(STRING, STRING), annotations: mapOf(STRING, STRING), creationTimestamp: TIMESTAMP, deletionTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: INT, generation: INT, finalizers: listOf(STRING),
  }),
  spec: struct('NamespaceSpec', { finalizers: listOf(STRING) }),
  status: struct('NamespaceStatus', { conditions: listOf(struct('NamespaceCondition', { ...strings('status', 'type', 'message', 'reason'), lastTransitionTime: TIMESTAMP })), phase: STRING }),
});
const AUTHORIZER = structOf('kubernetes.authorization.Authorizer', new Map([['requestResource', readType('kubernetes.authorization.ResourceCheck')]]));

/** What expressions of a policy may name, beyond the request and its objects. */
export interface ScopeOptions {
  readonly params?: boolean | CelType;
  readonly authorizer?: boolean;
  /** The types of the policy's variables; absent: there are none. */
  readonly variables?: ReadonlyMap<string, CelType>;
  /** The type of the objects; default: any. */
  readonly object?: CelType;
}

/** The names that an expression may use, with their types. */
export const policyScope = ({ params = false, authorizer = false, variables, object = DYN }: ScopeOptions): ReadonlyMap<string, CelType> => new Map([
  ['object', object], ['oldObject', object], ['request', REQUEST], ['namespaceObject', NAMESPACE],
  ...(params ? [['params', params === true ? DYN : params] as const] : []), ...(authorizer ? [['authorizer', AUTHORIZER] as const] : []), ...(variables ? [['variables', structOf('kubernetes.variables', variables)] as const] : []),
]);

/** What an expression may be; nothing: anything. */
const wantedTypes = { bool: [BOOL], text: [STRING], textOrNull: [STRING, NULL], anything: [] } as const;
export type Wanted = keyof typeof wantedTypes;

/** The type of an expression. @throws {RuleSyntaxError} for one that does not compile, or is of a type that is not wanted */
export function policyExpressionType(expression: string, scope: ReadonlyMap<string, CelType>, wanted: Wanted): CelType {
  const types: readonly CelType[] = wantedTypes[wanted];
  return checkExpression(policyEnvironment, expression, scope, (type) => {
    if (types.length === 0 || types.some((each) => sameType(type, each))) return undefined;
    const wishes = types.map((each) => (each === NULL ? 'null_type' : typeText(each)));
    return `must evaluate to ${wishes.length > 1 ? `one of [${wishes.join(' ')}]` : wishes[0]} but got ${typeText(type)}`;
  }).type;
}

/** The types of a policy's variables, as far as they compile: each may use those before it. */
export function variableTypes(variables: readonly { name: string; expression: string }[], options: ScopeOptions): ReadonlyMap<string, CelType> {
  const types = new Map<string, CelType>();
  for (const { name, expression } of variables) {
    try {
      types.set(name, policyExpressionType(expression, policyScope({ ...options, variables: types }), 'anything'));
    } catch (error) {
      if (!(error instanceof RuleSyntaxError)) throw error;
    }
  }
  return types;
}
