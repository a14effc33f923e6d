import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../cli-error.js';

/** An operator in a package of its own: its `package.json` has a `karpenter-ts`. */
export interface Project {
  readonly folder: string;
  /** The operator, its role, its namespace and its chart are called like the package. */
  readonly name: string;
  /** The compiled module that exports `modules`, relative to the folder. */
  readonly module: string;
  /** The compiled process, relative to the folder. */
  readonly main: string;
}

/** The project that a folder is in; undefined when it is in none. Throws a {@link CliError} when its `package.json` is wrong. */
export async function findProject(folder: string): Promise<Project | undefined> {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, 'package.json');
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return projectOf(at, path, text);
    if (dirname(at) === at) return undefined;
  }
}

/** The project that the current folder is in. Throws a {@link CliError} that says how to make one. */
export async function requireProject(folder: string): Promise<Project> {
  const project = await findProject(folder);
  if (!project) throw new CliError(`${resolve(folder)} is in no project of karpenter-ts: no package.json here or above has a "karpenter-ts"; "karpenter-ts new operator NAME" makes a project`);
  return project;
}

function projectOf(folder: string, path: string, text: string): Project | undefined {
  let manifest: { name?: unknown; 'karpenter-ts'?: { module?: unknown; main?: unknown } };
  try {
    manifest = JSON.parse(text) as typeof manifest;
  } catch (error) {
    throw new CliError(`${path}: not JSON: ${(error as Error).message}`);
  }
  const settings = manifest['karpenter-ts'];
  if (settings === undefined) return undefined;
  const string = (field: string, value: unknown): string => {
    if (typeof value !== 'string' || value === '') throw new CliError(`${path}: ${field} is ${JSON.stringify(value) ?? 'missing'}; it must be a string, such as ${field === 'name' ? '"website-operator"' : `"dist/${field.slice('karpenter-ts.'.length)}.js"`}`);
    return value;
  };
  return {
    folder,
    name: string('name', manifest.name).replace(/^@[^/]*\//, ''),
    module: string('karpenter-ts.module', settings.module),
    main: string('karpenter-ts.main', settings.main),
  };
}
