import { CliError } from './cli-error.js';
import { manifests } from './manifests.js';
import { loadModules, planOf } from './project/load-modules.js';
import { projectFolders, staleManifests, writeManifests } from './project/project-manifests.js';
import { findProject } from './project/project.js';
import { InvalidDeclarations } from '../operator/index.js';

export interface ManifestsFlags {
  out: string;
  check: boolean;
}

/** `karpenter-ts manifests`: what follows from the code, written or checked. Returns the exit code. */
export async function manifestsCommand(folder: string, { out, check }: ManifestsFlags, log: (line: string) => void): Promise<number> {
  const project = await findProject(folder);
  if (!project) return manifests({ out, check, log });
  const plan = await planOf(await loadModules(project)).catch((error: Error) => {
    throw error instanceof InvalidDeclarations ? new CliError(error.message) : error;
  });
  const folders = projectFolders(project, plan);
  if (!check) {
    await writeManifests(project, folders, log);
    return 0;
  }
  const stale = await staleManifests(project, folders);
  for (const line of stale) log(`${line}; run "npm run manifests"`);
  return stale.length === 0 ? 0 : 1;
}
