import type { DocumentHandler, JsonObject } from '../contracts.js';
import type { FlowClassifier } from '../flow-control/flow-classifier.js';
import type { MemoryStorage } from '../storage/memory-storage.js';

/** What `?verbose` lists: kube-apiserver's own names for what this server has done before it answers at all. */
const CHECKS = [
  'ping', 'log', 'etcd',
  ...[
    'start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'priority-and-fairness-config-consumer', 'priority-and-fairness-filter', 'storage-object-count-tracker-hook',
    'start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced', 'start-system-namespaces-controller', 'start-cluster-authentication-info-controller',
    'start-kube-apiserver-identity-lease-controller', 'start-kube-apiserver-identity-lease-garbage-collector', 'start-legacy-token-tracking-controller', 'start-service-ip-repair-controllers',
    'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes', 'priority-and-fairness-config-producer', 'bootstrap-controller', 'start-kube-aggregator-informers',
    'apiservice-status-local-available-controller', 'apiservice-status-remote-available-controller', 'apiservice-registration-controller', 'apiservice-discovery-controller',
    'kube-apiserver-autoregistration',
  ].map((hook) => `poststarthook/${hook}`),
  'autoregister-completion', 'poststarthook/apiservice-openapi-controller', 'poststarthook/apiservice-openapiv3-controller',
];
const HEALTH_PATH = /^\/(healthz|livez|readyz)(?:\/(.+))?$/;

/** `/version`, the health endpoints and a few metrics of the storage. */
export function createHealth(storage: MemoryStorage, version: JsonObject, flows: FlowClassifier): DocumentHandler {
  return ({ path, query }) => {
    if (path === '/version' || path === '/version/') return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(version, null, 2) };
    const [, endpoint, check] = HEALTH_PATH.exec(path) ?? [];
    if (endpoint) {
      const checks = endpoint === 'readyz' ? [...CHECKS, 'informer-sync', 'shutdown'] : CHECKS;
      if (check) return checks.includes(check) ? plain('ok') : undefined;
      return plain(query.has('verbose') ? `${checks.map((each) => `[+]${each} ok\n`).join('')}${endpoint} check passed\n` : 'ok');
    }
    if (path === '/metrics') return plain(metrics(storage, flows));
    return undefined;
  };
}

const plain = (body: string): ReturnType<DocumentHandler> => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });

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
