import type { Plan, ReconcilerPlan, SingletonPlan } from '../dsl/plan.js';

const exact = <T extends ReconcilerPlan | SingletonPlan>(plan: T): T => ({ ...plan, jitter: 0, backoff: { ...plan.backoff, jitter: 0 } });

/** A plan whose rechecks, periods and tries after failures come exactly when they are due. */
export const withoutJitter = (plan: Plan): Plan => ({ ...plan, reconcilers: plan.reconcilers.map(exact), singletons: plan.singletons.map(exact) });
