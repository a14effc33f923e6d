import { createApiServer } from '../../src/apiserver/index.js';
import type { ApiServer, Listener } from '../../src/apiserver/index.js';
import { conformance } from './suite.js';

let server: ApiServer;
let listener: Listener;

describe('The embedded API server, beside what a real one says', () => {
  before(async () => {
    server = createApiServer({ certificateAuthority: '' });
    listener = await server.listen();
  });
  after(() => server.close());

  conformance(() => ({ url: listener.url }), false);
});
