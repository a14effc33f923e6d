import { execFileSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { ROOT } from './sandbox-process.js';

/** Any object, as a manifest has it. */
export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: unknown;
  data?: Record<string, string>;
  subjects?: object[];
}

export interface Container {
  image: string;
  env: { name: string; value?: string; valueFrom?: object }[];
  resources?: object;
}

export interface DeploymentSpec {
  replicas: number;
  template: { spec: { containers: [Container]; serviceAccountName: string } };
}

/** The objects of a YAML stream; empty documents are left out. */
export const manifestsIn = (text: string): Manifest[] => parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? []);

/** What `kubectl kustomize` makes of a folder. */
export const kustomize = (folder: string): Manifest[] => manifestsIn(execFileSync('kubectl', ['kustomize', folder], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 }));

export const byKind = (manifests: readonly Manifest[], kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind);

/** The only one of its kind. Throws when there is none, or another. */
export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [first, ...others] = byKind(manifests, kind);
  if (!first || others.length > 0) throw new Error(`there are ${first ? others.length + 1 : 0} objects of kind ${kind}, not one`);
  return first;
}
