import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ExternalCalls, NotLeaderError } from 'karpenter-ts/operator';
import type { ServiceRecord } from './dns-service.js';
import { QuotaExceeded } from './dns-service.js';
import { FakeDnsService } from './fake-dns-service.js';
import { HttpDnsService } from './http-dns-service.js';

/** The API in front of the service in memory. */
function serve(service: FakeDnsService): Server {
  return createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const id = pathname.slice('/records/'.length);
    const answer = async (text: string): Promise<unknown> => {
      if (request.headers.authorization !== 'Bearer secret') throw new Error('who are you?');
      const record = text === '' ? undefined : (JSON.parse(text) as ServiceRecord);
      if (request.method === 'POST' && record) return { id: await service.create(record, String(request.headers['idempotency-key'])) };
      if (request.method === 'PUT' && record) return service.update(id, record);
      if (request.method === 'DELETE') return { state: await service.remove(id) };
      return searchParams.has('owner') ? service.idsOf(String(searchParams.get('owner'))) : service.get(id);
    };
    let text = '';
    request.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    request.on('end', () => void answer(text).then(
      (result) => response.writeHead(result === undefined && request.method === 'GET' ? 404 : 200).end(result === undefined ? '' : JSON.stringify(result)),
      (error: Error) => response.writeHead(error instanceof QuotaExceeded ? 402 : 500).end(error.message),
    ));
  });
}

describe('The service over HTTP', () => {
  const fake = new FakeDnsService();
  const server = serve(fake);
  const { signal } = new AbortController();
  const calls = new ExternalCalls();
  const record: ServiceRecord = { name: 'www.example.com', type: 'A', values: ['192.0.2.1'], ttl: 300, owner: 'uid' };
  let service: HttpDnsService;

  before(async () => {
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    service = new HttpDnsService(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'secret', calls);
  });
  after(() => { server.close(); server.closeAllConnections(); });

  it('makes one record a key, and finds, changes and removes it', async () => {
    const id = await service.create(record, 'key', signal);
    assert.equal(await service.create(record, 'key', signal), id);
    assert.equal(fake.made, 1);
    await service.update(id, { ...record, ttl: 60 }, signal);
    assert.deepEqual(await service.get(id, signal), { ...record, ttl: 60 });
    assert.deepEqual(await service.idsOf('uid', signal), [id]);
    assert.equal(await service.remove(id, signal), 'removing');
    assert.equal(await service.remove(id, signal), 'gone');
    assert.equal(await service.get(id, signal), undefined);
  });

  it('tells a used-up quota from other errors', async () => {
    fake.quota = 0;
    await assert.rejects(service.create(record, 'another key', signal), QuotaExceeded);
    await assert.rejects(new HttpDnsService('http://127.0.0.1:9', 'secret', calls).get('x', signal));
  });

  it('changes nothing for a process that has lost the lead', async () => {
    const { port } = server.address() as AddressInfo;
    const deposed = new HttpDnsService(`http://127.0.0.1:${port}`, 'secret', new ExternalCalls({ fence: () => { throw new NotLeaderError(); } }));
    const made = fake.made;
    await assert.rejects(deposed.create(record, 'late', signal), NotLeaderError);
    assert.equal(fake.made, made);
    assert.deepEqual(await deposed.idsOf('uid', signal), []);
  });
});
