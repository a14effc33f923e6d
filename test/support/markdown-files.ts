import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of all pages of a folder, from where the process is. */
export const markdownFiles = (folder: string): string[] => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : markdownFiles(path);
  return path.endsWith('.md') ? [path] : [];
});
