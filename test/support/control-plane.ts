import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/operator/index.js';
import { Component } from '../../src/operator/testing/real/component.js';
import { freePort } from '../../src/operator/testing/real/free-port.js';
import { RealServer, kubeconfigTextOf, startOnFreePorts } from '../../src/operator/testing/real/real-server.js';
import { binaryOf, kwokStages } from './control-plane-binaries.js';
import type { Component as ComponentName } from './control-plane-binaries.js';

/** What runs beside etcd and kube-apiserver; nothing unless asked for. */
export interface ControlPlaneOptions {
  /** Makes service accounts, among others; without it no pod is admitted. */
  controllerManager?: boolean;
  scheduler?: boolean;
  /** Runs the nodes that have the annotation `kwok.x-k8s.io/node: fake`, and their pods. */
  kwok?: boolean;
  /** Further flags of a component, such as `--node-monitor-grace-period=5s`. */
  flags?: Partial<Record<ComponentName, readonly string[]>>;
}

/** A user as a token names it. */
interface Identity { user: string; groups: readonly string[] }

const USERS = ['system:kube-controller-manager', 'system:kube-scheduler'];

/** A kube-apiserver with its etcd, and what else was asked for, on free loopback ports; all its files are in temporary folders. */
export class ControlPlane {
  /** The administrator's kubeconfig, for kubectl. */
  readonly kubeconfigFile: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'control-plane-'));
  private readonly server: RealServer;
  private readonly others: Component[] = [];
  private readonly reviewer = tokenReviewer();

  constructor(private readonly options: ControlPlaneOptions) {
    this.kubeconfigFile = this.file('admin.kubeconfig');
    const { etcd = [], 'kube-apiserver': more = [] } = options.flags ?? {};
    this.server = new RealServer({
      assets: { etcd: programOf('etcd'), 'kube-apiserver': programOf('kube-apiserver') },
      users: USERS.map((user) => ({ token: user, user })),
      serviceAccounts: true,
      flags: { etcd, 'kube-apiserver': [`--authentication-token-webhook-config-file=${this.file('reviewer.kubeconfig')}`, '--authentication-token-webhook-version=v1', '--enable-admission-plugins=NodeRestriction', ...more] },
    });
  }

  /** Base URL of the API server. */
  get url(): string { return this.server.url; }

  /** Base URL of etcd, which speaks its gRPC gateway's JSON too. */
  get etcdUrl(): string { return this.server.etcdUrl; }

  /** The certificates that vouch for the API server's, as PEM. */
  get ca(): string { return this.server.ca; }

  /** The token of a member of system:masters. */
  get adminToken(): string { return this.server.token; }

  /** A token that says who the bearer is; `system:authenticated` is added by the server. */
  token(user: string, groups: readonly string[] = []): string {
    return `reviewed.${Buffer.from(JSON.stringify({ user, groups } satisfies Identity)).toString('base64url')}`;
  }

  /** The text of a kubeconfig whose user has the token. */
  kubeconfig(token: string): string {
    return this.server.kubeconfigText(token);
  }

  /** Ends all processes and removes the folders. */
  async stop(): Promise<void> {
    await Promise.all([this.server.stop(), ...this.others.map((component) => component.stop())]);
    (await this.reviewer).close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Resolves when all of it is ready. */
  async start(): Promise<this> {
    const { port } = (await this.reviewer).address() as AddressInfo;
    this.write('reviewer.kubeconfig', kubeconfigTextOf(`http://127.0.0.1:${port}`));
    await this.server.start();
    this.write('admin.kubeconfig', this.kubeconfig(this.adminToken));
    const [manager, scheduler, kwok] = await Promise.all([freePort(), freePort(), freePort()]);
    const { controllerManager, scheduler: schedules, kwok: fakes } = this.options;
    const key = this.server.file('service-account.key');
    await Promise.all([
      controllerManager && this.run('kube-controller-manager', `https://127.0.0.1:${manager}/healthz`, [
        `--kubeconfig=${this.configOf('system:kube-controller-manager')}`, `--secure-port=${manager}`, `--cert-dir=${this.file('manager')}`, '--bind-address=127.0.0.1', '--leader-elect=false',
        `--service-account-private-key-file=${key}`, `--root-ca-file=${this.server.file('certificates/apiserver.crt')}`, '--use-service-account-credentials=true',
      // Pods are admitted once their service account is there.
      ]).then((component) => component.ready(`${this.url}/api/v1/namespaces/default/serviceaccounts/default`, this.adminToken)),
      schedules && this.run('kube-scheduler', `https://127.0.0.1:${scheduler}/readyz`, [
        `--kubeconfig=${this.configOf('system:kube-scheduler')}`, `--secure-port=${scheduler}`, `--cert-dir=${this.file('scheduler')}`, '--bind-address=127.0.0.1', '--leader-elect=false',
      ]),
      fakes && this.run('kwok', `http://127.0.0.1:${kwok}/healthz`, [
        `--kubeconfig=${this.kubeconfigFile}`, `--config=${kwokStages()}`, '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake', '--node-lease-duration-seconds=40', `--server-address=127.0.0.1:${kwok}`,
      ]),
    ]);
    return this;
  }

  private async run(name: ComponentName, health: string, args: readonly string[]): Promise<Component> {
    const component = new Component(name, programOf(name), [...args, ...(this.options.flags?.[name] ?? [])], this.file(`${name}.log`), systemClock());
    this.others.push(component);
    await component.ready(health, this.adminToken);
    return component;
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

function programOf(name: ComponentName): string {
  const file = binaryOf(name);
  if (!file) throw new Error(`${name} is neither in KUBEBUILDER_ASSETS nor built; "make control-plane" builds it`);
  return file;
}

/** Starts a control plane; when that fails, nothing of it is left. Needs the binaries that `make control-plane` builds. */
export const startControlPlane = (options: ControlPlaneOptions = {}): Promise<ControlPlane> => startOnFreePorts(() => new ControlPlane(options));

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
