import type { JsonObject } from '../contracts.js';

/** Who sent a request. */
export interface Requester {
  readonly name: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  /** What else the authenticator knows, by lower-case key. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';
/** Members may do everything, whatever roles say. */
export const MASTERS = 'system:masters';

/** Who asks from inside this process, and whoever has the credential of the written kubeconfig. */
export const ADMINISTRATOR: Requester = { name: 'system:admin', groups: [MASTERS, AUTHENTICATED] };
/** Who shows no credential. */
export const ANONYMOUS: Requester = { name: 'system:anonymous', groups: [UNAUTHENTICATED] };

const SERVICE_ACCOUNT = /^system:serviceaccount:([a-z0-9](?:[-a-z0-9]*[a-z0-9])?):([a-z0-9](?:[-.a-z0-9]*[a-z0-9])?)$/;

export const serviceAccountUsername = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

/** Groups of every service account of a namespace, without `system:authenticated`. */
export const serviceAccountGroups = (namespace: string): string[] => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];

/** The service account that a username stands for, if it does for one. */
export function serviceAccountOf(username: string): { namespace: string; name: string } | undefined {
  const [, namespace, name] = SERVICE_ACCOUNT.exec(username) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** As `authentication.k8s.io/v1` `UserInfo`; nobody in particular is the administrator. */
export function userInfoOf({ name, uid, groups, extra }: Requester = ADMINISTRATOR): JsonObject {
  return { username: name, ...(uid && { uid }), ...(groups && { groups }), ...(extra && Object.keys(extra).length > 0 && { extra }) };
}
