import { createApiServer } from '../../src/apiserver/index.js';
import type { ApiServer, Listener, Requester } from '../../src/apiserver/index.js';
import { servingCertificate } from '../../src/sandbox/serving-certificate.js';
import { conformance } from './suite.js';

const ADMIN = 'admin-token';
/** Grows with what scenarios ask for. The administrator is who it is on the real control plane, for messages name him. */
const tokens: Record<string, Requester> = { [ADMIN]: { name: 'admin', uid: 'admin', groups: ['system:masters'] } };

function tokenOf(name: string, groups: readonly string[]): string {
  const token = `token-of-${[name, ...groups].join()}`;
  tokens[token] = { name, groups };
  return token;
}

/** Declares the suites of the topics that are wanted against an embedded server. */
export function conformanceOfEmbedded(wanted: (topic: string) => boolean): void {
  let server: ApiServer;
  let listener: Listener;
  let ca: string;

  describe('The embedded API server, beside what a real one says', () => {
    before(async () => {
      // kubectl sends tokens over HTTPS only.
      const { serving, authority } = await servingCertificate();
      ca = authority;
      server = createApiServer({ certificateAuthority: ca, tokens });
      listener = await server.listen({ tls: { cert: serving.certificate, key: serving.key } });
    });
    after(() => server.close());

    conformance(() => ({ url: listener.url, ca, token: ADMIN, tokenOf }), false, wanted);
  });
}
