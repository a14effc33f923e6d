import { kubeTime } from '../../../operator/kube/time.js';
import type { Taint, Toleration } from 'kubernetes-types/core/v1.js';
import { tolerates } from '../../../api/taints.js';
import { isConflict } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Pod } from '../model/kinds.js';
import { isActive } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_NODE } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';

/**
 * When a pod must leave because of NoExecute taints, in milliseconds since the epoch; undefined: it may stay. Of several
 * tolerations for the taints the shortest counts, from the moment that pod and taints were first `seen` together.
 */
export function evictionTime(tolerations: readonly Toleration[], taints: readonly Taint[], seen: number): number | undefined {
  let due: number | undefined;
  for (const taint of taints.filter(({ effect }) => effect === 'NoExecute')) {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return seen;
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds === undefined) continue;
      const end = seen + Math.max(0, tolerationSeconds) * 1_000;
      due = Math.min(due ?? end, end);
    }
  }
  return due;
}

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, at the time their tolerations end. */
export class TaintEvictionController implements Component {
  readonly #worker: KeyedWorker;
  /** Since when each pod (by uid) has been on a node with NoExecute taints, by node. */
  readonly #seen = new Map<string, Map<string, number>>();

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, 'taint-eviction-controller', (node) => this.#sync(node));
  }

  start(): void {
    const { nodes, pods } = this.ctx.informers;
    nodes.on(({ type, object, old }) => {
      if (type === 'deleted') this.#seen.delete(object.metadata.name);
      else if (JSON.stringify(object.spec.taints) !== JSON.stringify(old?.spec.taints)) this.#worker.enqueue(object.metadata.name);
    });
    for (const node of nodes.list()) this.#worker.enqueue(node.metadata.name);
    pods.on(({ type, object, old }) => {
      if (type !== 'deleted' && object.spec.nodeName && object.spec.nodeName !== old?.spec.nodeName) this.#worker.enqueue(object.spec.nodeName);
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, clock } = this.ctx;
    const taints = informers.nodes.get(name)?.spec.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
    if (taints.length === 0) {
      this.#seen.delete(name);
      return undefined;
    }
    const before = this.#seen.get(name);
    const seen = new Map<string, number>();
    this.#seen.set(name, seen);
    const later: number[] = [];
    for (const pod of informers.pods.find(BY_NODE, name).filter(isActive)) {
      const since = before?.get(pod.metadata.uid) ?? clock.now();
      seen.set(pod.metadata.uid, since);
      const due = evictionTime(pod.spec.tolerations ?? [], taints, since);
      if (due === undefined) continue;
      if (due <= clock.now()) await this.#evict(pod);
      else later.push(due);
    }
    return later.length > 0 ? Math.min(...later) - clock.now() : undefined;
  }

  async #evict(pod: Pod): Promise<void> {
    const { informers, writer, events, clock } = this.ctx;
    events.record('taint-eviction-controller', pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyOfObject(pod)}`);
    const condition = {
      type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint', lastTransitionTime: kubeTime(clock.now()),
    };
    try {
      await writer.patchStatus(informers.pods, pod, { conditions: withCondition(pod.status.conditions, condition, clock.now()) });
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    await writer.delete(informers.pods, pod);
  }
}
