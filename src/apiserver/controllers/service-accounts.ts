import { timestamp } from '../clock.js';
import type { RestContext } from '../rest/context.js';
import { WorkQueue } from './work-queue.js';

const SERVICE_ACCOUNTS = 'serviceaccounts';
const DEFAULT = 'default';

/** Gives every namespace its `default` service account, and gives it back when it is deleted. */
export function startServiceAccounts({ storage, clock, random }: RestContext): { close(): void } {
  const queue = new WorkQueue<string>(clock, (namespace) => {
    const object = storage.get('namespaces', '', namespace);
    if (!object || object.metadata.deletionTimestamp || storage.get(SERVICE_ACCOUNTS, namespace, DEFAULT)) return;
    storage.create(SERVICE_ACCOUNTS, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: DEFAULT, namespace, uid: random.uuid(), creationTimestamp: timestamp(clock.now()) },
    });
  });
  for (const { metadata } of storage.list('namespaces')) queue.add(metadata.name!);
  const unsubscribe = storage.subscribe(({ type, resource, object: { metadata } }) => {
    if (resource === 'namespaces' && type === 'ADDED') queue.add(metadata.name!);
    if (resource === SERVICE_ACCOUNTS && type === 'DELETED' && metadata.name === DEFAULT) queue.add(metadata.namespace!);
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}
