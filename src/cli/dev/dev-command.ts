import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { httpTransport, rejectOnAbort, sleep, systemClock } from '../../operator/index.js';
import { Applier } from '../apply.js';
import { CliError } from '../cli-error.js';
import { loadKubeconfig } from '../kubeconfig.js';
import { readManifests } from '../manifest-files.js';
import type { Manifest } from '../manifest-files.js';
import type { Project } from '../project/project.js';
import { Child, finished } from './child.js';
import { freePort, operatorPorts } from './operator-ports.js';
import { roleManifests, writeOperatorKubeconfig } from './operator-access.js';
import { SourceChanges } from './source-changes.js';
import { WEBHOOK_PORT, isUnanswered, webhookManifests } from './webhook-access.js';

export interface DevFlags {
  /** An existing cluster instead of a sandbox. */
  kubeconfig?: string;
  /** Run the operator. Without it: the cluster, with CRDs and samples that follow the sources. */
  operator: boolean;
  /** Port of the sandbox's API server; 0 for any. */
  port: number;
}

type Print = (line: string) => void;

/** Milliseconds until samples are tried again that nobody behind a webhook has answered for. */
const AGAIN = 1_000;

const SAMPLES = 'config/samples';
const CLI = new URL('../main.js', import.meta.url).pathname;
const NODE_POOL = new URL('../../../../config/samples/nodepool.yaml', import.meta.url).pathname;
const textOf = (manifests: readonly Manifest[]): string => JSON.stringify(manifests.map(({ object }) => object));
const describe = (ending: number | string): string => (typeof ending === 'number' ? `exit code ${ending}` : ending);

/**
 * `karpenter-ts dev`: a sandbox, and in it the operator of a project, with just the permissions of its generated role, built and started anew
 * whenever a source is saved. What does not compile is printed, and the operator of before goes on. Ends at a signal, with everything that it started.
 */
