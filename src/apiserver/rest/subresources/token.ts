import type { ObjectReference } from 'kubernetes-types/core/v1.js';
import { admitResult, admitSubresource } from '../../admission/admit.js';
import { type BoundObject, ISSUER } from '../../authentication/service-account-tokens.js';
import { timestamp } from '../../clock.js';
import type { ApiObject, Cause } from '../../contracts.js';
import { builtinSchema } from '../../kinds/type-catalogue.js';
import type { Schema } from '../../schema/schema.js';
import { badRequest, conflict, invalid, notFound } from '../../status.js';
import type { RestContext, RestResult } from '../context.js';
import type { RequestInfo } from '../request-info.js';
import type { WriteOptions } from '../write-options.js';
import { groupVersionOf } from '../../group-version.js';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', schema: requestSchema() };
const SHORTEST = 600;
const LONGEST = 2 ** 32;
const HOUR = 3600;
/** What kubelets ask for pods: clients that never read the file again keep such a token for a year, and are told after the hour. */
const MOUNTED = 3607;
const YEAR = 365 * 24 * HOUR;

/** The reference is there in every request, if only as null, so that nobody owns it as a whole. */
function requestSchema(): Schema {
  const schema = builtinSchema('authentication.v1.TokenRequest');
  const spec = schema.properties!['spec']!;
  return { ...schema, properties: { ...schema.properties, spec: { ...spec, properties: { ...spec.properties, boundObjectRef: { ...spec.properties!['boundObjectRef'], present: true } } } } };
}

interface TokenRequest extends ApiObject {
  spec?: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: ObjectReference | null };
}

/** POST of a service account's `token`. */
export async function requestToken(ctx: RestContext, info: RequestInfo, request: TokenRequest, options: WriteOptions): Promise<RestResult> {
  const { storage, clock, serviceAccountTokens } = ctx;
  const { namespace, name } = info;
  request.spec = { ...request.spec, expirationSeconds: request.spec?.expirationSeconds ?? HOUR };
  const { uid: askedUid } = request.metadata;
  const admission = await admitSubresource(ctx, info, TOKEN_REQUEST, request, options);
  const { audiences: asked, expirationSeconds = HOUR, boundObjectRef } = request.spec;
  if (request.metadata.name && request.metadata.name !== name) throw invalid(TOKEN_REQUEST, name, [problem('metadata.name', request.metadata.name, 'must match the service account name if specified')]);
  const account = storage.get('serviceaccounts', namespace, name);
  if (!account) throw notFound({ group: '', plural: 'serviceaccounts' }, name);
  const { uid } = account.metadata;
  if (askedUid && askedUid !== uid) {
    throw conflict({ group: TOKEN_REQUEST.group, plural: TOKEN_REQUEST.kind }, name, `the UID in the token request (${askedUid}) does not match the UID of the service account (${uid})`);
  }
  const now = clock.now();
  const audiences = asked?.length ? asked : [ISSUER];
  request.metadata = { ...request.metadata, name, namespace, uid: uid!, creationTimestamp: timestamp(now) };
  request.spec = { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null };
  request['status'] = { token: '', expirationTimestamp: null };
  if (expirationSeconds < SHORTEST) throw invalid(TOKEN_REQUEST, '', [problem('spec.expirationSeconds', expirationSeconds, 'may not specify a duration less than 10 minutes')]);
  if (expirationSeconds > LONGEST) throw invalid(TOKEN_REQUEST, '', [problem('spec.expirationSeconds', expirationSeconds, 'may not specify a duration larger than 2^32 seconds')]);
  await admitResult(ctx, admission);
  const bound = boundObjectRef ? boundTo(storage, boundObjectRef, namespace, name) : undefined;
  const mounted = bound?.kind === 'Pod' && expirationSeconds === MOUNTED && audiences.includes(ISSUER);
  const token = serviceAccountTokens.issue(account, { audiences, ...(bound && { bound }), lifetimeSeconds: mounted ? YEAR : expirationSeconds, ...(mounted && { warnAfterSeconds: expirationSeconds }) });
  return { type: 'object', status: 201, object: { ...request, status: { token, expirationTimestamp: timestamp(now + expirationSeconds * 1000) } } };
}

function boundTo(storage: RestContext['storage'], { apiVersion, kind = '', name = '', uid }: ObjectReference, namespace: string, account: string): BoundObject {
  // Of the core group any version will do.
  if (apiVersion?.includes('/') || (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node')) {
    const { group, version } = groupVersionOf(apiVersion ?? '');
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
