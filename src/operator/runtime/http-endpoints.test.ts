import { expect } from 'chai';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { systemClock } from '../clock.js';
import { Health } from './health.js';
import { HttpEndpoints, PortUnavailableError } from './http-endpoints.js';
import { Metrics } from './metrics.js';

describe('probes and metrics over HTTP', () => {
  const blocking: Promise<void>[] = [];
  const environment = {
    clock: systemClock(),
    blocking(work: () => Promise<void>): Promise<void> {
      blocking.push(work());
      return blocking[0] as Promise<void>;
    },
  };
  const metrics = new Metrics();
  const readyz = new Health('readyz');
  const endpoints = new HttpEndpoints(metrics, { healthz: new Health('healthz'), readyz }, { metrics: 0, health: 0, host: '127.0.0.1', profiling: true }, environment);
  before(() => endpoints.start());
  after(() => endpoints.stop());

  const get = async (port: number, path: string): Promise<[number, string]> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`);
    return [statusCode, await body.text()];
  };

  it('serve the registry, to which modules add', async () => {
    metrics.counter({ name: 'my_total', help: 'Mine' }).inc(3);
    expect(metrics.counter({ name: 'my_total', help: 'Mine' })).to.equal(metrics.counter({ name: 'my_total', help: 'Mine' }));
    expect(() => metrics.gauge({ name: 'my_total', help: 'Mine' })).to.throw('metric "my_total" is there already, as another type than Gauge');
    const [status, text] = await get(endpoints.bound.metrics, '/metrics');
    expect(status).to.equal(200);
    expect(text).to.include('my_total 3');
  });

  it('answer as Kubernetes\' own probes do', async () => {
    let synced = false;
    readyz.add('informers', () => {
      if (!synced) throw new Error('not synced: nodes');
    });
    const { health } = endpoints.bound;
    expect(await get(health, '/healthz')).to.deep.equal([200, 'ok']);
    expect(await get(health, '/readyz')).to.deep.equal([500, '[+]ping ok\n[-]informers failed: not synced: nodes\nreadyz check failed\n']);
    expect(await get(health, '/readyz?exclude=informers')).to.deep.equal([200, 'ok']);
    expect((await get(health, '/readyz/ping'))[0]).to.equal(200);
    expect((await get(health, '/readyz/informers'))[0]).to.equal(500);
    synced = true;
    expect(await get(health, '/readyz?verbose')).to.deep.equal([200, '[+]ping ok\n[+]informers ok\nreadyz check passed\n']);
    expect((await get(health, '/elsewhere'))[0]).to.equal(404);
    expect((await get(health, '/readyz/unknown'))[0]).to.equal(404);
  });

  it('give CPU profiles to who may ask for them', async () => {
    const { metrics: port } = endpoints.bound;
    const [status, text] = await get(port, '/debug/pprof/profile?seconds=0.05');
    expect(status).to.equal(200);
    expect(JSON.parse(text)).to.include.keys('nodes', 'samples');
    expect(await get(port, '/debug/pprof/profile?seconds=forever')).to.deep.equal([400, 'seconds is "forever"; it must be a number above 0 and at most 600']);
    expect((await get(port, '/debug/pprof/trace'))[0]).to.equal(404);
    expect(blocking).to.deep.equal([]);
  });

  it('give heap snapshots, for which the process may stand still', async function heap() {
    this.timeout(60_000);
    const { statusCode, body } = await request(`http://127.0.0.1:${endpoints.bound.metrics}/debug/pprof/heap`);
    expect(statusCode).to.equal(200);
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) size += chunk.length;
    expect(size).to.be.greaterThan(1e6);
    expect(blocking).to.have.length(1);
    await blocking[0];
  });

  it('say which port is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as AddressInfo;
    const taken = new HttpEndpoints(metrics, {}, { metrics: port, health: 0, host: '127.0.0.1' }, environment);
    const error = await taken.start().catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(PortUnavailableError);
    expect((error as Error).message).to.equal(`cannot listen on port ${port} for metrics: it is in use; give another port`);
    await taken.stop();
    await new Promise((resolve) => squatter.close(resolve));
  });
});
