import type { Clock } from '../operator/clock.js';
import type { Metrics } from '../operator/runtime/metrics.js';
import type { CloudProvider } from './provider.js';

/** Upstream's buckets, in seconds. */
const DURATIONS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10,
  15, 20, 25, 30, 40, 50, 60, 120, 150, 300, 450, 600,
];

/** Methods that ask the cloud, with the names that upstream's metrics have for them. */
const METHODS = { create: 'Create', delete: 'Delete', terminate: 'Delete', get: 'Get', list: 'List', getInstanceTypes: 'GetInstanceTypes', isDrifted: 'IsDrifted' } as const;

/** The same provider, each of its calls timed and its errors counted (`karpenter_cloudprovider_*`). */
export function measured<Provider extends CloudProvider>(provider: Provider, metrics: Metrics, clock: Clock): Provider {
  const labelNames = ['controller', 'method', 'provider'] as const;
  const duration = metrics.histogram({ name: 'karpenter_cloudprovider_duration_seconds', help: 'Duration of calls to the cloud provider.', labelNames: [...labelNames], buckets: DURATIONS });
  const errors = metrics.counter({ name: 'karpenter_cloudprovider_errors_total', help: 'Errors of the cloud provider.', labelNames: [...labelNames, 'error'] });

  return new Proxy(provider, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const method = METHODS[property as keyof typeof METHODS] as string | undefined;
      if (method === undefined) return value.bind(target) as unknown;
      return async (...values: readonly unknown[]): Promise<unknown> => {
        const labels = { controller: '', method, provider: target.name };
        const startedAt = clock.now();
        try {
          return await (value as (...values: readonly unknown[]) => Promise<unknown>).apply(target, [...values]);
        } catch (error) {
          errors.inc({ ...labels, error: (error as { reason?: string }).reason ?? '' });
          throw error;
        } finally {
          duration.observe(labels, (clock.now() - startedAt) / 1_000);
        }
      };
    },
  });
}
