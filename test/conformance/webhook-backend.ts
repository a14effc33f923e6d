import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../src/apiserver/index.js';
import { servingCertificate } from '../../src/sandbox/serving-certificate.js';
import { configMap } from './objects.js';
import type { Body, Session } from './session.js';

export const REGISTRATION = '/apis/admissionregistration.k8s.io/v1';

/** What is answered to a review: the `response`, to which the uid is added; or something that is no review at all. */
export type Reply = { response: JsonObject } | { status?: number; contentType?: string; body?: string | JsonObject } | 'never';
export type Answerer = (request: Body, review: Body) => Reply;

export const allow = (more: JsonObject = {}): Reply => ({ response: { allowed: true, ...more } });
export const deny = (status?: JsonObject): Reply => ({ response: { allowed: false, ...(status && { status }) } });
/** A JSON patch, as webhooks send it. */
export const patchWith = (...operations: readonly JsonObject[]): Reply => allow({ patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') });

/** Made once: it is the same in every scenario. */
let certificate: ReturnType<typeof servingCertificate> | undefined;

/** A call of a webhook, and the number of the request that it belongs to. */
interface Asked { path: string; number: number; review: Body }

/** Whether the server has begun the same request once more since: what it had read of the object was stale. */
const isStale = ({ number, review: { request } }: Asked, later: readonly Asked[]): boolean =>
  later.some((other) => other.number === number && other.review.request.oldObject?.metadata.uid === request.oldObject?.metadata.uid && other.review.request.oldObject?.metadata.resourceVersion !== request.oldObject?.metadata.resourceVersion);

/** Serves the webhooks of one scenario, which configurations name by URL. */
export class WebhookBackend {
  private readonly answerers = new Map<string, Answerer>();
  private readonly reviews: Asked[] = [];
  private registrations = 0;

  private constructor(private readonly session: Session, readonly url: string, readonly caBundle: string) {}

  static async start(session: Session): Promise<WebhookBackend> {
    const { serving, authority } = await (certificate ??= servingCertificate());
    const server = createServer({ cert: serving.certificate, key: serving.key }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    session.normaliser.hide(host, 'WEBHOOKS');
    const backend = new WebhookBackend(session, `https://${host}`, Buffer.from(authority).toString('base64'));
    server.on('request', (request, response) => void backend.serve(request, response));
    session.atEnd(() => { server.closeAllConnections(); server.close(); });
    return backend;
  }

  /** Sets what a path answers; any other allows. */
  on(path: string, answerer: Answerer): void {
    this.answerers.set(path, answerer);
  }

  /** How a path is reached. */
  client(path: string): JsonObject {
    return { url: `${this.url}/${path}`, caBundle: this.caBundle };
  }

  /** A webhook that this backend serves at the path of its name, for ConfigMaps that are created in the scenario's namespace. */
  webhook(name: string, fields: JsonObject = {}): JsonObject {
    return {
      name: `${name}.example.com`, clientConfig: this.client(name), rules: [rules('CREATE', 'configmaps')],
      admissionReviewVersions: ['v1'], sideEffects: 'None', ...this.here, ...fields,
    };
  }

  /** Keeps webhooks to the scenario's namespace. */
  get here(): JsonObject {
    return { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': this.session.namespace } } };
  }

  /** Registers webhooks and waits until they are asked; one more at the beginning tells. */
  async register(kind: 'Validating' | 'Mutating', webhooks: readonly JsonObject[], name = this.session.unique(`webhooks-${++this.registrations}`)): Promise<string> {
    const labels = { probe: name };
    const body = { apiVersion: 'admissionregistration.k8s.io/v1', kind: `${kind}WebhookConfiguration`, metadata: { name }, webhooks: [this.webhook('probe', { objectSelector: { matchLabels: labels } }), ...webhooks] };
    const { status, text } = await this.session.quiet('POST', `${REGISTRATION}/${kind.toLowerCase()}webhookconfigurations`, body);
    if (status !== 201) throw new Error(`the webhooks were refused: ${text}`);
    const deadline = performance.now() + 15_000;
    const told = (): boolean => this.reviews.some(({ path, review }) => path === 'probe' && review.request.object.metadata.labels.probe === name);
    while (!told()) {
      if (performance.now() > deadline) throw new Error(`nobody asks the webhooks of ${name}`);
      await this.session.quiet('POST', `${this.session.in('configmaps')}?dryRun=All`, configMap('probe', {}, { labels }));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.reviews.length = 0;
    return name;
  }

  /** Who was asked since this was last written down, and what, if `pick` says what of it. Calls with what the server had read too early do not count. */
  tell(pick?: (request: Body, review: Body) => unknown): void {
    const key = ({ path, review: { request } }: Asked): string => JSON.stringify([path, request.operation, request.subResource, request.object, request.oldObject?.metadata.uid]);
    const asked = this.reviews.splice(0)
      .filter((each, index, all) => each.path !== 'probe' && !isStale(each, all.slice(index + 1)))
      .filter((each, index, all) => all.findIndex((other) => key(other) === key(each)) === index);
    if (!pick) this.session.note(`asked: ${asked.map(({ path }) => path).join(', ') || 'nobody'}`);
    else for (const { path, review } of asked) this.session.show(`asked ${path}:`, pick(review.request, review));
  }

  /** Who was asked, of webhooks that are asked at the same time. */
  tellSorted(): void {
    this.reviews.sort((left, right) => (left.path < right.path ? -1 : 1));
    this.tell();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const review = JSON.parse(Buffer.concat(chunks).toString()) as Body;
    const path = new URL(request.url ?? '', this.url).pathname.slice(1);
    this.reviews.push({ path, number: this.session.requests, review: { ...review, url: request.url, headers: request.headers } });
    const reply = this.answerers.get(path)?.(review.request, review) ?? allow();
    if (reply === 'never') return;
    if ('response' in reply) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response: { uid: review.request.uid, ...reply.response } }));
    } else {
      const { status = 200, contentType = 'application/json', body = '' } = reply;
      response.writeHead(status, { 'content-type': contentType });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }
  }
}

/** A rule of a webhook: `rules('CREATE UPDATE', 'pods pods/status')`. */
export const rules = (operations: string, resources: string, more: JsonObject = {}): JsonObject =>
  ({ operations: operations.split(' '), apiGroups: [''], apiVersions: ['v1'], resources: resources.split(' '), ...more });
