import { inject, multiInject, optional } from 'inversify';
import { Catches, Condition, Deadline, Finalizer, Node, RBAC, Reconciler, Watches, When, changed, done, held, index, met, released, unmet, waiting } from 'karpenter-ts/operator';
import type { Key, MapContext, Outcome, Release, StepContext } from 'karpenter-ts/operator';
import { Cloud, InsufficientCapacity, RegistrationHook } from './cloud.js';
import { Machine, machinesByProviderID } from './machine.js';

type Ctx = StepContext<Machine>;

/** The taint that nodes join with, so that nothing runs there before they are registered. */
export const UNREGISTERED = 'machines.example.com/unregistered';
export const nodesByProviderID = index(Node, 'providerID', (node) => [node.spec.providerID]);

/** Drives a Machine from nothing to an initialized node, and back to nothing. */
@Reconciler({ for: Machine, name: 'machine.lifecycle', concurrency: { perCpu: 100, min: 1000, max: 5000 }, backoff: { base: '1s', max: '1m' }, rate: { qps: 100, burst: 1000 } })
@RBAC({ groups: ['machines.example.com'], resources: ['machines'], verbs: ['patch', 'delete'], why: 'labels machines, and gives those up that do not come' })
@RBAC({ groups: [''], resources: ['nodes'], verbs: ['patch', 'delete'], why: 'takes the taint off nodes that joined, and ends those of machines that go' })
export class MachineLifecycle {
  constructor(
    @inject(Cloud) private readonly cloud: Cloud,
    @multiInject(RegistrationHook) @optional() private readonly hooks: RegistrationHook[] = [],
  ) {}

  /** False: the object is not ours, nothing runs and nothing is written. */
  @When()
  ours({ spec }: Machine): boolean {
    return spec.provider === 'example';
  }

  @Watches(Node, { when: changed((node) => node.spec, (node) => node.metadata.labels, (node) => node.status.allocatable), priority: 10 })
  machinesOf(node: Node, map: MapContext): Key<Machine>[] {
    return map.keys({ index: machinesByProviderID, value: node.spec.providerID });
  }

  /** `latch`: once True, it does not run again. The token makes one instance of it, whenever we crash. */
  @Condition('Launched', { latch: true, failedReason: 'LaunchFailed' })
  async launch(machine: Machine, ctx: Ctx): Promise<Outcome> {
    const instance = await ctx.once('instance', () => this.cloud.launch(machine.spec.className, { token: ctx.idempotencyKey, signal: ctx.signal }));
    Object.assign(machine.metadata.labels, { ...instance.labels, ...machine.metadata.labels });
    machine.status.providerID = instance.providerID;
    machine.status.capacity = instance.capacity;
    return met();
  }

  @Condition('Registered', { dependsOn: ['Launched'], latch: true })
  async register(machine: Machine, ctx: Ctx): Promise<Outcome> {
    const [node, second] = this.#nodesOf(machine, ctx);
    if (!node) return waiting('NodeNotFound', 'no node with this provider ID has joined');
    if (second) return unmet('MultipleNodesFound', `${node.metadata.name} and ${second.metadata.name} have the same provider ID`);
    for (const hook of this.hooks) {
      const verdict = await hook.ready(node.spec.providerID as string, ctx.signal);
      if (verdict !== true) return waiting('RegistrationHookPending', verdict).recheck('5s');
    }
    await ctx.patch(node, (draft) => {
      Object.assign(draft.metadata.labels, machine.metadata.labels);
      draft.spec.taints = (draft.spec.taints ?? []).filter(({ key }) => key !== UNREGISTERED);
    });
    machine.status.nodeName = node.metadata.name;
    return met();
  }

  @Condition('Initialized', { dependsOn: ['Registered'], latch: true })
  initialize(machine: Machine, ctx: Ctx): Outcome {
    const [node] = this.#nodesOf(machine, ctx);
    const blocking = node?.spec.taints?.find(({ key }) => machine.spec.startupTaints.includes(key));
    if (blocking) return waiting('StartupTaintsExist', `the taint "${blocking.key}" is still there`);
    const missing = Object.keys(machine.status.capacity ?? {}).find((resource) => !node?.status.allocatable?.[resource]);
    if (missing) return waiting('ResourceNotRegistered', `the node has no "${missing}" yet`);
    return met();
  }

  /** Runs at the very second, without anybody polling. */
  @Deadline('Launched', '5m')
  @Deadline('Registered', '15m')
  async giveUp(machine: Machine, ctx: Ctx): Promise<Outcome> {
    await ctx.delete(machine);
    return done();
  }

  @Catches(InsufficientCapacity)
  async abandon(error: InsufficientCapacity, machine: Machine, ctx: Ctx): Promise<Outcome> {
    ctx.events.warning(error.reason, error.message);
    await ctx.delete(machine);
    return done();
  }

  @Finalizer('machines.example.com/termination')
  async terminate(machine: Machine, ctx: Ctx): Promise<Release> {
    const nodes = ctx.condition('Registered')?.status === 'True' ? this.#nodesOf(machine, ctx) : [];
    for (const node of nodes) if (!node.metadata.deletionTimestamp) await ctx.delete(node);
    if (nodes.length > 0) return held('waiting for the node to be gone');
    if (machine.status.providerID === undefined) return released();
    const state = await this.cloud.terminate(machine.status.providerID, ctx.signal);
    ctx.mark('InstanceTerminating', met());
    return state === 'gone' ? released() : held('the instance is terminating', '5s');
  }

  #nodesOf({ status: { providerID } }: Machine, ctx: Ctx): readonly Node[] {
    return ctx.cache.list(Node, { index: nodesByProviderID, value: providerID });
  }
}
