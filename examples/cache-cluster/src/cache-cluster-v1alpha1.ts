import { Field, Resource, Version, s } from 'karpenter-ts/operator';
import { CacheCluster, CacheClusterStatus } from './cache-cluster.js';

export type Tier = 'small' | 'large';

/** The tier that a text names; undefined if it names none. */
export const tierOf = (text: string | undefined): Tier | undefined => (text === 'small' || text === 'large' ? text : undefined);

/** What users of the first version ask for. */
export class CacheClusterV1alpha1Spec {
  @Field(s.quantity<string>().default('1Gi').describe('Memory of each pod.'))
  declare memory: string;

  @Field(s.int('int32').min(0).default(1).describe('How many pods.'))
  declare size: number;

  @Field(s.enum('small', 'large').optional().describe('Was never looked at; v1 has none.'))
  declare tier?: Tier;

  @Field(s.record(s.string()).optional().describe('Lines of the configuration; a change is rolled out.'))
  declare settings?: Record<string, string>;

  @Field(s.boolean().default(true).describe('Whether the cache has an address of its own.'))
  declare exposed: boolean;
}

/** Still served: who uses it is told so. */
@Version({
  of: () => CacheCluster, version: 'v1alpha1', spec: () => CacheClusterV1alpha1Spec, status: () => CacheClusterStatus,
  deprecated: true, deprecationWarning: 'caches.example.com/v1alpha1 CacheCluster is deprecated; use v1',
})
export class CacheClusterV1alpha1 extends Resource<CacheClusterV1alpha1Spec, CacheClusterStatus> {}
