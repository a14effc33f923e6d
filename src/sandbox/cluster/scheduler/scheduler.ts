import { kubeTime } from '../../../operator/kube/time.js';
import { isConflict, isNotFound } from '../../../operator/kube/errors.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Node, Pod } from '../model/kinds.js';
import { conditionOf, isActive } from '../model/pods.js';
import { withCondition } from '../model/set-condition.js';
import type { Component, ComponentContext } from '../shell/component.js';
import type { Change } from '../shell/informer.js';
import { targetOf } from '../shell/writer.js';
import { ClaimBinder } from './claim-binder.js';
import { feasibility, mightFit, notHelpful } from './feasibility.js';
import type { ClusterView, Rejection } from './filter.js';
import { fitMessage, NO_NODES, obstacleMessage } from './fit-message.js';
import { PodInfo } from './node-info.js';
import { planPreemption } from './preemption.js';
import type { PreemptionPlan } from './preemption.js';
import { SchedulerCache } from './scheduler-cache.js';
import { SchedulingQueue } from './scheduling-queue.js';
import type { QueuedPod } from './scheduling-queue.js';
import { bestNodes } from './score.js';
import { volumeObstacle } from './volumes.js';
import type { VolumeView } from './volumes.js';
import { messageOf } from '../shell/message-of.js';

const NAME = 'default-scheduler';

/** Pods that are placed in one go before others get a turn of the event loop. */
const BATCH = 50;

const RELATIONAL_PLUGINS = ['PodTopologySpread', 'InterPodAffinity'];
const VOLUME_PLUGINS = ['VolumeBinding', 'NodeVolumeLimits'];

const isOurs = ({ spec }: Pod): boolean => (spec.schedulerName ?? NAME) === NAME;
const isWaiting = (pod: Pod): boolean => isOurs(pod) && isActive(pod) && !pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length === 0;

/** Whether a node changed in what scheduling looks at. */
const differs = (a: Node, b: Node): boolean =>
  JSON.stringify([a.metadata.labels, a.spec.taints, a.spec.unschedulable, a.status.allocatable]) !== JSON.stringify([b.metadata.labels, b.spec.taints, b.spec.unschedulable, b.status.allocatable]);

/** Puts pods on nodes as kube-scheduler does, and says of the others why not. */
export class Scheduler implements Component {
  readonly #volumes: VolumeView;
  readonly #cache: SchedulerCache;
  readonly #queue: SchedulingQueue;
  readonly #claims: ClaimBinder;
  /** Pods whose binding is under way, by uid. */
  readonly #binding = new Set<string>();
  #awake = false;
  #stopped = false;

