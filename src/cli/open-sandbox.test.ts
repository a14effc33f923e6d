import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../operator/index.js';
import { CliError } from './cli-error.js';
import { openSandbox } from './open-sandbox.js';
import type { SandboxFlags } from './sandbox-command.js';

describe('A sandbox that cannot be opened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karpenter-ts-'));
  const kubeconfig = join(folder, 'kubeconfig');
  after(() => rmSync(folder, { recursive: true }));

  const user = { name: 'nobody', user: { token: 'none' } };
  writeFileSync(kubeconfig, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'nowhere', users: [user],
    // Nobody listens on the discard port.
    clusters: [{ name: 'nowhere', cluster: { server: 'https://127.0.0.1:9' } }],
    contexts: [{ name: 'nowhere', context: { cluster: 'nowhere', user: 'nobody' } }, { name: 'empty', context: { cluster: 'none', user: 'nobody' } }],
  }));

  const refusal = async (flags: Partial<SandboxFlags>): Promise<string> => {
    const all: SandboxFlags = { apply: [], timeout: 1_000, speed: 1, output: 'text', port: 0, awsPort: 0, metricsPort: 0, featureGates: '', operator: false, ...flags };
    const error = await openSandbox(all, systemClock()).then(() => undefined, (thrown: unknown) => thrown);
    if (!(error instanceof CliError)) throw new Error(`not refused: ${String(error)}`);
    return `${error.exitCode}: ${error.message}`;
  };

  it('says which file cannot be read, and which contexts there are', async () => {
    expect(await refusal({ kubeconfig: '/nowhere/kubeconfig' })).to.match(/^1: cannot read the kubeconfig \(\/nowhere\/kubeconfig\): ENOENT/);
    expect(await refusal({ kubeconfig, context: 'production' })).to.equal('2: the kubeconfig has no context "production"; it has "nowhere", "empty"');
    expect(await refusal({ kubeconfig, context: 'empty' })).to.equal(`1: the kubeconfig ${kubeconfig} names no cluster in context "empty": choose another with --context (nowhere, empty)`);
  });

  it('says which context leads to no API server', async () => {
    expect(await refusal({ kubeconfig })).to.match(/^1: context "nowhere" of .*: cannot reach the API server https:\/\/127\.0\.0\.1:9: connect ECONNREFUSED/);
  });

  it('says which flags do not go together', async () => {
    expect(await refusal({ kubeconfig, speed: 60 })).to.equal('2: --speed cannot be used with --kubeconfig: the control plane lives at the pace of the wall clock');
    expect(await refusal({ kubeconfig, dataDir: folder })).to.equal('2: --data-dir is for the embedded API server, and cannot be used with --kubeconfig');
    expect(await refusal({ context: 'nowhere' })).to.equal('2: --context chooses a context of a kubeconfig: name the file with --kubeconfig');
    expect(await refusal({ controllers: 'auto' })).to.equal('2: --controllers is for existing control planes (--kubeconfig): the embedded one has no controllers of its own');
  });
});
