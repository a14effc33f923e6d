import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { KubeObject } from '../../../operator/kube/object.js';
import type { Pod } from '../model/kinds.js';
import { controllerOf, isActive } from '../model/pods.js';
import { selects } from '../model/selectors.js';
import { withCondition } from '../model/set-condition.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_NAMESPACE, BY_OWNER } from '../shell/informers.js';
import type { Informer } from '../shell/informer.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { claim } from './claim.js';
import { podFromTemplate } from './pod-template.js';
import { planReplicaSet } from './replica-set-plan.js';
import type { Replicated, ReplicaSetPlan } from './replica-set-plan.js';
import { messageOf } from '../shell/message-of.js';

const NAMES = { ReplicaSet: 'replicaset-controller', ReplicationController: 'replicationcontroller-controller' } as const;
const FAILURE = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' };

/** Keeps as many pods of each ReplicaSet, or ReplicationController, as it wants; adopts matching orphans and lets go of what no longer matches. */
export class ReplicaSetController implements Component {
  readonly #worker: KeyedWorker;
  readonly #name: string;
  readonly #informer: Informer<Replicated>;

  constructor(private readonly ctx: ComponentContext, private readonly kind: keyof typeof NAMES) {
    this.#name = NAMES[kind];
    this.#informer = (kind === 'ReplicaSet' ? ctx.informers.replicaSets : ctx.informers.replicationControllers) as Informer<Replicated>;
    this.#worker = workerOf(ctx, this.#name, (key) => this.#sync(key));
  }

  start(): void {
    const { pods } = this.ctx.informers;
    this.#informer.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
    for (const replicaSet of this.#informer.list()) this.#worker.enqueue(keyOfObject(replicaSet));
    pods.on(({ object, old }) => {
      const owner = controllerOf(object) ?? (old && controllerOf(old));
      if (owner?.kind === this.kind) this.#worker.enqueue(`${object.metadata.namespace}/${owner.name}`);
      else if (!owner) for (const candidate of this.#adopters(object)) this.#worker.enqueue(keyOfObject(candidate));
    });
  }

  stop(): void {
    this.#worker.stop();
  }

  #adopters({ metadata }: Pod): Replicated[] {
    return this.#informer.find(BY_NAMESPACE, metadata.namespace).filter((candidate) => this.#selects(candidate, metadata.labels));
  }

  /** The older kind selects by labels only. */
  #selects({ spec: { selector } }: Replicated, labels: Readonly<Record<string, string>>): boolean {
    return selects(this.kind === 'ReplicaSet' ? (selector as LabelSelector) : { matchLabels: selector as Record<string, string> }, labels);
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, clock } = this.ctx;
    const replicaSet = this.#informer.get(key);
    if (!replicaSet) return undefined;
    if (!replicaSet.metadata.deletionTimestamp) await claim(writer, informers.pods, replicaSet, (pod) => this.#selects(replicaSet, pod.metadata.labels) && (isActive(pod) || controllerOf(pod) !== undefined));
    const plan = planReplicaSet(replicaSet, informers.pods.find(BY_OWNER, replicaSet.metadata.uid), this.#relatedPods(replicaSet), clock.now());
    const failure = await this.#apply(replicaSet, plan);
    const conditions = this.#conditions(replicaSet, failure);
    const after = planReplicaSet(replicaSet, informers.pods.find(BY_OWNER, replicaSet.metadata.uid), new Map(), clock.now());
    const current = this.#informer.get(key);
    if (current?.metadata.uid === replicaSet.metadata.uid) {
      await writer.patchStatus(this.#informer, current, { ...after.status, ...(conditions.length > 0 || replicaSet.status.conditions ? { conditions } : {}) });
    }
    if (failure) throw failure;
    return after.nextAvailableAt === undefined ? undefined : after.nextAvailableAt - clock.now();
  }

  /** A failure that lasts is told once: its message names another pod each time, and each change would lead to another try. */
  #conditions({ status: { conditions = [] } }: Replicated, failure: Error | undefined): typeof conditions {
    if (!failure) return conditions.filter(({ type }) => type !== FAILURE.type);
    const isKnown = conditions.some(({ type, status, reason }) => type === FAILURE.type && status === FAILURE.status && reason === FAILURE.reason);
    return isKnown ? conditions : withCondition(conditions, { ...FAILURE, message: failure.message }, this.ctx.clock.now());
  }

  /** How many pods of this ReplicaSet and its siblings each node has. */
  #relatedPods(replicaSet: Replicated): Map<string, number> {
    const { pods } = this.ctx.informers;
    const siblings = controllerOf(replicaSet) ? this.#informer.find(BY_OWNER, controllerOf(replicaSet)?.uid) : [replicaSet];
    const byNode = new Map<string, number>();
    for (const pod of siblings.flatMap(({ metadata }) => pods.find(BY_OWNER, metadata.uid)).filter(isActive)) {
      byNode.set(pod.spec.nodeName ?? '', (byNode.get(pod.spec.nodeName ?? '') ?? 0) + 1);
    }
    return byNode;
  }

  /** Creates and deletes; the first refusal of a creation ends it, so that a quota is not stormed. */
  async #apply(replicaSet: Replicated, { create, remove }: ReplicaSetPlan): Promise<Error | undefined> {
    const { informers, writer } = this.ctx;
    const record = (type: 'Normal' | 'Warning', reason: string, message: string): void => this.ctx.events.record(this.#name, replicaSet, type, reason, message);
    for (const pod of remove) {
      await writer.delete(informers.pods, pod);
      record('Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
    for (let made = 0; made < create; made += 1) {
      try {
        const pod: KubeObject = await writer.create(informers.pods, podFromTemplate(replicaSet.spec.template ?? {}, replicaSet, { generateName: `${replicaSet.metadata.name}-` }));
        record('Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      } catch (error) {
        const failure = error instanceof Error ? error : new Error(messageOf(error));
        record('Warning', 'FailedCreate', `Error creating: ${failure.message}`);
        return failure;
      }
    }
    return undefined;
  }
}
