import { createHash } from 'node:crypto';
import { Condition, ConfigMap, Owns, RBAC, Reconciler, Service, StatefulSet, met, waiting } from 'karpenter-ts/operator';
import type { Outcome, StepContext } from 'karpenter-ts/operator';
import { CacheCluster } from './cache-cluster.js';

const labelsOf = ({ metadata: { name } }: CacheCluster): Record<string, string> => ({ 'app.kubernetes.io/name': 'cache', 'app.kubernetes.io/instance': name });

/** Runs a CacheCluster: a ConfigMap, a StatefulSet that is rolled out when that changes, and a Service for as long as one is wanted. */
@Reconciler({ for: CacheCluster, name: 'cache-cluster' })
@Owns(ConfigMap)
@Owns(StatefulSet)
@Owns(Service)
@RBAC({ groups: [''], resources: ['services'], verbs: ['delete'], why: 'of caches that are no longer exposed' })
export class CacheClusterReconciler {
  /** Pods do not notice a change of their ConfigMap: its digest is in their template, so that Kubernetes replaces them one by one. */
  @Condition('Deployed')
  async deploy(cluster: CacheCluster, ctx: StepContext<CacheCluster>): Promise<Outcome> {
    const { metadata: { name }, spec, status } = cluster;
    const labels = labelsOf(cluster);
    const configuration = Object.entries(spec.settings ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key} ${value}\n`).join('');
    await ctx.apply(ConfigMap, { metadata: { name, labels }, data: { 'cache.conf': configuration } });
    const set = await ctx.apply(StatefulSet, {
      metadata: { name, labels },
      spec: {
        replicas: spec.replicas * spec.shards, serviceName: name, selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: { 'caches.example.com/configuration': createHash('sha256').update(configuration).digest('hex').slice(0, 16) } },
          spec: {
            containers: [{
              name: 'cache', image: 'registry.example.com/cache:7', resources: { requests: { memory: spec.resources.memory } },
              ports: [{ name: 'cache', containerPort: 6379 }], volumeMounts: [{ name: 'configuration', mountPath: '/etc/cache' }],
            }],
            volumes: [{ name: 'configuration', configMap: { name } }],
          },
        },
      },
    });
    const { readyReplicas = 0, updatedReplicas = 0, observedGeneration = 0 } = set.status ?? {};
    const wanted = spec.replicas * spec.shards;
    status.readyReplicas = readyReplicas;
    if (observedGeneration < (set.metadata.generation ?? 0) || updatedReplicas < wanted) return waiting('RollingOut', `${updatedReplicas} of ${wanted} pods are up to date`);
    return readyReplicas < wanted ? waiting('Starting', `${readyReplicas} of ${wanted} pods are ready`) : met();
  }

  /** What is wanted no more is deleted; whoever deletes what is wanted wakes its owner. */
  @Condition('Exposed')
  async expose(cluster: CacheCluster, ctx: StepContext<CacheCluster>): Promise<Outcome> {
    const { metadata: { name, namespace }, spec, status } = cluster;
    if (spec.exposed) {
      await ctx.apply(Service, { metadata: { name, labels: labelsOf(cluster) }, spec: { selector: labelsOf(cluster), ports: [{ name: 'cache', port: 6379, targetPort: 'cache' }] } });
      status.address = `${name}.${namespace}.svc:6379`;
      return met();
    }
    const service = ctx.cache.get(Service, name, namespace);
    if (service) await ctx.delete(service);
    delete status.address;
    return met('NotAsked', 'spec.exposed is false');
  }
}
