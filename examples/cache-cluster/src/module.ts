import type { ContainerModule } from 'inversify';
import { reconcilers } from 'karpenter-ts/operator';
import { CacheClusterReconciler } from './cache-cluster-reconciler.js';
import { CacheClusterRules } from './cache-cluster-rules.js';

/** What the operator is made of. */
export const modules: ContainerModule[] = [reconcilers(CacheClusterReconciler, CacheClusterRules)];
