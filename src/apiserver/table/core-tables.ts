import type { ComponentStatus, ConfigMap, Endpoints, Event, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodTemplate, ResourceQuota, Secret, Service, ServiceAccount } from 'kubernetes-types/core/v1.js';
import type { TableColumns } from '../contracts.js';
import { age } from './age.js';
import { ageColumn, column, NAME, rawTable, tableOf, wide } from './column.js';
import { summarizePod } from './pod-status.js';
import { accessModes, containerImages, containerNames, firstThree, labelsText } from './words.js';

const NONE = '<none>';
const UNKNOWN = '<unknown>';

function restarts(pod: Pod, now: number): string {
  const { restarts: total, lastRestart } = summarizePod(pod);
  return total > 0 && lastRestart ? `${total} (${age(lastRestart, now)} ago)` : String(total);
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const open = gates.filter(({ conditionType }) => status?.conditions?.some(({ type, status: value }) => type === conditionType && value === 'True'));
  return `${open.length}/${gates.length}`;
}

/** What a row says of a pod that has ended. */
const ENDED: Readonly<Record<string, string>> = { Succeeded: 'The pod has completed successfully.', Failed: 'The pod failed.' };

const podColumns = tableOf<Pod>(
  column('Ready', (pod) => `${summarizePod(pod).ready}/${summarizePod(pod).total}`),
  column('Status', (pod) => summarizePod(pod).status),
  column('Restarts', restarts),
  ageColumn,
  wide('IP', ({ status }) => status?.podIPs?.[0]?.ip || status?.podIP || NONE),
  wide('Node', ({ spec }) => spec?.nodeName || NONE),
  wide('Nominated Node', ({ status }) => status?.nominatedNodeName || NONE),
  wide('Readiness Gates', readinessGates),
);

export const podTable: TableColumns = {
  ...podColumns,
  conditions(object) {
    const { phase: reason = '' } = (object as unknown as Pod).status ?? {};
    const message = ENDED[reason];
    return message === undefined ? [] : [{ type: 'Completed', status: 'True', reason, message }];
  },
};

export const podTemplateTable: TableColumns = tableOf<PodTemplate>(
  column('Containers', ({ template }) => containerNames(template?.spec?.containers)),
  column('Images', ({ template }) => containerImages(template?.spec?.containers)),
  column('Pod Labels', ({ template }) => labelsText(template?.metadata?.labels)),
);

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const word = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec?.unschedulable ? `${word},SchedulingDisabled` : word;
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function nodeRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata?.labels ?? {}).flatMap(([key, value]) => (key.startsWith(ROLE_PREFIX) ? [key.slice(ROLE_PREFIX.length)] : key === 'kubernetes.io/role' ? [value] : []));
  return [...new Set(roles.filter((role) => role !== ''))].sort((a, b) => (a < b ? -1 : 1)).join(',') || NONE;
}

const address = (type: string) => ({ status }: Node): string => status?.addresses?.find((candidate) => candidate.type === type)?.address ?? NONE;

export const nodeTable: TableColumns = tableOf<Node>(
  column('Status', nodeStatus),
  column('Roles', nodeRoles),
  ageColumn,
  column('Version', ({ status }) => status?.nodeInfo?.kubeletVersion),
  wide('Internal-IP', address('InternalIP')),
  wide('External-IP', address('ExternalIP')),
  wide('OS-Image', ({ status }) => status?.nodeInfo?.osImage || UNKNOWN),
  wide('Kernel-Version', ({ status }) => status?.nodeInfo?.kernelVersion || UNKNOWN),
  wide('Container-Runtime', ({ status }) => status?.nodeInfo?.containerRuntimeVersion || UNKNOWN),
);

export const namespaceTable: TableColumns = tableOf<Namespace>(column('Status', ({ status }) => status?.phase), ageColumn);

function firstSeen({ firstTimestamp, eventTime }: Event, now: number): string {
  return age(firstTimestamp || (eventTime as string | undefined), now);
}

const lastSeen = (event: Event, now: number): string => {
  const last = event.series ? (event.series.lastObservedTime as string | undefined) : event.lastTimestamp;
  return last ? age(last, now) : firstSeen(event, now);
};

