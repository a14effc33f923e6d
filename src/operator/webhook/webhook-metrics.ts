import type { Metrics } from '../runtime/metrics.js';

/** controller-runtime's series of webhooks; the label is the path, as there. */
export interface WebhookMetrics {
  /** A call has come; the result is told how it was answered and how long that took. */
  called(webhook: string): (code: number, seconds: number) => void;
  panicked(): void;
}

export function webhookMetrics(metrics: Metrics): WebhookMetrics {
  const total = metrics.counter({ name: 'controller_runtime_webhook_requests_total', help: 'Total number of admission requests by HTTP status code.', labelNames: ['webhook', 'code'] });
  const latency = metrics.histogram({
    name: 'controller_runtime_webhook_latency_seconds', help: 'Histogram of the latency of processing admission requests', labelNames: ['webhook'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const inFlight = metrics.gauge({ name: 'controller_runtime_webhook_requests_in_flight', help: 'Current number of admission requests being served.', labelNames: ['webhook'] });
  const panics = metrics.counter({ name: 'controller_runtime_webhook_panics_total', help: 'Total number of webhook panics' });
  return {
    called(webhook) {
      inFlight.inc({ webhook });
      return (code, seconds) => {
        inFlight.dec({ webhook });
        total.inc({ webhook, code: String(code) });
        latency.observe({ webhook }, seconds);
      };
    },
    panicked: () => panics.inc(),
  };
}
