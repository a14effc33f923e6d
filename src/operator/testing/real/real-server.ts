import { KubeConfig } from '@kubernetes/client-node';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock.js';
import { systemRandom } from '../../random.js';
import { Component } from './component.js';
import { freePort } from './free-port.js';

const PROGRAMS = ['etcd', 'kube-apiserver'] as const;
type Program = (typeof PROGRAMS)[number];

const ATTEMPTS = 3;

/** A user whom a token names. */
export interface TokenUser {
  readonly token: string;
  readonly user: string;
  readonly groups?: readonly string[];
}

/** How a real API server is started. */
export interface RealServerOptions {
  /** The folder with the programs `etcd` and `kube-apiserver`, or the file of each. Default: the folder that the environment names in `KUBEBUILDER_ASSETS`, as for controller-runtime's envtest. */
  assets?: string | Readonly<Record<Program, string>>;
  /** Further flags. */
  flags?: Partial<Record<Program, readonly string[]>>;
  /** Users beside the administrator. */
  users?: readonly TokenUser[];
  /** Wait for service accounts before pods are admitted: for those who start a controller manager, which makes them. Default false. */
  serviceAccounts?: boolean;
}

/** The programs are not there; the message says how they are had. */
export class RealServerUnavailable extends Error {
  override readonly name = 'RealServerUnavailable';
}

/** The files of the programs. Throws {@link RealServerUnavailable}. */
function programsIn(assets: RealServerOptions['assets'] = process.env['KUBEBUILDER_ASSETS'] ?? ''): Readonly<Record<Program, string>> {
  if (typeof assets !== 'string') return assets;
  const missing = PROGRAMS.filter((program) => assets === '' || !existsSync(join(assets, program)));
  if (missing.length > 0) {
    throw new RealServerUnavailable(`${assets === '' ? 'KUBEBUILDER_ASSETS is not set' : `there is no ${missing.join(' and no ')} in ${assets}`}: it has to be a folder with the programs etcd and kube-apiserver, such as "setup-envtest use -p path" prints`);
  }
  return { etcd: join(assets, 'etcd'), 'kube-apiserver': join(assets, 'kube-apiserver') };
}

/** Whether a real API server could be started, for suites that are skipped where it cannot. */
export function hasRealServer(assets?: string): boolean {
  try {
    return programsIn(assets) !== undefined;
  } catch {
    return false;
  }
}

/** A kube-apiserver with its etcd, on free loopback ports; all its files are in a temporary folder. RBAC is enforced. */
export class RealServer {
  /** Where its files are; yours may lie there, too. */
  readonly folder = mkdtempSync(join(tmpdir(), 'kube-apiserver-'));
  /** The token of a member of system:masters. */
  readonly token = systemRandom.uuid();
  readonly components = new Map<Program, Component>();
  /** Base URL of the API server. */
  url = '';
  /** Base URL of etcd, which speaks its gRPC gateway's JSON, too. */
  etcdUrl = '';
  /** The certificates that vouch for the API server's, as PEM. */
  ca = '';
  readonly #clock = systemClock();

  constructor(private readonly options: RealServerOptions = {}) {}

  /** The administrator's, or that of the bearer of another token. */
  kubeconfig(token = this.token): KubeConfig {
    const config = new KubeConfig();
    config.loadFromString(this.kubeconfigText(token));
    return config;
  }

  /** The same for a file. */
  kubeconfigText(token = this.token): string {
    return kubeconfigTextOf(this.url, token, this.ca);
  }

  /** The path of a file in the folder. */
  file(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file that only its owner reads, and returns its path. */
  write(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }

  /** Resolves when it is ready; rejects with what was logged when it cannot be. */
  async start(): Promise<this> {
    const programs = programsIn(this.options.assets);
    const [client, peers, secure] = await Promise.all([freePort(), freePort(), freePort()]);
    this.url = `https://127.0.0.1:${secure}`;
    this.etcdUrl = `http://127.0.0.1:${client}`;
    const { users = [], serviceAccounts = false } = this.options;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    const key = this.write('service-account.key', privateKey);
    const tokens = this.write('tokens.csv', [{ token: this.token, user: 'admin', groups: ['system:masters'] }, ...users].map(({ token, user, groups = [] }) => `${token},${user},${user},"${groups.join()}"\n`).join(''));
    mkdirSync(this.file('certificates'), { recursive: true });
    this.#run('etcd', programs, [
      `--data-dir=${this.file('etcd')}`, '--unsafe-no-fsync', '--log-level=error', `--listen-client-urls=${this.etcdUrl}`, `--advertise-client-urls=${this.etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peers}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peers}`, `--initial-cluster=default=http://127.0.0.1:${peers}`,
    ]);
    const server = this.#run('kube-apiserver', programs, [
      `--etcd-servers=${this.etcdUrl}`, `--secure-port=${secure}`, '--bind-address=127.0.0.1', `--cert-dir=${this.file('certificates')}`, '--authorization-mode=Node,RBAC', `--token-auth-file=${tokens}`,
      '--allow-privileged=true', '--service-cluster-ip-range=10.96.0.0/16', ...(serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local', `--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`,
    ]);
    await server.ready(`${this.url}/readyz`, this.token);
    this.ca = readFileSync(this.file('certificates/apiserver.crt'), 'utf8');
    return this;
  }

  /** Ends both processes and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.components.values()].map((component) => component.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #run(program: Program, programs: Readonly<Record<Program, string>>, args: readonly string[]): Component {
    const component = new Component(program, programs[program], [...args, ...(this.options.flags?.[program] ?? [])], this.file(`${program}.log`), this.#clock);
    this.components.set(program, component);
    return component;
  }
}

/** Starts one; when that fails, nothing of it is left. Takes about three seconds. Rejects with {@link RealServerUnavailable}. */
export const startRealServer = (options: RealServerOptions = {}): Promise<RealServer> => startOnFreePorts(() => new RealServer(options));

/** Starts what listens on ports that were free a moment ago: anew, from nothing, when somebody took one meanwhile. When it fails, nothing is left. */
export async function startOnFreePorts<T extends { start(): Promise<T>; stop(): Promise<void> }>(make: () => T): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const made = make();
    try {
      return await made.start();
    } catch (error) {
      await made.stop();
      if (attempt === ATTEMPTS || !/address already in use/.test((error as Error).message)) throw error;
    }
  }
}

/** A kubeconfig with one cluster and one user. */
export const kubeconfigTextOf = (server: string, token?: string, ca?: string): string => JSON.stringify({
  apiVersion: 'v1', kind: 'Config', 'current-context': 'real',
  clusters: [{ name: 'real', cluster: { server, ...(ca && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }) } }],
  users: [{ name: 'real', user: token ? { token } : {} }],
  contexts: [{ name: 'real', context: { cluster: 'real', user: 'real' } }],
}, undefined, 2);
