import { Defaults, Validates } from 'karpenter-ts/operator';
import type { Admission, AdmissionVerdict } from 'karpenter-ts/operator';
import { CacheCluster } from './cache-cluster.js';

/** What neither schema nor CEL can say. Requests in v1alpha1 are converted on the way here. */
export class CacheClusterRules {
  /** What is left out, and depends on something else. */
  @Defaults(CacheCluster)
  eviction({ spec }: CacheCluster): void {
    if (spec.resources.memory.endsWith('Gi')) spec.settings = { 'maxmemory-policy': 'allkeys-lru', ...spec.settings };
  }

  @Validates(CacheCluster)
  settings({ spec: { settings = {}, replicas } }: CacheCluster, { old, warn }: Admission<CacheCluster>): AdmissionVerdict {
    if (old && replicas < old.spec.replicas / 2) warn(`from ${old.spec.replicas} to ${replicas} replicas at once: what the others hold in memory is lost`);
    const problems = Object.keys(settings).filter((name) => name === 'port' || name === 'bind');
    return problems.map((name) => ({ field: `spec.settings.${name}`, value: settings[name], message: 'is the operator\'s to choose' }));
  }
}
