import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { parse } from 'yaml';
import { groupVersionOf, nearest, pluralOf } from '../../operator/index.js';
import { CliError } from '../cli-error.js';
import type { Project } from '../project/project.js';
import type { ExampleObject } from './known-kinds.js';
import { exampleObjects } from './known-kinds.js';
import { checkReconcilerName, kebab, pascal } from './names.js';
import { ownKinds } from './own-kinds.js';
import { template } from './template.js';
import { wired } from './wiring.js';
import { writeFiles } from './write-files.js';

/** Where Kubernetes' own kinds are imported from, as all the rest. */
const FRAMEWORK = 'karpenter-ts/operator';

export interface NewReconcilerFlags {
  for: string;
  force: boolean;
}

/** A kind that a reconciler can be for. */
interface Target {
  readonly kind: string;
  readonly group: string;
  readonly plural: string;
  /** Where the class is imported from. */
  readonly module: string;
  /** What the test creates. */
  readonly example: ExampleObject;
}

/** `karpenter-ts new reconciler`: one more reconciler of a kind that is there, and its test. */
export async function newReconciler(project: Project, name: string, { for: kind, force }: NewReconcilerFlags, print: (line: string) => void): Promise<void> {
  checkReconcilerName(name);
  const target = await targetOf(project, kind);
  const { example: { apiVersion: _apiVersion, kind: _kind, metadata, ...fields } } = target;
  const words = {
    TemplateReconciler: pascal(name),
    'template-reconciler': name,
    'template-operator': project.name,
    "'template.example.com'": `'${target.group}'`,
    templatetargets: target.plural,
    "{ metadata: { name: 'example' }, spec: {} }": inspect({ metadata: { name: metadata.name }, ...fields }, { depth: null, breakLength: Infinity, compact: true }),
    // What comes from one module is imported once.
    ...(target.module === FRAMEWORK
      ? { "import { TemplateTarget } from './template-target.js';\n": '', 'import { RBAC, ': `import { ${kind}, RBAC, `, 'import { reconcilers }': `import { ${kind}, reconcilers }` }
      : { "import { TemplateTarget } from './template-target.js';": `import { ${kind} } from '${target.module}';` }),
    TemplateTarget: kind,
  };
  if (words.TemplateReconciler === kind) throw new CliError(`the reconciler "${name}" would be a class ${kind}, as its kind is; take another name, such as "${kebab(kind)}-reconciler"`, 2);
  const files = await template('reconciler', words, { without: ['objects.yaml', 'src/template-target.ts'] });
  await writeFiles(project.folder, files, { edited: await wired(project, words.TemplateReconciler, name), force, print });
  print(`\nPut its work into ${join(project.folder, `src/${name}.ts`)}, and what it writes to other objects into @RBAC; "npm test" builds and tests.`);
}

async function targetOf(project: Project, kind: string): Promise<Target> {
  const own = await ownKinds(project);
  const mine = own.find((candidate) => candidate.kind === kind);
  if (mine) return { ...mine, example: await sampleOf(project, mine) };
  const known = await exampleObjects();
  const example = known.find((candidate) => candidate.kind === kind);
  if (!example) {
    const kinds = [...own, ...known].map((candidate) => candidate.kind);
    const meant = nearest(kind, kinds);
    throw new CliError(`--for names no kind: "${kind}".${meant === undefined ? '' : ` Did you mean "${meant}"?`} It can be ${kinds.join(', ')}; "karpenter-ts new kind ${pascal(kebab(kind))}" makes a new one`, 2);
  }
  const { group } = groupVersionOf(example.apiVersion);
  return { kind, group, plural: pluralOf(kind), module: group.startsWith('karpenter.') ? 'karpenter-ts/api' : FRAMEWORK, example };
}

/** The sample of one's own kind says what a valid object looks like. */
async function sampleOf({ folder }: Project, { kind }: { kind: string }): Promise<ExampleObject> {
  const path = join(folder, `config/samples/${kebab(kind)}.yaml`);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CliError(`${path} is missing: the reconciler's test creates what this sample has`);
  });
  return parse(text) as ExampleObject;
}
