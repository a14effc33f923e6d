import type { DocumentHandler, JsonObject } from '../contracts.js';
import type { FlowClassifier } from '../flow-control/flow-classifier.js';
import type { MemoryStorage } from '../storage/memory-storage.js';
import { acceptedTypes, requireOneOf } from './negotiate.js';

/** What `?verbose` lists: kube-apiserver's own names for what this server has done before it answers at all. */
const CHECKS = [
  'ping', 'log', 'etcd',
  ...[
    'start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'priority-and-fairness-config-consumer', 'priority-and-fairness-filter', 'storage-object-count-tracker-hook',
    'start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced', 'start-system-namespaces-controller', 'start-cluster-authentication-info-controller',
    'start-kube-apiserver-identity-lease-controller', 'start-kube-apiserver-identity-lease-garbage-collector', 'start-legacy-token-tracking-controller', 'start-service-ip-repair-controllers',
    'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes', 'priority-and-fairness-config-producer', 'bootstrap-controller', 'start-kubernetes-service-cidr-controller',
    'start-kube-aggregator-informers', 'apiservice-status-local-available-controller', 'apiservice-status-remote-available-controller', 'apiservice-registration-controller',
    'apiservice-discovery-controller', 'kube-apiserver-autoregistration',
  ].map((hook) => `poststarthook/${hook}`),
  'autoregister-completion', 'poststarthook/apiservice-openapi-controller', 'poststarthook/apiservice-openapiv3-controller',
];
const ENDPOINTS: Readonly<Record<string, readonly string[]>> = {
  healthz: CHECKS,
  livez: CHECKS,
  readyz: [...CHECKS.slice(0, 3), 'etcd-readiness', 'informer-sync', ...CHECKS.slice(3), 'shutdown'],
};
const HEALTH_PATH = /^\/(healthz|livez|readyz)(?:\/(.+))?$/;

/** Every path that says how the server is. */
export const HEALTH_PATHS = Object.entries(ENDPOINTS).flatMap(([endpoint, checks]) => [`/${endpoint}`, ...checks.map((check) => `/${endpoint}/${check}`)]);

/** `/version`, the health endpoints and a few metrics of the storage. */
export function createHealth(storage: MemoryStorage, version: JsonObject, flows: FlowClassifier): DocumentHandler {
  return ({ path, query, headers }) => {
    if (path === '/version' || path === '/version/') {
      requireOneOf(['application/json'], acceptedTypes(headers['accept'] || '*/*'));
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(version, null, 2) };
    }
    const [, endpoint = '', check] = HEALTH_PATH.exec(path) ?? [];
    const checks = ENDPOINTS[endpoint];
    if (checks) {
      if (check === undefined) return plain(report(endpoint, checks, query), { 'x-content-type-options': 'nosniff' });
      return checks.includes(check) ? plain('ok') : undefined;
    }
    if (path === '/metrics') return plain(metrics(storage, flows));
    if (path === '/metrics/slis') return plain(healthMetrics());
    return undefined;
  };
}

const plain = (body: string, headers: Record<string, string> = {}): ReturnType<DocumentHandler> => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body, anyMethod: true });

function report(endpoint: string, checks: readonly string[], query: URLSearchParams): string {
  if (!query.has('verbose')) return 'ok';
  const excluded = query.getAll('exclude');
  const unknown = [...new Set(excluded)].filter((name) => !checks.includes(name)).sort().map((name) => `"${name}"`);
  return [
    ...checks.map((check) => `[+]${check}${excluded.includes(check) ? ' excluded:' : ''} ok\n`),
    ...(unknown.length > 0 ? [`warn: some health checks cannot be excluded: no matches for ${unknown.join(',')}\n`] : []),
    `${endpoint} check passed\n`,
  ].join('');
}

const healthMetrics = (): string => [
  '# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.\n# TYPE kubernetes_healthcheck gauge\n',
  ...Object.entries(ENDPOINTS).flatMap(([type, checks]) => checks.map((name) => `kubernetes_healthcheck{name="${name}",type="${type}"} 1\n`)),
].join('');

function metrics(storage: MemoryStorage, flows: FlowClassifier): string {
  const objects = storage.resources().map((resource) => `apiserver_storage_objects{resource="${resource}"} ${storage.list(resource).length}\n`);
  return [
    '# HELP apiserver_storage_objects Number of stored objects, by resource.\n# TYPE apiserver_storage_objects gauge\n',
    ...objects,
    '# HELP apiserver_storage_revision Revision of the last write.\n# TYPE apiserver_storage_revision counter\n',
    `apiserver_storage_revision ${storage.revision}\n`,
    '# HELP apiserver_flowcontrol_nominal_limit_seats Nominal number of execution seats of each priority level.\n# TYPE apiserver_flowcontrol_nominal_limit_seats gauge\n',
    ...[...flows.nominalSeats()].map(([level, seats]) => `apiserver_flowcontrol_nominal_limit_seats{priority_level="${level}"} ${seats}\n`),
  ].join('');
}
