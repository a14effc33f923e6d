import { keyOfObject } from '../../../operator/kube/object.js';
import type { Node, Pod } from '../model/kinds.js';
import { availableAt, controllerOf } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_OWNER } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { daemonPod, planDaemonSet } from './daemon-set-plan.js';
import { podFromTemplate } from './pod-template.js';
import { Revisions } from './revisions.js';
import { REVISION_LABEL } from './stateful-set-plan.js';

const NAME = 'daemonset-controller';

/** Whether a node changed in what daemons look at. */
const differs = (a: Node, b: Node): boolean =>
  JSON.stringify([a.metadata.labels, a.spec.taints, a.spec.unschedulable]) !== JSON.stringify([b.metadata.labels, b.spec.taints, b.spec.unschedulable]);

/** Puts one pod of each DaemonSet on every node that it is for. */
export class DaemonSetController implements Component {
  readonly #worker: KeyedWorker;
  readonly #revisions: Revisions;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
    this.#revisions = new Revisions(ctx);
  }

  start(): void {
    const { daemonSets, pods, nodes } = this.ctx.informers;
    const all = (): void => {
      for (const set of daemonSets.list()) this.#worker.enqueue(keyOfObject(set));
    };
    daemonSets.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
    all();
    nodes.on(({ object, old }) => {
      if (!old || differs(object, old)) all();
    });
    pods.on(({ object }) => {
      const owner = controllerOf(object);
      if (owner?.kind === 'DaemonSet') this.#worker.enqueue(`${object.metadata.namespace}/${owner.name}`);
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, events, clock } = this.ctx;
    const set = informers.daemonSets.get(key);
    if (!set) return undefined;
    const revision = await this.#revisions.ensure(set, set.spec.template, set.spec.selector.matchLabels ?? {});
    const hash = revision.metadata.labels['controller.kubernetes.io/hash'] ?? '';
    const owned = (): readonly Pod[] => informers.pods.find(BY_OWNER, set.metadata.uid);
    const plan = planDaemonSet(set, informers.nodes.list(), owned(), hash, clock.now());
    for (const pod of plan.remove) {
      await writer.delete(informers.pods, pod);
      events.record(NAME, set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
    for (const node of plan.create) {
      const pod = await writer.create(informers.pods, podFromTemplate(daemonPod(set, node, hash), set, { generateName: `${set.metadata.name}-` }));
      events.record(NAME, set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    }
    const latest = informers.daemonSets.get(key);
    if (latest?.metadata.uid !== set.metadata.uid) return undefined;
    await writer.patchStatus(informers.daemonSets, latest, planDaemonSet(latest, informers.nodes.list(), owned(), hash, clock.now()).status);
    const hashes = new Set(owned().map(({ metadata }) => metadata.labels[REVISION_LABEL] ?? ''));
    const inUse = this.#revisions.list(set).filter(({ metadata }) => metadata.name === revision.metadata.name || hashes.has(metadata.labels['controller.kubernetes.io/hash'] ?? ''));
    await this.#revisions.prune(set, new Set(inUse.map(({ metadata }) => metadata.name)), set.spec.revisionHistoryLimit ?? 10);
    const later = owned().map((pod) => availableAt(pod, set.spec.minReadySeconds) ?? 0).filter((at) => at > clock.now());
    return later.length > 0 ? Math.min(...later) - clock.now() : undefined;
  }
}
