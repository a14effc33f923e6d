import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, fetch as undiciFetch } from 'undici';
import type { RequestInit, Response } from 'undici';
import { parse } from 'yaml';

export const CLI = new URL('../../src/cli/main.js', import.meta.url).pathname;
export const ROOT = new URL('../../../', import.meta.url).pathname;

/** Whether the real kubectl is on the path. */
export const hasKubectl = spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0;

/** What makes clients of Kubernetes and AWS talk to a sandbox. */
export const sandboxEnvironment = (kubeconfig: string, awsUrl: string): NodeJS.ProcessEnv => ({
  ...process.env, KUBECONFIG: kubeconfig, AWS_ENDPOINT_URL: awsUrl, AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-west-2',
  AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox',
});

/** A request to the server of a kubeconfig that a sandbox has written, as its administrator. */
export function fetchAsAdministrator(kubeconfig: string, path: string, init: RequestInit = {}): Promise<Response> {
  const { server, token, dispatcher } = administratorOf(kubeconfig);
  return undiciFetch(`${server}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers }, dispatcher });
}

/** The server and the credential of a kubeconfig that a sandbox has written. */
function administratorOf(kubeconfig: string): { server: string; token: string; dispatcher: Agent } {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]; users: { user: { token: string } }[] };
  const { server, 'certificate-authority-data': authority } = clusters[0]!.cluster;
  return { server, token: users[0]!.user.token, dispatcher: new Agent({ connect: { ca: Buffer.from(authority, 'base64') } }) };
}

/** A command's end. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** `karpenter-ts sandbox` as a process of its own, as users run it. */
export class SandboxProcess {
  readonly folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-'));
  /** How much longer things may take than with a clock that runs ahead. */
  readonly patience: number = 1;
  kubeconfig = join(this.folder, 'kubeconfig');
  apiServerUrl = '';
  awsUrl = '';
  output = '';
  private child: ChildProcess | undefined;
  #administrator: ReturnType<typeof administratorOf> | undefined;

  /** Starts it and waits until its API server answers. */
  start(...flags: readonly string[]): Promise<this> {
    return this.launch('--write-kubeconfig', this.kubeconfig, ...flags);
  }

  protected async launch(...flags: readonly string[]): Promise<this> {
    const child = spawn(process.execPath, [CLI, 'sandbox', '--metrics-port', '0', ...flags], { cwd: ROOT });
    this.child = child;
    child.stderr.on('data', (chunk: Buffer) => { this.output += chunk.toString(); });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}:\n${this.output}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.output += `${line}\n`;
        const urls = /^API server (\S+) .*AWS ([^\s,]+)/.exec(line);
        if (urls) [, this.apiServerUrl = '', this.awsUrl = ''] = urls;
        if (line.startsWith('kubectl ')) resolve();
      });
    });
    return this;
  }

  /** Stops the process, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  /** Ends it as Ctrl-C does; resolves with its exit code. */
  async stop(): Promise<number | null> {
    const { child } = this;
    const ended = new Promise<number | null>((resolve) => (child && child.exitCode === null ? child.once('exit', resolve) : resolve(child?.exitCode ?? null)));
    child?.kill('SIGINT');
    const code = await ended;
    rmSync(this.folder, { recursive: true, force: true });
    return code;
  }

  get environment(): NodeJS.ProcessEnv {
    return sandboxEnvironment(this.kubeconfig, this.awsUrl);
  }

  /** Runs a command to its end. */
  run(command: string, args: readonly string[], { input, path }: { input?: string; path?: string } = {}): Promise<Finished> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd: ROOT, env: { ...this.environment, ...(path ? { PATH: `${path}:${process.env['PATH']}` } : {}) } });
      let [stdout, stderr] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
      child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
      child.stdin.end(input);
    });
  }

  /** Runs kubectl; throws when it fails. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run('kubectl', args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** A GET of the API server's, with whatever client there is: what both kubectl and our own client would read. */
  async get<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    return (await response.json()) as T;
  }

  /** Any request to the API server, as the administrator. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    this.#administrator ??= administratorOf(this.kubeconfig);
    const { server, token, dispatcher } = this.#administrator;
    return undiciFetch(`${server}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers }, dispatcher });
  }
}

/** Polls until the probe says so; throws what it last said after `timeout` milliseconds. */
export async function eventually(what: string, timeout: number, probe: () => Promise<true | string>): Promise<void> {
  const deadline = performance.now() + timeout;
  let last = '';
  while (performance.now() < deadline) {
    const verdict = await probe().catch((error: Error) => error.message);
    if (verdict === true) return;
    last = verdict;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${what}: not within ${timeout / 1_000}s; last: ${last}`);
}
