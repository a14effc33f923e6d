import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Words } from './names.js';

/** Where the package has its templates, beside `dist`. */
const TEMPLATES = new URL('../../../../templates/', import.meta.url).pathname;
/** Names that would mean something to npm or TypeScript where the templates lie have this at the end. */
const SUFFIX = '.template';

/** A file to write, by its path in the project. */
export type Files = Map<string, string>;

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** A text with all words of its template replaced; longer ones first, as some begin like others. */
export function rendered(text: string, words: Words): string {
  const names = Object.keys(words).sort((a, b) => b.length - a.length);
  return text.replaceAll(new RegExp(names.map(literal).join('|'), 'g'), (name) => words[name] as string);
}

/** The files of a template, words replaced in paths and texts. */
export async function template(name: string, words: Words, { without = [] }: { without?: readonly string[] } = {}): Promise<Files> {
  const root = join(TEMPLATES, name);
  const files: Files = new Map();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const within = relative(root, path);
    if (!entry.isFile() || without.includes(within)) continue;
    files.set(rendered(within, words).replace(new RegExp(`${literal(SUFFIX)}$`), ''), rendered(await readFile(path, 'utf8'), words));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A text that lies beside the templates, as it is. */
export const templateText = (path: string): Promise<string> => readFile(join(TEMPLATES, path), 'utf8');
