import { type Requester, userInfoOf } from '../authentication/requester.js';
import { timestamp } from '../clock.js';
import type { ApiObject, JsonObject } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import { badRequest } from '../status.js';
import { localSubjectAccessReview, selfSubjectAccessReview, subjectAccessReview } from './access-review.js';
import type { RestContext, RestResult } from './context.js';
import type { RequestInfo } from './request-info.js';
import { admitCreate, matchUrl } from './strategy.js';
import { pruneUnknown, type WriteOptions } from './write-options.js';

/** Checks a question and answers it: with fields that take the place of the question's. */
export type Answer = (ctx: RestContext, review: ApiObject, user: Requester) => JsonObject;

const selfSubjectRulesReview: Answer = ({ authorizer }, review, user) => {
  const { namespace } = (review['spec'] ?? {}) as { namespace?: string };
  if (!namespace) throw badRequest('no namespace on request');
  const { rules, error } = authorizer.rulesFor(user, namespace);
  return {
    metadata: {},
    spec: {},
    status: {
      incomplete: false,
      resourceRules: rules.filter(({ resources }) => resources?.length),
      nonResourceRules: rules.flatMap(({ verbs, nonResourceURLs }) => (nonResourceURLs?.length ? [{ verbs, nonResourceURLs }] : [])),
      ...(error && { evaluationError: error }),
    },
  };
};

const tokenReview: Answer = ({ authenticator }, review) => {
  const { token, audiences } = (review['spec'] ?? {}) as { token?: string; audiences?: string[] };
  if (!token) throw badRequest('token is required for TokenReview in authentication');
  const verdict = authenticator.token(token, audiences?.length ? audiences : undefined);
  return { status: 'refused' in verdict ? { user: {}, error: verdict.refused } : { authenticated: true, user: userInfoOf(verdict.user), audiences: verdict.audiences } };
};

const selfSubjectReview: Answer = ({ clock }, _review, user) => ({ metadata: { creationTimestamp: timestamp(clock.now()) }, status: { userInfo: userInfoOf(user) } });

/** Resources that are questions: answered and never stored. */
export const REVIEWS: Readonly<Record<string, Answer>> = {
  'selfsubjectaccessreviews.authorization.k8s.io': selfSubjectAccessReview,
  'subjectaccessreviews.authorization.k8s.io': subjectAccessReview,
  'localsubjectaccessreviews.authorization.k8s.io': localSubjectAccessReview,
  'selfsubjectrulesreviews.authorization.k8s.io': selfSubjectRulesReview,
  'tokenreviews.authentication.k8s.io': tokenReview,
  'selfsubjectreviews.authentication.k8s.io': selfSubjectReview,
};

/** POST of a question. */
export async function answerReview(ctx: RestContext, answer: Answer, { definition, namespace }: RequestInfo, review: ApiObject, user: Requester, options: WriteOptions): Promise<RestResult> {
  matchUrl(ctx, review, definition, namespace, '');
  pruneUnknown(definition, review, options);
  // Nobody owns the answer, which is there from the beginning, unless somebody sends one.
  const answerSent = Object.hasOwn(review, 'status');
  definition.complete?.(review);
  if (!answerSent) delete review['status'];
  trackUpdate(ctx, definition, undefined, review, '', options);
  definition.complete?.(review);
  let answered: JsonObject = {};
  await admitCreate(ctx, definition, review, options, () => {
    answered = answer(ctx, review, user);
  });
  return { type: 'object', status: 201, object: { ...review, ...answered } };
}
