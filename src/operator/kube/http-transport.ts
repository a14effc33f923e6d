import { readFile } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
import type { Dispatcher } from 'undici';
import { rejectOnAbort } from '../abort.js';
import type { Clock } from '../clock.js';
import { systemClock } from '../clock.js';
import { proxyFromEnvironment } from './environment-proxy.js';
import { NotLeaderError, UnresponsiveError } from './errors.js';
import type { KubeEndpoint, KubeResponse, KubeTransport } from './transport.js';

/** How long credentials are used before the kubeconfig is asked for them again; it re-reads exec plugins itself. */
const CREDENTIALS_FRESH_FOR = 30_000;
/** And after a request without an answer, which may be due to them: a rotated CA, for one. */
const CREDENTIALS_DOUBTFUL_FOR = 1_000;

interface Pool {
  headers: Readonly<Record<string, string>>;
  dispatcher: Dispatcher;
  material: string;
  readAt: number;
  freshFor: number;
  /** It is to be replaced before the next request. */
  retired: boolean;
}

/** What of a kubeconfig goes into the TLS handshake. */
const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

/** How often client-node is made to forget what a plugin said: one that is asked takes a second of a CPU. */
const FORGET_EVERY = 10_000;

/** No API server is named by the kubeconfig's current context. */
export class KubeConfigError extends Error {
  override readonly name = 'KubeConfigError';
  readonly reason = 'KubeConfigInvalid';
}

/** HTTP(S) to the kubeconfig's current cluster: see {@link transportTo}. Throws {@link KubeConfigError}. */
export const httpTransport = (kubeconfig: KubeConfig, clock?: Clock): KubeTransport => transportTo(endpointOf(kubeconfig, clock), clock);

/** The kubeconfig's current cluster and user: client certificates, tokens, token files, exec plugins, OIDC; by its proxy, or the environment's. Throws {@link KubeConfigError}. */
export function endpointOf(kubeconfig: KubeConfig, clock: Clock = systemClock()): KubeEndpoint {
  const cluster = kubeconfig.getCurrentCluster();
  if (!cluster?.server) {
    throw new KubeConfigError(`kubeconfig: context "${kubeconfig.getCurrentContext()}" names no cluster with a server; contexts: ${kubeconfig.getContexts().map(({ name }) => name).join(', ') || 'none'}`);
  }
  let config = toleratingPlainHttp(kubeconfig);
  let forgotten = -Infinity;
  return {
    server: cluster.server,
    proxyUrl: cluster.proxyUrl ?? proxyFromEnvironment(new URL(cluster.server)),
    async credentials(doubtful) {
      if (doubtful && clock.monotonic() - forgotten >= FORGET_EVERY) {
        forgotten = clock.monotonic();
        config = forgetful(config);
      }
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      const headers = Object.fromEntries(Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));
      const { tokenFile } = (config.getCurrentUser()?.authProvider?.config ?? {}) as { tokenFile?: string };
      // client-node reads it once a minute, which is too seldom for a token that has just been refused.
      if (tokenFile) headers['authorization'] = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
      if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
      const tls = Object.fromEntries(TLS_OPTIONS.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined && value !== null));
      return { headers, tls };
    },
  };
}

/**
 * HTTP(S) to an API server, over one pool of connections. undici is loaded by the first request: a process with another transport has no use
 * for its 10 MB. Credentials are read again every 30 s, after a 401 and after a failed connection, and a rotated certificate or CA gets a new pool.
 */
