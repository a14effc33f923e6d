import type { InformerObserver } from '../kube/informer.js';
import type { KindRef } from '../kube/object.js';
import type { Logger } from '../logger.js';
import type { Metrics } from './metrics.js';

/** Counts and logs what goes wrong with informers, none of which stops them. */
export function informerObserver(metrics: Metrics, log: Logger): (kind: KindRef) => InformerObserver {
  const labelNames = ['group', 'kind'] as const;
  const failures = metrics.counter({ name: 'operator_informer_failures_total', help: 'Lists and watches that failed and were tried again', labelNames });
  const skipped = metrics.counter({ name: 'operator_informer_skipped_objects_total', help: 'Objects that could not be taken over', labelNames });
  const broken = metrics.counter({ name: 'operator_informer_handler_errors_total', help: 'Changes at which a handler threw', labelNames });
  return ({ group, kind }) => {
    const labels = { group, kind };
    return {
      failed: (error, delay) => {
        failures.inc(labels);
        log.warn('watch failed; trying again', { kind, error, delay: `${Math.round(delay)}ms` });
      },
      skipped: (error) => {
        skipped.inc(labels);
        log.error('object skipped', { kind, error });
      },
      handlerFailed: (error) => {
        broken.inc(labels);
        log.error('a handler of changes threw', { kind, error });
      },
    };
  };
}
