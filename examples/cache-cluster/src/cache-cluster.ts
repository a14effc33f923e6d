import { Column, ConvertsFrom, Field, Resource, ResourceKind, Validation, s } from 'karpenter-ts/operator';
import { CacheClusterV1alpha1, tierOf } from './cache-cluster-v1alpha1.js';

/** Keeps what v1 cannot say: nothing is lost on the way through the stored version. */
const TIER = 'caches.example.com/tier';
/** Keeps what v1alpha1 cannot say. */
const SHARDS = 'caches.example.com/shards';

/** What users ask for. */
export class CacheClusterSpec {
  @Field(s.object({ memory: s.quantity<string>().default('1Gi').describe('Of each pod.') }).default({}))
  declare resources: { memory: string };

  @Field(s.int('int32').min(0).default(1).describe('Pods of each shard.'))
  declare replicas: number;

  @Field(s.int('int32').min(1).max(16).default(1).describe('Parts that the keys are divided into.'))
  declare shards: number;

  @Field(s.record(s.string()).optional().describe('Lines of the configuration; a change is rolled out.'))
  declare settings?: Record<string, string>;

  @Field(s.boolean().default(true).describe('Whether the cache has an address of its own.'))
  declare exposed: boolean;
}

/** What is so. */
export class CacheClusterStatus {
  @Field(s.int('int32').optional().describe('Pods that are ready.'))
  declare readyReplicas?: number;

  @Field(s.string().optional().describe('Where the cache is found.'))
  declare address?: string;
}

/** The stored version, and how the older one becomes it and comes out of it. */
@ResourceKind({
  group: 'caches.example.com', version: 'v1', kind: 'CacheCluster', scope: 'Namespaced', shortNames: ['cache'],
  spec: () => CacheClusterSpec, status: () => CacheClusterStatus,
})
@Column({ name: 'Pods', type: 'integer', jsonPath: '.status.readyReplicas' })
@Column({ name: 'Address', type: 'string', jsonPath: '.status.address' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Validation('self.spec.shards == oldSelf.spec.shards', 'keys are not moved between shards: shards cannot change')
@ConvertsFrom(() => CacheClusterV1alpha1, {
  upgrade: ({ metadata, spec: { memory, size, tier, ...spec }, ...rest }) => {
    const { [SHARDS]: shards = '1', ...annotations } = metadata.annotations;
    return {
      ...rest,
      metadata: { ...metadata, annotations: { ...annotations, ...(tier === undefined ? {} : { [TIER]: tier }) } },
      spec: { ...spec, resources: { memory }, replicas: size, shards: Number(shards) },
    };
  },
  downgrade: ({ metadata, spec: { resources: { memory }, replicas, shards, ...spec }, ...rest }) => {
    const { [TIER]: named, ...annotations } = metadata.annotations;
    const tier = tierOf(named);
    return {
      ...rest,
      metadata: { ...metadata, annotations: { ...annotations, ...(shards === 1 ? {} : { [SHARDS]: String(shards) }) } },
      spec: { ...spec, memory, size: replicas, ...(tier === undefined ? {} : { tier }) },
    };
  },
})
export class CacheCluster extends Resource<CacheClusterSpec, CacheClusterStatus, 'Deployed' | 'Exposed'> {}
