import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import type { RequestOptions } from 'node:https';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { createApiServer, httpsWebhooks } from '../../apiserver/index.js';
import type { ApiServer } from '../../apiserver/index.js';
import type { Clock } from '../clock.js';
import { sleep, systemClock } from '../clock.js';
import type { AdmissionVerdict } from '../dsl/admission.js';
import { Validates } from '../dsl/admission.js';
import { compile } from '../dsl/compile.js';
import { ConfigMap, Secret } from '../kinds/core.js';
import { KubeClient } from '../kube/client.js';
import { handlerTransport } from '../kube/handler-transport.js';
import type { KubeTransport } from '../kube/transport.js';
import { webhookConfigurations } from '../manifests/webhook-configurations.js';
import { seededRandom, systemRandom } from '../random.js';
import type { Operator } from '../runtime/operator.js';
import { createOperator } from '../runtime/operator.js';
import { reconcilers } from '../runtime/reconcilers.js';
import { TypedApi } from '../testing/typed-api.js';
import { certificatesIn, isSignedBy } from './certificate.js';

const [HOUR, DAY] = [3_600_000, 86_400_000];
const SERVICE = { namespace: 'default', name: 'hook' };
const SECRET = 'test-webhook-certificates';
const real = systemClock();

/** Node checks certificates by the real time, so this clock begins in the past and jumps towards it; what waits for long waits for a jump. */
class JumpClock implements Clock {
  private readonly waiting = new Set<() => void>();
  constructor(private offset: number, private readonly long: number) {}

  now(): number {
    return real.now() + this.offset;
  }

  monotonic(): number {
    return this.now();
  }

  schedule(delay: number, callback: () => void): { cancel(): void } {
    if (delay < this.long) return real.schedule(delay, callback);
    this.waiting.add(callback);
    return { cancel: () => this.waiting.delete(callback) };
  }

  jump(by: number): void {
    this.offset += by;
    const due = [...this.waiting];
    this.waiting.clear();
    for (const callback of due) callback();
  }
}

class Rules {
  @Validates(ConfigMap)
  judge({ data }: ConfigMap): AdmissionVerdict {
    return data?.['good'] === 'no' ? 'it is not good' : undefined;
  }
}

const eventually = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const deadline = real.now() + 15_000; !(await holds()); await sleep(real, 5)) if (real.now() > deadline) throw new Error(`not within 15s: ${what}`);
};

/** An API server, and replicas that it reaches over HTTPS behind one service, in turn. */
class World {
  readonly server: ApiServer;
  readonly transport: KubeTransport;
  readonly api: TypedApi;
  readonly #replicas: { operator: Operator; stop: AbortController; ended: Promise<void> }[] = [];
  #turn = 0;

