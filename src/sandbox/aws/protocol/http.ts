/** An HTTP request as the sandbox's AWS takes it, off a socket or straight from an SDK client. */
export interface AwsRequest {
  method: string;
  /** Where the caller reached us: `http://127.0.0.1:4566`. */
  origin: string;
  /** With the query string. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  body: string;
}

export interface AwsResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}
