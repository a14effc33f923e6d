import { timestamp } from './clock.js';
import type { Clock, Random, Storage } from './contracts.js';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes what every cluster has from birth, where a data directory did not bring it along. */
export function bootstrap({ storage, clock, random }: { storage: Storage; clock: Clock; random: Random }): void {
  for (const name of NAMESPACES) {
    if (storage.get('namespaces', '', name)) continue;
    storage.create('namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: random.uuid(), creationTimestamp: timestamp(clock.now()), labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  }
}
