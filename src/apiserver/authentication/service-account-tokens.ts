import { timestamp } from '../clock.js';
import type { ApiObject, Clock, JsonObject, Random, ResourceRegistry, Storage } from '../contracts.js';
import { trackUpdate } from '../patch/managed-fields.js';
import type { Requester } from './requester.js';
import { AUTHENTICATED, serviceAccountGroups, serviceAccountUsername } from './requester.js';
import type { SigningKey } from './signing-key.js';

/** Who signs tokens, and whom tokens are for that name nobody else. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** Who signs the tokens that are kept in secrets. */
const SECRETS_ISSUER = 'kubernetes/serviceaccount';
/** How far the clocks of issuer and reader may be apart, in seconds. */
const LEEWAY = 60;
const EXTRA = 'authentication.kubernetes.io';

/** What a token lives and dies with. */
export interface BoundObject {
  readonly kind: 'Pod' | 'Secret' | 'Node';
  readonly object: ApiObject;
  /** Of a pod: where it runs, as far as that is known. */
  readonly node?: { name: string; uid?: string };
}

export interface TokenOptions {
  readonly audiences: readonly string[];
  readonly lifetimeSeconds: number;
  readonly bound?: BoundObject;
  /** After how many seconds a client should have fetched another one; absent: not before the token's end. */
  readonly warnAfterSeconds?: number;
}

/** A token that was signed here and is good for nothing now; the message says why. */
export class RefusedTokenError extends Error {
  readonly reason = 'RefusedToken';
}

interface Reference {
  name: string;
  uid: string;
}

interface SecretClaims {
  namespace: string;
  secretName: string;
  name: string;
  uid: string;
}

/** What the claims of a token in a secret are called. */
const SECRET_CLAIMS = {
  namespace: 'kubernetes.io/serviceaccount/namespace', secretName: 'kubernetes.io/serviceaccount/secret.name',
  name: 'kubernetes.io/serviceaccount/service-account.name', uid: 'kubernetes.io/serviceaccount/service-account.uid',
} satisfies Record<keyof SecretClaims, string>;

interface Claims {
  iss: string;
  aud: string[];
  exp: number;
  nbf: number;
  jti: string;
  'kubernetes.io': { namespace: string; serviceaccount: Reference; pod?: Reference; secret?: Reference; node?: Partial<Reference> };
}

/** What a token says, be it true or not; undefined for what is no token of three parts. */
function claimsOf(token: string): Claims | undefined {
  const [header, payload, signature, ...rest] = token.split('.');
  if (!header || !payload || !signature || rest.length > 0) return undefined;
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  } catch {
    return undefined;
  }
}

const quoted = (audiences: readonly string[]): string => `[${audiences.map((audience) => JSON.stringify(audience)).join(' ')}]`;
const referenceTo = ({ metadata }: ApiObject): Reference => ({ name: metadata.name!, uid: metadata.uid! });

const LAST_USED = 'kubernetes.io/legacy-token-last-used';
/** Put on secrets whose token has not been used for too long. */
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';

/** Issues and reads the tokens of service accounts. */
export class ServiceAccountTokens {
  constructor(private readonly ctx: { storage: Storage; clock: Clock; random: Random; registry: ResourceRegistry }, readonly key: SigningKey) {}

  issue(account: ApiObject, { audiences, lifetimeSeconds, bound, warnAfterSeconds }: TokenOptions): string {
    const { namespace, name } = account.metadata as { namespace: string; name: string };
    const now = Math.floor(this.ctx.clock.now() / 1000);
    return this.key.sign({
      aud: audiences,
      exp: now + lifetimeSeconds,
      iat: now,
      iss: ISSUER,
      jti: this.ctx.random.uuid(),
      'kubernetes.io': {
        namespace,
        ...(bound && { [bound.kind.toLowerCase()]: referenceTo(bound.object) }),
        ...(bound?.node && { node: bound.node }),
        serviceaccount: referenceTo(account),
        ...(warnAfterSeconds !== undefined && { warnafter: now + warnAfterSeconds }),
      },
      nbf: now,
      sub: serviceAccountUsername(namespace, name),
    });
  }

  /** A token without an end, which lives and dies with the secret that it is kept in. */
  issueForSecret(account: ApiObject, secret: ApiObject): string {
    const { namespace, name, uid } = account.metadata as { namespace: string; name: string; uid: string };
    const claims: SecretClaims = { namespace, secretName: secret.metadata.name!, name, uid };
    return this.key.sign({ iss: SECRETS_ISSUER, ...Object.fromEntries(Object.entries(SECRET_CLAIMS).map(([field, claim]) => [claim, claims[field as keyof SecretClaims]])), sub: serviceAccountUsername(namespace, name) });
  }

