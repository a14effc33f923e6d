import type { NodeOverlay, NodeOverlaySpec } from '../../src/api/nodeoverlay.js';

/** An overlay about everything, unless it says otherwise. */
export const nodeOverlay = (name: string, spec: Partial<NodeOverlaySpec> = {}, generation = 1): NodeOverlay => ({
  apiVersion: 'karpenter.sh/v1alpha1', kind: 'NodeOverlay',
  metadata: { name, uid: `uid-${name}`, generation, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z', labels: {}, annotations: {} },
  spec: { requirements: [], ...spec }, status: {},
});
