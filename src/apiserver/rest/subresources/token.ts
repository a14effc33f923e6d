import { timestamp } from '../../clock.js';
import type { ApiObject, JsonObject } from '../../contracts.js';
import { invalid, notFound } from '../../status.js';
import type { RestContext, RestResult } from '../context.js';

const SHORTEST = 600;
const HOUR = 3600;

/**
 * POST of a service account's `token`: a JSON Web Token in form, signed by nobody, since nobody here checks tokens.
 */
export function requestToken({ storage, clock, random }: RestContext, namespace: string, name: string, request: ApiObject): RestResult {
  const account = storage.get('serviceaccounts', namespace, name);
  if (!account) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
  const { expirationSeconds = HOUR, audiences } = (request['spec'] ?? {}) as { expirationSeconds?: number; audiences?: string[] };
  if (expirationSeconds < SHORTEST) {
    throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, '', [
      { reason: 'FieldValueInvalid', field: 'spec.expirationSeconds', message: `Invalid value: ${expirationSeconds}: may not specify a duration less than 10 minutes` },
    ]);
  }
  const now = Math.floor(clock.now() / 1000);
  const audience = audiences?.length ? audiences : ['https://kubernetes.default.svc.cluster.local'];
  const claims = {
    aud: audience,
    exp: now + expirationSeconds,
    iat: now,
    iss: 'https://kubernetes.default.svc.cluster.local',
    jti: random.uuid(),
    'kubernetes.io': { namespace, serviceaccount: { name, uid: account.metadata.uid } },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    type: 'object',
    status: 201,
    object: {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: timestamp(clock.now()) },
      spec: { audiences: audience, expirationSeconds, boundObjectRef: null },
      status: { token: `${part({ alg: 'none' })}.${part(claims)}.`, expirationTimestamp: timestamp((now + expirationSeconds) * 1000) },
    },
  };
}
