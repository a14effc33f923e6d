import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkManifests, permissionsOf, renderManifests, toYAML, webhookConfigurations, webhookPermissions } from '../../operator/index.js';
import type { ManifestDifference, OperatorInterface, Plan } from '../../operator/index.js';
import { interfaceText } from './operator-interface.js';
import { permissionsIn, roleOf, rulesText } from './role.js';
import type { Project } from './project.js';

/** Text files by name, of a folder that has nothing else in it (`whole`), but for some names, or some of its files. */
export interface Folder {
  readonly folder: string;
  readonly whole: boolean;
  readonly except?: readonly string[];
  readonly files: ReadonlyMap<string, string>;
}

const kustomization = (resources: readonly string[]): string =>
  `# What "npm run manifests" writes.\n${toYAML({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }).replace('---\n', '')}`;

/** Where a project has what others depend on. */
export const SURFACE_PATHS = ['config/crd', 'config/rbac', 'config/interface.yaml'] as const;

/** Everything that follows from a project's plan. The operator's Service, where API servers reach its webhooks, is called like it. */
export function projectFolders({ folder, name }: Project, plan: Plan, described: OperatorInterface): Folder[] {
  const service = { namespace: name, name, port: 8443 };
  const crds = renderManifests(plan, { webhook: { clientConfig: { service: { ...service, path: '/convert' } }, conversionReviewVersions: ['v1'] } });
  const permissions = [...permissionsOf(plan), ...webhookPermissions(plan, { name, namespace: name })];
  const own = permissionsIn(permissions, name);
  const webhooks = webhookConfigurations(plan, name, { service });
  const webhookFiles = new Map(webhooks.length > 0 ? [['manifests.yaml', toYAML(...webhooks)]] : []);
  const chart = join('charts', name);
  return [
    { folder: 'config/crd', whole: true, files: new Map([...crds, ['kustomization.yaml', kustomization([...crds.keys()])]]) },
    { folder: 'config/rbac', whole: false, files: new Map([['role.yaml', roleOf(name, permissions)]]) },
    { folder: 'config', whole: false, files: new Map([['interface.yaml', interfaceText(described)]]) },
    { folder: 'config/webhook', whole: true, files: new Map([...webhookFiles, ['kustomization.yaml', kustomization([...webhookFiles.keys()])]]) },
    ...(existsSync(join(folder, chart)) ? [{ folder: join(chart, 'crds'), whole: true, files: crds }, { folder: join(chart, 'files'), whole: true, files: new Map([
      ['role.yaml', rulesText(permissionsIn(permissions))], ...(own.length > 0 ? [['own_role.yaml', rulesText(own)] as const] : []), ...(webhooks.length > 0 ? [['webhooks.yaml', toYAML(...webhooks)] as const] : []),
    ]) }] : []),
  ];
}

type Difference = ManifestDifference & { readonly folder: Folder };

async function differences(root: string, folders: readonly Folder[]): Promise<Difference[]> {
  const all = await Promise.all(folders.map(async (folder) => (await checkManifests(join(root, folder.folder), folder.files)).map((difference): Difference => ({ ...difference, folder }))));
  return all.flat().filter(({ folder: { whole, except = [] }, problem, file }) => problem !== 'unexpected' || (whole && !except.includes(file)));
}

/** What is missing, different or too much in folders, as lines for people; empty when all is up to date. */
export const staleManifests = async ({ folder: root }: Pick<Project, 'folder'>, folders: readonly Folder[]): Promise<string[]> =>
  (await differences(root, folders)).map(({ folder: { folder }, file, problem, line }) => `${join(folder, file)}${line ? `:${line}` : ''}: ${problem}`);

/** Writes what is not up to date, removes what does not follow from the code any more, and says which files it were. */
export async function writeManifests({ folder: root }: Pick<Project, 'folder'>, folders: readonly Folder[], log: (line: string) => void): Promise<void> {
  for (const { folder: { folder, files }, file, problem } of await differences(root, folders)) {
    const path = join(root, folder, file);
    if (problem === 'unexpected') await rm(path);
    else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, files.get(file) as string);
    }
    log(`${join(folder, file)} ${problem === 'unexpected' ? 'removed' : 'written'}`);
  }
}
