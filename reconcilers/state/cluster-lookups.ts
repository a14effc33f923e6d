import type { ClusterLookups } from 'karpenter-ts/cluster';
import { CSINode, Namespace, PersistentVolume, PersistentVolumeClaim, PodDisruptionBudget, StorageClass } from 'karpenter-ts/operator';
import type { Cache } from 'karpenter-ts/operator';

/** Reads what the cluster state looks up by name out of the operator's stores. */
export const cacheLookups = (cache: Pick<Cache, 'get' | 'list'>): ClusterLookups => ({
  namespaces: () => cache.list(Namespace),
  podDisruptionBudgets: () => cache.list(PodDisruptionBudget),
  csiNode: (nodeName) => cache.get(CSINode, nodeName),
  persistentVolumeClaim: (namespace, name) => cache.get(PersistentVolumeClaim, name, namespace),
  persistentVolume: (name) => cache.get(PersistentVolume, name),
  storageClass: (name) => cache.get(StorageClass, name),
});

/** The kinds that {@link cacheLookups} reads. */
export const LOOKUP_KINDS = [CSINode, Namespace, PersistentVolume, PersistentVolumeClaim, PodDisruptionBudget, StorageClass] as const;
