import type { Requester } from '../authentication/requester.js';
import type { Attributes } from '../authorization/attributes.js';
import type { ApiObject, JsonObject } from '../contracts.js';
import { type FieldError, invalid } from '../schema/field-error.js';
import * as status from '../status.js';
import { type ReviewSelectors, selectorErrors, selectorProblems } from './review-selectors.js';
import type { Answer } from './reviews.js';

interface AccessSpec {
  resourceAttributes?: ReviewSelectors & { namespace?: string; verb?: string; group?: string; version?: string; resource?: string; subresource?: string; name?: string };
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

export const selfSubjectAccessReview: Answer = (ctx, review, user) => {
  refuse([...attributeProblems(review), ...metadataProblems(review)]);
  return access(ctx, review, user);
};

export const subjectAccessReview: Answer = (ctx, review) => {
  refuse([...attributeProblems(review, true), ...metadataProblems(review)]);
  return access(ctx, review, subjectOf(review));
};

export const localSubjectAccessReview: Answer = (ctx, review) => {
  refuse([...attributeProblems(review, true), ...metadataProblems(review, 'namespace'), ...localProblems(review)]);
  return access(ctx, review, subjectOf(review));
};

const specOf = (review: ApiObject): AccessSpec => (review['spec'] ?? {}) as AccessSpec;

function access({ authorizer }: Parameters<Answer>[0], review: ApiObject, user: Requester): JsonObject {
  const spec = specOf(review);
  const { allowed, reason } = authorizer.authorize(user, attributesOf(spec));
  const evaluationError = selectorErrors(spec.resourceAttributes ?? {}).join('; ');
  return { status: { allowed, ...(reason && { reason }), ...(evaluationError && { evaluationError }) } };
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

function attributeProblems(review: ApiObject, aboutOthers = false): FieldError[] {
  const { resourceAttributes, nonResourceAttributes, user, groups = [] } = specOf(review);
  const errors: FieldError[] = [];
  if (resourceAttributes && nonResourceAttributes) errors.push(pathProblem(nonResourceAttributes, 'cannot be specified in combination with resourceAttributes'));
  // A Go pointer that is nil is shown without quotes.
  if (!resourceAttributes && !nonResourceAttributes) errors.push({ reason: 'FieldValueInvalid', field: 'spec.resourceAttributes', message: 'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified' });
  if (aboutOthers && !user && groups.length === 0) errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  return [...errors, ...selectorProblems(resourceAttributes ?? {}, 'spec.resourceAttributes')];
}

/** Reviews have no identity. */
function metadataProblems({ metadata }: ApiObject, but?: 'namespace'): FieldError[] {
  const { managedFields, ...given } = metadata;
  if (Object.keys(given).every((field) => field === but)) return [];
  const { name, namespace, ...rest } = given;
  return [invalid('metadata', { ...(name && { name }), ...(namespace && { namespace }), ...rest, managedFields }, `must be empty${but ? ` except for ${but}` : ''}`)];
}

function localProblems(review: ApiObject): FieldError[] {
  const { resourceAttributes, nonResourceAttributes } = specOf(review);
  const { namespace } = review.metadata;
  return [
    ...(resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace ? [invalid('spec.resourceAttributes.namespace', resourceAttributes.namespace ?? '', 'must match metadata.namespace')] : []),
    ...(nonResourceAttributes ? [pathProblem(nonResourceAttributes, 'disallowed on this kind of request')] : []),
  ];
}

/** Kubernetes shows these by the names that they have in its own code. */
const pathProblem = ({ path = '', verb = '' }: NonNullable<AccessSpec['nonResourceAttributes']>, detail: string): FieldError => invalid('spec.nonResourceAttributes', { Path: path, Verb: verb }, detail);

/** The kind is left out of these refusals. */
function refuse(problems: readonly FieldError[]): void {
  if (problems.length > 0) throw status.invalid({ group: 'authorization.k8s.io', kind: '' }, '', problems);
}
