import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CapacityBuffer, EC2NodeClass, NodeClaim, NodeOverlay, NodePool } from '../api/index.js';
import { Problems, crdOf, kindPlanOf } from '../operator/index.js';
import type { KindPlan } from '../operator/index.js';
import { checkManifests, renderManifests } from '../operator/manifests/render.js';

/** Karpenter's own kinds. */
export function karpenterKinds(): KindPlan[] {
  const problems = new Problems();
  const kinds = [NodePool, NodeClaim, NodeOverlay, EC2NodeClass, CapacityBuffer].map((kind) => kindPlanOf(kind, problems));
  problems.throwIfAny();
  return kinds;
}

/** Where an API server that does not know our functions has v1beta1 objects converted. */
const CONVERSION = {
  clientConfig: { service: { namespace: 'karpenter', name: 'karpenter', path: '/convert', port: 8443 } },
  conversionReviewVersions: ['v1'],
};

/** The CRDs of Karpenter's kinds. */
export const karpenterCrds = (): object[] => karpenterKinds().map((kind) => crdOf(kind, { webhook: CONVERSION }));

/** The same as YAML files, by name. */
export const karpenterManifests = (): Map<string, string> => renderManifests({ kinds: karpenterKinds() }, { webhook: CONVERSION });

/** `karpenter-ts manifests` where no project is: writes Karpenter's CRDs, or with `check` says which files differ. Returns the exit code. */
export async function manifests({ out, check, log }: { out: string; check: boolean; log: (line: string) => void }): Promise<number> {
  const files = karpenterManifests();
  if (!check) {
    await mkdir(out, { recursive: true });
    for (const [name, text] of files) await writeFile(join(out, name), text);
    log(`wrote ${[...files.keys()].map((name) => join(out, name)).join(', ')}`);
    return 0;
  }
  const differences = (await checkManifests(out, files)).filter(({ file }) => file !== 'kustomization.yaml');
  for (const { file, problem, line } of differences) log(`${join(out, file)}${line ? `:${line}` : ''}: ${problem}; run "make manifests"`);
  return differences.length === 0 ? 0 : 1;
}
