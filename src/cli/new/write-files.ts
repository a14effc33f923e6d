import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error.js';
import type { Files } from './template.js';

const existing = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return undefined;
  throw new CliError(`${path}: ${error.code === 'EISDIR' ? 'is a folder' : error.message}`);
});

/**
 * Writes the files that are not there, and says which. Those that are there as they would be written are left alone. All or nothing: throws a
 * {@link CliError}, before it writes, when one is there with another content, unless `force`. `edited` are texts that were read from the
 * project and may be written again.
 */
export async function writeFiles(folder: string, files: Files, { edited = new Map(), force, print }: { edited?: Files; force: boolean; print: (line: string) => void }): Promise<void> {
  const texts = new Map<string, string | undefined>();
  for (const path of [...files.keys(), ...edited.keys()]) texts.set(path, await existing(join(folder, path)));
  const different = [...files].filter(([path, text]) => texts.get(path) !== undefined && texts.get(path) !== text).map(([path]) => path);
  if (different.length > 0 && !force) {
    throw new CliError(`nothing was written: ${different.map((path) => join(folder, path)).join(', ')} ${different.length === 1 ? 'is there already and differs' : 'are there already and differ'} from what would be written; --force writes over ${different.length === 1 ? 'it' : 'them'}`);
  }
  for (const [path, text] of [...files, ...edited]) {
    const before = texts.get(path);
    if (before === text) print(`${join(folder, path)} unchanged`);
    else {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
      print(`${join(folder, path)} ${before === undefined ? 'created' : 'changed'}`);
    }
  }
}
