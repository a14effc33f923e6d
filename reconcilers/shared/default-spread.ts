import { inject } from 'inversify';
import { ReplicaSet, ReplicationController, Service, Singleton, StatefulSet } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { workloadSelectors } from 'karpenter-ts/scheduling';
import type { SolveOptions } from 'karpenter-ts/scheduling';
import { Settings } from '../settings.js';

/** Keeps a store of what default spread constraints are deduced from; part of the operator only when some are configured. */
@Singleton({ name: 'scheduler.config', every: '24h', reads: [Service, ReplicationController, ReplicaSet, StatefulSet] })
export class DefaultSpreadSources {
  constructor(@inject(Settings) private readonly settings: Settings) {}

  tick(ctx: TickContext): void {
    ctx.log.info('pods without topology spread constraints get those of the scheduler-config', { 'default-topology-spread-constraints': this.settings.defaultTopologySpread });
  }
}

/** The configured default spread constraints, as a solve takes them. */
export function defaultSpread({ defaultTopologySpread }: Settings, cache: TickContext['cache']): Pick<SolveOptions, 'defaultSpread' | 'selectorOf'> {
  if (defaultTopologySpread.length === 0) return {};
  return {
    defaultSpread: defaultTopologySpread,
    selectorOf: workloadSelectors({
      services: (namespace) => cache.list(Service, { namespace }),
      replicationController: (namespace, name) => cache.get(ReplicationController, name, namespace),
      replicaSet: (namespace, name) => cache.get(ReplicaSet, name, namespace),
      statefulSet: (namespace, name) => cache.get(StatefulSet, name, namespace),
    }),
  };
}
