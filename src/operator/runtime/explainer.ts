import type { Container } from 'inversify';
import type { KeyReport } from '../causality/recorder.js';
import type { Clock } from '../clock.js';
import type { KindPlan, Plan } from '../dsl/plan.js';
import type { ExplainTarget } from '../explain/explain.js';
import { explain, keyOfTarget } from '../explain/explain.js';
import type { Explanation } from '../explain/explanation.js';
import { roughly } from '../duration.js';
import type { ExplanationNote } from '../explain/object-explainer.js';
import { ObjectExplainer } from '../explain/object-explainer.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import type { Logger } from '../logger.js';
import type { InformerCache } from './informer-cache.js';
import type { Leadership } from './leadership.js';
import { SILENCE_LIMIT } from './readiness.js';

/** The parts of an operator that explanations are made from. */
export interface ExplainerOptions {
  readonly operator: string;
  readonly plan: Plan;
  readonly clock: Clock;
  readonly log: Logger;
  readonly cache: InformerCache;
  readonly container: Container;
  readonly leadership: Leadership | undefined;
  readonly report: (reconciler: string, key: ObjectKey) => KeyReport | undefined;
}

/** Answers why an object is where it is, from what an operator knows at the moment. */
export class Explainer {
  constructor(private readonly options: ExplainerOptions) {}

  /** Rejects with UnknownKindName and ObjectNotFound. */
  async explain(target: ExplainTarget): Promise<Explanation> {
    const { operator, plan, clock, cache, leadership, report } = this.options;
    const concerned = keyOfTarget(target, plan);
    const leader = await leadership?.leader(concerned);
    return explain(target, {
      operator, plan, leader, report,
      now: clock.now(),
      leading: leadership?.leads(concerned) ?? true,
      shard: leadership?.shardOf(concerned),
      object: ({ type }, key) => (cache.has(type) ? cache.informer(type).store.get(key) : undefined),
      cacheTrouble: (kind) => this.#cacheTrouble(kind),
      notes: (kind, object) => this.#notes(kind, object),
    });
  }

  #cacheTrouble({ type, kind }: KindPlan): string | undefined {
    const { cache } = this.options;
    if (!cache.has(type)) return `there is no cache of ${kind} yet`;
    const { absent, synced, silence } = cache.informer(type);
    if (absent) return `the API server does not serve ${kind}`;
    if (!synced) return `the cache of ${kind} is not filled yet`;
    return silence > SILENCE_LIMIT ? `the cache of ${kind} is old: the API server has not been heard about it for ${roughly(silence)}` : undefined;
  }

  #notes({ type }: KindPlan, object: KubeObject): readonly ExplanationNote[] {
    const { log } = this.options;
    return this.#explainers().filter(({ kinds }) => kinds.includes(type)).flatMap((explainer) => {
      try {
        return explainer.explain(object);
      } catch (error) {
        log.error('an explainer threw', { error, name: object.metadata.name });
        return [];
      }
    });
  }

  /** Those that can be made: one that misses a service of its own is no reason to leave everything else unsaid. */
  #explainers(): ObjectExplainer[] {
    const { container, log } = this.options;
    try {
      return container.isBound(ObjectExplainer) ? container.getAll<ObjectExplainer>(ObjectExplainer) : [];
    } catch (error) {
      log.error('the explainers cannot be constructed', { error });
      return [];
    }
  }
}
