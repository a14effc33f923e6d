import type { EndpointFile } from '../../operator/debug/endpoint-file.js';
import { endpointFolder, readEndpointFiles } from '../../operator/debug/endpoint-file.js';
import type { ExplainTarget } from '../../operator/explain/explain.js';
import type { Explanation } from '../../operator/explain/explanation.js';
import { CliError } from '../cli-error.js';
import { serverOf } from './kubeconfig-server.js';
import { askEndpoint } from './ask-endpoint.js';
import type { LeaderFlags } from './leader-pod.js';

/**
 * Whom to ask: operators of this user on this machine (of the cluster that the kubeconfig names, if there are several); else the pod that
 * leads, through the API server. Rejects with {@link CliError}.
 */
export async function askOperator(target: ExplainTarget, flags: LeaderFlags): Promise<Explanation> {
  const { files, refused } = await readEndpointFiles(endpointFolder());
  const chosen = await chosenOf(files, flags);
  if (chosen.length > 0) return askLeader(chosen, target);
  for (const reason of refused) process.stderr.write(`karpenter-ts: left out: ${reason}\n`);
  const { askLeaderPod } = await import('./leader-pod.js');
  return askLeaderPod(flags, target);
}

/** Those that work on the cluster that is meant. Without a word on it, all of them, if they work on the same. */
async function chosenOf(files: readonly EndpointFile[], { kubeconfig, context }: LeaderFlags): Promise<readonly EndpointFile[]> {
  if (files.length === 0) return files;
  const server = await serverOf(kubeconfig, context);
  const matching = files.filter((file) => server !== undefined && normal(file.server) === normal(server));
  if (matching.length > 0 || kubeconfig !== undefined || context !== undefined) return matching;
  const servers = [...new Set(files.map((file) => normal(file.server)))];
  if (servers.length === 1) return files;
  throw new CliError(`operators of several clusters run here; choose one with --kubeconfig: ${files.map((file) => `${file.operator} (process ${file.pid}) on ${file.server}`).join(', ')}`, 2);
}

const normal = (server: string): string => server.replace(/\/$/, '').replace('//localhost', '//127.0.0.1');

/** The answer of the replica that leads, or of any other one, which says who does. */
async function askLeader(files: readonly EndpointFile[], target: ExplainTarget): Promise<Explanation> {
  const answers = await Promise.allSettled(files.map(({ endpoint, token }) => askEndpoint(endpoint, token, target)));
  const told = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const best = told.find(({ leading }) => leading) ?? told[0];
  if (best) return best;
  const problems = answers.map((answer, index) => `${files[index]?.operator} (process ${files[index]?.pid}): ${((answer as PromiseRejectedResult).reason as Error).message}`);
  throw files.length === 1 ? (answers[0] as PromiseRejectedResult).reason : new CliError(problems.join('\n'));
}
