import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InvalidDeclarations, surfaceOf, toYAML } from '../operator/index.js';
import type { OperatorInterface } from '../operator/index.js';
import { CliError } from './cli-error.js';
import { parseAllowance } from './gate/allowance.js';
import { gate } from './gate/gate.js';
import { documentsAt, documentsOf, surfaceAt } from './gate/surface-source.js';
import { karpenterManifests } from './manifests.js';
import { loadModules, planOf } from './project/load-modules.js';
import { interfaceText, operatorInterface } from './project/operator-interface.js';
import { metricsOf } from './project/plan-metrics.js';
import { SURFACE_PATHS, projectFolders, staleManifests, writeManifests } from './project/project-manifests.js';
import type { Folder } from './project/project-manifests.js';
import { findProject } from './project/project.js';
import type { Project } from './project/project.js';

export interface ManifestsFlags {
  out: string;
  /** Where Karpenter's conditions and metrics go. */
  interface?: string;
  /** Where Karpenter's roles go. */
  rbac?: string;
  check: boolean;
  /** A version to be compatible with: a git revision, a folder or a file. */
  against?: string;
  allow: readonly string[];
  /** A file for all that others depend on, to be held against a later version. */
  snapshot?: string;
}

type Print = (line: string) => void;

/** What is generated for whom. */
interface Generated {
  readonly folder: string;
  readonly folders: readonly Folder[];
  /** Where versions of it have what others depend on. */
  readonly paths: readonly string[];
  /** Roles that are written by hand. */
  readonly roles: string;
  readonly command: string;
}

const PACKAGE = new URL('../../../', import.meta.url).pathname;

async function ofProject(project: Project, log: Print): Promise<Generated> {
  const modules = await loadModules(project);
  const plan = await planOf(modules).catch((error: Error) => {
    throw error instanceof InvalidDeclarations ? new CliError(error.message) : error;
  });
  const { folder, name } = project;
  const metrics = await metricsOf(modules, plan, (what, error) => log(`${what} cannot be constructed without a cluster, metrics of its own are not in config/interface.yaml: ${error.message.split('\n')[0]}`));
  return { folder, folders: projectFolders(project, plan, operatorInterface(name, plan, metrics)), paths: SURFACE_PATHS, roles: join(folder, 'config/rbac'), command: 'npm run manifests' };
}

async function ofKarpenter(folder: string, { out, interface: path, rbac, against, snapshot }: ManifestsFlags): Promise<Generated> {
  const isAsked = path !== undefined || against !== undefined || snapshot !== undefined;
  const described: OperatorInterface | undefined = isAsked ? await (await import('./karpenter-surface.js')).karpenterInterface() : undefined;
  const at = path ?? 'config/interface.yaml';
  return {
    folder, paths: [out, 'config/rbac', at], roles: join(PACKAGE, 'config/rbac'), command: 'make manifests',
    folders: [
      { folder: out, whole: true, except: ['kustomization.yaml'], files: karpenterManifests() },
      ...(rbac === undefined ? [] : [{ folder: rbac, whole: false, files: await (await import('./roles.js')).karpenterRoleFiles() }]),
      ...(described ? [{ folder: dirname(at), whole: false, files: new Map([[basename(at), interfaceText(described)]]) }] : []),
    ],
  };
}

/** Everything that others depend on as documents: what is generated, and the roles that are not. */
async function documents({ folders, roles }: Generated): Promise<object[]> {
  const generated = folders.flatMap(({ files }) => [...files].flatMap(([name, text]) => documentsOf(text, name))) as { kind?: string; metadata: { name: string } }[];
  const known = surfaceOf(generated);
  const written = surfaceOf(await documentsAt(roles)).roles.filter(({ kind, metadata }) => !known.roles.some((role) => role.kind === kind && role.metadata.name === metadata.name));
  return [...new Map([...known.crds, ...known.roles, ...written, ...known.interfaces].map((document) => [JSON.stringify([document.kind, document.metadata]), document])).values()];
}

/** `karpenter-ts manifests`: what follows from the code, written, checked, or held against another version. Returns the exit code. */
export async function manifestsCommand(folder: string, flags: ManifestsFlags, log: Print): Promise<number> {
  const { check, against, allow, snapshot } = flags;
  const allowances = allow.map(parseAllowance);
  const project = await findProject(folder);
  const generated = project ? await ofProject(project, log) : await ofKarpenter(folder, flags);
  if (snapshot !== undefined) {
    await writeFile(snapshot, toYAML(...await documents(generated)));
    log(`${snapshot} written`);
  }
  if (against !== undefined) return gate(await surfaceAt(against, generated.folder, generated.paths), surfaceOf(await documents(generated)), against, allowances, log);
  if (snapshot !== undefined) return 0;
  if (!check) {
    await writeManifests(generated, generated.folders, log);
    return 0;
  }
  const stale = await staleManifests(generated, generated.folders);
  for (const line of stale) log(`${line}; run "${generated.command}"`);
  return stale.length === 0 ? 0 : 1;
}
