import type { KubeConfig } from '@kubernetes/client-node';
import { httpTransport, kindRefOf, systemRandom } from '../operator/index.js';
import type { Clock } from '../operator/index.js';
import { NodeClaim, NodePool } from '../api/index.js';
import { AttachError, attachSandbox, createSandbox } from '../sandbox/index.js';
import type { ControllerName, Sandbox } from '../sandbox/index.js';
import { CliError } from './cli-error.js';
import { certificateAuthorityOf, loadKubeconfig, writeKubeconfig as writeKubeconfigFile } from './kubeconfig.js';
import { karpenterCrds, karpenterKinds } from './manifests.js';
import type { SandboxFlags } from './sandbox-command.js';

/** A sandbox, and how to get to its API server. */
export interface OpenedSandbox {
  sandbox: Sandbox;
  /** What kubectl is to be told. */
  access: string;
  /** Of who signed the API server's certificate: base64 PEM; empty when it has none. */
  certificateAuthority: string;
  /** On a control plane that was there before. */
  attached?: { kubeconfig: KubeConfig; controllers: readonly ControllerName[] };
}

/** Starts a sandbox with its own API server, or on that of a kubeconfig. Rejects with {@link CliError}. */
export async function openSandbox(flags: SandboxFlags, clock: Clock): Promise<OpenedSandbox> {
  const { awsPort, awsFault, bootDelay } = flags;
  const options = {
    clock, random: systemRandom, crds: karpenterCrds(), awsPort,
    ...(bootDelay === undefined ? {} : { bootDelay: () => bootDelay }), ...(awsFault ? { faults: awsFault.dials } : {}),
  };
  try {
    const opened = await (flags.kubeconfig === undefined ? embed(flags, options) : attach(flags, options));
    for (const pool of awsFault?.exhausted ?? []) opened.sandbox.aws.faults.exhaust(pool);
    return opened;
  } catch (error) {
    const { code, port: taken, message } = error as Error & { code?: string; port?: number };
    if (error instanceof CliError) throw error;
    throw new CliError(code === 'EADDRINUSE' ? `port ${taken} is in use: choose another with --port and --aws-port` : message);
  }
}

type Common = Omit<Parameters<typeof createSandbox>[0], 'kinds'>;

async function embed({ port, dataDir, writeKubeconfig, context, controllers }: SandboxFlags, options: Common): Promise<OpenedSandbox> {
  if (context !== undefined) throw new CliError('--context chooses a context of a kubeconfig: name the file with --kubeconfig', 2);
  if (controllers !== undefined) throw new CliError('--controllers is for existing control planes (--kubeconfig): the embedded one has no controllers of its own', 2);
  const sandbox = await createSandbox({ ...options, kinds: karpenterKinds(), port, ...(dataDir === undefined ? {} : { dataDir }) });
  const { certificateAuthority } = sandbox.access;
  if (writeKubeconfig === undefined) return { sandbox, access: `--server ${sandbox.apiServerUrl} --token ${sandbox.access.token} --insecure-skip-tls-verify`, certificateAuthority };
  await writeKubeconfigFile(writeKubeconfig, sandbox.access);
  return { sandbox, access: `--kubeconfig ${writeKubeconfig}`, certificateAuthority };
}

async function attach({ kubeconfig: file, context, controllers, port, dataDir, writeKubeconfig, speed, operator }: SandboxFlags, options: Common): Promise<OpenedSandbox> {
  const foreign = { '--port': port !== 0, '--data-dir': dataDir !== undefined, '--write-kubeconfig': writeKubeconfig !== undefined };
  for (const [flag, given] of Object.entries(foreign)) if (given) throw new CliError(`${flag} is for the embedded API server, and cannot be used with --kubeconfig`, 2);
  if (speed !== 1) throw new CliError('--speed cannot be used with --kubeconfig: the control plane lives at the pace of the wall clock', 2);
  const kubeconfig = await loadKubeconfig({ file, context });
  const certificateAuthority = await certificateAuthorityOf(kubeconfig);
  const sandbox = await attachSandbox({
    ...options, karpenter: operator, report: (message) => process.stderr.write(`karpenter-ts: ${message}\n`), kinds: [NodeClaim, NodePool].map(kindRefOf), ...(controllers ? { controllers } : {}),
    controlPlane: { url: kubeconfig.getCurrentCluster()?.server ?? '', certificateAuthority, transport: httpTransport(kubeconfig) },
  }).catch((error: unknown) => {
    throw error instanceof AttachError ? new CliError(`context "${kubeconfig.getCurrentContext()}" of ${file}: ${error.message}`) : error;
  });
  return { sandbox, access: `--kubeconfig ${file}${context === undefined ? '' : ` --context ${context}`}`, certificateAuthority, attached: { kubeconfig, controllers: sandbox.controllers } };
}
