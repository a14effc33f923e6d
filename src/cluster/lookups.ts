import type { CSINode } from 'kubernetes-types/storage/v1.js';
import type { Namespace } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { ObjectLookup } from '../scheduling/snapshot.js';

/** Objects that the state does not keep itself but reads where they are stored, usually in an informer. */
export interface ClusterLookups extends ObjectLookup {
  namespaces(): Iterable<Namespace>;
  podDisruptionBudgets(): Iterable<PodDisruptionBudget>;
  csiNode(nodeName: string): CSINode | undefined;
}
