import { randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';
import { parse, stringify } from 'yaml';
import type { JsonObject } from '../../src/apiserver/index.js';
import { Kubectl } from './kubectl.js';
import { Normaliser } from './normalise.js';
import { Watch } from './watch.js';

/** An API server to be looked at, by its address. */
export interface ConformanceServer {
  url: string;
  /** PEM of who signed its certificate. */
  ca?: string;
  /** The bearer token of somebody who may do everything. */
  token?: string;
  /** A bearer token for anybody. */
  tokenOf?(user: string, groups: readonly string[]): string;
}

/** JSON of whatever shape; scenarios know what they asked for. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Body = any;

/** What came back, as it came. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** The body, read as JSON; an empty object if it is none. */
  body: Body;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  /** What of the body is compared; default: all of it. */
  pick?(body: Body): unknown;
  /** Whether what is sent is not written down, since it is another in every run. */
  hidden?: boolean;
  /** Who asks, with the groups; default: one who may do everything. */
  as?: readonly [user: string, ...groups: string[]];
  /** A bearer token that is sent instead; none if it is empty. */
  token?: string;
}

export const MERGE = 'application/merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';

/** One scenario's talk with a server. What is said is written down; what is merely prepared or waited for, with `quiet`, is not. */
export class Session {
  readonly transcript: string[] = [];
  private readonly run = randomBytes(4).toString('hex');
  /** A namespace of the scenario's own; `NS` in the transcript. */
  readonly namespace = `ns-${this.run}`;
  /** An API group of the scenario's own; `GROUP` in the transcript. */
  readonly group = `g-${this.run}.example.com`;
  readonly normaliser = new Normaliser([[this.group, 'GROUP'], [this.namespace, 'NS'], [this.run, 'RUN']]);
  private readonly agent: Agent;
  private readonly watches: Watch[] = [];
  private readonly created: string[] = [];
  private readonly endings: (() => void)[] = [];
  private client: Kubectl | undefined;
  /** Requests that were begun so far. */
  requests = 0;

  constructor(readonly server: ConformanceServer) {
    this.agent = new Agent({ ...(server.ca && { connect: { ca: server.ca } }) });
  }

  /** A name for an object of the cluster that no other scenario has; `NAME-RUN` in the transcript. */
  unique(name: string): string {
    return `${name}-${this.run}`;
  }

  /** The path of a namespaced resource: `in('pods')`, `in('deployments', 'apps/v1')`. */
  in(resource: string, groupVersion = 'v1'): string {
    return `/${groupVersion.includes('/') ? 'apis' : 'api'}/${groupVersion}/namespaces/${this.namespace}/${resource}`;
  }

  /** Makes the namespace, with what controllers put into every one. */
  async open(): Promise<void> {
    await this.quiet('POST', '/api/v1/namespaces', { metadata: { name: this.namespace } });
    await this.until(this.in('serviceaccounts/default'), ({ status }) => status === 200);
    await this.until(this.in('configmaps/kube-root-ca.crt'), ({ status }) => status === 200);
  }

  get(path: string, options?: RequestOptions): Promise<Answer> { return this.say('GET', path, undefined, options); }
  post(path: string, body: unknown, options?: RequestOptions): Promise<Answer> { return this.say('POST', path, body, options); }
  put(path: string, body: unknown, options?: RequestOptions): Promise<Answer> { return this.say('PUT', path, body, options); }
  delete(path: string, body?: unknown, options?: RequestOptions): Promise<Answer> { return this.say('DELETE', path, body, options); }

  patch(path: string, type: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.say('PATCH', path, body, { ...options, headers: { 'content-type': type, ...options.headers } });
  }

  /** A request that is written down with its answer. */
  async say(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.quiet(method, path, body, options);
    const { 'content-type': type } = answer.headers;
    const warning = [answer.headers['warning'] ?? []].flat().join(', ');
    const picked = options.pick ? options.pick(answer.body) : answer.body;
    const isJson = /^application\/(json|yaml)/.test(type ?? '');
    this.write(
      `> ${method} ${path}${sender(options)}${Object.entries(options.headers ?? {}).map(([name, value]) => ` ${name}: ${value}`).join('')}`,
      ...(body === undefined || options.hidden ? [] : [`> ${(typeof body === 'string' || Buffer.isBuffer(body) ? String(body) : JSON.stringify(this.normaliser.json(body))).slice(0, 600)}`]),
      `< ${answer.status}${type === 'application/json' ? '' : ` ${type}`}`,
      ...(warning ? [`< warning: ${warning}`] : []),
      ...(isJson || options.pick ? this.print(picked) : answer.text.split('\n')).map((line) => `  ${line}`),
    );
    return answer;
  }

