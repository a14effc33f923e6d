/** One HTTP exchange with an API server. */
export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path with its query: `/api/v1/nodes?limit=500`. */
  path: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  /** Called at the last moment before the request leaves, once a connection is there; what it throws is what `send` rejects with. */
  beforeSending?: () => void;
}

/** The answer; `body` streams, so that a watch is an ordinary response. */
export interface KubeResponse {
  status: number;
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array | string>;
}

/**
 * The way to an API server: HTTP with a kubeconfig's credentials, or in-process to an embedded one.
 * Rejects only when no HTTP answer came (refused, reset, aborted); every status code resolves.
 */
export interface KubeTransport {
  send(request: KubeRequest): Promise<KubeResponse>;
  /** Closes idle connections. */
  close(): Promise<void>;
  /** Where it goes, and as whom: for a thread that needs connections of its own. Absent when no socket is involved. */
  readonly endpoint?: KubeEndpoint;
}

/** What authenticates requests, and the connections under them. */
export interface Credentials {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Options of the TLS handshake: `ca`, `cert`, `key` and the like. */
  readonly tls: Readonly<Record<string, unknown>>;
}

/** An API server that is reached over HTTP(S). */
export interface KubeEndpoint {
  readonly server: string;
  readonly proxyUrl?: string | undefined;
  /** Credentials as they are now; `doubtful` when the last ones were refused, or may be why no connection came about. */
  credentials(doubtful: boolean): Promise<Credentials>;
}
