import { type Requester, userInfoOf } from '../authentication/requester.js';
import type { Attributes } from '../authorization/attributes.js';
import type { ApiObject, Cause, JsonObject } from '../contracts.js';
import { badRequest, invalid } from '../status.js';
import type { RestContext } from './context.js';

type Answer = (ctx: RestContext, review: ApiObject, user: Requester, namespace: string) => JsonObject;

interface AccessSpec {
  resourceAttributes?: { namespace?: string; verb?: string; group?: string; version?: string; resource?: string; subresource?: string; name?: string };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** Resources that are questions: answered and never stored. */
export const REVIEWS: Readonly<Record<string, Answer>> = {
  'selfsubjectaccessreviews.authorization.k8s.io': (ctx, review, user) => {
    refuse(review, attributeProblems(review));
    return access(ctx, review, user);
  },
  'subjectaccessreviews.authorization.k8s.io': (ctx, review) => {
    refuse(review, [...attributeProblems(review), ...subjectProblems(review)]);
    return access(ctx, review, subjectOf(review));
  },
  'localsubjectaccessreviews.authorization.k8s.io': (ctx, review, _user, namespace) => {
    refuse(review, [...attributeProblems(review), ...subjectProblems(review), ...localProblems(review, namespace)]);
    return access(ctx, review, subjectOf(review));
  },
  'selfsubjectrulesreviews.authorization.k8s.io': ({ authorizer }, review, user) => {
    const { namespace } = (review['spec'] ?? {}) as { namespace?: string };
    if (!namespace) throw badRequest('no namespace on request');
    const { rules, error } = authorizer.rulesFor(user, namespace);
    return {
      incomplete: false,
      resourceRules: rules.filter(({ resources }) => resources?.length),
      nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs }) => (nonResourceURLs?.length ? [{ verbs, nonResourceURLs }] : [])),
      ...(error && { evaluationError: error }),
    };
  },
  'tokenreviews.authentication.k8s.io': ({ authenticator }, review) => {
    const { token, audiences } = (review['spec'] ?? {}) as { token?: string; audiences?: string[] };
    if (!token) throw badRequest('token is required for TokenReview in authentication');
    const verdict = authenticator.token(token, audiences?.length ? audiences : undefined);
    return 'refused' in verdict ? { user: {}, error: verdict.refused } : { authenticated: true, user: userInfoOf(verdict.user), ...(verdict.audiences && { audiences: verdict.audiences }) };
  },
  'selfsubjectreviews.authentication.k8s.io': (_ctx, _review, user) => ({ userInfo: userInfoOf(user) }),
};

const specOf = (review: ApiObject): AccessSpec => (review['spec'] ?? {}) as AccessSpec;

function access({ authorizer }: RestContext, review: ApiObject, user: Requester): JsonObject {
  const { allowed, reason } = authorizer.authorize(user, attributesOf(specOf(review)));
  return { allowed, ...(reason && { reason }) };
}

function attributesOf({ resourceAttributes: asked, nonResourceAttributes }: AccessSpec): Attributes {
  if (!asked) return { verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path || '/', resource: '', group: '', version: '', subresource: '', namespace: '', name: '' };
  const { verb = '', resource = '', group = '', version = '*', subresource = '', namespace = '', name = '' } = asked;
  return { verb, resource, group, version, subresource, namespace, name, path: '' };
}

function subjectOf(review: ApiObject): Requester {
  const { user = '', groups = [], uid, extra } = specOf(review);
  return { name: user, groups, ...(uid && { uid }), ...(extra && { extra }) };
}

const problem = (field: string, value: unknown, message: string): Cause => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${value === undefined ? 'null' : JSON.stringify(value)}: ${message}` });

function attributeProblems(review: ApiObject): Cause[] {
  const { resourceAttributes, nonResourceAttributes } = specOf(review);
  if (resourceAttributes && nonResourceAttributes) return [problem('spec.nonResourceAttributes', nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')];
  return resourceAttributes || nonResourceAttributes ? [] : [problem('spec.resourceAttributes', undefined, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')];
}

function subjectProblems(review: ApiObject): Cause[] {
  const { user, groups = [] } = specOf(review);
  return user || groups.length > 0 ? [] : [problem('spec.user', '', 'at least one of user or group must be specified')];
}

function localProblems(review: ApiObject, namespace: string): Cause[] {
  const { resourceAttributes, nonResourceAttributes } = specOf(review);
  return [
    ...(resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace ? [problem('spec.resourceAttributes.namespace', resourceAttributes.namespace ?? '', 'must match metadata.namespace')] : []),
    ...(nonResourceAttributes ? [problem('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request')] : []),
  ];
}

function refuse({ kind }: ApiObject, causes: readonly Cause[]): void {
  if (causes.length > 0) throw invalid({ group: 'authorization.k8s.io', kind }, '', causes);
}
