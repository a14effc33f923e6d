import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { KubeClient } from '../kube/client.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { TokenBucket } from '../queue/token-bucket.js';

const TOKEN_REVIEW: KindRef = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenReview', plural: 'tokenreviews', namespaced: false };
const ACCESS_REVIEW: KindRef = { group: 'authorization.k8s.io', version: 'v1', kind: 'SubjectAccessReview', plural: 'subjectaccessreviews', namespaced: false };

interface TokenReview extends KubeObject {
  status?: { authenticated?: boolean; user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> }; error?: string };
}

interface AccessReview extends KubeObject {
  status?: { allowed: boolean; reason?: string };
}

/** Who asks. */
export interface Caller {
  /** Bearer token; undefined without one. */
  readonly token: string | undefined;
  /** Whether the connection comes from this machine. */
  readonly isLocal: boolean;
}

export interface Refusal {
  readonly status: 401 | 403 | 429 | 503;
  readonly message: string;
}

/** Tokens that are put to the API server: a process on this machine that guesses must not keep it busy. */
const REVIEWS = { qps: 5, burst: 20 };

/** By digest: neither the time that it takes nor its length says how far a guess was right. */
const isSame = (given: string, expected: string): boolean => timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest());

/**
 * Who may look into an operator: from this machine whoever can read its endpoint file; from everywhere whom the API server knows by a token
 * (TokenReview) and lets `get` the path (SubjectAccessReview on a non-resource URL).
 */
export class DebugAccess {
  readonly #reviews: TokenBucket;

  constructor(private readonly client: KubeClient, private readonly localToken: string | undefined, clock: Clock) {
    this.#reviews = new TokenBucket(REVIEWS, clock);
  }

  /** Why the caller may not `get` the path; undefined when it may. */
  async refuse({ token, isLocal }: Caller, path: string): Promise<Refusal | undefined> {
    if (!token) return { status: 401, message: 'a bearer token is needed: that of the endpoint file on this machine, or one that the API server knows' };
    if (isLocal && this.localToken !== undefined && isSame(token, this.localToken)) return undefined;
    if (!this.#reviews.tryTake()) return { status: 429, message: 'too many tokens are being checked; try again in a second' };
    try {
      return await this.#review(token, path);
    } catch (error) {
      return { status: 503, message: `the API server could not be asked who this is: ${(error as Error).message}` };
    }
  }

  async #review(token: string, path: string): Promise<Refusal | undefined> {
    const review = await this.client.create<TokenReview>(TOKEN_REVIEW, { metadata: {}, spec: { token } });
    const { authenticated, user, error } = review.status ?? {};
    if (!authenticated || !user) return { status: 401, message: `the token is neither that of the endpoint file nor one that the API server knows${error ? `: ${error}` : ''}` };
    const spec = { user: user.username, uid: user.uid, groups: user.groups, extra: user.extra, nonResourceAttributes: { path, verb: 'get' } };
    const access = await this.client.create<AccessReview>(ACCESS_REVIEW, { metadata: {}, spec });
    if (access.status?.allowed) return undefined;
    return { status: 403, message: `user "${user.username}" may not get ${path}; a ClusterRole with nonResourceURLs: ["${path}"], verbs: ["get"] would allow it` };
  }
}
