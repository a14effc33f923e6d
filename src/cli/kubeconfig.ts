import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { stringify } from 'yaml';
import type { AdministratorAccess } from '../sandbox/index.js';
import { CliError } from './cli-error.js';

const NAME = 'karpenter-ts-sandbox';

/** A kubeconfig for the administrator of a sandbox's API server. */
const sandboxKubeconfig = ({ server, certificateAuthority, token }: AdministratorAccess): object => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': NAME,
  clusters: [{ name: NAME, cluster: { server, 'certificate-authority-data': certificateAuthority } }],
  contexts: [{ name: NAME, context: { cluster: NAME, user: NAME } }],
  users: [{ name: NAME, user: { token } }],
});

/** Writes it to a file of its own: the user's kubeconfig and its current context stay as they are. */
export async function writeKubeconfig(path: string, access: AdministratorAccess): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, stringify(sandboxKubeconfig(access)), { mode: 0o600 });
  } catch (error) {
    throw new CliError(`cannot write the kubeconfig: ${(error as Error).message}`);
  }
}

/** A kubeconfig file, and the context of it to use; without a file what kubectl would use, without a context its current one. */
export interface KubeconfigChoice {
  file?: string | undefined;
  context?: string | undefined;
}

/** Throws {@link CliError} when the kubeconfig cannot be read, has no such context, or names no cluster. */
export async function loadKubeconfig({ file, context }: KubeconfigChoice = {}): Promise<KubeConfig> {
  // Not before it is needed: it costs the sandbox, which has no use for it, 90 MB and a second.
  const { KubeConfig } = await import('@kubernetes/client-node');
  const kubeconfig = new KubeConfig();
  try {
    if (file === undefined) kubeconfig.loadFromDefault();
    else kubeconfig.loadFromFile(file);
  } catch (error) {
    throw new CliError(`cannot read the kubeconfig (${file ?? 'KUBECONFIG, ~/.kube/config, or in-cluster'}): ${(error as Error).message.split('\n')[0]}`);
  }
  const contexts = kubeconfig.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!contexts.includes(context)) throw new CliError(`the kubeconfig has no context "${context}"; it has ${contexts.length === 0 ? 'none' : contexts.map((name) => `"${name}"`).join(', ')}`, 2);
    kubeconfig.setCurrentContext(context);
  }
  const cluster = kubeconfig.getCurrentCluster();
  if (!cluster || cluster.server === '') {
    throw new CliError(file === undefined
      ? 'the kubeconfig names no cluster: set KUBECONFIG, or choose a context with "kubectl config use-context"'
      : `the kubeconfig ${file} names no cluster in context "${kubeconfig.getCurrentContext()}": choose another with --context${contexts.length === 0 ? '' : ` (${contexts.join(', ')})`}`);
  }
  return kubeconfig;
}

/** The certificate authority of a kubeconfig's current cluster, base64; empty when it names none. In a pod it is a file. */
export async function certificateAuthorityOf(kubeconfig: KubeConfig): Promise<string> {
  const { caData, caFile } = kubeconfig.getCurrentCluster() ?? {};
  if (caData || !caFile) return caData ?? '';
  try {
    return await readFile(caFile, 'base64');
  } catch (error) {
    throw new CliError(`cannot read the certificate authority of the kubeconfig: ${(error as Error).message}`);
  }
}
