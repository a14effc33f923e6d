import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Words } from './names.js';
import { checkOperatorName, kebab, pascal } from './names.js';
import { groupOf, kindFiles } from './new-kind.js';
import { template } from './template.js';
import { withClass } from './wiring.js';
import { writeFiles } from './write-files.js';

export interface NewOperatorFlags {
  /** Default: the operator's name in CamelCase; false for none. */
  kind?: string | false;
  group?: string;
  version: string;
  namespaced: boolean;
  force: boolean;
}

/** What a project depends on comes in the versions that this package was built and tested with. */
async function versionWords(): Promise<Words> {
  const path = new URL('../../../../package.json', import.meta.url);
  const { version, dependencies, devDependencies } = JSON.parse(await readFile(path, 'utf8')) as Record<'dependencies' | 'devDependencies', Record<string, string>> & { version: string };
  return Object.fromEntries(Object.entries({ ...devDependencies, ...dependencies, 'karpenter-ts': version }).map(([name, text]) => [`VERSION_OF_${name}`, text]));
}

/** `karpenter-ts new operator`: a project in a folder of its name, with a kind in it. */
export async function newOperator(parent: string, name: string, { kind = pascal(name.replace(/-operator$/, '')), group = groupOf(name), version, namespaced, force }: NewOperatorFlags, print: (line: string) => void): Promise<void> {
  checkOperatorName(name);
  const words = { 'template-operator': name };
  const files = await template('operator', { ...(await versionWords()), ...words });
  if (kind !== false) {
    for (const [path, text] of await kindFiles({ kind, group, version, namespaced }, words)) files.set(path, text);
    files.set('src/module.ts', withClass(files.get('src/module.ts') as string, `${kind}Reconciler`, `${kebab(kind)}-reconciler`));
  }
  await writeFiles(join(parent, name), files, { force, print });
  print(`\nNext: cd ${join(parent, name)}, npm install, npm test, npm run dev`);
}
