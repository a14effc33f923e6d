import type { KubeResponse } from '../kube/transport.js';

// oxlint-disable-next-line typescript/require-await -- a body is read as it comes
async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

/** An answer of an API server. */
export const jsonResponse = (status: number, value: object): KubeResponse => ({ status, headers: { 'content-type': 'application/json' }, body: once(JSON.stringify(value)) });

/** One that says what went wrong. */
export const statusResponse = (code: number, reason: string, message: string): KubeResponse =>
  jsonResponse(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message });
