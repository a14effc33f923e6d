import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { get as httpsGet } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryOf, kwokStages } from './control-plane-binaries.js';
import type { Component } from './control-plane-binaries.js';
import { freePort } from './sandbox-process.js';

/** What runs beside etcd and kube-apiserver; nothing unless asked for. */
export interface ControlPlaneOptions {
  /** Makes service accounts, among others; without it no pod is admitted. */
  controllerManager?: boolean;
  scheduler?: boolean;
  /** Runs the nodes that have the annotation `kwok.x-k8s.io/node: fake`, and their pods. */
  kwok?: boolean;
  /** Further flags of a component, such as `--node-monitor-grace-period=5s`. */
  flags?: Partial<Record<Component, readonly string[]>>;
}

/** A user as a token names it. */
interface Identity { user: string; groups: readonly string[] }

/** How long a component may take until it is ready, in milliseconds. */
const READY_WITHIN = 60_000;
/** Ports are taken between asking for a free one and listening on it; then all starts again. */
const ATTEMPTS = 3;

/**
 * Runs a program that ends with this process however that ends: a watcher reads a pipe that nobody writes to, and at its end, when the
 * last one who holds it is gone, kills the program.
 */
const guarded = (log: number, binary: string, args: readonly string[]): ChildProcess =>
  spawn('sh', ['-c', '(read -r _; kill -9 $$) <&3 >/dev/null 2>&1 & exec "$@" 3<&-', 'sh', binary, ...args], { stdio: ['ignore', log, log, 'pipe'] });

/** A kube-apiserver with its etcd, and what else was asked for, on free loopback ports; all its files are in a temporary folder. */
export class ControlPlane {
  readonly folder = mkdtempSync(join(tmpdir(), 'control-plane-'));
  /** Base URL of the API server. */
  url = '';
  /** Base URL of etcd, which speaks its gRPC gateway's JSON too. */
  etcdUrl = '';
  /** The certificates that vouch for the API server's, as PEM. */
  ca = '';
  /** kubectl's configuration for a member of system:masters. */
  readonly kubeconfigFile = this.file('admin.kubeconfig');
  /** The token of a member of system:masters. */
  readonly adminToken = 'admin-token';
  private readonly processes = new Map<Component, ChildProcess>();
  private readonly reviewer = tokenReviewer();

  constructor(private readonly options: ControlPlaneOptions) {}

  /** A token that says who the bearer is; `system:authenticated` is added by the server. */
  token(user: string, groups: readonly string[] = []): string {
    return `reviewed.${Buffer.from(JSON.stringify({ user, groups } satisfies Identity)).toString('base64url')}`;
  }

  /** The text of a kubeconfig whose user has the token. */
  kubeconfig(token: string): string {
    return kubeconfig(this.url, token, this.ca);
  }

  /** The process of a component, for those who stop or pause it. */
  process(component: Component): ChildProcess {
    const found = this.processes.get(component);
    if (!found) throw new Error(`${component} does not run; startControlPlane takes controllerManager, scheduler and kwok`);
    return found;
  }

  /** What a component has logged. */
  log(component: Component): string {
    return readFileSync(this.file(`${component}.log`), 'utf8');
  }

