import type { Duplex } from 'node:stream';
import type { Requester } from '../authentication/requester.js';

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
  /** The client would have the connection for a protocol of its own (`Connection: Upgrade`). */
  upgrade?: boolean;
  /** Who asks, where that is known already; absent: credentials in the headers, or who called this process. */
  user?: Requester;
  /** The other end of the connection that the request came over; absent: it comes from inside this process. */
  peer?: {
    /** The subject of a client certificate that was checked. */
    readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] };
  };
}

/** Between the values of a header that came several times and whose values may have commas in them (`impersonate-group`). */
export const VALUE_SEPARATOR = '\n';

/** The answer; `body` streams, so that a watch is an ordinary response. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array | string>;
  /** With status 101: takes over the connection, until it ends. */
  connection?: (wire: Duplex) => Promise<void>;
}

/** A body in one piece. */
export async function* once(chunk: Uint8Array | string): AsyncGenerator<Uint8Array | string> {
  yield chunk;
}
