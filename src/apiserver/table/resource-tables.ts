import type { Metadata, TableColumns } from '../contracts.js';
import { ageColumn, column, tableOf } from './column.js';

/** Kinds of which the name says it all. */
export const nameAndAgeTable: TableColumns = tableOf(ageColumn);

interface ResourceClaim {
  metadata?: Metadata;
  status?: { allocation?: object; reservedFor?: object[] };
}

function claimState({ metadata, status }: ResourceClaim): string {
  const deleted = metadata?.deletionTimestamp ? ['deleted'] : [];
  if (!status?.allocation) return (deleted.length > 0 ? deleted : ['pending']).join(',');
  return [...deleted, 'allocated', ...(status.reservedFor?.length ? ['reserved'] : [])].join(',');
}

export const resourceClaimTable: TableColumns = tableOf<ResourceClaim>(column('State', claimState), ageColumn);

export const resourceSliceTable: TableColumns = tableOf<{ metadata?: unknown; spec?: { nodeName?: string; driver?: string; pool?: { name?: string } } }>(
  column('Node', ({ spec }) => spec?.nodeName ?? '<unset>'),
  column('Driver', ({ spec }) => spec?.driver),
  column('Pool', ({ spec }) => spec?.pool?.name),
  ageColumn,
);

export const serviceCidrTable: TableColumns = tableOf<{ metadata?: unknown; spec?: { cidrs?: string[] } }>(column('CIDRs', ({ spec }) => spec?.cidrs?.join(',')), ageColumn);

interface ParentRef {
  group?: string;
  resource?: string;
  namespace?: string;
  name?: string;
}

const parentText = ({ group, resource, namespace, name }: ParentRef): string => `${(group ? `${resource}.${group}` : resource)?.toLowerCase()}${namespace ? `/${namespace}` : ''}/${name}`;

export const ipAddressTable: TableColumns = tableOf<{ metadata?: unknown; spec?: { parentRef?: ParentRef } }>(column('ParentRef', ({ spec }) => (spec?.parentRef ? parentText(spec.parentRef) : '<none>')));

export const volumeAttributesClassTable: TableColumns = tableOf<{ metadata?: unknown; driverName?: string }>(column('DriverName', ({ driverName }) => driverName), ageColumn);
