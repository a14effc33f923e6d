import { createApiServer } from '../../src/apiserver/index.js';
import type { ApiServer, Listener, Requester } from '../../src/apiserver/index.js';
import { conformance } from './suite.js';

const ADMIN = 'admin-token';
/** Grows with what scenarios ask for. The administrator is who it is on the real control plane, for messages name him. */
const tokens: Record<string, Requester> = { [ADMIN]: { name: 'admin', uid: 'admin', groups: ['system:masters'] } };

let server: ApiServer;
let listener: Listener;

function tokenOf(name: string, groups: readonly string[]): string {
  const token = `token-of-${[name, ...groups].join()}`;
  tokens[token] = { name, groups };
  return token;
}

describe('The embedded API server, beside what a real one says', () => {
  before(async () => {
    server = createApiServer({ certificateAuthority: '', tokens });
    listener = await server.listen();
  });
  after(() => server.close());

  conformance(() => ({ url: listener.url, token: ADMIN, tokenOf }), false);
});
