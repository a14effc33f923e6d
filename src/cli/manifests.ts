import { CapacityBuffer, EC2NodeClass, NodeClaim, NodeOverlay, NodePool } from '../api/index.js';
import { Problems, crdOf, kindPlanOf } from '../operator/index.js';
import type { KindPlan } from '../operator/index.js';
import { renderManifests } from '../operator/manifests/render.js';

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
