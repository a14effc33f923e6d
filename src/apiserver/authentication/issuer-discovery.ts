import type { DocumentHandler } from '../contracts.js';
import { ISSUER } from './service-account-tokens.js';
import type { SigningKey } from './signing-key.js';

const KEYS_PATH = '/openid/v1/jwks';
const CACHED_FOR = 'public, max-age=3600';

/** What others need to check the tokens of service accounts themselves: `/.well-known/openid-configuration` and `/openid/v1/jwks`. */
export const createIssuerDiscovery = (key: SigningKey): DocumentHandler => ({ path, headers }) => {
  const { host } = headers;
  const answer = (contentType: string, body: object): ReturnType<DocumentHandler> => ({ status: 200, offered: [contentType], headers: { 'content-type': contentType, 'cache-control': CACHED_FOR }, body: JSON.stringify(body) });
  switch (path) {
    case '/.well-known/openid-configuration':
      return answer('application/json', {
        issuer: ISSUER,
        jwks_uri: host ? `https://${host}${KEYS_PATH}` : `${ISSUER}${KEYS_PATH}`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      });
    case KEYS_PATH:
      return answer('application/jwk-set+json', key.keySet());
    default:
      return undefined;
  }
};
