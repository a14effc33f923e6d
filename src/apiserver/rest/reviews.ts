import type { ApiObject, JsonObject } from '../contracts.js';
import type { ApiRequest } from '../http/exchange.js';

const ANYTHING = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
const ANY_URL = [{ verbs: ['*'], nonResourceURLs: ['*'] }];

/** Resources that are questions: answered and never stored. Everybody may do everything here. */
export const REVIEWS: Readonly<Record<string, (review: ApiObject, request: ApiRequest) => JsonObject>> = {
  'selfsubjectaccessreviews.authorization.k8s.io': () => ({ allowed: true }),
  'subjectaccessreviews.authorization.k8s.io': () => ({ allowed: true }),
  'localsubjectaccessreviews.authorization.k8s.io': () => ({ allowed: true }),
  'selfsubjectrulesreviews.authorization.k8s.io': () => ({ incomplete: false, resourceRules: ANYTHING, nonResourceRules: ANY_URL }),
  'tokenreviews.authentication.k8s.io': (review) => {
    const { token } = (review['spec'] ?? {}) as { token?: string };
    return token ? { authenticated: true, user: { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] } } : { authenticated: false, error: 'no token was given', user: {} };
  },
  'selfsubjectreviews.authentication.k8s.io': (_review, { user }) => ({
    userInfo: { username: user?.name ?? 'system:admin', groups: user?.groups ?? ['system:masters', 'system:authenticated'] },
  }),
};