  constructor(private readonly ctx: ComponentContext) {
    const { claims, volumes, storageClasses, csiNodes } = ctx.informers;
    this.#volumes = {
      claim: (namespace, name) => claims.get(`${namespace}/${name}`),
      volume: (name) => volumes.get(name),
      storageClass: (name) => storageClasses.get(name),
      csiNode: (name) => csiNodes.get(name),
    };
    this.#cache = new SchedulerCache(this.#volumes);
    this.#queue = new SchedulingQueue(ctx.clock, () => this.#wake());
    this.#claims = new ClaimBinder(ctx, this.#volumes);
  }

  start(): void {
    const { nodes, pods, claims, volumes, storageClasses, csiNodes } = this.ctx.informers;
    for (const node of nodes.list()) this.#cache.setNode(node);
    for (const pod of pods.list()) this.#onPod({ type: 'added', object: pod });
    nodes.on((change) => this.#onNode(change));
    pods.on((change) => this.#onPod(change));
    const onVolumes = (): void => this.#queue.stir(({ rejectedBy }) => VOLUME_PLUGINS.some((plugin) => rejectedBy.has(plugin)));
    for (const informer of [claims, volumes, storageClasses, csiNodes]) informer.on(onVolumes);
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.stop();
    this.#claims.stop();
  }

  #onNode({ type, object, old }: Change<Node>): void {
    const { name } = object.metadata;
    if (type === 'deleted') this.#cache.deleteNode(name);
    else {
      this.#cache.setNode(object);
      if (!old || differs(object, old)) this.#stirFor(name);
    }
    if (type === 'deleted') this.#queue.stir(({ rejectedBy }) => RELATIONAL_PLUGINS.some((plugin) => rejectedBy.has(plugin)));
  }

  #onPod({ type, object, old }: Change<Pod>): void {
    const { uid } = object.metadata;
    if (type === 'deleted' || !isActive(object)) {
      this.#queue.remove(uid);
      this.#claims.cancel(uid);
    }
    if (object.spec.nodeName && type !== 'deleted') {
      this.#queue.remove(uid);
      this.#cache.setBound(object);
      const ended = old && isActive(old) !== isActive(object);
      if (ended) this.#stirFor(object.spec.nodeName);
      if (!old?.spec.nodeName) this.#queue.stir(({ rejectedBy }) => RELATIONAL_PLUGINS.some((plugin) => rejectedBy.has(plugin)));
    } else if (type === 'deleted') {
      this.#cache.withdraw(uid);
      const node = this.#cache.take(uid);
      if (node !== undefined) this.#stirFor(node);
    } else if (isWaiting(object) && !this.#binding.has(uid)) this.#queue.put(new PodInfo(object));
  }

  /** Wakes pods that a changed node could take. */
  #stirFor(name: string): void {
    const node = this.#cache.node(name);
    this.#queue.stir((entry) =>
      RELATIONAL_PLUGINS.some((plugin) => entry.rejectedBy.has(plugin)) || (node !== undefined && mightFit(entry.info, node, this.#cache.viewFor(entry.info))));
  }

  #wake(): void {
    if (this.#awake || this.#stopped) return;
    this.#awake = true;
    // A turn of its own: pods that arrive together are ordered by priority before the first is placed.
    this.ctx.clock.schedule(0, () => {
      this.#awake = false;
      for (let placed = 0; placed < BATCH && !this.#stopped; placed += 1) {
        const entry = this.#queue.next();
        if (!entry) return;
        this.#scheduleOne(entry);
      }
      this.#wake();
    });
  }

  #scheduleOne(entry: QueuedPod): void {
    const { info } = entry;
    const current = this.ctx.informers.pods.get(keyOfObject(info.pod));
    if (!current || current.metadata.uid !== info.pod.metadata.uid || !isWaiting(current)) return;
    const view = this.#cache.viewFor(info);
    const total = view.nodes.length;
    if (total === 0) return this.#fail(entry, NO_NODES, new Set());
    const obstacle = volumeObstacle(info.pod, this.#volumes);
    if (obstacle !== undefined) {
      const unhelpful = fitMessage(total, view.nodes.map(notHelpful));
      return this.#fail(entry, `${obstacleMessage(total, obstacle)} preemption: ${unhelpful}`, new Set(['VolumeBinding']));
    }
    const { feasible, rejections } = feasibility(info, view);
    if (feasible.length === 0) {
      const plugins = new Set([...rejections.values()].map(({ plugin }) => plugin));
      return this.#fail(entry, fitMessage(total, rejections.values()) + this.#preempt(info, view, rejections), plugins);
    }
    const best = bestNodes(info, feasible, view);
    const { name } = best[Math.floor(this.ctx.random.next() * best.length)] as (typeof best)[number];
    this.#cache.place(info, name);
    this.#binding.add(info.pod.metadata.uid);
    void this.#bind(entry, name);
  }

  /** Evicts less important pods if that makes room, and returns what to add to the message: why not, else nothing. */
  #preempt(info: PodInfo, view: ClusterView, refused: ReadonlyMap<string, Rejection>): string {
    const { pod } = info;
    if (pod.spec.preemptionPolicy === 'Never') return ' preemption: not eligible due to preemptionPolicy=Never.';
    const promised = pod.status.nominatedNodeName === undefined ? undefined : this.#cache.node(pod.status.nominatedNodeName);
    if (promised && [...promised.pods.values()].some((other) => other.pod.metadata.deletionTimestamp && (other.pod.spec.priority ?? 0) < (pod.spec.priority ?? 0))) {
      return ' preemption: not eligible due to terminating pod on the nominated node.';
    }
    const { plan, rejections } = planPreemption(info, refused, view, this.ctx.informers.disruptionBudgets.list());
    if (!plan) return ` preemption: ${fitMessage(view.nodes.length, rejections.values())}`;
    this.#cache.nominate(info, plan.node.name);
    this.#evictVictims(info, plan).catch((error: unknown) => this.ctx.report(`${NAME}: preemption for ${keyOfObject(pod)}: ${messageOf(error)}`));
    return '';
  }

  async #evictVictims({ pod }: PodInfo, { node, victims }: PreemptionPlan): Promise<void> {
    const { informers, writer, events, clock } = this.ctx;
    await writer.patchStatus(informers.pods, informers.pods.get(keyOfObject(pod)) ?? pod, { nominatedNodeName: node.name });
    for (const { pod: victim } of victims) {
      const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: `${NAME}: preempting to accommodate a higher priority pod`, lastTransitionTime: kubeTime(clock.now()) };
      await writer.patchStatus(informers.pods, victim, { conditions: withCondition(victim.status.conditions, condition, clock.now()) });
      await writer.delete(informers.pods, victim);
      events.record(NAME, victim, 'Normal', 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${node.name}`);
    }
  }

  #fail(entry: QueuedPod, message: string, rejectedBy: ReadonlySet<string>): void {
    this.#queue.rest(entry, rejectedBy);
    const { pod } = entry.info;
    this.ctx.events.record(NAME, pod, 'Warning', 'FailedScheduling', message);
    this.#reportUnschedulable(pod, message).catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) this.ctx.report(`${NAME}: status of ${keyOfObject(pod)}: ${messageOf(error)}`);
    });
  }

  async #reportUnschedulable(pod: Pod, message: string): Promise<void> {
    const { informers, writer, clock } = this.ctx;
    const current = informers.pods.get(keyOfObject(pod)) ?? pod;
    const known = conditionOf(current.status.conditions, 'PodScheduled');
    if (known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message) return;
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: kubeTime(clock.now()) };
    await writer.patchStatus(informers.pods, current, { conditions: withCondition(current.status.conditions, condition, clock.now()) });
  }

  async #bind(entry: QueuedPod, node: string): Promise<void> {
    const { pod } = entry.info;
    const { uid } = pod.metadata;
    try {
      await this.#claims.bind(pod, node);
      await this.ctx.writer.client.bind(targetOf(pod), node);
      this.#binding.delete(uid);
      this.ctx.events.record(NAME, pod, 'Normal', 'Scheduled', `Successfully assigned ${keyOfObject(pod)} to ${node}`);
    } catch (error) {
      this.#binding.delete(uid);
      const current = this.ctx.informers.pods.get(keyOfObject(pod));
      // Bound all the same: the answer got lost.
      if (current?.metadata.uid === uid && current.spec.nodeName) return;
      this.#cache.take(uid);
      if (this.#stopped || current?.metadata.uid !== uid || !isWaiting(current)) return;
      const message = messageOf(error);
      this.ctx.events.record(NAME, pod, 'Warning', 'FailedScheduling', `running Bind plugin "DefaultBinder": ${message}`);
      this.#queue.retry({ ...entry, info: new PodInfo(current) });
      this.#stirFor(node);
    }
  }
}
