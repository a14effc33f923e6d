import { inject } from 'inversify';
import { Singleton } from 'karpenter-ts/operator';
import type { TickContext } from 'karpenter-ts/operator';
import { Cloud } from './cloud.js';
import { Machine } from './machine.js';

/** Instances that no Machine knows: what no finalizer can reach. Never overlaps itself, and runs on the leader only. */
@Singleton({ name: 'machine.garbagecollection', every: '2m', jitter: 0.1, reads: [Machine] })
export class GarbageCollection {
  /** Seen once without a Machine; a launch may just not have been written down yet. */
  #suspects: ReadonlySet<string> = new Set();

  constructor(@inject(Cloud) private readonly cloud: Cloud) {}

  async tick(ctx: TickContext): Promise<void> {
    const known = new Set(ctx.cache.list(Machine).map(({ status }) => status.providerID));
    const unknown = [...await this.cloud.instances(ctx.signal)].filter((id) => !known.has(id));
    for (const id of unknown) if (this.#suspects.has(id)) await this.cloud.terminate(id, ctx.signal);
    this.#suspects = new Set(unknown);
  }
}
