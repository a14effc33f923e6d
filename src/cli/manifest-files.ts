import { readFile } from 'node:fs/promises';
import { LineCounter, parseAllDocuments } from 'yaml';
import { CliError } from './cli-error.js';
import { filesOf } from './input-files.js';

/** A Kubernetes object out of a file. */
export interface Manifest {
  file: string;
  object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } } & Record<string, unknown>;
}

/** A document that names no kind: an illustration, as the guide has some. */
export interface Snippet {
  file: string;
  line: number;
}

/** The objects of files and folders, in order: paths as given, files of a folder by name, documents as they stand. Throws {@link CliError}. */
export async function readManifests(paths: readonly string[], options: { mayBeEmpty?: boolean } = {}): Promise<{ manifests: Manifest[]; snippets: Snippet[] }> {
  const manifests: Manifest[] = [];
  const snippets: Snippet[] = [];
  for (const file of (await Promise.all(paths.map((path) => filesOf(path, options)))).flat()) {
    const lines = new LineCounter();
    for (const document of parseAllDocuments(await readFile(file, 'utf8'), { lineCounter: lines })) {
      if ('empty' in document) continue;
      const [problem] = document.errors;
      if (problem) throw new CliError(`${file}:${lines.linePos(problem.pos[0]).line}: not YAML: ${problem.message.split('\n')[0]}`);
      const value = document.toJS() as Manifest['object'] | null;
      if (value === null) continue;
      const { line } = lines.linePos(document.contents?.range?.[0] ?? 0);
      if (typeof value !== 'object' || !value.kind || !value.apiVersion) {
        snippets.push({ file, line });
        continue;
      }
      const items = value.kind === 'List' ? (value['items'] as Manifest['object'][]) : [value];
      for (const object of items) {
        if (!object.metadata?.name) throw new CliError(`${file}:${line}: ${object.kind} has no metadata.name`);
        manifests.push({ file, object });
      }
    }
  }
  return { manifests, snippets };
}
