import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Plan } from '../dsl/plan.js';
import type { ConversionWebhook } from './crd.js';
import { crdOf } from './crd.js';

/** Objects as YAML, in the order of their fields. Quoted where Kubernetes' older YAML would read something else (`on`, `y`). */
export const toYAML = (...objects: readonly object[]): string => objects.map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' })}`).join('');

/** The files that a plan's custom kinds make, by name: `karpenter.sh_nodepools.yaml`. */
export function renderManifests({ kinds }: Pick<Plan, 'kinds'>, options: { webhook?: ConversionWebhook } = {}): Map<string, string> {
  const files = kinds
    .filter(({ definition }) => definition)
    .map((kind) => [`${kind.group}_${kind.plural}.yaml`, toYAML(crdOf(kind, options))] as const);
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How a directory differs from what would be written there. */
export interface ManifestDifference {
  readonly file: string;
  readonly problem: 'missing' | 'different' | 'unexpected';
  /** The first line that differs, from 1. */
  readonly line?: number;
}

/** What a directory of generated manifests lacks, has wrong, or has too many of; empty when it is up to date. */
export async function checkManifests(directory: string, expected: ReadonlyMap<string, string>): Promise<ManifestDifference[]> {
  const present = new Set((await readdir(directory).catch(() => [])).filter((file) => file.endsWith('.yaml')));
  const differences: ManifestDifference[] = [];
  for (const [file, text] of expected) {
    if (!present.has(file)) {
      differences.push({ file, problem: 'missing' });
      continue;
    }
    const actual = await readFile(join(directory, file), 'utf8');
    if (actual === text) continue;
    const [actualLines, expectedLines] = [actual.split('\n'), text.split('\n')];
    const at = expectedLines.findIndex((line, number) => line !== actualLines[number]);
    differences.push({ file, problem: 'different', line: (at === -1 ? expectedLines.length : at) + 1 });
  }
  for (const file of present) if (!expected.has(file)) differences.push({ file, problem: 'unexpected' });
  return differences;
}
