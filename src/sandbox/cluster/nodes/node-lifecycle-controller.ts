import { kubeTime } from '../../../operator/kube/time.js';
import type { NodeCondition, PodCondition } from 'kubernetes-types/core/v1.js';
import type { Node } from '../model/kinds.js';
import { conditionOf, isReady } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_NODE } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { taintsByCondition } from './node-taints.js';

const NAME = 'node-controller';

/** `--node-monitor-grace-period`: how long a node may be silent. */
const GRACE_PERIOD = 40_000;

/**
 * A node counts as silent when it still is this much later: a process that was held up itself finds old leases at first, and
 * their renewals right behind.
 */
const SECOND_LOOK = 5_000;

/** What a silent node's conditions become. */
const SILENT_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

const readyOf = ({ status }: Node): string | undefined => conditionOf<NodeCondition>(status.conditions, 'Ready')?.status;

/** Turns nodes that have gone silent to Unknown, and keeps the taints that follow from conditions. */
export class NodeLifecycleController implements Component {
  readonly #worker: KeyedWorker;
  /** Nodes that have said themselves that they are not ready any more. */
  readonly #fallen = new Set<string>();
  /** Since when nodes have been found silent. */
  readonly #suspected = new Map<string, number>();

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (name) => this.#sync(name));
  }

  start(): void {
    const { nodes } = this.ctx.informers;
    nodes.on(({ type, object, old }) => {
      const { name } = object.metadata;
      if (type === 'added') this.ctx.events.record(NAME, object, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
      if (type === 'deleted') this.ctx.events.record(NAME, object, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
      if (old && readyOf(old) === 'True' && readyOf(object) === 'False') this.#fallen.add(name);
      this.#worker.enqueue(name);
    });
    for (const node of nodes.list()) this.#worker.enqueue(node.metadata.name);
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, writer, clock } = this.ctx;
    const node = informers.nodes.get(name);
    if (!node) {
      this.#suspected.delete(name);
      return undefined;
    }
    const silentIn = this.#silentIn(node);
    if (silentIn <= 0 && readyOf(node) !== 'Unknown') await this.#markSilent(node);
    else if (this.#fallen.delete(name)) await this.#markPodsUnready(node);
    const current = informers.nodes.get(name) ?? node;
    const taints = taintsByCondition(current, clock.now());
    if (taints) {
      await writer.patch(informers.nodes, current, { metadata: { resourceVersion: current.metadata.resourceVersion }, spec: { taints } });
    }
    return silentIn > 0 ? silentIn : undefined;
  }

  /** Milliseconds until the node counts as silent, if nothing is heard of it. */
  #silentIn(node: Node): number {
    const { name } = node.metadata;
    const now = this.ctx.clock.now();
    const rest = this.#lastHeard(node) + GRACE_PERIOD - now;
    if (rest > 0) {
      this.#suspected.delete(name);
      return rest;
    }
    const since = this.#suspected.get(name) ?? now;
    this.#suspected.set(name, since);
    return since + SECOND_LOOK - now;
  }

  #lastHeard(node: Node): number {
    const renewed = this.ctx.informers.leases.get(`kube-node-lease/${node.metadata.name}`)?.spec.renewTime;
    const heartbeat = conditionOf<NodeCondition>(node.status.conditions, 'Ready')?.lastHeartbeatTime;
    return Math.max(...[renewed, heartbeat, node.metadata.creationTimestamp].map((time) => Date.parse(time ?? '') || 0));
  }

  async #markSilent(node: Node): Promise<void> {
    const { informers, writer, events, clock } = this.ctx;
    let conditions = node.status.conditions;
    for (const type of SILENT_CONDITIONS) {
      const known = conditionOf<NodeCondition>(conditions, type);
      conditions = withCondition<NodeCondition>(conditions, {
        type, status: 'Unknown',
        reason: known ? 'NodeStatusUnknown' : 'NodeStatusNeverUpdated',
        message: known ? 'Kubelet stopped posting node status.' : 'Kubelet never posted node status.',
        ...(known?.lastHeartbeatTime === undefined ? {} : { lastHeartbeatTime: known.lastHeartbeatTime }),
      }, clock.now());
    }
    await writer.patchStatus(informers.nodes, node, { conditions });
    events.record(NAME, node, 'Normal', 'NodeNotReady', `Node ${node.metadata.name} status is now: NodeNotReady`);
    await this.#markPodsUnready(node);
  }

  /** Nothing that runs on a node out of service counts as ready, until its kubelet says so again. */
  async #markPodsUnready(node: Node): Promise<void> {
    const { informers, writer, events, clock } = this.ctx;
    for (const pod of informers.pods.find(BY_NODE, node.metadata.name).filter(isReady)) {
      const unready: PodCondition = { ...(conditionOf<PodCondition>(pod.status.conditions, 'Ready') as PodCondition), status: 'False', lastTransitionTime: kubeTime(clock.now()) };
      await writer.patchStatus(informers.pods, pod, { conditions: withCondition(pod.status.conditions, unready, clock.now()) });
      events.record(NAME, pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    }
  }
}