/** `component, instance`; newer clients name them in other fields. */
const eventSource = ({ source, reportingComponent, reportingInstance }: Event): string =>
  [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(', ');

export const eventTable: TableColumns = rawTable<Event>(
  column('Last Seen', lastSeen),
  column('Type', ({ type }) => type),
  column('Reason', ({ reason }) => reason),
  column('Object', ({ involvedObject }) => [involvedObject?.kind?.toLowerCase(), involvedObject?.name].filter(Boolean).join('/')),
  wide('Subobject', ({ involvedObject }) => involvedObject?.fieldPath),
  wide('Source', eventSource),
  column('Message', ({ message }) => message?.trim()),
  wide('First Seen', firstSeen),
  wide('Count', ({ series, count: times }) => series?.count ?? (times || 1)),
  column('Name', ({ metadata }) => metadata?.name, { ...NAME, wide: true }),
);

const keys = (...parts: (object | undefined)[]): number => parts.reduce((total, part) => total + Object.keys(part ?? {}).length, 0);

export const configMapTable: TableColumns = tableOf<ConfigMap>(column('Data', ({ data, binaryData }) => keys(data, binaryData)), ageColumn);
export const secretTable: TableColumns = tableOf<Secret>(column('Type', ({ type }) => type), column('Data', ({ data }) => keys(data)), ageColumn);
export const serviceAccountTable: TableColumns = tableOf<ServiceAccount>(ageColumn);

function externalAddress({ spec, status }: Service): string {
  const own = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ExternalName':
      return spec.externalName ?? '';
    case 'LoadBalancer': {
      const balancers = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
      return [...balancers, ...own].join(',') || '<pending>';
    }
    case 'ClusterIP':
    case 'NodePort':
      return own.join(',') || NONE;
    default:
      return UNKNOWN;
  }
}

const servicePorts = ({ spec }: Service): string => (spec?.ports ?? []).map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`).join(',') || NONE;

export const serviceTable: TableColumns = tableOf<Service>(
  column('Type', ({ spec }) => spec?.type),
  column('Cluster-IP', ({ spec }) => spec?.clusterIPs?.[0] || spec?.clusterIP || NONE),
  column('External-IP', externalAddress),
  column('Port(s)', servicePorts),
  ageColumn,
  wide('Selector', ({ spec }) => labelsText(spec?.selector)),
);

function endpoints({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0 ? addresses.map(({ ip }) => ip) : ports.flatMap(({ port }) => addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`))),
  );
  return subsets.length === 0 ? NONE : firstThree(all);
}

export const endpointsTable: TableColumns = tableOf<Endpoints>(column('Endpoints', endpoints), ageColumn);

export const persistentVolumeTable: TableColumns = tableOf<PersistentVolume>(
  column('Capacity', ({ spec }) => spec?.capacity?.['storage'] ?? '0'),
  column('Access Modes', ({ spec }) => accessModes(spec?.accessModes)),
  column('Reclaim Policy', ({ spec }) => spec?.persistentVolumeReclaimPolicy),
  column('Status', ({ metadata, status }) => (metadata?.deletionTimestamp ? 'Terminating' : status?.phase)),
  column('Claim', ({ spec }) => (spec?.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '')),
  column('StorageClass', ({ spec }) => spec?.storageClassName),
  column('VolumeAttributesClass', ({ spec }) => (spec as { volumeAttributesClassName?: string } | undefined)?.volumeAttributesClassName ?? '<unset>'),
  column('Reason', ({ status }) => status?.reason),
  ageColumn,
  wide('VolumeMode', ({ spec }) => spec?.volumeMode ?? '<unset>'),
);

export const persistentVolumeClaimTable: TableColumns = tableOf<PersistentVolumeClaim>(
  column('Status', ({ metadata, status }) => (metadata?.deletionTimestamp ? 'Terminating' : status?.phase)),
  column('Volume', ({ spec }) => spec?.volumeName),
  column('Capacity', ({ spec, status }) => (spec?.volumeName ? status?.capacity?.['storage'] : '')),
  column('Access Modes', ({ spec, status }) => (spec?.volumeName ? accessModes(status?.accessModes) : '')),
  column('StorageClass', ({ spec }) => spec?.storageClassName),
  column('VolumeAttributesClass', ({ spec }) => (spec as { volumeAttributesClassName?: string } | undefined)?.volumeAttributesClassName ?? '<unset>'),
  ageColumn,
  wide('VolumeMode', ({ spec }) => spec?.volumeMode ?? '<unset>'),
);

const quotaText = ({ status }: ResourceQuota, limits: boolean): string =>
  Object.entries(status?.hard ?? {})
    .filter(([name]) => name.startsWith('limits.') === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');

export const resourceQuotaTable: TableColumns = tableOf<ResourceQuota>(column('Request', (quota) => quotaText(quota, false)), column('Limit', (quota) => quotaText(quota, true)), ageColumn);

function componentCells({ conditions = [] }: ComponentStatus): { status: string; message?: string; error?: string } {
  const healthy = conditions.find(({ type }) => type === 'Healthy');
  return healthy ? { ...healthy, status: healthy.status === 'True' ? 'Healthy' : 'Unhealthy' } : { status: 'Unknown' };
}

export const componentStatusTable: TableColumns = tableOf<ComponentStatus>(
  column('Status', (component) => componentCells(component).status),
  column('Message', (component) => componentCells(component).message),
  column('Error', (component) => componentCells(component).error),
);
