import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { expect } from 'chai';
import { operatorPorts } from './operator-ports.js';

describe('The ports of an operator in dev', () => {
  const taken: Server[] = [];
  const take = (port: number): Promise<void> => new Promise((resolve) => {
    const server = createServer().once('error', () => resolve()).listen(port, resolve);
    taken.push(server);
  });
  afterEach(() => taken.splice(0).map((server) => server.close()));

  it('are others where somebody has the usual ones, and those of the user in any case', async () => {
    await Promise.all([take(8080), take(8081)]);
    const printed: string[] = [];
    const { METRICS_PORT, ...others } = await operatorPorts({ HEALTH_PORT: '8081' }, (line) => printed.push(line));
    expect(others).to.deep.equal({});
    expect(printed).to.deep.equal([`dev: port 8080 is in use: METRICS_PORT=${METRICS_PORT}`]);
    await take(Number(METRICS_PORT));
    expect(taken.at(-1)?.address()).to.include({ port: Number(METRICS_PORT) });
  });
});
