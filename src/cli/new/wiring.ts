import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error.js';
import type { Project } from '../project/project.js';
import type { Files } from './template.js';

const FILE = 'src/module.ts';
const marker = (place: string): RegExp => new RegExp(`^([ \\t]*)// karpenter-ts new: ${place}$`, 'm');
const importOf = (name: string, file: string): string => `import { ${name} } from './${file}.js';`;

/** The text of a `src/module.ts` with the class in it, unless it is there. */
export function withClass(text: string, name: string, file: string): string {
  const line = importOf(name, file);
  return text.includes(line) ? text : text.replace(marker('imports'), `$1${line}\n$&`).replace(marker('classes'), `$1${name},\n$&`);
}

/** A project's `src/module.ts` with the class in it; throws a {@link CliError} when the lines are gone at which classes are added. */
export async function wired({ folder }: Project, name: string, file: string): Promise<Files> {
  const path = join(folder, FILE);
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CliError(`${path} is missing: it has to export the operator's modules`);
  });
  const line = importOf(name, file);
  const lost = text.includes(line) ? undefined : ['imports', 'classes'].find((place) => !marker(place).test(text));
  if (lost !== undefined) throw new CliError(`${path} has no line "// karpenter-ts new: ${lost}" at which to add class ${name}; put the line where ${lost} go, or add by hand: ${line} and, in reconcilers(), ${name}`);
  return new Map([[FILE, withClass(text, name, file)]]);
}