export function transportTo(endpoint: KubeEndpoint, clock: Clock = systemClock()): KubeTransport {
  const base = new URL(endpoint.server);
  const prefix = base.pathname.replace(/\/$/, '');
  let pool: Pool | undefined;
  let reading: Promise<Pool> | undefined;
  const fresh = (): Pick<Pool, 'readAt' | 'freshFor'> => ({ readAt: clock.monotonic(), freshFor: CREDENTIALS_FRESH_FOR });

  const read = async (doubtful: boolean): Promise<Pool> => {
    const { headers, tls } = await endpoint.credentials(doubtful);
    const material = JSON.stringify(tls);
    if (pool?.material === material && !pool.retired) return { ...pool, headers, ...fresh() };
    // Requests in flight keep the old pool; closing lets them end.
    pool?.dispatcher.close().catch(() => undefined);
    return { headers, dispatcher: await dispatcherOf(tls, endpoint.proxyUrl), material, ...fresh(), retired: false };
  };

  const current = async (anew: boolean): Promise<Pool> => {
    if (pool && !anew && !pool.retired && clock.monotonic() - pool.readAt < pool.freshFor) return pool;
    reading ??= read(anew || pool?.freshFor === CREDENTIALS_DOUBTFUL_FOR).finally(() => {
      reading = undefined;
    });
    pool = await reading;
    return pool;
  };

  const retire = ({ dispatcher }: Pool): void => {
    if (pool?.dispatcher === dispatcher) pool.retired = true;
  };

  return {
    endpoint,
    async send({ method, path, headers, body, signal, beforeSending }): Promise<KubeResponse> {
      const exchange = async (anew: boolean): Promise<KubeResponse> => {
        const preparing = Promise.all([current(anew), import('undici')]);
        const [used, { request }] = await (signal ? rejectOnAbort(preparing, signal) : preparing);
        const { headers: authentication, dispatcher } = used;
        // Idle connections of a pool in which one died silently are likely to be as dead.
        const onAbort = (): void => void (signal?.reason instanceof UnresponsiveError && retire(used));
        const forget = (): void => signal?.removeEventListener('abort', onAbort);
        signal?.addEventListener('abort', onAbort, { once: true });
        const answering = request(`${base.origin}${prefix}${path}`, {
          method, headers: { ...headers, ...authentication }, body: body ?? null, signal: signal ?? null,
          dispatcher: beforeSending ? dispatcher.compose(calling(beforeSending)) : dispatcher,
        });
        // undici notices an abort only once there is a connection.
        const response = await (signal ? rejectOnAbort(answering, signal) : answering).catch((error: unknown) => {
          forget();
          if (pool && !signal?.aborted && !(error instanceof NotLeaderError)) pool.freshFor = CREDENTIALS_DOUBTFUL_FOR;
          throw error;
        });
        response.body.once('close', forget);
        return { status: response.statusCode, headers: flatten(response.headers), body: response.body };
      };
      const response = await exchange(false);
      if (response.status !== 401) return response;
      for await (const _ of response.body) void _;
      return exchange(true);
    },
    async close() {
      await pool?.dispatcher.destroy();
      pool = undefined;
    },
  };
}

/** Calls `before` when the request has got its connection, in the same turn in which it is written to it. */
const calling = (before: () => void): Dispatcher.DispatcherComposeInterceptor => (dispatch) => (options, handler) => dispatch(options, {
  onRequestStart: (controller, context) => {
    before();
    handler.onRequestStart?.(controller, context);
  },
  onRequestUpgrade: (...upgrade) => handler.onRequestUpgrade?.(...upgrade),
  onResponseStart: (...start) => handler.onResponseStart?.(...start),
  onResponseData: (...data) => handler.onResponseData?.(...data),
  onResponseEnd: (...end) => handler.onResponseEnd?.(...end),
  onResponseError: (...failure) => handler.onResponseError?.(...failure),
});

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
  let endpoint: KubeEndpoint | undefined;
  let opened: Promise<KubeTransport> | undefined;
  const open = (): Promise<KubeTransport> => (opened ??= (async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromDefault();
    endpoint = endpointOf(config, clock);
    return transportTo(endpoint, clock);
  })());
  return {
    get endpoint() {
      return endpoint as KubeEndpoint;
    },
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

/** A copy that knows no answer of a plugin: client-node goes by those until they expire, whatever the server makes of them. */
function forgetful(kubeconfig: KubeConfig): KubeConfig {
  const { authenticators } = new (kubeconfig.constructor as new () => { authenticators: unknown })();
  return Object.assign(Object.create(Object.getPrototypeOf(kubeconfig) as object) as KubeConfig, kubeconfig, { authenticators });
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  return flat;
}
