import { join } from 'node:path';
import type { Project } from '../project/project.js';
import { frameworkExports, kubernetesKinds } from './known-kinds.js';
import type { KindName, Words } from './names.js';
import { checkKindName, kebab, kindWords } from './names.js';
import { ownKinds } from './own-kinds.js';
import { template } from './template.js';
import type { Files } from './template.js';
import { wired } from './wiring.js';
import { writeFiles } from './write-files.js';

export interface NewKindFlags {
  /** Default: the group of the project's other kinds, else the project's name under example.com. */
  group?: string;
  version: string;
  namespaced: boolean;
  /** With a reconciler and its test. */
  reconciler: boolean;
  force: boolean;
}

export const groupOf = (operator: string): string => `${operator.replace(/-operator$/, '')}.example.com`;

/** The files of a kind; throws a {@link CliError} when its names cannot be. */
export async function kindFiles(kind: KindName, words: Words = {}, { reconciler = true } = {}): Promise<Files> {
  checkKindName(kind, await frameworkExports(), await kubernetesKinds());
  const without = reconciler ? [] : ['src/template-kind-reconciler.ts', 'src/template-kind-reconciler.test.ts'];
  return template('kind', { ...kindWords(kind), ...words }, { without });
}

/** `karpenter-ts new kind`: a kind, a sample of it, and what reconciles it. */
export async function newKind(project: Project, kind: string, { group, version, namespaced, reconciler, force }: NewKindFlags, print: (line: string) => void): Promise<void> {
  const [sibling] = (await ownKinds(project)).filter((own) => own.kind !== kind);
  const files = await kindFiles({ kind, group: group ?? sibling?.group ?? groupOf(project.name), version, namespaced }, {}, { reconciler });
  const file = kebab(kind);
  const edited = reconciler ? await wired(project, `${kind}Reconciler`, `${file}-reconciler`) : await wired(project, kind, file);
  await writeFiles(project.folder, files, { edited, force, print });
  print(`\nDescribe its fields in ${join(project.folder, `src/${file}.ts`)}; "npm test" builds and tests, "npm run manifests" writes its CRD and the role.`);
}
