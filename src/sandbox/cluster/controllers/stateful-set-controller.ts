import { keyOfObject } from '../../../operator/kube/object.js';
import type { ControllerRevision, Pod, StatefulSet } from '../model/kinds.js';
import { availableAt, controllerOf } from '../model/pods.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_OWNER } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { podFromTemplate } from './pod-template.js';
import { Revisions } from './revisions.js';
import { missingClaims, planStatefulSet, REVISION_LABEL, statefulPod } from './stateful-set-plan.js';

const NAME = 'statefulset-controller';

/** Gives each ordinal of a StatefulSet its pod and its claims, in order. */
export class StatefulSetController implements Component {
  readonly #worker: KeyedWorker;
  readonly #revisions: Revisions;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, NAME, (key) => this.#sync(key));
    this.#revisions = new Revisions(ctx);
  }

  start(): void {
    const { statefulSets, pods } = this.ctx.informers;
    statefulSets.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
    for (const set of statefulSets.list()) this.#worker.enqueue(keyOfObject(set));
    pods.on(({ object }) => {
      const owner = controllerOf(object);
      if (owner?.kind === 'StatefulSet') this.#worker.enqueue(`${object.metadata.namespace}/${owner.name}`);
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, events, clock } = this.ctx;
    const set = informers.statefulSets.get(key);
    if (!set) return undefined;
    const update = await this.#revisions.ensure(set, set.spec.template, set.spec.selector.matchLabels ?? {});
    const current = this.#revisions.list(set).find(({ metadata }) => metadata.name === set.status.currentRevision) ?? update;
    const names = { current: current.metadata.name, update: update.metadata.name };
    const owned = (): readonly Pod[] => informers.pods.find(BY_OWNER, set.metadata.uid);
    const plan = planStatefulSet(set, owned(), names, clock.now());
    for (const pod of plan.remove) {
      await writer.delete(informers.pods, pod);
      events.record(NAME, set, 'Normal', 'SuccessfulDelete', `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`);
    }
    for (const { ordinal, revision } of plan.create) await this.#create(set, ordinal, revision === names.current ? current : update);
    const latest = informers.statefulSets.get(key);
    if (latest?.metadata.uid !== set.metadata.uid) return undefined;
    await writer.patchStatus(informers.statefulSets, latest, planStatefulSet(latest, owned(), names, clock.now()).status);
    const inUse = new Set([names.current, names.update, ...owned().map(({ metadata }) => metadata.labels[REVISION_LABEL] ?? '')]);
    await this.#revisions.prune(set, inUse, set.spec.revisionHistoryLimit ?? 10);
    const later = owned().map((pod) => availableAt(pod, set.spec.minReadySeconds) ?? 0).filter((at) => at > clock.now());
    return later.length > 0 ? Math.min(...later) - clock.now() : undefined;
  }

  async #create(set: StatefulSet, ordinal: number, revision: ControllerRevision): Promise<void> {
    const { informers, writer, events } = this.ctx;
    const { name, namespace } = set.metadata;
    for (const claim of missingClaims(set, ordinal, (claimed) => informers.claims.get(`${namespace}/${claimed}`) !== undefined)) {
      await writer.create(informers.claims, claim);
      events.record(NAME, set, 'Normal', 'SuccessfulCreate', `create Claim ${claim.metadata?.name} Pod ${name}-${ordinal} in StatefulSet ${name} success`);
    }
    const pod = statefulPod(set, revision.data.spec.template, ordinal, revision.metadata.name);
    await writer.create(informers.pods, podFromTemplate(pod, set, { name: pod.metadata.name }));
    events.record(NAME, set, 'Normal', 'SuccessfulCreate', `create Pod ${name}-${ordinal} in StatefulSet ${name} successful`);
  }
}
