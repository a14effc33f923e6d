import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the real kubectl is on the path; suites that need it skip loudly where it is not. */
export const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

export interface KubectlResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The real kubectl against one server, with a home and a cache of its own. */
export class Kubectl {
  private readonly home = mkdtempSync(join(tmpdir(), 'kubectl-'));
  private readonly connection: readonly string[];

  /** @param server a URL, or a kubeconfig file. Of a URL, `ca` is the PEM of who signed the server's certificate, and `token` who asks */
  constructor(server: string, { ca, token }: { ca?: string; token?: string } = {}) {
    this.connection = server.startsWith('http')
      ? ['--server', server, '--kubeconfig', '/dev/null', ...(token ? ['--token', token] : []), ...(ca ? ['--certificate-authority', this.file('ca.crt', ca)] : [])]
      : ['--kubeconfig', server];
  }

  /** `input` goes to standard input. */
  run(args: readonly string[], { input, env = {} }: { input?: string; env?: Record<string, string> } = {}): Promise<KubectlResult> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        [...this.connection, ...args],
        { env: { ...process.env, HOME: this.home, KUBECACHEDIR: join(this.home, 'cache'), ...env }, timeout: 30_000 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
      child.stdin?.end(input ?? '');
    });
  }

  /** What a command prints; throws when it fails. */
  async ok(command: string, input?: string, env?: Record<string, string>): Promise<string> {
    const { code, stdout, stderr } = await this.run(command.split(' '), { ...(input !== undefined && { input }), ...(env && { env }) });
    if (code !== 0) throw new Error(`kubectl ${command}: exit ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** What a command that must fail complains of. */
  async fails(command: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(command.split(' '), { ...(input !== undefined && { input }) });
    if (code === 0) throw new Error(`kubectl ${command} was expected to fail, but printed: ${stdout}`);
    return stderr.trim();
  }

  /** A file in kubectl's home. */
  file(name: string, content: string): string {
    const path = join(this.home, name);
    writeFileSync(path, content);
    return path;
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
