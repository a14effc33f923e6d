/** One HTTP exchange with an API server. */
export interface KubeRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute path with its query: `/api/v1/nodes?limit=500`. */
  path: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
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
}
