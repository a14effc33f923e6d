import type { PersistentVolumeClaim, Pod, PodAffinityTerm, ResourceQuota, ScopedResourceSelectorRequirement } from 'kubernetes-types/core/v1.js';
import type { ApiObject, Storage } from '../contracts.js';
import { qosClass } from '../kinds/core/pod-qos.js';
import { formatQuantity, parseQuantity, type Quantity } from '../schema/quantity.js';
import { trackedIn, usageOf } from './quota-usage.js';

export const QUOTAS = 'resourcequotas';

export type Quota = ApiObject & Pick<ResourceQuota, 'spec' | 'status'>;

/** Whether a quota's scopes let it count an object of the stored resource. */
export function counts({ spec }: Quota, resource: string, object: ApiObject): boolean {
  const requirements: ScopedResourceSelectorRequirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }) as ScopedResourceSelectorRequirement),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return requirements.every((requirement) => inScope(requirement, resource, object));
}

function inScope({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, resource: string, object: ApiObject): boolean {
  if (scopeName === ('VolumeAttributesClass' as string)) {
    if (resource !== 'persistentvolumeclaims') return false;
    const classes = attributesClasses(object as unknown as PersistentVolumeClaim);
    return classes.length === 0 ? matches(operator, values, undefined) : classes.some((name) => matches(operator, values, name));
  }
  const { spec } = object as unknown as Pod;
  if (resource !== 'pods' || !spec) return false;
  switch (scopeName as string) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return qosClass(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(spec) !== 'BestEffort';
    case 'PriorityClass':
      return matches(operator, values, spec.priorityClassName);
    case 'CrossNamespacePodAffinity':
      return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].some((affinity) =>
        [...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm)].some(crossesNamespaces));
    default:
      return false;
  }
}

/** The class that a claim wants, the one that it has, and the one that it is on its way to. */
function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  return [spec?.volumeAttributesClassName, status?.currentVolumeAttributesClassName, status?.modifyVolumeStatus?.targetVolumeAttributesClassName].filter((name): name is string => Boolean(name));
}

const crossesNamespaces = ({ namespaces, namespaceSelector }: PodAffinityTerm): boolean => (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined;

function matches(operator: string, values: readonly string[], value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'DoesNotExist':
      return !value;
    default:
      return Boolean(value);
  }
}

/** What a quota limits, by resource. */
export const hardLimits = ({ spec }: Quota): [name: string, limit: Quantity][] =>
  Object.entries(spec?.hard ?? {}).map(([name, limit]) => [name, parseQuantity(limit) ?? { nano: 0n, format: 'DecimalSI' }]);

/** How much of one of its resources is used in the quota's namespace, in billionths. */
export function usedOf(storage: Storage, quota: Quota, name: string): bigint {
  const resource = trackedIn(name);
  if (resource === undefined) return 0n;
  return storage.list(resource, quota.metadata.namespace!).reduce((sum, object) => (counts(quota, resource, object) ? sum + usageOf(object, name) : sum), 0n);
}

/** Billionths as a quantity, written as the limit is. */
export const amountText = (nano: bigint, { format }: Quantity): string => formatQuantity({ nano, format });
