import type { Authorizer } from '../authorization/authorizer.js';
import { VALUE_SEPARATOR } from '../http/exchange.js';
import { badRequest } from '../status.js';
import type { Requester } from './requester.js';
import { ANONYMOUS, AUTHENTICATED, serviceAccountGroups, serviceAccountOf, UNAUTHENTICATED } from './requester.js';

const AUTHENTICATION = 'authentication.k8s.io/v1';
const EXTRA = 'impersonate-extra-';

/**
 * Who a request is to be taken for: its sender, or whom its `Impersonate-*` headers name, if the sender may.
 * @throws {StatusError} Forbidden, or BadRequest for groups without a user.
 */
export function impersonated(requester: Requester, headers: Readonly<Record<string, string>>, authorizer: Authorizer): Requester {
  const name = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'] ?? '';
  const groups = valuesOf(headers['impersonate-group']);
  const extra = Object.fromEntries(Object.entries(headers).filter(([header]) => header.startsWith(EXTRA)).map(([header, values]) => [extraKey(header.slice(EXTRA.length)), valuesOf(values)]));
  if (!name) {
    const asked = [
      ...groups.map((group) => reference('Group', group)),
      ...Object.entries(extra).flatMap(([key, values]) => values.map((value) => reference('UserExtra', value, AUTHENTICATION, key))),
      ...(uid ? [reference('UID', uid, AUTHENTICATION)] : []),
    ];
    if (asked.length > 0) throw badRequest(`requested [${asked.join(' ')}] without impersonating a user`);
    return requester;
  }
  const require = (resource: string, of: { name: string; group?: string; version?: string; namespace?: string; subresource?: string }): void =>
    authorizer.require(requester, { verb: 'impersonate', group: '', version: 'v1', namespace: '', subresource: '', ...of, resource, path: '' });
  const authentication = { group: 'authentication.k8s.io', version: 'v1' };
  const account = serviceAccountOf(name);
  if (account) require('serviceaccounts', account);
  else require('users', { name });
  for (const group of groups) require('groups', { name: group });
  for (const [key, values] of Object.entries(extra)) for (const value of values) require('userextras', { ...authentication, name: value, subresource: key });
  if (uid) require('uids', { ...authentication, name: uid });
  return { name, groups: completed(name, groups.length === 0 && account ? serviceAccountGroups(account.namespace) : groups), extra, ...(uid && { uid }) };
}

/** As Go prints an ObjectReference: kind, namespace, name, uid, apiVersion, resourceVersion and field. */
const reference = (kind: string, name: string, apiVersion = '', field = ''): string => `{${[kind, '', name, '', apiVersion, '', field].join(' ')}}`;

/** The groups that everybody is in who is, or is not, authenticated. */
function completed(name: string, groups: readonly string[]): string[] {
  if (name === ANONYMOUS.name) return groups.includes(UNAUTHENTICATED) ? [...groups] : [...groups, UNAUTHENTICATED];
  return groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED) ? [...groups] : [...groups, AUTHENTICATED];
}

const valuesOf = (header: string | undefined): string[] => (header ? header.split(VALUE_SEPARATOR) : []);

function extraKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
