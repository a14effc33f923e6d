import { objectKey } from '../dsl/key.js';
import type { Plan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { Environment } from './run-context.js';

/** Writes an event when a finalizer disappears from an object of a kind that this operator reconciles, as operatorpkg does. */
export function announceFinalized(plan: Plan, { cache, recorder, shards }: Environment): void {
  const kinds = new Set<KindClass>(plan.reconcilers.filter(({ finalizers, steps }) => finalizers.length > 0 || steps.some(({ condition }) => condition !== undefined)).map(({ kind }) => kind.type));
  for (const type of kinds) {
    cache.informer(type).listen(({ type: change, object, old }) => {
      if (shards?.has(objectKey(object.metadata)) === false) return;
      // A deleted object is reported as it was last stored: with the finalizer whose removal was its end.
      const left = change === 'deleted' ? [] : object.metadata.finalizers ?? [];
      for (const finalizer of old?.metadata.finalizers ?? []) {
        if (!left.includes(finalizer)) recorder.about(object).normal('Finalized', `Finalized ${finalizer}`);
      }
    });
  }
}