  /**
   * Whose token it is, and for which of the given audiences; undefined for what was not signed here.
   * @throws {RefusedTokenError}
   */
  authenticate(token: string, audiences: readonly string[]): { user: Requester; audiences: string[] } | undefined {
    const claims = claimsOf(token);
    if (claims?.iss !== ISSUER && claims?.iss !== SECRETS_ISSUER) return undefined;
    if (!this.key.isGenuine(token)) throw new RefusedTokenError('go-jose/go-jose: error in cryptographic primitive');
    if (claims.iss === SECRETS_ISSUER) return this.#ofSecret(token, claims as unknown as JsonObject, audiences);
    const common = claims.aud.filter((audience) => audiences.includes(audience));
    if (common.length === 0) throw new RefusedTokenError(`token audiences ${quoted(claims.aud)} is invalid for the target audiences ${quoted(audiences)}`);
    const now = this.ctx.clock.now() / 1000;
    if (now > claims.exp + LEEWAY) throw new RefusedTokenError('service account token has expired');
    if (now < claims.nbf - LEEWAY) throw new RefusedTokenError('service account token is not valid yet');
    this.#requireBound(claims);
    const { namespace, serviceaccount: { name, uid }, pod, node } = claims['kubernetes.io'];
    const extra: Record<string, string[]> = { [`${EXTRA}/credential-id`]: [`JTI=${claims.jti}`] };
    if (node?.name) extra[`${EXTRA}/node-name`] = [node.name];
    if (node?.uid) extra[`${EXTRA}/node-uid`] = [node.uid];
    if (pod) Object.assign(extra, { [`${EXTRA}/pod-name`]: [pod.name], [`${EXTRA}/pod-uid`]: [pod.uid] });
    return { audiences: common, user: { name: serviceAccountUsername(namespace, name), uid, groups: [...serviceAccountGroups(namespace), AUTHENTICATED], extra } };
  }

  #ofSecret(token: string, claims: JsonObject, audiences: readonly string[]): { user: Requester; audiences: string[] } {
    const { namespace, secretName, name, uid } = Object.fromEntries(Object.entries(SECRET_CLAIMS).map(([field, claim]) => [field, claims[claim]])) as unknown as SecretClaims;
    if (!audiences.includes(ISSUER)) throw new RefusedTokenError(`token audiences ${quoted([ISSUER])} is invalid for the target audiences ${quoted(audiences)}`);
    const secret = this.ctx.storage.get('secrets', namespace, secretName);
    if (!secret || secret.metadata.deletionTimestamp) throw new RefusedTokenError('service account token has been invalidated');
    const kept = (secret['data'] as Record<string, string> | undefined)?.['token'] ?? '';
    if (Buffer.from(kept, 'base64').toString() !== token) throw new RefusedTokenError("service account token does not match server's copy");
    this.#requireAccount(namespace, { name, uid });
    this.#noteUse(secret);
    if (secret.metadata.labels?.[INVALID_SINCE]) {
      throw new RefusedTokenError(`the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`);
    }
    return { audiences: [ISSUER], user: { name: serviceAccountUsername(namespace, name), uid, groups: [...serviceAccountGroups(namespace), AUTHENTICATED] } };
  }

  /** Secrets say on which day somebody came with their token last. */
  #noteUse(secret: ApiObject): void {
    const { storage, clock, registry } = this.ctx;
    const today = timestamp(clock.now()).slice(0, 10);
    const definition = registry.lookup('', 'v1', 'secrets');
    if (!definition || secret.metadata.labels?.[LAST_USED] === today) return;
    const used: ApiObject = { ...secret, metadata: { ...secret.metadata, labels: { ...secret.metadata.labels, [LAST_USED]: today } } };
    trackUpdate({ clock }, definition, secret, used, '', { fieldManager: 'kube-apiserver' });
    storage.update('secrets', used);
  }

  #requireAccount(namespace: string, { name, uid }: Reference): void {
    const account = this.ctx.storage.get('serviceaccounts', namespace, name);
    if (!account) throw new RefusedTokenError(`serviceaccounts "${name}" not found`);
    if (account.metadata.uid !== uid) throw new RefusedTokenError(`service account UID (${account.metadata.uid}) does not match claim (${uid})`);
    this.#requireAlive(account, `service account ${namespace}/${name} has been deleted`);
  }

  /** The account, and what the token is bound to, must still be those that it was made for. */
  #requireBound({ 'kubernetes.io': { namespace, serviceaccount, pod, secret, node } }: Claims): void {
    this.#requireAccount(namespace, serviceaccount);
    // The node of a pod may be gone before the pod is.
    const [kind, reference] = pod ? ['pod', pod] : secret ? ['secret', secret] : ['node', node as Reference | undefined];
    if (!reference) return;
    const object = this.ctx.storage.get(`${kind}s`, kind === 'node' ? '' : namespace, reference.name);
    if (!object) throw new RefusedTokenError('service account token has been invalidated');
    if (object.metadata.uid !== reference.uid) throw new RefusedTokenError(`${kind} UID (${object.metadata.uid}) does not match service account ${kind} ref claim (${reference.uid})`);
    this.#requireAlive(object, 'service account token has been invalidated');
  }

  #requireAlive({ metadata: { deletionTimestamp } }: ApiObject, problem: string): void {
    if (deletionTimestamp && Date.parse(deletionTimestamp) < this.ctx.clock.now() - LEEWAY * 1000) throw new RefusedTokenError(problem);
  }
}
