import type { KubeTransport } from '../../operator/index.js';
import { KubeClient, TOKEN_HEADER, endpointOf, httpTransport, readText, systemClock, systemRandom } from '../../operator/index.js';
import type { Explanation, ExplainTarget, KindRef, KubeObject } from '../../operator/index.js';
import { CliError } from '../cli-error.js';
import { loadKubeconfig } from '../kubeconfig.js';
import { explainPath, explanationOf } from './ask-endpoint.js';

export interface LeaderFlags {
  kubeconfig?: string;
  context?: string;
  leaderElectionNamespace: string;
  leaderElectionName: string;
  /** Port of the debug endpoint in the pod. */
  debugPort: number;
  /** Bearer token for the operator, where the kubeconfig has none. */
  token?: string;
}

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string | null };
}

const LEASE: KindRef = { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true };

/** Asks the pod that holds the lease, through the API server's proxy. Rejects with {@link CliError}. */
export async function askLeaderPod(flags: LeaderFlags, target: ExplainTarget): Promise<Explanation> {
  const { kubeconfig: file, context, leaderElectionNamespace: namespace, debugPort } = flags;
  const kubeconfig = await loadKubeconfig({ file, context }).catch((error: unknown) => {
    throw new CliError(`no operator of this user runs on this machine, and ${(error as Error).message}`, 1, { cause: error });
  });
  const { headers } = await endpointOf(kubeconfig).credentials(false);
  const token = flags.token ?? /^Bearer +(.+)$/i.exec(headers['authorization'] ?? '')?.[1];
  if (!token) throw new CliError('the user of the kubeconfig has no bearer token, which the operator needs to know who asks; give one with --token "$(kubectl create token SERVICEACCOUNT)"');
  const transport = httpTransport(kubeconfig);
  try {
    const pod = await leaderOf(transport, flags);
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}:${debugPort}/proxy${explainPath(target)}`;
    const response = await transport.send({ method: 'GET', path, headers: { accept: 'application/json', [TOKEN_HEADER]: token } });
    return explanationOf(response.status, await readText(response.body));
  } finally {
    await transport.close();
  }
}

/** The pod that leads: identities are its name and a random suffix. */
async function leaderOf(transport: KubeTransport, { leaderElectionNamespace: namespace, leaderElectionName: name }: LeaderFlags): Promise<string> {
  const client = new KubeClient(transport, { clock: systemClock(), random: systemRandom, userAgent: 'karpenter-ts-explain' });
  const lease = await client.find<Lease>(LEASE, { namespace, name }).catch((error: unknown) => {
    throw new CliError(`the lease ${namespace}/${name} cannot be read: ${(error as Error).message}`, 1, { cause: error });
  });
  if (!lease) throw new CliError(`no leader: there is no lease ${namespace}/${name}; is the operator installed there? (--leader-election-namespace, --leader-election-name)`);
  const holder = lease.spec?.holderIdentity;
  if (!holder) throw new CliError(`no leader: nobody holds the lease ${namespace}/${name}; the operator is being restarted, or does not run`);
  return holder.replace(/_[^_]*$/, '');
}
