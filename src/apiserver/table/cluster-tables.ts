import type { MutatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js';
import type { Ingress, IngressClass, NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { RuntimeClass } from 'kubernetes-types/node/v1.js';
import type { RoleBinding } from 'kubernetes-types/rbac/v1.js';
import type { PriorityClass } from 'kubernetes-types/scheduling/v1.js';
import type { CSIDriver, CSINode, StorageClass, VolumeAttachment } from 'kubernetes-types/storage/v1.js';
import type { Metadata, TableColumns } from '../contracts.js';
import { ageColumn, column, count, NAME, rawTable, tableOf, wide } from './column.js';
import { firstThree, selectorText } from './words.js';

const NONE = '<none>';
const UNSET = '<unset>';
const YES_NO = { type: 'boolean' } as const;

const isDefault = (metadata: Metadata | undefined): boolean =>
  ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'].some((key) => metadata?.annotations?.[key] === 'true');

export const storageClassTable: TableColumns = rawTable<StorageClass>(
  column('Name', ({ metadata }) => `${metadata?.name ?? ''}${isDefault(metadata as Metadata) ? ' (default)' : ''}`, NAME),
  column('Provisioner', ({ provisioner }) => provisioner),
  column('ReclaimPolicy', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
  column('VolumeBindingMode', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
  column('AllowVolumeExpansion', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
  ageColumn,
);

export const volumeAttachmentTable: TableColumns = tableOf<VolumeAttachment>(
  column('Attacher', ({ spec }) => spec?.attacher, NAME),
  column('PV', ({ spec }) => spec?.source?.persistentVolumeName),
  column('Node', ({ spec }) => spec?.nodeName),
  column('Attached', ({ status }) => status?.attached ?? false, YES_NO),
  ageColumn,
);

export const csiNodeTable: TableColumns = tableOf<CSINode>(count('Drivers', ({ spec }) => spec?.drivers?.length), ageColumn);

export const csiDriverTable: TableColumns = tableOf<CSIDriver>(
  column('AttachRequired', ({ spec }) => spec?.attachRequired ?? true, YES_NO),
  column('PodInfoOnMount', ({ spec }) => spec?.podInfoOnMount ?? false, YES_NO),
  column('StorageCapacity', ({ spec }) => spec?.storageCapacity ?? false, YES_NO),
  column('TokenRequests', ({ spec }) => spec?.tokenRequests?.map(({ audience }) => audience).join(',') ?? UNSET),
  column('RequiresRepublish', ({ spec }) => spec?.requiresRepublish ?? false, YES_NO),
  column('Modes', ({ spec }) => spec?.volumeLifecycleModes?.join(',') ?? NONE),
  ageColumn,
);

export const priorityClassTable: TableColumns = tableOf<PriorityClass>(
  count('Value', ({ value }) => value),
  column('Global-Default', ({ globalDefault }) => globalDefault ?? false, YES_NO),
  ageColumn,
  column('PreemptionPolicy', ({ preemptionPolicy }) => preemptionPolicy),
);

export const leaseTable: TableColumns = tableOf<Lease>(column('Holder', ({ spec }) => spec?.holderIdentity), ageColumn);

export const runtimeClassTable: TableColumns = tableOf<RuntimeClass>(column('Handler', ({ handler }) => handler), ageColumn);

const ingressHosts = ({ spec }: Ingress): string => {
  const rules = spec?.rules ?? [];
  return firstThree(rules.flatMap(({ host }) => (host ? [host] : [])), rules.length) || '*';
};

export const ingressTable: TableColumns = tableOf<Ingress>(
  column('Class', ({ spec }) => spec?.ingressClassName ?? NONE),
  column('Hosts', ingressHosts),
  column('Address', ({ status }) => (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').join(',')),
  column('Ports', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
  ageColumn,
);

export const ingressClassTable: TableColumns = tableOf<IngressClass>(
  column('Controller', ({ spec }) => spec?.controller),
  column('Parameters', ({ spec }) => (spec?.parameters ? [spec.parameters.kind, ...(spec.parameters.apiGroup ? [`.${spec.parameters.apiGroup}`] : []), `/${spec.parameters.name}`].join('') : NONE)),
  ageColumn,
);

export const networkPolicyTable: TableColumns = tableOf<NetworkPolicy>(column('Pod-Selector', ({ spec }) => selectorText(spec?.podSelector)), ageColumn);

export const endpointSliceTable: TableColumns = tableOf<EndpointSlice>(
  column('AddressType', ({ addressType }) => addressType),
  column('Ports', ({ ports }) => firstThree((ports ?? []).map(({ port, name }) => String(port ?? name ?? '*'))) || UNSET),
  column('Endpoints', ({ endpoints }) => firstThree((endpoints ?? []).flatMap(({ addresses }) => addresses)) || UNSET),
  ageColumn,
);

const subjects = ({ subjects: all }: RoleBinding, kind: string): string =>
  (all ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');

/** Role bindings of a namespace and of the cluster look the same. */
export const roleBindingTable: TableColumns = tableOf<RoleBinding>(
  column('Role', ({ roleRef }) => `${roleRef?.kind ?? ''}/${roleRef?.name ?? ''}`),
  ageColumn,
  wide('Users', (binding) => subjects(binding, 'User')),
  wide('Groups', (binding) => subjects(binding, 'Group')),
  wide('ServiceAccounts', (binding) => subjects(binding, 'ServiceAccount')),
);

export const webhookConfigurationTable: TableColumns = tableOf<MutatingWebhookConfiguration>(count('Webhooks', ({ webhooks }) => webhooks?.length), ageColumn);

interface APIService {
  metadata?: unknown;
  spec?: { service?: { namespace: string; name: string } };
  status?: { conditions?: { type: string; status: string; reason?: string }[] };
}

function available({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`;
}

export const apiServiceTable: TableColumns = tableOf<APIService>(
  column('Service', ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local')),
  column('Available', available),
  ageColumn,
);
