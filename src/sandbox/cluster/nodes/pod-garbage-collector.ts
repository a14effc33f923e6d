import { kubeTime } from '../../../operator/kube/time.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { isTerminal } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';
import { BY_NODE } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';

/** A node that has just vanished may come back; pods are kept this long. */
const QUARANTINE = 40_000;

/** Removes pods that nobody else will: those of nodes that are gone, and deleted ones that never got a node. */
export class PodGarbageCollector implements Component {
  /** Keyed by node name. */
  readonly #worker: KeyedWorker;
  readonly #missingSince = new Map<string, number>();

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, 'pod-garbage-collector', (node) => this.#sync(node));
  }

  start(): void {
    const { nodes, pods } = this.ctx.informers;
    nodes.on(({ type, object }) => {
      if (type === 'deleted') this.#worker.enqueue(object.metadata.name);
      else this.#missingSince.delete(object.metadata.name);
    });
    pods.on(({ type, object }) => {
      if (type === 'deleted' || (object.spec.nodeName && nodes.get(object.spec.nodeName))) return;
      if (object.spec.nodeName || object.metadata.deletionTimestamp) this.#worker.enqueue(object.spec.nodeName ?? '');
    });
    for (const { spec } of pods.list()) if (spec.nodeName && !nodes.get(spec.nodeName)) this.#worker.enqueue(spec.nodeName);
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(name: string): Promise<number | undefined> {
    const { informers, writer, clock } = this.ctx;
    if (name === '') {
      for (const pod of informers.pods.list()) {
        if (!pod.spec.nodeName && pod.metadata.deletionTimestamp) await writer.delete(informers.pods, pod, { gracePeriodSeconds: 0 });
      }
      return undefined;
    }
    if (informers.nodes.get(name)) return undefined;
    const orphans = informers.pods.find(BY_NODE, name);
    if (orphans.length === 0) {
      this.#missingSince.delete(name);
      return undefined;
    }
    const since = this.#missingSince.get(name) ?? clock.now();
    this.#missingSince.set(name, since);
    const rest = since + QUARANTINE - clock.now();
    if (rest > 0) return rest;
    for (const pod of orphans) {
      if (!isTerminal(pod)) {
        const condition = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists', lastTransitionTime: kubeTime(clock.now()) };
        await writer.patchStatus(informers.pods, pod, { phase: 'Failed', conditions: withCondition(pod.status.conditions, condition, clock.now()) });
      }
      await writer.delete(informers.pods, pod, { gracePeriodSeconds: 0 });
    }
    return undefined;
  }
}
