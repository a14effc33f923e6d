import { timestamp } from '../clock.js';
import type { RestContext } from '../rest/context.js';
import { sameJson } from '../schema/json.js';
import { WorkQueue } from './work-queue.js';

const CONFIG_MAPS = 'configmaps';
const NAME = 'kube-root-ca.crt';

/** Keeps the cluster's certificate authority in every namespace, where pods find it: as it was, whatever is done to it. */
export function startRootCertificates({ storage, clock, random }: RestContext, certificateAuthority: string): { close(): void } {
  const data = { 'ca.crt': certificateAuthority };
  const queue = new WorkQueue<string>(clock, (namespace) => {
    const object = storage.get('namespaces', '', namespace);
    if (!object || object.metadata.deletionTimestamp) return;
    const published = storage.get(CONFIG_MAPS, namespace, NAME);
    if (!published) {
      const metadata = { name: NAME, namespace, uid: random.uuid(), creationTimestamp: timestamp(clock.now()) };
      storage.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    } else if (!sameJson(published['data'], data)) storage.update(CONFIG_MAPS, { ...published, data });
  });
  for (const { metadata } of storage.list('namespaces')) queue.add(metadata.name!);
  const unsubscribe = storage.subscribe(({ type, resource, object: { metadata } }) => {
    if (resource === 'namespaces' && type === 'ADDED') queue.add(metadata.name!);
    if (resource === CONFIG_MAPS && type !== 'ADDED' && metadata.name === NAME) queue.add(metadata.namespace!);
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}