export async function devCommand(project: Project, flags: DevFlags, print: Print, signal: AbortSignal): Promise<void> {
  const clock = systemClock();
  const changes = new SourceChanges(['src', SAMPLES].map((folder) => join(project.folder, folder)).filter((folder) => existsSync(folder)));
  const kubeconfig = flags.kubeconfig ?? join(project.folder, '.sandbox/kubeconfig');
  let session: DevSession | undefined;
  let sandbox: Child | undefined;
  try {
    if (flags.kubeconfig === undefined) sandbox = await startSandbox(kubeconfig, flags.port, print, signal);
    session = new DevSession(project, kubeconfig, sandbox ? await writeOperatorKubeconfig(project, kubeconfig) : kubeconfig, flags.operator, print, signal);
    const lost = sandbox?.ended.then((ending) => { throw new CliError(`the sandbox ended with ${describe(ending)}`); });
    lost?.catch(() => undefined);
    for (;;) {
      await session.renew();
      const saved = changes.next(signal);
      saved.catch(() => undefined);
      while (!(await Promise.race([...(lost ? [lost] : []), saved.then(() => true), ...(session.hasSamplesLeft ? [sleep(clock, AGAIN, signal)] : [])]))) await session.applySamples();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    changes.close();
    await session?.stop();
    await sandbox?.stop();
  }
}

const readFolder = async (folder: string): Promise<Manifest[]> => (existsSync(folder) ? (await readManifests([folder], { mayBeEmpty: true })).manifests : []);

/** What follows from the sources. */
class DevSession {
  #operator: Child | undefined;
  #applied: string | undefined;
  #samples: string | undefined;
  #hasSamplesLeft = false;
  #ports: NodeJS.ProcessEnv | undefined;
  #chosenPort: number | undefined;

  constructor(
    private readonly project: Project,
    /** What applies CRDs and samples. */
    private readonly administrator: string,
    /** What the operator has; in an existing cluster the same, and nobody is given a role there. */
    private readonly kubeconfig: string,
    private readonly withOperator: boolean,
    private readonly print: Print,
    private readonly signal: AbortSignal,
  ) {}

  /** Builds, writes and applies CRDs, and starts the operator anew; when one of them fails, says so and leaves the rest as it was. */
  async renew(): Promise<void> {
    for (const [what, command, args] of [['build', 'npm', ['run', '--silent', 'build']], ['manifests', process.execPath, [CLI, 'manifests']]] as const) {
      const { ending, output } = await finished(command, args, { cwd: this.project.folder, env: process.env }, this.signal);
      const text = output.trimEnd();
      if (text !== '') this.print(text);
      if (ending === 0) continue;
      this.print(`dev: ${what} failed${this.#operator?.isRunning ? ', the operator of before goes on' : ''}; waiting for a file under src to be saved`);
      return;
    }
    try {
      await this.#apply();
    } catch (error) {
      this.signal.throwIfAborted();
      this.print(`dev: ${(error as Error).message}${this.#operator?.isRunning ? '; the operator of before goes on' : ''}; waiting for a file under src to be saved`);
      return;
    }
    if (this.withOperator) await this.#restart();
    await this.applySamples();
    if (!this.withOperator) this.print('dev: the cluster is ready');
  }

  /** Whether samples are still to be applied, as nobody has answered behind a webhook. */
  get hasSamplesLeft(): boolean {
    return this.#hasSamplesLeft;
  }

  /** Applies the samples if they changed; what users did to them in the cluster stays until the files change. */
  async applySamples(): Promise<void> {
    const samples = await readFolder(join(this.project.folder, SAMPLES));
    const text = textOf(samples);
    if (text === this.#samples) return;
    const wasWaiting = this.#hasSamplesLeft;
    this.#hasSamplesLeft = false;
    try {
      await this.#applyAll(samples);
      this.#samples = text;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#hasSamplesLeft = isUnanswered(error.message);
      if (!this.#hasSamplesLeft) this.print(`dev: of ${SAMPLES}, ${error.message}`);
      else if (!wasWaiting) this.print(`dev: ${SAMPLES} will be applied when the operator's webhooks answer`);
    }
  }

  /** Ends the operator; nobody is told that it ended then. */
  async stop(): Promise<void> {
    const operator = this.#operator;
    this.#operator = undefined;
    await operator?.stop();
  }

  /** What changed of CRDs, webhooks and role since it was applied. */
  async #apply(): Promise<void> {
    const crds = await readFolder(join(this.project.folder, 'config/crd'));
    const generated = this.kubeconfig === this.administrator ? crds : [...await webhookManifests(this.project, crds, await this.#webhookPort()), ...await roleManifests(this.project)];
    const text = textOf(generated);
    if (text === this.#applied) return;
    await this.#applyAll(generated);
    this.#applied = text;
  }

  async #applyAll(manifests: readonly Manifest[]): Promise<void> {
    const transport = httpTransport(await loadKubeconfig({ file: this.administrator }));
    try {
      await rejectOnAbort(new Applier(transport, this.print).apply(manifests), this.signal);
    } finally {
      await transport.close();
    }
  }

  /** That of the user; any that is free for an operator that is started here. */
  async #webhookPort(): Promise<number> {
    return (this.#chosenPort ??= Number(process.env['WEBHOOK_PORT'] ?? (this.withOperator ? await freePort() : WEBHOOK_PORT)));
  }

  async #restart(): Promise<void> {
    const again = this.#operator !== undefined;
    await this.stop();
    this.signal.throwIfAborted();
    this.#ports ??= await operatorPorts(process.env, this.print);
    const { folder, main } = this.project;
    const operator = new Child(process.execPath, ['--enable-source-maps', join(folder, main)], { cwd: folder, env: { ...process.env, ...this.#ports, WEBHOOK_PORT: String(await this.#webhookPort()), KUBECONFIG: this.kubeconfig }, stdio: ['ignore', 'inherit', 'inherit'] });
    this.#operator = operator;
    this.print(`dev: the operator ${again ? 'starts again' : 'starts'}`);
    const said = (text: string): void => {
      if (this.#operator === operator) this.print(`dev: the operator ${text}; waiting for a file under src to be saved`);
    };
    void operator.ended.then((ending) => said(`ended with ${describe(ending)}`), (error: Error) => said(`cannot be started: ${error.message}`));
  }
}

/**
 * A sandbox in a process of its own, so that its cluster outlives what happens to the operator: with Karpenter in it and a NodePool, so that pods get
 * nodes. Resolves when its API server answers.
 */
async function startSandbox(kubeconfig: string, port: number, print: Print, signal: AbortSignal): Promise<Child> {
  const child = new Child(process.execPath, [
    CLI, 'sandbox', '--write-kubeconfig', kubeconfig, '--port', String(port), '--metrics-port', '0', '--boot-delay', '2s', '--apply', NODE_POOL,
  ], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, isReady] = ['', false];
  const ready = new Promise<void>((resolve) => void child.read((text) => {
    if (isReady) return;
    output += text;
    isReady = /^kubectl /m.test(output);
    if (isReady) resolve();
  }));
  try {
    await rejectOnAbort(Promise.race([ready, child.ended]), signal);
    if (!child.isRunning) throw new CliError(`the sandbox does not start:\n${output.trimEnd()}`);
  } catch (error) {
    await child.stop();
    throw error;
  }
  print(`dev: export KUBECONFIG=${kubeconfig}`);
  return child;
}
