import type { ObjectReference } from 'kubernetes-types/core/v1.js';
import { type BoundObject, ISSUER } from '../../authentication/service-account-tokens.js';
import { timestamp } from '../../clock.js';
import type { ApiObject, Cause } from '../../contracts.js';
import { builtinSchema } from '../../kinds/type-catalogue.js';
import { trackUpdate } from '../../patch/managed-fields.js';
import { schemaNode } from '../../schema/schema-node.js';
import { badRequest, conflict, invalid, notFound } from '../../status.js';
import type { RestContext, RestResult } from '../context.js';
import type { RequestInfo } from '../request-info.js';
import type { WriteOptions } from '../write-options.js';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const TOKEN_REQUEST_NODE = schemaNode(builtinSchema('authentication.v1.TokenRequest'));
const SHORTEST = 600;
const LONGEST = 2 ** 32;
const HOUR = 3600;
/** What kubelets ask for pods: clients that never read the file again keep such a token for a year, and are told after the hour. */
const MOUNTED = 3607;
const YEAR = 365 * 24 * HOUR;

interface TokenRequest extends ApiObject {
  spec?: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: ObjectReference };
}

/** POST of a service account's `token`. */
export function requestToken({ storage, clock, serviceAccountTokens }: RestContext, { definition, namespace, name }: Pick<RequestInfo, 'definition' | 'namespace' | 'name'>, { metadata: asked, spec = {} }: TokenRequest, options: Pick<WriteOptions, 'fieldManager'>): RestResult {
  const account = storage.get('serviceaccounts', namespace, name);
  if (!account) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
  const { uid } = account.metadata;
  const { boundObjectRef } = spec;
  const audiences = spec.audiences?.length ? spec.audiences : [ISSUER];
  const expirationSeconds = spec.expirationSeconds ?? HOUR;
  if (asked.name && asked.name !== name) throw invalid(TOKEN_REQUEST, name, [problem('metadata.name', asked.name, 'must match the service account name if specified')]);
  if (asked.namespace && asked.namespace !== namespace) throw invalid(TOKEN_REQUEST, name, [problem('metadata.namespace', asked.namespace, 'must match the service account namespace if specified')]);
  if (asked.uid && asked.uid !== uid) {
    throw conflict({ group: TOKEN_REQUEST.group, plural: TOKEN_REQUEST.kind }, name, `the UID in the token request (${asked.uid}) does not match the UID of the service account (${uid})`);
  }
  if (expirationSeconds < SHORTEST) throw invalid(TOKEN_REQUEST, '', [problem('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 10 minutes')]);
  if (expirationSeconds > LONGEST) throw invalid(TOKEN_REQUEST, '', [problem('spec.expirationSeconds', expirationSeconds, 'may not specify a duration larger than 2^32 seconds')]);
  const bound = boundObjectRef && boundTo(storage, boundObjectRef, namespace, name);
  const mounted = bound?.kind === 'Pod' && expirationSeconds === MOUNTED && audiences.includes(ISSUER);
  const token = serviceAccountTokens.issue(account, { audiences, ...(bound && { bound }), lifetimeSeconds: mounted ? YEAR : expirationSeconds, ...(mounted && { warnAfterSeconds: expirationSeconds }) });
  const now = clock.now();
  const request: ApiObject = {
    kind: TOKEN_REQUEST.kind,
    apiVersion: `${TOKEN_REQUEST.group}/v1`,
    metadata: { ...asked, name, namespace, uid: uid!, creationTimestamp: timestamp(now) },
    spec: { ...spec, expirationSeconds },
  };
  trackUpdate({ clock }, { ...definition, ...TOKEN_REQUEST, version: 'v1', schema: TOKEN_REQUEST_NODE }, undefined, request, 'token', options);
  request['spec'] = { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null };
  request['status'] = { token, expirationTimestamp: timestamp(now + expirationSeconds * 1000) };
  return { type: 'object', status: 201, object: request };
}

function boundTo(storage: RestContext['storage'], { apiVersion, kind = '', name = '', uid }: ObjectReference, namespace: string, account: string): BoundObject {
  if (apiVersion !== 'v1' || (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node')) {
    const [group = '', version = ''] = apiVersion?.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const plural = `${kind.toLowerCase()}s`;
  const object = storage.get(plural, kind === 'Node' ? '' : namespace, name);
  if (!object) throw notFound({ group: '', plural }, name);
  const { serviceAccountName, nodeName } = (object['spec'] ?? {}) as { serviceAccountName?: string; nodeName?: string };
  if (kind === 'Pod' && serviceAccountName !== account) throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`);
  if (uid && uid !== object.metadata.uid) {
    throw conflict({ group: '', plural: kind }, name, `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`);
  }
  const node = nodeName && kind === 'Pod' ? storage.get('nodes', '', nodeName) : undefined;
  return { kind, object, ...(nodeName && kind === 'Pod' && { node: { name: nodeName, ...(node?.metadata.uid && { uid: node.metadata.uid }) } }) };
}

const problem = (field: string, value: unknown, message: string): Cause => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${message}` });