  /** Ends all processes and removes the folder. */
  async stop(): Promise<void> {
    const running = [...this.processes.values()].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(running.map((child) => new Promise((resolve) => { child.once('exit', resolve); child.kill('SIGKILL'); })));
    (await this.reviewer).close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Resolves when all of it is ready. */
  async start(): Promise<this> {
    const [etcd, peers, secure, manager, scheduler, kwok] = await Promise.all(Array.from({ length: 6 }, freePort)) as [number, number, number, number, number, number];
    this.url = `https://127.0.0.1:${secure}`;
    this.etcdUrl = `http://127.0.0.1:${etcd}`;
    this.run('etcd', [
      `--data-dir=${this.file('etcd')}`, '--unsafe-no-fsync', '--log-level=error', `--listen-client-urls=${this.etcdUrl}`, `--advertise-client-urls=${this.etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peers}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peers}`, `--initial-cluster=default=http://127.0.0.1:${peers}`,
    ]);
    await this.startServer(secure);
    if (this.options.controllerManager) {
      this.run('kube-controller-manager', [
        `--kubeconfig=${this.configOf('system:kube-controller-manager')}`, `--secure-port=${manager}`, `--cert-dir=${this.file('manager')}`, '--bind-address=127.0.0.1', '--leader-elect=false',
        `--service-account-private-key-file=${this.file('service-account.key')}`, `--root-ca-file=${this.file('certificates/apiserver.crt')}`, '--use-service-account-credentials=true',
      ]);
    }
    if (this.options.scheduler) {
      this.run('kube-scheduler', [`--kubeconfig=${this.configOf('system:kube-scheduler')}`, `--secure-port=${scheduler}`, `--cert-dir=${this.file('scheduler')}`, '--bind-address=127.0.0.1', '--leader-elect=false']);
    }
    if (this.options.kwok) {
      this.run('kwok', [
        `--kubeconfig=${this.kubeconfigFile}`, `--config=${kwokStages()}`, '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake', '--node-lease-duration-seconds=40', `--server-address=127.0.0.1:${kwok}`,
      ]);
    }
    await Promise.all([
      this.options.controllerManager && this.ready('kube-controller-manager', `https://127.0.0.1:${manager}/healthz`),
      // Pods are admitted once their service account is there.
      this.options.controllerManager && this.ready('kube-controller-manager', `${this.url}/api/v1/namespaces/default/serviceaccounts/default`),
      this.options.scheduler && this.ready('kube-scheduler', `https://127.0.0.1:${scheduler}/readyz`),
      this.options.kwok && this.ready('kwok', `http://127.0.0.1:${kwok}/healthz`),
    ]);
    return this;
  }

  private async startServer(secure: number): Promise<void> {
    const { port } = (await this.reviewer).address() as AddressInfo;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
    this.write('service-account.key', privateKey);
    this.write('tokens.csv', `${this.adminToken},admin,admin,"system:masters"\n${['system:kube-controller-manager', 'system:kube-scheduler'].map((user) => `${user},${user},${user}\n`).join('')}`);
    this.write('reviewer.kubeconfig', kubeconfig(`http://127.0.0.1:${port}`));
    mkdirSync(this.file('certificates'));
    this.run('kube-apiserver', [
      `--etcd-servers=${this.etcdUrl}`, `--secure-port=${secure}`, '--bind-address=127.0.0.1', `--cert-dir=${this.file('certificates')}`, '--authorization-mode=Node,RBAC',
      `--token-auth-file=${this.file('tokens.csv')}`, `--authentication-token-webhook-config-file=${this.file('reviewer.kubeconfig')}`, '--authentication-token-webhook-version=v1',
      '--enable-admission-plugins=NodeRestriction', '--allow-privileged=true', '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local', `--service-account-key-file=${this.file('service-account.key')}`, `--service-account-signing-key-file=${this.file('service-account.key')}`,
    ]);
    await this.ready('kube-apiserver', `${this.url}/readyz`);
    this.ca = readFileSync(this.file('certificates/apiserver.crt'), 'utf8');
    this.write('admin.kubeconfig', this.kubeconfig(this.adminToken));
  }

  private run(component: Component, args: readonly string[]): void {
    const binary = binaryOf(component);
    if (!binary) throw new Error(`${component} is neither in KUBEBUILDER_ASSETS nor built; "make control-plane" builds it`);
    const child = guarded(openSync(this.file(`${component}.log`), 'a'), binary, [...args, ...(this.options.flags?.[component] ?? [])]);
    child.once('exit', () => (child.stdio[3] as { destroy(): void }).destroy());
    this.processes.set(component, child);
  }

  /** Resolves when the address answers 200; rejects when the component ends before, or with what it logged when it takes too long. */
  private async ready(component: Component, url: string): Promise<void> {
    const deadline = performance.now() + READY_WITHIN;
    const failure = (what: string): Error => new Error(`${component} ${what}; it logged last:\n${this.log(component).split('\n').slice(-15).join('\n')}`);
    for (;;) {
      const child = this.process(component);
      if (child.exitCode !== null || child.signalCode !== null) throw failure(`ended with ${child.exitCode ?? child.signalCode} before it was ready`);
      if (await answers(url, this.adminToken)) return;
      if (performance.now() > deadline) throw failure(`was not ready within ${READY_WITHIN / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The file of a kubeconfig for a component's own user. */
  private configOf(user: string): string {
    return this.write(`${user.replaceAll(':', '-')}.kubeconfig`, this.kubeconfig(user));
  }

  private file(name: string): string {
    return join(this.folder, name);
  }

  private write(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o600 });
    return this.file(name);
  }
}

/** Starts a control plane; when that fails, nothing of it is left. Needs the binaries that `make control-plane` builds. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  for (let attempt = 1; ; attempt += 1) {
    const plane = new ControlPlane(options);
    try {
      return await plane.start();
    } catch (error) {
      await plane.stop();
      if (attempt === ATTEMPTS || !/address already in use/.test((error as Error).message)) throw error;
    }
  }
}

const kubeconfig = (server: string, token?: string, ca?: string): string => JSON.stringify({
  apiVersion: 'v1', kind: 'Config', 'current-context': 'plane',
  clusters: [{ name: 'plane', cluster: { server, ...(ca && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }) } }],
  users: [{ name: 'plane', user: token ? { token } : {} }],
  contexts: [{ name: 'plane', context: { cluster: 'plane', user: 'plane' } }],
}, undefined, 2);

/** Whether a GET is answered with 200; certificates are not looked at, since the one that vouches may not be there yet. */
const answers = (url: string, token: string): Promise<boolean> => new Promise((resolve) => {
  if (url.startsWith('http:')) fetch(url).then(({ ok }) => resolve(ok), () => resolve(false));
  else httpsGet(url, { rejectUnauthorized: false, agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => resolve(response.resume().statusCode === 200)).on('error', () => resolve(false));
});

/** Answers the API server's TokenReviews: the tokens of `ControlPlane.token` say themselves who their bearers are. */
const tokenReviewer = (): Promise<Server> => new Promise((resolve) => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const { spec } = JSON.parse(Buffer.concat(chunks).toString()) as { spec: { token: string } };
      const [, claims] = /^reviewed\.(.+)$/.exec(spec.token) ?? [];
      const identity = claims && JSON.parse(Buffer.from(claims, 'base64url').toString()) as Identity;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({
        apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview',
        status: identity ? { authenticated: true, user: { username: identity.user, groups: identity.groups } } : { authenticated: false },
      }));
    });
  }).listen(0, '127.0.0.1', () => resolve(server.unref()));
});
