import { readFile } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
import type { Dispatcher } from 'undici';
import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import type { KubeResponse, KubeTransport } from './transport.js';

/** How long credentials are used before the kubeconfig is asked for them again; it re-reads token files and exec plugins itself. */
const CREDENTIALS_FRESH_FOR = 30_000;
/** And after a request without an answer, which may be due to them: a rotated CA, for one. */
const CREDENTIALS_DOUBTFUL_FOR = 1_000;

interface Credentials {
  headers: Record<string, string>;
  dispatcher: Dispatcher;
  material: string;
  readAt: number;
  freshFor: number;
}

/** What of a kubeconfig goes into the TLS handshake. */
const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

/** No API server is named by the kubeconfig's current context. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
  readonly reason = 'KubeConfigInvalid';
}

/**
 * HTTP(S) to the kubeconfig's current cluster, over one pool of connections. undici is loaded by the first request: a process with
 * another transport has no use for its 10 MB. Credentials (client certificates, tokens, token
 * files, exec plugins, OIDC) come from `KubeConfig`; they are read again every 30 s, after a 401 and after a failed connection, and a
 * rotated certificate or CA gets a new pool.
 */
export function httpTransport(kubeconfig: KubeConfig, clock: Clock = systemClock()): KubeTransport {
  const cluster = kubeconfig.getCurrentCluster();
  if (!cluster?.server) {
    throw new KubeConfigError(`kubeconfig: context "${kubeconfig.getCurrentContext()}" names no cluster with a server; contexts: ${kubeconfig.getContexts().map(({ name }) => name).join(', ') || 'none'}`);
  }
  const base = new URL(cluster.server);
  const prefix = base.pathname.replace(/\/$/, '');
  const config = toleratingPlainHttp(kubeconfig);
  let credentials: Credentials | undefined;
  let reading: Promise<Credentials> | undefined;
  const fresh = (): Pick<Credentials, 'readAt' | 'freshFor'> => ({ readAt: clock.now(), freshFor: CREDENTIALS_FRESH_FOR });

  const read = async (): Promise<Credentials> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const headers = Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
    const { tokenFile } = (config.getCurrentUser()?.authProvider?.config ?? {}) as { tokenFile?: string };
    // client-node reads it once a minute, which is too seldom for a token that has just been refused.
    if (tokenFile) headers['authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
    if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    const tls = Object.fromEntries(TLS_OPTIONS.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined && value !== null));
    const material = JSON.stringify(tls);
    if (credentials?.material === material) return { ...credentials, headers, ...fresh() };
    // Requests in flight keep the old pool; closing lets them end.
    credentials?.dispatcher.close().catch(() => undefined);
    return { headers, dispatcher: await dispatcherOf(tls, cluster.proxyUrl), material, ...fresh() };
  };

  const current = async (anew: boolean): Promise<Credentials> => {
    // A clock that was set back says nothing about their age.
    const age = Math.abs(clock.now() - (credentials?.readAt ?? 0));
    if (credentials && !anew && age < credentials.freshFor) return credentials;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    credentials = await reading;
    return credentials;
  };

  return {
    async send({ method, path, headers, body, signal }): Promise<KubeResponse> {
      const exchange = async (anew: boolean): Promise<KubeResponse> => {
        const [{ headers: authentication, dispatcher }, { request }] = await Promise.all([current(anew), import('undici')]);
        const response = await request(`${base.origin}${prefix}${path}`, {
          method, dispatcher, headers: { ...headers, ...authentication }, body: body ?? null, signal: signal ?? null,
        }).catch((error: unknown) => {
          if (credentials && !signal?.aborted) credentials.freshFor = CREDENTIALS_DOUBTFUL_FOR;
          throw error;
        });
        return { status: response.statusCode, headers: flatten(response.headers), body: response.body };
      };
      const response = await exchange(false);
      if (response.status !== 401) return response;
      for await (const _ of response.body) void _;
      return exchange(true);
    },
    async close() {
      await credentials?.dispatcher.destroy();
      credentials = undefined;
    },
  };
}

/** A transport that is opened by its first use. */
export interface LazyTransport extends KubeTransport {
  /** Opens it now; rejects with what is wrong with the kubeconfig. */
  open(): Promise<KubeTransport>;
}

/**
 * HTTP(S) to the cluster that kubectl would speak to: `$KUBECONFIG`, `~/.kube/config`, or the pod's service account.
 * client-node is loaded only here: it costs 90 MB and a second, which a process with another transport has no use for.
 */
export function defaultTransport(clock?: Clock): LazyTransport {
  let opened: Promise<KubeTransport> | undefined;
  const open = (): Promise<KubeTransport> => (opened ??= (async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromDefault();
    return httpTransport(config, clock);
  })());
  return {
    open,
    send: async (request) => (await open()).send(request),
    close: async () => (await opened)?.close(),
  };
}

async function dispatcherOf(tls: Record<string, unknown>, proxyUrl: string | undefined): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  // Watches are quiet for long: their own inactivity limit ends them, not the pool's.
  const options = { bodyTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 30_000 };
  return proxyUrl
    ? new ProxyAgent({ ...options, uri: proxyUrl, requestTls: tls })
    : new Agent({ ...options, connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 15_000 } });
}

/** A copy by which client-node speaks to http:// servers: it refuses them unless TLS verification is off, which means nothing without TLS. */
function toleratingPlainHttp(kubeconfig: KubeConfig): KubeConfig {
  const clusters = kubeconfig.getClusters().map((cluster) => (cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster));
  return Object.assign(Object.create(Object.getPrototypeOf(kubeconfig) as object) as KubeConfig, kubeconfig, { clusters });
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}