  constructor(readonly clock: JumpClock) {
    this.server = createApiServer({ clock, random: seededRandom(1), webhooks: httpsWebhooks({ resolve: ({ name }) => (name === SERVICE.name ? this.#endpoint() : undefined) }) });
    this.transport = handlerTransport(this.server);
    this.api = new TypedApi(new KubeClient(this.transport, { clock: real, random: seededRandom(2), userAgent: 'test' }));
  }

  /** Tells the API server of the webhooks. */
  async configure(): Promise<void> {
    for (const configuration of webhookConfigurations(compile([Rules]), 'test', { service: SERVICE })) {
      await this.api.client.create({ group: 'admissionregistration.k8s.io', version: 'v1', kind: configuration.kind, plural: `${configuration.kind.toLowerCase()}s`, namespaced: false }, configuration);
    }
  }

  start(transport = this.transport): Operator {
    const operator = createOperator({
      name: 'test', clock: this.clock, random: systemRandom, transport, ports: false, processMetrics: false,
      logger: { debug() {}, info() {}, warn() {}, error() {}, child() { return this; } },
      leaderElection: { lease: 'test', namespace: 'default' },
      webhooks: { port: 0, host: '127.0.0.1', service: SERVICE, lifetimes: { authority: 400 * DAY, serving: 390 * DAY } },
    }).use(reconcilers(Rules));
    const stop = new AbortController();
    this.#replicas.push({ operator, stop, ended: operator.run({ signal: stop.signal }) });
    return operator;
  }

  async ready(operator: Operator): Promise<void> {
    await eventually('ready', async () => (await operator.readyz.report('webhook-certificates'))?.healthy === true);
  }

  async secret(): Promise<Record<string, string>> {
    const { data = {} } = await this.api.get(Secret, SECRET);
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]));
  }

  async bundle(): Promise<string> {
    const kind = { group: 'admissionregistration.k8s.io', version: 'v1', kind: 'ValidatingWebhookConfiguration', plural: 'validatingwebhookconfigurations', namespaced: false };
    const { webhooks } = await this.api.client.get<ConfigMap & { webhooks: { clientConfig: { caBundle: string } }[] }>(kind, { name: 'test' });
    return Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString();
  }

  async write(name: string, good = 'yes'): Promise<string> {
    return this.api.create(ConfigMap, { metadata: { name }, data: { good } }).then(() => 'stored', (error: Error) => error.message);
  }

  async close(): Promise<void> {
    for (const { stop } of this.#replicas) stop.abort();
    await Promise.all(this.#replicas.map(({ ended }) => ended));
    await this.server.close();
  }

  #endpoint(): { host: string; port: number } | undefined {
    const ports = this.#replicas.flatMap(({ operator: { webhookPort } }) => webhookPort ?? []);
    this.#turn += 1;
    const port = ports[this.#turn % ports.length];
    return port === undefined ? undefined : { host: '127.0.0.1', port };
  }
}

/** The certificate that a replica shows. */
const shown = ({ webhookPort }: Operator): Promise<X509Certificate> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: webhookPort ?? 0, rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    }).once('error', reject);
  });

interface Answer { status: number; reason: string }

/** What an operator answers to a request whose body `send` writes. */
const ask = ({ webhookPort }: Operator, ca: string, options: RequestOptions, send: (write: (chunk: string | Buffer) => boolean, end: () => void) => void): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: webhookPort, servername: 'hook.default.svc', ca, method: 'POST', path: '/validate-v1-configmap', headers: { 'content-type': 'application/json' }, agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, reason: (JSON.parse(text) as { reason: string }).reason }));
    });
    // What is sent after the refusal finds a closed connection.
    asked.on('error', reject);
    send((chunk) => asked.write(chunk), () => asked.end());
  });

