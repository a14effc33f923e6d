import { request as secureRequest } from 'node:https';
import { systemClock } from '../clock.js';
import { readAnswer } from './webhook-answer.js';

/** How a webhook is reached, as its configuration says. */
export interface WebhookClientConfig {
  url?: string;
  service?: { namespace: string; name: string; path?: string; port?: number };
  /** Base64 PEM of who may have signed the webhook's certificate; absent: the machine's authorities. */
  caBundle?: string;
}

/** One call of a webhook. */
export interface WebhookCall {
  /** Services stand there by name: `https://NAME.NAMESPACE.svc:443/path?timeout=10s`. */
  url: string;
  service?: { namespace: string; name: string; port: number };
  /** PEM */
  certificateAuthority?: string;
  body: string;
  /** Milliseconds */
  timeout: number;
}

export interface WebhookAnswer {
  status: number;
  contentType?: string;
  body: string;
}

/** Carries calls to webhooks; rejects when there is no answer. */
export type WebhookTransport = (call: WebhookCall) => Promise<WebhookAnswer>;

export interface WebhookAddresses {
  /** Where the pods behind a service listen; undefined: it has none. Nothing here gives services addresses of their own. */
  resolve?: ((service: NonNullable<WebhookCall['service']>) => { host: string; port: number } | undefined) | undefined;
}

/** Answers are objects, or lists of them. */
const LARGEST_ANSWER = 256 * 2 ** 20;

/** Calls webhooks over HTTPS, each by a connection of its own, so that a certificate that was rotated is seen at once. */
export const httpsWebhooks = ({ resolve }: WebhookAddresses = {}): WebhookTransport => (call) =>
  new Promise((fulfil, reject) => {
    const { hostname, port, pathname, search } = new URL(call.url);
    const address = call.service ? resolve?.(call.service) : { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) };
    if (!address) {
      reject(new Error(`no endpoints available for service "${call.service?.name}"`));
      return;
    }
    const request = secureRequest({
      method: 'POST', ...address, path: `${pathname}${search}`, agent: false,
      ...(call.certificateAuthority === undefined ? {} : { ca: call.certificateAuthority }),
      // Addresses have no server names.
      ...(/^[\d.]+$|:/.test(hostname) ? {} : { servername: hostname }),
      headers: { 'content-type': 'application/json', accept: 'application/json, */*', host: hostname, 'content-length': Buffer.byteLength(call.body) },
    });
    const timer = systemClock.schedule(call.timeout, () => request.destroy(new Error('context deadline exceeded')));
    const fail = (error: Error): void => {
      timer.cancel();
      reject(error);
    };
    request.once('error', fail);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST_ANSWER) request.destroy(new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`));
        chunks.push(chunk);
      });
      response.once('error', fail);
      response.once('end', () => {
        timer.cancel();
        fulfil({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', body: Buffer.concat(chunks).toString() });
      });
    });
    request.end(call.body);
  });

const UNTRUSTED = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY']);

/** What went wrong with a connection, as Go tells it. */
function inGoWords({ code = '', message, syscall, address, port }: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  if (UNTRUSTED.has(code)) return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  if (code === 'ECONNREFUSED' && syscall === 'connect') return `dial tcp ${address}:${port}: connect: connection refused`;
  return message;
}

/** Sends a review and returns the answered one; rejects with what went wrong, in kube-apiserver's words. */
export async function callWebhook(transport: WebhookTransport, { url, service, caBundle }: WebhookClientConfig, review: object, timeout: number): Promise<Record<string, unknown>> {
  const { namespace = '', name = '', path = '/', port = 443 } = service ?? {};
  const target = new URL(service ? `https://${name}.${namespace}.svc:${port}${path}` : url ?? '');
  target.searchParams.set('timeout', `${timeout / 1_000}s`);
  if (target.pathname.length > 1) target.pathname = target.pathname.replace(/\/+$/, '');
  // URL leaves out the port that https has anyway; Kubernetes names it.
  const named = service && port === 443 ? target.href.replace('.svc/', '.svc:443/') : target.href;
  let answer: WebhookAnswer;
  try {
    answer = await transport({
      url: named, body: JSON.stringify(review), timeout,
      ...(service ? { service: { namespace, name, port } } : {}),
      ...(caBundle ? { certificateAuthority: Buffer.from(caBundle, 'base64').toString() } : {}),
    });
  } catch (error) {
    throw new Error(`Post ${JSON.stringify(named)}: ${inGoWords(error as NodeJS.ErrnoException)}`, { cause: error });
  }
  return readAnswer(answer);
}
