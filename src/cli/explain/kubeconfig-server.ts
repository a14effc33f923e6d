import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { CliError } from '../cli-error.js';

interface KubeconfigFile {
  'current-context'?: string;
  contexts?: { name: string; context: { cluster: string } }[] | null;
  clusters?: { name: string; cluster: { server?: string } }[] | null;
}

/**
 * URL of the API server that a kubeconfig names: a file that is given, or what kubectl would use. Undefined when kubectl would find none. Reads
 * no credentials: who asks an operator on this machine needs none. Throws {@link CliError} for a given file that cannot be read.
 */
export async function serverOf(file: string | undefined, context: string | undefined): Promise<string | undefined> {
  const paths = file === undefined ? (process.env['KUBECONFIG']?.split(delimiter).filter(Boolean) ?? [join(homedir(), '.kube', 'config')]) : [file];
  const configs = await Promise.all(paths.map(async (path) => {
    try {
      return (parse(await readFile(path, 'utf8')) ?? {}) as KubeconfigFile;
    } catch (error) {
      if (file === undefined) return {};
      throw new CliError(`cannot read the kubeconfig ${file}: ${(error as Error).message.split('\n')[0]}`, 2);
    }
  }));
  const current = context ?? configs.map((config) => config['current-context']).find(Boolean);
  const cluster = configs.flatMap(({ contexts }) => contexts ?? []).find(({ name }) => name === current)?.context.cluster;
  if (cluster === undefined && context !== undefined) throw new CliError(`the kubeconfig has no context "${context}"`, 2);
  return configs.flatMap(({ clusters }) => clusters ?? []).find(({ name }) => name === cluster)?.cluster.server;
}
