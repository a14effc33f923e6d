import type { InformerObserver } from '../kube/informer.js';
import type { Informer } from '../kube/informer.js';
import type { Informers } from '../kube/informers.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { kindKey } from '../kube/paths.js';
import type { Logger } from '../logger.js';
import type { Metrics } from './metrics.js';

/** Counts and logs what goes wrong with informers, none of which stops them. */
export function informerObserver(metrics: Metrics, log: Logger): (kind: KindRef) => InformerObserver {
  const labelNames = ['group', 'kind'] as const;
  const failures = metrics.counter({ name: 'operator_informer_failures_total', help: 'Lists and watches that failed and were tried again', labelNames });
  const skipped = metrics.counter({ name: 'operator_informer_skipped_objects_total', help: 'Objects that could not be taken over', labelNames });
  const broken = metrics.counter({ name: 'operator_informer_handler_errors_total', help: 'Changes at which a handler threw', labelNames });
  const steps = metrics.counter({ name: 'operator_informer_steps_total', help: 'What informers did: listed, streamed (a list over a watch), watching, silent (a watch that was cut off), expired (410), absent (the kind is not served)', labelNames: [...labelNames, 'step'] });
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
      did: (step) => {
        steps.inc({ ...labels, step });
        if (step === 'silent') log.warn('watch silent; opening another', { kind });
        if (step === 'absent') log.info('kind not served; looking for it again', { kind });
      },
      handlerFailed: (error) => {
        broken.inc(labels);
        log.error('a handler of changes threw', { kind, error });
      },
    };
  };
}

/** What informers are like now, by kind; several informers of a kind count as one, as bad as the worst. */
export function informerGauges(metrics: Metrics, informers: Informers): void {
  const labelNames = ['group', 'kind'];
  const gauge = (name: string, help: string, value: (informers: readonly Informer<KubeObject>[]) => number): void =>
    metrics.derived({ name, help, labelNames }, () => {
      const kinds = new Map(informers.all().map(({ kind }) => [kindKey(kind), kind]));
      return [...kinds.values()].map((ref) => ({ labels: { group: ref.group, kind: ref.kind }, value: value(informers.of(ref)) }));
    });
  gauge('operator_informer_age_seconds', 'Time since the API server was last heard about the kind: an event, a bookmark or a list; over 75 means deaf', (same) => Math.max(...same.map(({ silence }) => silence)) / 1_000);
  gauge('operator_informer_synced', 'Whether the first list is complete', (same) => Number(same.every(({ synced }) => synced)));
  gauge('operator_informer_absent', 'Whether the API server does not serve the kind, which its reconcilers can do without', (same) => Number(same.some(({ absent }) => absent)));
  gauge('operator_informer_objects', 'Objects in memory', (same) => same.reduce((sum, { store }) => sum + store.size, 0));
}
