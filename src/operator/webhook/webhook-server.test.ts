import { expect } from 'chai';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { systemClock } from '../clock.js';
import { seededRandom } from '../random.js';
import { issueAuthority, issueServing } from './certificate.js';
import { WebhookServer } from './webhook-server.js';

describe('the server of webhooks', () => {
  it('ends only when its last answers have been taken, however slowly', async () => {
    const clock = systemClock();
    const [random, valid] = [seededRandom(1), { from: clock.now() - 60_000, until: clock.now() + 3_600_000 }];
    const authority = await issueAuthority('test', valid, random);
    // A page of converted objects: more than fits into what lies between two processes.
    const answer = 'x'.repeat(16 * 2 ** 20);
    const server = new WebhookServer({ limitOf: () => 100, handle: () => Promise.resolve({ status: 200, body: answer }) } as never, clock);
    server.use(await issueServing(['127.0.0.1'], authority, valid, random));
    const port = await server.listen(0, '127.0.0.1');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: '127.0.0.1', port, method: 'POST', path: '/convert', ca: authority.certificate }, resolve).on('error', reject).end('{}');
    });
    const closed = server.close();
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) size += chunk.length;
    expect(size).to.equal(answer.length);
    await closed;
  });
});
