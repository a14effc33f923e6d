import { request } from 'node:http';
import { EXPLAIN_PATH } from '../../operator/debug/explain-request.js';
import type { ExplainTarget } from '../../operator/explain/explain.js';
import type { Explanation } from '../../operator/explain/explanation.js';
import { CliError } from '../cli-error.js';

/** How long an answer may take, in milliseconds. */
const ANSWER_WITHIN = 10_000;

/** `/debug/explain?kind=…&name=…` */
export function explainPath({ kind, name, namespace }: ExplainTarget): string {
  const query = new URLSearchParams({ kind, name, ...(namespace === undefined ? {} : { namespace }) });
  return `${EXPLAIN_PATH}?${query.toString()}`;
}

/** What an answer says. Throws {@link CliError} with the reason when it is none. */
export function explanationOf(status: number, body: string): Explanation {
  if (status === 200) return JSON.parse(body) as Explanation;
  let reason = body;
  try {
    const { error, message } = JSON.parse(body) as { error?: string; message?: string };
    reason = error ?? message ?? body;
  } catch {
    // Not ours: a proxy's words are better than none.
  }
  const what = status === 401 ? 'not authenticated: ' : status === 403 ? 'not authorised: ' : '';
  throw new CliError(`${what}${reason.trim() || `the operator answered ${status}`}`, status === 400 ? 2 : 1);
}

/** Asks an operator on this machine. Rejects with {@link CliError}. */
export async function askEndpoint(endpoint: string, token: string, target: ExplainTarget): Promise<Explanation> {
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const call = request(`${endpoint}${explainPath(target)}`, { headers: { authorization: `Bearer ${token}` }, timeout: ANSWER_WITHIN }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${ANSWER_WITHIN / 1_000}s`)));
    call.on('error', (error) => reject(new CliError(`the operator at ${endpoint} cannot be asked: ${error.message}`, 1, { cause: error })));
    call.end();
  });
  return explanationOf(status, body);
}
