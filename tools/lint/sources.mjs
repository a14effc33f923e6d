import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every TypeScript source under the given folders, as {path, text}, paths relative to the root. */
export function sources(root, folders) {
  const found = [];
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.ts')) found.push({ path: relative(root, path), text: readFileSync(path, 'utf8') });
    }
  };
  for (const folder of folders) walk(join(root, folder));
  return found;
}

/** The line number (1-based) of an offset in a text. */
export const lineOf = (text, offset) => text.slice(0, offset).split('\n').length;
