import { inject } from 'inversify';
import { Condition, Finalizer, Reconciler, Watches, held, keyOf, met, onDelete, released, unmet } from 'karpenter-ts/operator';
import type { Key, Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { Cloud } from './cloud.js';
import { MachineClass } from './machine-class.js';
import { Machine, machinesByClass } from './machine.js';

type Ctx = StepContext<MachineClass>;

/** Looks up at the cloud what a class needs, all at once, and says whether machines can be launched from it. */
@Reconciler({ for: MachineClass, name: 'machineclass', conditions: 'parallel' })
export class MachineClassStatusReconciler {
  constructor(@inject(Cloud) private readonly cloud: Cloud) {}

  @Watches(Machine, { when: onDelete() })
  classOf(machine: Machine): Key<MachineClass>[] {
    return [keyOf(MachineClass, machine.spec.className)];
  }

  @Condition('SubnetsReady', { every: '1m' })
  async subnets(machineClass: MachineClass, ctx: Ctx): Promise<Outcome> {
    const found = await this.cloud.subnets(ctx.signal);
    machineClass.status.subnets = found.sort((a, b) => a.id.localeCompare(b.id));
    return found.length > 0 ? met() : unmet('SubnetsNotFound', 'the cloud has no subnet for us');
  }

  @Condition('ProfileReady')
  async profile(machineClass: MachineClass, ctx: Ctx): Promise<Outcome> {
    const profile = await this.cloud.ensureProfile(machineClass.spec.role, ctx.signal);
    machineClass.status.profile = profile;
    return met();
  }

  /** `propagate`: False, not Unknown, as soon as one of the others is. */
  @Condition('ValidationSucceeded', { dependsOn: ['SubnetsReady', 'ProfileReady'], blocked: 'propagate' })
  async validate(_machineClass: MachineClass, ctx: Ctx): Promise<Outcome> {
    const denied = await this.cloud.denied(ctx.signal);
    return denied === undefined ? met() : unmet('NotAuthorized', `we are not allowed to ${denied}`).recheck('10m');
  }

  @Finalizer('machines.example.com/class')
  release(machineClass: MachineClass, ctx: Ctx): Release {
    const users = ctx.cache.list(Machine, { index: machinesByClass, value: machineClass.metadata.name });
    if (users.length === 0) return released();
    ctx.events.normal('WaitingOnMachines', `${users.length} machines still use this class`);
    return held('machines still use this class', '10m');
  }
}
