import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { CliError } from './cli-error.js';

const NAME = 'karpenter-ts-sandbox';

/** A kubeconfig for a sandbox's API server. */
export const sandboxKubeconfig = (server: string): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': NAME,
  clusters: [{ name: NAME, cluster: { server } }],
  contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
  users: [{ name: NAME, user: { token: 'sandbox' } }],
});

/** Writes it to a file of its own: the user's kubeconfig and its current context stay as they are. */
export async function writeKubeconfig(path: string, server: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, stringify(sandboxKubeconfig(server)), { mode: 0o600 });
  } catch (error) {
    throw new CliError(`cannot write the kubeconfig: ${(error as Error).message}`);
  }
}

/** What kubectl would use. Throws {@link CliError} when it cannot be read or names no cluster. */
export async function loadKubeconfig(): Promise<KubeConfig> {
  // Not before it is needed: it costs the sandbox, which has no use for it, 90 MB and a second.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const kubeconfig = new KubeConfig();
  try {
    kubeconfig.loadFromDefault();
  } catch (error) {
    throw new CliError(`cannot read the kubeconfig (KUBECONFIG, ~/.kube/config, or in-cluster): ${(error as Error).message.split('\n')[0]}`);
  }
  const cluster = kubeconfig.getCurrentCluster();
  if (!cluster || cluster.server === '') throw new CliError('the kubeconfig names no cluster: set KUBECONFIG, or choose a context with "kubectl config use-context"');
  return kubeconfig;
}
