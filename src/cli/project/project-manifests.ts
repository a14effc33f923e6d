import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkManifests, permissionsOf, renderManifests, toYAML, webhookConfigurations } from '../../operator/index.js';
import type { Plan } from '../../operator/index.js';
import { roleOf, rulesText } from './role.js';
import type { Project } from './project.js';

/** Text files by name, of a folder that has nothing else in it (`whole`), or some of its files. */
interface Folder {
  readonly folder: string;
  readonly whole: boolean;
  readonly files: ReadonlyMap<string, string>;
}

const kustomization = (resources: readonly string[]): string =>
  `# What "npm run manifests" writes.\n${toYAML({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }).replace('---\n', '')}`;

/** Everything that follows from a project's plan. The operator's Service, where API servers reach its webhooks, is called like it. */
export function projectFolders({ folder, name }: Project, plan: Plan): Folder[] {
  const service = { namespace: name, name, port: 8443 };
  const crds = renderManifests(plan, { webhook: { clientConfig: { service: { ...service, path: '/convert' } }, conversionReviewVersions: ['v1'] } });
  const permissions = permissionsOf(plan);
  const webhooks = webhookConfigurations(plan, name, { service });
  const chart = join('charts', name);
  return [
    { folder: 'config/crd', whole: true, files: new Map([...crds, ['kustomization.yaml', kustomization([...crds.keys()])]]) },
    { folder: 'config/rbac', whole: false, files: new Map([['role.yaml', roleOf(name, permissions)]]) },
    ...(webhooks.length > 0 ? [{ folder: 'config/webhook', whole: true, files: new Map([['manifests.yaml', toYAML(...webhooks)], ['kustomization.yaml', kustomization(['manifests.yaml'])]]) }] : []),
    ...(existsSync(join(folder, chart)) ? [{ folder: join(chart, 'crds'), whole: true, files: crds }, { folder: join(chart, 'files'), whole: false, files: new Map([['role.yaml', rulesText(permissions)]]) }] : []),
  ];
}

/** What is missing, different or too much in a project's folders, as lines for people; empty when all is up to date. */
export async function staleManifests({ folder: root }: Project, folders: readonly Folder[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { folder, whole, files } of folders) {
    const differences = await checkManifests(join(root, folder), files);
    for (const { file, problem, line } of differences) if (whole || problem !== 'unexpected') lines.push(`${join(folder, file)}${line ? `:${line}` : ''}: ${problem}`);
  }
  return lines;
}

/** Writes what is not up to date, removes what is not of the plan any more, and says which files it were. */
export async function writeManifests({ folder: root }: Project, folders: readonly Folder[], log: (line: string) => void): Promise<void> {
  for (const { folder, whole, files } of folders) {
    for (const { file, problem } of await checkManifests(join(root, folder), files)) {
      const path = join(root, folder, file);
      if (problem === 'unexpected') {
        if (!whole) continue;
        await rm(path);
      } else {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, files.get(file) as string);
      }
      log(`${join(folder, file)} ${problem === 'unexpected' ? 'removed' : 'written'}`);
    }
  }
}
