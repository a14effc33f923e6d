import { kubeTime } from '../../../operator/kube/time.js';
import { keyOfObject } from '../../../operator/kube/object.js';
import type { Pod, PodDisruptionBudget } from '../model/kinds.js';
import { controllerOf, isReady, isTerminal } from '../model/pods.js';
import { selects } from '../model/selectors.js';
import { withCondition } from '../model/set-condition.js';
import type { Component, ComponentContext } from '../shell/component.js';
import { workerOf } from '../shell/component.js';
import { BY_NAMESPACE } from '../shell/informers.js';
import type { KeyedWorker } from '../shell/keyed-worker.js';
import { resolveCount } from './deployment-plan.js';

/** After this long an eviction that did not lead to a deletion is forgotten. */
const DISRUPTION_TIMEOUT = 120_000;

/** How many pods a controller wants; undefined when it cannot be asked. */
export type ScaleOf = (pod: Pod) => { uid: string; replicas: number } | undefined;

export interface BudgetStatus {
  currentHealthy: number;
  desiredHealthy: number;
  expectedPods: number;
  disruptionsAllowed: number;
  disruptedPods: Record<string, string>;
}

/** How many of the selected pods may be disrupted now. Pods that were evicted and still show no deletion count as disrupted. */
export function budgetStatus({ spec, status }: PodDisruptionBudget, pods: readonly Pod[], scaleOf: ScaleOf, now: number): BudgetStatus {
  const living = pods.filter((pod) => !isTerminal(pod));
  const disruptedPods: Record<string, string> = {};
  for (const [name, time] of Object.entries(status.disruptedPods ?? {})) {
    const pod = living.find(({ metadata }) => metadata.name === name);
    if (pod && !pod.metadata.deletionTimestamp && Date.parse(time) + DISRUPTION_TIMEOUT > now) disruptedPods[name] = time;
  }
  const currentHealthy = living.filter((pod) => !pod.metadata.deletionTimestamp && !(pod.metadata.name in disruptedPods) && isReady(pod)).length;
  const counted = typeof spec.minAvailable === 'number' ? living.length : undefined;
  const expectedPods = counted ?? expectedBy(living, scaleOf);
  const desiredHealthy = spec.maxUnavailable === undefined
    ? resolveCount(spec.minAvailable ?? 0, expectedPods, Math.ceil)
    : Math.max(0, expectedPods - resolveCount(spec.maxUnavailable, expectedPods, Math.ceil));
  return { currentHealthy, desiredHealthy, expectedPods, disruptedPods, disruptionsAllowed: expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0 };
}

function expectedBy(pods: readonly Pod[], scaleOf: ScaleOf): number {
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const scale = scaleOf(pod);
    if (scale) scales.set(scale.uid, scale.replicas);
  }
  return [...scales.values()].reduce((total, replicas) => total + replicas, 0);
}

/** Keeps the status of every PodDisruptionBudget, which evictions are granted from. */
export class DisruptionBudgetController implements Component {
  readonly #worker: KeyedWorker;

  constructor(private readonly ctx: ComponentContext) {
    this.#worker = workerOf(ctx, 'disruption-controller', (key) => this.#sync(key));
  }

  start(): void {
    const { disruptionBudgets, pods, deployments, replicaSets, statefulSets } = this.ctx.informers;
    disruptionBudgets.on(({ object }) => this.#worker.enqueue(keyOfObject(object)));
    for (const budget of disruptionBudgets.list()) this.#worker.enqueue(keyOfObject(budget));
    const inNamespace = (namespace: string | undefined): readonly PodDisruptionBudget[] => disruptionBudgets.find(BY_NAMESPACE, namespace);
    pods.on(({ object, old }) => {
      for (const budget of inNamespace(object.metadata.namespace)) {
        if (selects(budget.spec.selector, object.metadata.labels) || (old && selects(budget.spec.selector, old.metadata.labels))) this.#worker.enqueue(keyOfObject(budget));
      }
    });
    for (const informer of [deployments, replicaSets, statefulSets]) {
      informer.on(({ object, old }) => {
        if (old?.spec.replicas !== object.spec.replicas) for (const budget of inNamespace(object.metadata.namespace)) this.#worker.enqueue(keyOfObject(budget));
      });
    }
  }

  stop(): void {
    this.#worker.stop();
  }

  async #sync(key: string): Promise<number | undefined> {
    const { informers, writer, clock } = this.ctx;
    const budget = informers.disruptionBudgets.get(key);
    if (!budget || budget.metadata.deletionTimestamp) return undefined;
    const pods = informers.pods.find(BY_NAMESPACE, budget.metadata.namespace).filter(({ metadata }) => selects(budget.spec.selector, metadata.labels));
    const status = budgetStatus(budget, pods, (pod) => this.#scaleOf(pod), clock.now());
    const allowed = status.disruptionsAllowed > 0;
    const condition = { type: 'DisruptionAllowed', status: allowed ? 'True' : 'False', reason: allowed ? 'SufficientPods' : 'InsufficientPods', message: '', lastTransitionTime: kubeTime(clock.now()), observedGeneration: budget.metadata.generation ?? 1 };
    const dropped = Object.keys(budget.status.disruptedPods ?? {}).filter((name) => !(name in status.disruptedPods));
    await writer.patchStatus(informers.disruptionBudgets, budget, {
      ...status,
      // A merge patch only takes names away that are set to null.
      disruptedPods: { ...status.disruptedPods, ...Object.fromEntries(dropped.map((name) => [name, null])) },
      observedGeneration: budget.metadata.generation ?? 1,
      conditions: withCondition(budget.status.conditions, condition, clock.now()),
    });
    const times = Object.values(status.disruptedPods).map((time) => Date.parse(time) + DISRUPTION_TIMEOUT - clock.now());
    return times.length > 0 ? Math.max(1_000, Math.min(...times)) : undefined;
  }

  #scaleOf(pod: Pod): { uid: string; replicas: number } | undefined {
    const { replicaSets, deployments, statefulSets } = this.ctx.informers;
    const owner = controllerOf(pod);
    const key = `${pod.metadata.namespace}/${owner?.name}`;
    if (owner?.kind === 'StatefulSet') {
      const set = statefulSets.get(key);
      return set && { uid: set.metadata.uid, replicas: set.spec.replicas ?? 1 };
    }
    if (owner?.kind !== 'ReplicaSet') return undefined;
    const replicaSet = replicaSets.get(key);
    const above = replicaSet && controllerOf(replicaSet);
    const deployment = above?.kind === 'Deployment' ? deployments.get(`${pod.metadata.namespace}/${above.name}`) : undefined;
    const scaled = deployment ?? replicaSet;
    return scaled && { uid: scaled.metadata.uid, replicas: scaled.spec.replicas ?? 1 };
  }
}
