import type { ApiRequest } from '../http/exchange.js';
import { StatusError } from '../status.js';
import type { Requester } from './requester.js';
import { ADMINISTRATOR, ANONYMOUS, AUTHENTICATED } from './requester.js';
import type { ServiceAccountTokens } from './service-account-tokens.js';
import { ISSUER, RefusedTokenError } from './service-account-tokens.js';

export interface AuthenticatorOptions {
  /**
   * Bearer tokens of who is no service account. Absent: the server is open, and whoever shows no credential that it knows is the
   * administrator, as in tests.
   */
  readonly tokens?: Readonly<Record<string, Requester>>;
  readonly serviceAccounts: ServiceAccountTokens;
}

/** Whose token it is, for whom it was made, or why it is refused. */
export type TokenVerdict = { readonly user: Requester; readonly audiences: readonly string[] } | { readonly refused: string };

const UNKNOWN = 'invalid bearer token';

/** Finds out who sends requests: by client certificate, bearer token, or none. */
export class Authenticator {
  constructor(private readonly options: AuthenticatorOptions) {}

  /** @throws {StatusError} Unauthorized, for credentials that are no good. */
  authenticate({ user, peer, headers }: ApiRequest): Requester {
    if (user) return user;
    const certificate = peer?.certificate;
    if (certificate) return { name: certificate.commonName, groups: [...certificate.organizations, AUTHENTICATED] };
    const [, token] = /^bearer\s+(\S+)\s*$/i.exec(headers['authorization'] ?? '') ?? [];
    if (token !== undefined) {
      const verdict = this.token(token);
      if ('user' in verdict) return verdict.user;
      if (this.options.tokens || verdict.refused !== UNKNOWN) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    }
    return this.options.tokens && peer ? ANONYMOUS : ADMINISTRATOR;
  }

  /** Whose token it is. @param audiences at least one of which it must be for; absent: the API server. */
  token(token: string, audiences: readonly string[] = [ISSUER]): TokenVerdict {
    const known = this.options.tokens;
    if (known && Object.hasOwn(known, token)) return audiences.includes(ISSUER) ? { user: withAuthenticated(known[token]!), audiences: [ISSUER] } : { refused: UNKNOWN };
    try {
      return this.options.serviceAccounts.authenticate(token, audiences) ?? { refused: UNKNOWN };
    } catch (error) {
      if (!(error instanceof RefusedTokenError)) throw error;
      return { refused: `[${UNKNOWN}, ${error.message}]` };
    }
  }
}

const withAuthenticated = (user: Requester): Requester => (user.groups?.includes(AUTHENTICATED) ? user : { ...user, groups: [...(user.groups ?? []), AUTHENTICATED] });
