import type { ApiObject } from '../contracts.js';
import { amountText, hardLimits, type Quota, QUOTAS, usedOf } from '../quota/resource-quota.js';
import type { RestContext } from '../rest/context.js';
import { deepEqual } from '../storage/deep.js';
import { WorkQueue } from './work-queue.js';

/** Keeps in the status of each ResourceQuota what it limits and what of that is used. */
export function startQuotaController({ storage, clock }: Pick<RestContext, 'storage' | 'clock'>): { close(): void } {
  const queue = new WorkQueue<string>(clock, (key) => {
    const [namespace = '', name = ''] = key.split('/');
    const quota = storage.get(QUOTAS, namespace, name) as Quota | undefined;
    if (!quota) return;
    const limits = hardLimits(quota);
    const status = { hard: quota.spec?.hard ?? {}, used: Object.fromEntries(limits.map(([resource, limit]) => [resource, amountText(usedOf(storage, quota, resource), limit)])) };
    if (!deepEqual(status, quota.status)) storage.update(QUOTAS, { ...quota, status } as ApiObject);
  });
  const add = ({ metadata }: ApiObject): void => queue.add(`${metadata.namespace}/${metadata.name}`);
  storage.list(QUOTAS).forEach(add);
  const unsubscribe = storage.subscribe(({ object }) => {
    const { namespace } = object.metadata;
    if (namespace) storage.list(QUOTAS, namespace).forEach(add);
  });
  return {
    close() {
      unsubscribe();
      queue.close();
    },
  };
}
