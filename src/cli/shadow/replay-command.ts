import { readFile } from 'node:fs/promises';
import { ClusterLogError, readClusterLog, shadowReportText } from '../../operator/index.js';
import type { ClusterLogEntry } from '../../operator/index.js';
import { replay } from '../../operator/testing/index.js';
import { CliError } from '../cli-error.js';
import { loadModules } from '../project/load-modules.js';
import type { Project } from '../project/project.js';
import type { ShadowFlags } from './shadow-command.js';

/** `karpenter-ts shadow --replay FILE`: a project's operator against the version that was at work while the file was recorded. Exit codes as for a live shadow. */
export async function replayCommand(project: Project | undefined, file: string, { window, manager, output }: ShadowFlags, print: (text: string) => void): Promise<number> {
  if (!project) throw new CliError("--replay is for the operator of a project, in whose folder it has to be run: what Karpenter does rests on AWS, which a log of the cluster does not have", 2);
  const { report, writes } = await replay(await readLog(file), await loadModules(project), { name: project.name, window, managers: manager });
  print(output === 'json' ? `${JSON.stringify({ ...report, wouldWrite: writes }, null, 2)}\n` : shadowReportText(report));
  return report.differences.length > 0 ? 1 : 0;
}

async function readLog(file: string): Promise<ClusterLogEntry[]> {
  try {
    return readClusterLog(await readFile(file, 'utf8'));
  } catch (error) {
    throw new CliError(error instanceof ClusterLogError ? `${file}: ${error.message}` : `cannot read ${file}: ${(error as Error).message}`, 2, { cause: error });
  }
}
