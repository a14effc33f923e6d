import type { ResourceRequirements } from 'kubernetes-types/core/v1.js';
import { at, child, type FieldError, invalid, notFound, required } from '../../schema/field-error.js';
import { qualifiedName } from '../../schema/names.js';
import { compareQuantities, parseQuantity } from '../../schema/quantity.js';
import { eachOf, problemsAsErrors } from './common.js';

/** What quotas count or add up, besides what containers ask for. */
const COUNTED = ['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'persistentvolumeclaims', 'configmaps', 'services.nodeports', 'services.loadbalancers'];
const QUOTA = new Set([...COUNTED, 'cpu', 'memory', 'ephemeral-storage', 'requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage', 'limits.cpu', 'limits.memory', 'limits.ephemeral-storage']);
const NANO = 1_000_000_000n;
const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** Resources of which a request may be smaller than the limit: Kubernetes' own, but for huge pages. */
export const mayOvercommit = (name: string): boolean => (!name.includes('/') || /^(?:[^/]*\.)?kubernetes\.io\//.test(name)) && !name.startsWith('hugepages-');

/** A name of a resource, of whatever kind. */
export function resourceName(field: string, name: string): FieldError[] {
  const problems = qualifiedName(name);
  if (problems.length > 0) return problemsAsErrors(field, name, problems);
  const isStandard = name.includes('/') || name === 'storage' || isQuotaResource(name);
  return isStandard ? [] : [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

/** Whether it is one of the things that Kubernetes itself keeps quotas of. */
export const isQuotaResource = (name: string): boolean => QUOTA.has(name) || /^(?:requests\.)?hugepages-/.test(name);

/** A name of what a container can ask for. */
export const containerResourceName = (field: string, name: string): FieldError[] => [
  ...resourceName(field, name),
  ...(name.includes('/') || STANDARD.has(name) || name.startsWith('hugepages-') ? [] : [invalid(field, name, 'must be a standard resource for containers')]),
];

/** A name of what a quota can limit. */
export const quotaResourceName = (field: string, name: string): FieldError[] => [
  ...resourceName(field, name),
  ...(name.includes('/') || isQuotaResource(name) ? [] : [invalid(field, name, 'must be a standard resource for quota')]),
];

/** Resources that come in whole numbers: what is counted, and what others than Kubernetes offer. */
const isWhole = (name: string): boolean => COUNTED.includes(name) || (name.includes('/') && !/^(?:[^/]*\.)?kubernetes\.io\//.test(name) && !name.startsWith('requests.'));

/** An amount of a resource. */
export function resourceAmount(field: string, name: string, amount: string): FieldError[] {
  const quantity = parseQuantity(amount);
  if (!quantity) return [];
  return [
    ...(quantity.nano < 0n ? [invalid(field, amount, 'must be greater than or equal to 0')] : []),
    ...(isWhole(name) && quantity.nano % NANO !== 0n ? [invalid(field, amount, 'must be an integer')] : []),
  ];
}

/** What is wrong with the requests and limits of a container, or of a pod. `claims` are the names of the pod's claims for devices. */
export function validateResources(resources: ResourceRequirements | undefined, path: string, claims: ReadonlySet<string> = new Set()): FieldError[] {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  const errors = [...amounts(limits, child(path, 'limits')), ...amounts(requests, child(path, 'requests'))];
  for (const [name, request] of Object.entries(requests)) {
    const field = child(path, 'requests');
    const limit = limits[name];
    const wanted = parseQuantity(request);
    const most = limit === undefined ? undefined : parseQuantity(limit);
    if (!wanted) continue;
    if (!most) {
      if (!mayOvercommit(name)) errors.push(required(child(path, 'limits'), 'Limit must be set for non overcommitable resources'));
    } else if (!mayOvercommit(name) && compareQuantities(wanted, most) !== 0) errors.push(invalid(field, request, `must be equal to ${name} limit of ${limit}`));
    else if (compareQuantities(wanted, most) > 0) errors.push(invalid(field, request, `must be less than or equal to ${name} limit of ${limit}`));
  }
  const unknown = (name: string): string => `${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${claims.size === 0 ? ' which is empty' : ''}`;
  return [...errors, ...eachOf(child(path, 'claims'), resources?.claims, ({ name }, place) => (claims.has(name) ? [] : [{ ...notFound(place, name), message: `Not found: ${unknown(name)}` }]))];
}

function amounts(list: Record<string, string>, path: string): FieldError[] {
  return Object.entries(list).flatMap(([name, amount]) => {
    const field = at(path, name);
    const problems = qualifiedName(name);
    if (problems.length > 0) return problemsAsErrors(field, name, problems);
    if (!name.includes('/') && !STANDARD.has(name) && !name.startsWith('hugepages-')) return [invalid(field, name, 'must be a standard resource type or fully qualified'), invalid(field, name, 'must be a standard resource for containers')];
    const quantity = parseQuantity(amount);
    if (!quantity) return [];
    if (quantity.nano < 0n) return [invalid(field, amount, 'must be greater than or equal to 0')];
    return !STANDARD.has(name) && quantity.nano % NANO !== 0n ? [invalid(field, amount, 'must be an integer')] : [];
  });
}
