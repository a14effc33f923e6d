/** One request, however it came. Structurally the operator's `KubeRequest`. */
export interface ApiRequest {
  method: string;
  /** Absolute path with its query. */
  path: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** Ends watches and followed logs. */
  signal?: AbortSignal;
  /** Who asks, for reviews and audit; anonymous when absent. Everybody may do everything. */
  user?: { name: string; groups?: readonly string[] };
}

/** The answer; `body` streams, so that a watch is an ordinary response. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array | string>;
}

/** A body in one piece. */
export async function* once(chunk: Uint8Array | string): AsyncGenerator<Uint8Array | string> {
  yield chunk;
}
