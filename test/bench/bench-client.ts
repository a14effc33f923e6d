import { fork } from 'node:child_process';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient, createOperator, httpTransport, seededRandom, silentLogger, systemClock } from '../../src/operator/index.js';
import type { Operator, OperatorOptions } from '../../src/operator/index.js';
import { binaryOf } from '../support/control-plane-binaries.js';
import type { ServerAddress, ServerRequest } from './bench-server.js';

/** Which API server a benchmark runs against. */
export type ServerName = 'embedded' | 'real';

/** Those that are here: the real one where `make control-plane` has built it. */
const SERVERS: readonly ServerName[] = binaryOf('kube-apiserver') ? ['embedded', 'real'] : ['embedded'];

/** An API server in a process of its own. */
export interface BenchProcess extends ServerAddress {
  ask(request: ServerRequest): Promise<unknown>;
  stop(): Promise<void>;
}

export async function benchServer(name: ServerName): Promise<BenchProcess> {
  const child = fork(new URL('./bench-server.js', import.meta.url).pathname, [name], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const answer = <R>(): Promise<R> => new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the ${name} server ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', ({ result, error }: { result: R; error?: string }) => {
      child.off('exit', onExit);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
  });
  const address = await answer<ServerAddress>();
  return {
    ...address,
    ask(request) {
      child.send(request);
      return answer();
    },
    stop: () => new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.disconnect();
    }),
  };
}

/** A benchmark for each server that is here, as `NAME.SERVER`. */
export function onEach(name: string, measure: (server: BenchProcess) => Promise<object>): Record<string, () => Promise<object>> {
  return Object.fromEntries(SERVERS.map((kind) => [`${name}.${kind}`, async () => {
    const server = await benchServer(kind);
    try {
      return await measure(server);
    } finally {
      await server.stop();
    }
  }]));
}

export function kubeconfigOf({ kubeconfig }: ServerAddress): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  return config;
}

export const clientOf = (server: ServerAddress): KubeClient => new KubeClient(httpTransport(kubeconfigOf(server)), { clock: systemClock(), random: seededRandom(1) });

/** An operator as in production, without limits of its own on requests. */
export const benchOperator = (server: ServerAddress, options: Partial<OperatorOptions> = {}): Operator =>
  createOperator({ name: 'bench', kubeconfig: kubeconfigOf(server), logger: silentLogger, ports: false, processMetrics: false, rate: { qps: 1e6, burst: 1e6 }, ...options });
