import type { AdmissionPlugin, AdmissionRequest, RestContext } from '../rest/context.js';
import type { Quantity } from '../schema/quantity.js';
import { forbidden } from '../status.js';
import { trackedIn, unspecified, usageOf } from './quota-usage.js';
import { amountText, counts, hardLimits, type Quota, QUOTAS, usedOf } from './resource-quota.js';

/** Changes of these may use more than before; of others, only their number is limited. */
const GROWING = new Set(['persistentvolumeclaims', 'pods', 'services']);

/** Refuses what would use more of a namespace than its ResourceQuotas allow. It counts what is there, not what a status says. */
export function quotaAdmission({ storage }: Pick<RestContext, 'storage'>): AdmissionPlugin {
  return {
    validate(request) {
      const { operation, definition: { storageResource }, subresource, namespace, object } = request;
      if (!object || !namespace || operation === 'DELETE' || (subresource !== '' && subresource !== 'resize')) return;
      if (operation === 'UPDATE' && !GROWING.has(storageResource)) return;
      for (const quota of storage.list(QUOTAS, namespace) as Quota[]) if (counts(quota, storageResource, object)) check(storage, quota, request);
    },
  };
}

function check(storage: RestContext['storage'], quota: Quota, { operation, definition, name, object, previous }: AdmissionRequest): void {
  const limits = hardLimits(quota).filter(([resource]) => trackedIn(resource) === definition.storageResource);
  const refuse = (problem: string): never => {
    throw forbidden(definition, name, problem);
  };
  if (definition.storageResource === 'pods' && operation === 'CREATE') {
    const silent = unspecified(object!, limits.map(([resource]) => resource));
    if (silent.size > 0) refuse(`failed quota: ${quota.metadata.name}: must specify ${[...silent].map(([resource, containers]) => `${resource} for: ${containers.join(',')}`).sort().join('; ')}`);
  }
  const exceeded = limits.flatMap(([resource, limit]) => {
    const before = previous && counts(quota, definition.storageResource, previous) ? usageOf(previous, resource) : 0n;
    const requested = usageOf(object!, resource) - before;
    if (requested <= 0n) return [];
    const used = usedOf(storage, quota, resource);
    return used + requested > limit.nano ? [{ resource, limit, requested, used }] : [];
  });
  if (exceeded.length === 0) return;
  const shown = (amount: (each: (typeof exceeded)[number]) => bigint): string => exceeded.map((each) => `${each.resource}=${amountText(amount(each), each.limit satisfies Quantity)}`).sort().join(',');
  refuse(`exceeded quota: ${quota.metadata.name}, requested: ${shown(({ requested }) => requested)}, used: ${shown(({ used }) => used)}, limited: ${shown(({ limit }) => limit.nano)}`);
}
