import type { ClientMetrics, RequestTraits } from '../kube/client-metrics.js';
import type { Metrics } from './metrics.js';

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** The API client's series: client-go's `rest_client_*`, and operatorpkg's `client_go_*`, which Karpenter's dashboards use. */
export function restClientMetrics(metrics: Metrics, host: string): ClientMetrics {
  const total = metrics.counter({ name: 'rest_client_requests_total', help: 'Number of HTTP requests, partitioned by status code, method, and host', labelNames: ['code', 'method', 'host'] });
  const duration = metrics.histogram({ name: 'rest_client_request_duration_seconds', help: 'Request latency in seconds, by verb and host', labelNames: ['verb', 'host'], buckets: SECONDS });
  const limited = metrics.histogram({ name: 'rest_client_rate_limiter_duration_seconds', help: 'Client side rate limiter latency in seconds, by verb and host', labelNames: ['verb', 'host'], buckets: SECONDS });
  const retries = metrics.counter({ name: 'rest_client_request_retries_total', help: 'Number of request retries, partitioned by status code, verb, and host', labelNames: ['code', 'verb', 'host'] });
  const fenced = metrics.counter({ name: 'rest_client_fenced_requests_total', help: 'Number of writes that were refused here, since this process does not lead or its lease is too old, by verb and host', labelNames: ['verb', 'host'] });
  const clientGoTotal = metrics.counter({ name: 'client_go_request_total', help: 'Number of HTTP requests, partitioned by status code and method', labelNames: ['code', 'method'] });
  const clientGoDuration = metrics.histogram({
    name: 'client_go_request_duration_seconds', help: 'Request latency in seconds, by verb, group, version, kind, and subresource',
    labelNames: ['verb', 'group', 'version', 'kind', 'subresource'], buckets: SECONDS,
  });
  return {
    requested: ({ method, verb, kind, subresource }, code, seconds) => {
      total.inc({ code, method, host });
      duration.observe({ verb: method, host }, seconds);
      clientGoTotal.inc({ code, method });
      // A watch is answered at once and lasts for minutes: its duration says nothing.
      if (verb !== 'watch') clientGoDuration.observe({ verb: verb.toUpperCase(), group: kind?.group ?? '', version: kind?.version ?? '', kind: kind?.kind ?? '', subresource: subresource ?? '' }, seconds);
    },
    limited: ({ method }: RequestTraits, seconds) => limited.observe({ verb: method, host }, seconds),
    fenced: ({ method }) => fenced.inc({ verb: method, host }),
    retried: ({ method }, code) => retries.inc({ code, verb: method, host }),
  };
}
