import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Where the operators of `new operator` listen unless these variables say where. */
const DEFAULTS = { METRICS_PORT: 8080, HEALTH_PORT: 8081 } as const;

/** The variables that must be set for an operator to find its ports free: another port for each that somebody else has. */
export async function operatorPorts(environment: NodeJS.ProcessEnv, print: (line: string) => void): Promise<NodeJS.ProcessEnv> {
  const ports: NodeJS.ProcessEnv = {};
  for (const [variable, port] of Object.entries(DEFAULTS)) {
    if (environment[variable] !== undefined || (await listening(port)) === port) continue;
    const free = String(await freePort());
    ports[variable] = free;
    print(`dev: port ${port} is in use: ${variable}=${free}`);
  }
  return ports;
}

/** A port on which nobody listens. */
export const freePort = async (): Promise<number> => (await listening(0)) as number;

/** The port on which one could listen that asks for this one; undefined where it is taken. */
const listening = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