describe('Webhooks over HTTPS', function webhooks() {
  this.timeout(30_000);
  let world: World;
  let load = new AbortController();
  beforeEach(() => { load = new AbortController(); });
  afterEach(() => {
    load.abort();
    return world.close();
  });

  it('of two replicas that start together share one authority, and followers answer like the leader', async () => {
    world = new World(new JumpClock(0, 30_000));
    await world.configure();
    const replicas = [world.start(), world.start(), world.start()];
    await Promise.all(replicas.map((replica) => world.ready(replica)));
    const { 'ca.crt': authority = '', 'tls.crt': served = '' } = await world.secret();
    expect(certificatesIn(authority)).to.have.length(1);
    expect(await world.bundle()).to.equal(authority);
    for (const replica of replicas) expect((await shown(replica)).fingerprint256).to.equal(new X509Certificate(served).fingerprint256);
    for (const name of ['a', 'b', 'c']) {
      expect(await world.write(name)).to.equal('stored');
      expect(await world.write(name, 'no')).to.equal('admission webhook "validate.configmaps.core" denied the request: it is not good');
    }
  });

  it('change their certificate and their authority without one failed request', async () => {
    const clock = new JumpClock(-300 * DAY, 30_000);
    world = new World(clock);
    await world.configure();
    const replicas = [world.start(), world.start()];
    await Promise.all(replicas.map((replica) => world.ready(replica)));
    const first = await world.secret();
    const answers: string[] = [];
    const users = [0, 1].map(async (user) => {
      for (let count = 0; !load.signal.aborted; count += 1) answers.push(await world.write(`${user}-${count}`));
    });
    clock.jump(270 * DAY);
    await eventually('both authorities are trusted', async () => certificatesIn(await world.bundle()).length === 2);
    expect((await world.secret())['tls.crt']).to.equal(first['tls.crt']);
    clock.jump(2 * HOUR);
    await eventually('a certificate of the new authority', async () => (await world.secret())['tls.crt'] !== first['tls.crt']);
    const second = await world.secret();
    const [newest = '', old = ''] = certificatesIn(second['ca.crt'] ?? '');
    expect(old).to.equal(first['ca.crt']);
    expect(isSignedBy(second['tls.crt'] ?? '', newest)).to.equal(true);
    // A replica that did not write the Secret may have looked a moment before.
    await eventually('all replicas serve it', async () => {
      clock.jump(0);
      const fingerprints = await Promise.all(replicas.map(async (replica) => (await shown(replica)).fingerprint256));
      return fingerprints.every((fingerprint) => fingerprint === new X509Certificate(second['tls.crt'] ?? '').fingerprint256);
    });
    const before = answers.length;
    await eventually('requests go on', () => answers.length > before + 4);
    load.abort();
    await Promise.all(users);
    expect(answers.filter((answer) => answer !== 'stored')).to.deep.equal([]);
  });

  it('restore a Secret that somebody deleted, and a bundle that somebody overwrote', async () => {
    const clock = new JumpClock(0, 30_000);
    world = new World(clock);
    const operator = world.start();
    await world.ready(operator);
    const before = await world.secret();
    await world.configure();
    await world.api.delete(Secret, SECRET);
    clock.jump(0);
    await eventually('the Secret is back', async () => (await world.api.find(Secret, SECRET)) !== undefined);
    expect(await world.secret()).to.deep.equal(before);
    await eventually('the bundle is in the late configuration', async () => (await world.bundle()) === before['ca.crt']);
  });

  it('make an operator ready only once there are certificates', async () => {
    world = new World(new JumpClock(0, 30_000));
    let allowed = false;
    async function* refusal(): AsyncGenerator<Buffer> {
      yield Buffer.from(JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'no secrets yet' }));
    }
    const operator = world.start({
      ...world.transport,
      send: (call) => (call.path.includes('/secrets') && !allowed ? Promise.resolve({ status: 403, headers: {}, body: refusal() }) : world.transport.send(call)),
    });
    await eventually('it has tried', async () => /certificates: .*no secrets yet/.test((await operator.readyz.report('webhook-certificates'))?.text ?? ''));
    allowed = true;
    await world.ready(operator);
  });

  it('refuse what is too large, too slow or no HTTP, and go on answering others', async () => {
    const clock = new JumpClock(0, 15_000);
    world = new World(clock);
    await world.configure();
    const operator = world.start();
    await world.ready(operator);
    const ca = await world.bundle();
    const announced = ask(operator, ca, { headers: { 'content-type': 'application/json', 'content-length': String(2 ** 30) } }, (write) => write('{'));
    expect(await announced).to.deep.equal({ status: 413, reason: 'RequestEntityTooLarge' });
    const slow = ask(operator, ca, {}, (write) => write('{"apiVersion":'));
    const garbage = connect({ host: '127.0.0.1', port: operator.webhookPort ?? 0, ca, servername: 'hook.default.svc' }, () => garbage.write('\0\0\0 nonsense\r\n\r\n'));
    garbage.on('error', () => undefined);
    expect(await world.write('a')).to.equal('stored');
    clock.jump(0);
    expect(await slow).to.deep.equal({ status: 408, reason: 'Timeout' });
    expect(await world.write('b')).to.equal('stored');
    garbage.destroy();
  });
});
