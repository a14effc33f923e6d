import type { OperatorFunction } from 'rxjs';
import { Observable } from 'rxjs';
import type { Clock, Timer } from '../clock.js';

/**
 * Gathers values into batches: a batch is emitted `idle` ms after its last value, and at the latest `max` ms after its first, so that a
 * source that never rests still gets its batches. A value with an identity that is in the batch already does not extend it. When the
 * source completes, what was gathered is emitted.
 */
export const batchWindow = <T>(idle: number, max: number, clock: Clock, identify: (value: T) => unknown = () => undefined): OperatorFunction<T, T[]> => (source) =>
  new Observable((subscriber) => {
    let batch: T[] = [];
    let closeAt = 0;
    let timer: Timer | undefined;
    const known = new Set<unknown>();

    const close = (): void => {
      timer?.cancel();
      timer = undefined;
      if (batch.length === 0) return;
      const closed = batch;
      batch = [];
      known.clear();
      subscriber.next(closed);
    };

    const subscription = source.subscribe({
      next: (value) => {
        const now = clock.now();
        if (batch.length === 0) closeAt = now + max;
        batch.push(value);
        const identity = identify(value);
        if (identity !== undefined && known.has(identity)) return;
        known.add(identity);
        timer?.cancel();
        timer = clock.schedule(Math.min(idle, closeAt - now), close);
      },
      error: (error) => {
        timer?.cancel();
        subscriber.error(error);
      },
      complete: () => {
        close();
        subscriber.complete();
      },
    });
    return () => {
      timer?.cancel();
      subscription.unsubscribe();
    };
  });
