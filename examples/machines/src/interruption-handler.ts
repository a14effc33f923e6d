import { inject } from 'inversify';
import { OnEvent, RBAC, Reconciler, Step, done } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, StepContext } from 'karpenter-ts/operator';
import type { Interruption } from './cloud.js';
import { Interruptions } from './cloud.js';
import { Machine, machinesByProviderID } from './machine.js';

/** A queue as one more source of keys: a message wakes the Machine that it is about, and is acknowledged when the work is done. */
@Reconciler({ for: Machine, name: 'machine.interruption', root: false })
@RBAC({ groups: ['machines.example.com'], resources: ['machines'], verbs: ['delete'], why: 'machines that the cloud takes back' })
export class InterruptionHandler {
  constructor(@inject(Interruptions) private readonly interruptions: Interruptions) {}

  @OnEvent(Interruptions)
  machineOf(message: Interruption, map: MapContext): Key<Machine>[] {
    return map.keys({ index: machinesByProviderID, value: message.providerID });
  }

  /** Asks what is pending rather than what has happened: the message may have come before a restart. */
  @Step()
  async drain(machine: Machine, ctx: StepContext<Machine>): Promise<Outcome> {
    const message = this.interruptions.pending(machine.status.providerID);
    if (!message) return done();
    ctx.events.warning('Interrupted', `${message.kind} interruption`);
    await ctx.delete(machine);
    await this.interruptions.acknowledge(message);
    return done();
  }
}