  /** A request that is not written down. */
  async quiet(method: string, path: string, body?: unknown, { headers = {}, as, token = as ? this.tokenOf(as) : this.server.token }: RequestOptions = {}): Promise<Answer> {
    this.requests += 1;
    const response = await request(this.server.url + path, {
      method: method as 'GET', dispatcher: this.agent,
      headers: { 'user-agent': 'conformance', accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const answer = { status: response.statusCode, headers: response.headers as Record<string, string>, text, body: parsed(text, response.headers['content-type'] === 'application/yaml') };
    if (answer.status === 201 && answer.body.metadata?.name && !path.includes('/namespaces/')) this.created.push(`${path.replace(/\?.*/, '').replace(new RegExp(`/${answer.body.metadata.name}$`), '')}/${answer.body.metadata.name}`);
    return answer;
  }

  /** Opens a watch; what it sends is written down by `expect`. */
  async watch(path: string, options: RequestOptions = {}): Promise<Watch> {
    this.write(`> WATCH ${path}${sender(options)}`);
    const { as, token = as ? this.tokenOf(as) : this.server.token, headers = {} } = options;
    const response = await request(this.server.url + path, { dispatcher: this.agent, headers: { 'user-agent': 'conformance', accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers } });
    const watch = new Watch(response.body, (line) => this.write(line), (value) => this.print(options.pick ? options.pick(value) : value));
    this.watches.push(watch);
    if (response.statusCode !== 200) this.write(`< ${response.statusCode}`);
    return watch;
  }

  /** The real kubectl; what it prints is written down. `input` goes to its standard input. */
  async kubectl(command: string, input?: string, { mask = (text) => text }: { mask?: (text: string) => string } = {}): Promise<string> {
    this.client ??= new Kubectl(this.server.url, this.server);
    const { code, stdout, stderr } = await this.client.run(['-n', this.namespace, ...command.split(' ')], { ...(input !== undefined && { input }) });
    const lines = (text: string): string[] => (text === '' ? [] : mask(this.normaliser.text(text)).trimEnd().split('\n').map((line) => `  ${line.trimEnd()}`));
    this.write(`$ kubectl ${command}`, ...(code === 0 ? [] : [`exit ${code}`]), ...lines(stdout), ...lines(stderr));
    return stdout;
  }

  /** A file that kubectl can read. */
  file(name: string, content: string): string {
    this.client ??= new Kubectl(this.server.url, this.server);
    return this.client.file(name, content);
  }

  /** Asks until the answer is as wanted; nothing of it is written down. */
  async until(path: string, wanted: (answer: Answer) => boolean, options: RequestOptions = {}): Promise<Answer> {
    const deadline = performance.now() + 15_000;
    for (;;) {
      const answer = await this.quiet('GET', path, undefined, options);
      if (wanted(answer)) return answer;
      if (performance.now() > deadline) throw new Error(`GET ${path} is still not as wanted: ${answer.status} ${answer.text.slice(0, 2_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Creates a CRD and waits until it is served. */
  async define(crd: JsonObject): Promise<void> {
    const { body, status, text } = await this.quiet('POST', CRDS, crd);
    if (status !== 201) throw new Error(`the CRD was refused: ${text}`);
    await this.until(`${CRDS}/${body.metadata.name}`, established);
    // Its endpoints follow the condition a moment later.
    for (const { name } of body.spec.versions.filter(({ served }: { served: boolean }) => served)) await this.until(`/apis/${body.spec.group}/${name}/${body.spec.names.plural}`, (answer) => answer.status === 200);
  }

  /** Takes out what the scenario left in the cluster. */
  async close(): Promise<void> {
    for (const watch of this.watches) watch.close();
    for (const path of this.created.reverse()) await this.quiet('DELETE', path);
    for (const end of this.endings) end();
    this.client?.close();
    await this.agent.destroy();
  }

  private tokenOf([user, ...groups]: NonNullable<RequestOptions['as']>): string {
    if (!this.server.tokenOf) throw new Error('the server was given no tokenOf, so that only the administrator can ask');
    return this.server.tokenOf(user, groups);
  }

  /** Writes down something that the scenario worked out. */
  note(line: string): void {
    this.write(line);
  }

  /** Writes down a value, under a line that says what it is. */
  show(what: string, value: unknown): void {
    this.write(what, ...this.print(value).map((line) => `  ${line}`));
  }

  /** Has something done when the scenario is over. */
  atEnd(action: () => void): void {
    this.endings.push(action);
  }

  /** A value as lines of YAML. */
  private print(value: unknown): string[] {
    return stringify(this.normaliser.json(value), { lineWidth: 0 }).trimEnd().split('\n');
  }

  private write(...lines: readonly string[]): void {
    this.transcript.push(...lines.map((line) => this.normaliser.text(line)));
  }
}

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const established = ({ body }: Answer): boolean => body.status?.conditions?.some(({ type, status }: { type: string; status: string }) => type === 'Established' && status === 'True');

/** Who sends a request, where that is not the administrator. */
function sender({ as, token }: RequestOptions): string {
  if (token !== undefined) return token ? ' with a token' : ' without a token';
  return as ? ` as ${as.join(', ')}` : '';
}

function parsed(text: string, yaml: boolean): Body {
  try {
    return yaml ? parse(text) : JSON.parse(text);
  } catch {
    return {};
  }
}
