import { Batch, Pod, RBAC, Singleton, Watches } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { Machine } from './machine.js';

const isWaiting = ({ status: { conditions = [] }, spec: { nodeName } }: Pod): boolean =>
  nodeName === undefined && conditions.some(({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable');

/** One pass over a window of pods that fit nowhere: a second after the last, at most ten after the first. */
@Singleton({ name: 'provisioner', reads: [Machine] })
@RBAC({ groups: ['machines.example.com'], resources: ['machines'], verbs: ['create'], why: 'makes machines for pods' })
export class Provisioner {
  @Watches(Pod)
  triggers(pod: Pod): boolean {
    return isWaiting(pod);
  }

  @Batch({ idle: '1s', max: '10s' })
  async provision(ctx: TickContext): Promise<void> {
    const coming = ctx.cache.list(Machine).filter(({ status }) => status.nodeName === undefined).length;
    const waiting = ctx.cache.list(Pod).filter(isWaiting).length;
    // Ten pods a machine: a real one would simulate where they go.
    for (let missing = Math.ceil(waiting / 10) - coming; missing > 0; missing -= 1) {
      await ctx.create(Machine, { metadata: { generateName: 'machine-' }, spec: { className: 'default', provider: 'example', startupTaints: [] } });
    }
  }
}
