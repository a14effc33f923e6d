import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from './cli-error.js';

const EXTENSIONS = /\.(ya?ml|json)$/;

/** The file itself, or the manifests of a folder by name. Throws a {@link CliError}, for a folder without any unless it `mayBeEmpty`. */
export async function filesOf(path: string, { mayBeEmpty = false } = {}): Promise<string[]> {
  const info = await stat(path).catch((error: Error) => {
    throw new CliError(`${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : error.message}`);
  });
  if (!info.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => EXTENSIONS.test(name) && name !== 'kustomization.yaml').sort();
  if (names.length === 0 && !mayBeEmpty) throw new CliError(`${path}: holds no .yaml, .yml or .json file`);
  return names.map((name) => join(path, name));
}
