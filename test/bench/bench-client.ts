import { fork } from 'node:child_process';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient, createOperator, httpTransport, seededRandom, silentLogger, systemClock } from '../../src/operator/index.js';
import type { Operator, OperatorOptions } from '../../src/operator/index.js';
import { binaryOf } from '../support/control-plane-binaries.js';
import type { ServerAddress, ServerRequest } from './bench-server.js';

/** Which API server a benchmark runs against. */
export type ServerName = 'embedded' | 'real';

/** Those that are here (the real one where `make control-plane` has built it), or the one that `BENCH_SERVER` names. */
export const SERVERS = (['embedded', 'real'] as const).filter((name) => name === (process.env['BENCH_SERVER'] ?? name) && (name === 'embedded' || binaryOf('kube-apiserver')));

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

/** Runs a measurement against each server that is here. */
export async function onEach<R extends object>(measure: (server: BenchProcess, name: ServerName) => Promise<R>): Promise<({ server: ServerName } & R)[]> {
  const rows = [];
  for (const name of SERVERS) {
    const server = await benchServer(name);
    try {
      rows.push({ server: name, ...(await measure(server, name)) });
    } finally {
      await server.stop();
    }
  }
  return rows;
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
