import { ADMINISTRATOR, type Requester } from '../authentication/requester.js';
import type { Authorizer } from '../authorization/authorizer.js';
import type { ApiObject } from '../contracts.js';
import type { AdmissionPlugin } from '../rest/context.js';
import { forbidden } from '../status.js';
import { deepEqual } from '../storage/deep.js';

const GROUP = 'certificates.k8s.io';

type Request = ApiObject & { spec?: { signerName?: string }; status?: { certificate?: string } };

/** Writes who asks for a certificate into the request, and lets those approve and sign who may `approve` and `sign` for the signer. */
export function certificateRequests(authorizer: Authorizer): AdmissionPlugin {
  const may = (user: Requester, verb: 'approve' | 'sign', signerName: string): boolean =>
    // Either for this one signer, or for all of its domain.
    [signerName, `${signerName.split('/')[0]}/*`].some((name) => authorizer.authorize(user, { verb, group: GROUP, version: '*', resource: 'signers', subresource: '', namespace: '', name, path: '' }).allowed);
  return {
    mutate({ definition, operation, subresource, object, user = ADMINISTRATOR }) {
      if (definition.group !== GROUP || operation !== 'CREATE' || subresource !== '') return;
      const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...spec } = (object!['spec'] ?? {}) as Record<string, unknown>;
      object!['spec'] = { ...spec, username: user.name, ...(user.uid && { uid: user.uid }), ...(user.groups && { groups: user.groups }), ...(user.extra && Object.keys(user.extra).length > 0 && { extra: user.extra }) };
    },
    validate({ definition, operation, subresource, object, previous, name, user = ADMINISTRATOR }) {
      if (definition.group !== GROUP || operation !== 'UPDATE') return;
      const { signerName = '' } = (previous as Request).spec ?? {};
      if (subresource === 'approval' && !may(user, 'approve', signerName)) throw forbidden(definition, name, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
      const signs = subresource === 'status' && !deepEqual((object as Request).status?.certificate, (previous as Request).status?.certificate);
      if (signs && !may(user, 'sign', signerName)) throw forbidden(definition, name, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`);
    },
  };
}
