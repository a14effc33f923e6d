import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { nearest, surfaceOf } from '../../operator/index.js';
import type { Surface } from '../../operator/index.js';
import { CliError } from '../cli-error.js';

const run = promisify(execFile);
const isYAML = (path: string): boolean => /\.(ya?ml|json)$/.test(path);

/** The documents of a text; `source` is for messages. */
export function documentsOf(text: string, source: string): unknown[] {
  return parseAllDocuments(text).flatMap((document) => {
    if ('empty' in document) return [];
    const [problem] = (document as { errors: readonly Error[] }).errors;
    if (problem) throw new CliError(`${source}: not YAML: ${problem.message.split('\n')[0]}`);
    return [document.toJS() as unknown];
  });
}

/** The documents of a file, or of all files under a folder; none where nothing is. */
export async function documentsAt(path: string): Promise<unknown[]> {
  if (!existsSync(path)) return [];
  const files = (await stat(path)).isDirectory() ? (await readdir(path, { recursive: true })).filter(isYAML).sort().map((name) => join(path, name)) : [path];
  return (await Promise.all(files.map(async (file) => documentsOf(await readFile(file, 'utf8'), file)))).flat();
}

/** The documents that were at the paths at a git revision; paths are relative to the folder. */
async function documentsOfRevision(folder: string, revision: string, paths: readonly string[]): Promise<unknown[]> {
  const git = async (...args: readonly string[]): Promise<string> => (await run('git', ['-C', folder, ...args], { maxBuffer: 2 ** 26 })).stdout;
  try {
    await git('rev-parse', '--quiet', '--verify', '--end-of-options', `${revision}^{commit}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CliError(`--against ${revision}: no such file or folder, and git is not installed`, 2);
    const names = (await git('for-each-ref', '--format=%(refname:short)').catch(() => '')).split('\n').filter(Boolean);
    const meant = nearest(revision, names);
    throw new CliError(`--against ${revision}: no such file, folder or git revision.${meant === undefined ? '' : ` Did you mean "${meant}"?`} It can be a branch, tag or commit of this project, the folder of another version of it, or a file that --snapshot wrote`, 2);
  }
  const files = (await git('ls-tree', '-r', '--name-only', revision, '--', ...paths)).split('\n').filter(isYAML);
  return (await Promise.all(files.map(async (file) => documentsOf(await git('show', `${revision}:./${file}`), `${revision}:${file}`)))).flat();
}

/**
 * The surface of another version: a snapshot file, a folder (of a version of the project, or of manifests), or a git revision. `paths` are where
 * the project has its manifests. Throws a {@link CliError} when there is nothing to hold a version against.
 */
export async function surfaceAt(source: string, folder: string, paths: readonly string[]): Promise<Surface> {
  const path = join(folder, source);
  const at = existsSync(source) ? source : path;
  const isProject = paths.some((part) => existsSync(join(at, part)));
  const documents = existsSync(at)
    ? (await Promise.all((isProject ? paths.map((part) => join(at, part)) : [at]).map(documentsAt))).flat()
    : await documentsOfRevision(folder, source, paths);
  const surface = surfaceOf(documents);
  if (surface.crds.length + surface.roles.length + surface.interfaces.length === 0) {
    throw new CliError(`--against ${source}: no CustomResourceDefinition, ClusterRole, Role or OperatorInterface there${existsSync(at) ? '' : ` under ${paths.join(', ')}`}`, 2);
  }
  return surface;
}
