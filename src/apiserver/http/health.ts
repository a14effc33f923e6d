import type { DocumentHandler, JsonObject } from '../contracts.js';
import type { MemoryStorage } from '../storage/memory-storage.js';

const HEALTH_PATH = /^\/(?:healthz|livez|readyz)(?:\/(?:ping|etcd|log))?$/;

/** `/version`, the health endpoints and a few metrics of the storage. */
export function createHealth(storage: MemoryStorage, version: JsonObject): DocumentHandler {
  return ({ path, query }) => {
    if (path === '/version' || path === '/version/') return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(version, null, 2) };
    if (HEALTH_PATH.test(path)) {
      const checks = ['ping', 'log', 'etcd'].map((check) => `[+]${check} ok\n`).join('');
      return plain(query.has('verbose') ? `${checks}${path.slice(1)} check passed\n` : 'ok');
    }
    if (path === '/metrics') return plain(metrics(storage));
    return undefined;
  };
}

const plain = (body: string): ReturnType<DocumentHandler> => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });

function metrics(storage: MemoryStorage): string {
  const objects = storage.resources().map((resource) => `apiserver_storage_objects{resource="${resource}"} ${storage.list(resource).length}\n`);
  return [
    '# HELP apiserver_storage_objects Number of stored objects, by resource.\n# TYPE apiserver_storage_objects gauge\n',
    ...objects,
    '# HELP apiserver_storage_revision Revision of the last write.\n# TYPE apiserver_storage_revision counter\n',
    `apiserver_storage_revision ${storage.revision}\n`,
  ].join('');
}
