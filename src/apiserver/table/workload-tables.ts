import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Scale } from 'kubernetes-types/autoscaling/v1.js';
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from 'kubernetes-types/autoscaling/v2.js';
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js';
import type { PodTemplateSpec, ReplicationController } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { TableColumns } from '../contracts.js';
import { age, humanDuration } from './age.js';
import { ageColumn, type Column, column, count, rawTable, tableOf, wide } from './column.js';
import { containerImages, containerNames, labelsText, selectorText } from './words.js';
import { groupVersionOf } from '../group-version.js';

interface Templated {
  metadata?: unknown;
  spec?: { template?: PodTemplateSpec };
}

const containers: Column<Templated> = wide('Containers', ({ spec }) => containerNames(spec?.template?.spec?.containers));
const images: Column<Templated> = wide('Images', ({ spec }) => containerImages(spec?.template?.spec?.containers));
const selector: Column<{ spec?: { selector?: LabelSelector } }> = wide('Selector', ({ spec }) => selectorText(spec?.selector));

export const deploymentTable: TableColumns = tableOf<Deployment>(
  column('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
  column('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
  column('Available', ({ status }) => status?.availableReplicas ?? 0),
  ageColumn,
  containers,
  images,
  // Of what selects nothing or everything there is nothing to say.
  wide('Selector', ({ spec }) => selectorText(spec?.selector).replace('<none>', '')),
);

export const replicaSetTable: TableColumns = tableOf<ReplicaSet>(
  count('Desired', ({ spec }) => spec?.replicas),
  count('Current', ({ status }) => status?.replicas),
  count('Ready', ({ status }) => status?.readyReplicas),
  ageColumn,
  containers,
  images,
  selector,
);

export const replicationControllerTable: TableColumns = tableOf<ReplicationController>(
  count('Desired', ({ spec }) => spec?.replicas),
  count('Current', ({ status }) => status?.replicas),
  count('Ready', ({ status }) => status?.readyReplicas),
  ageColumn,
  containers as Column<ReplicationController>,
  images as Column<ReplicationController>,
  wide('Selector', ({ spec }) => labelsText(spec?.selector)),
);

export const statefulSetTable: TableColumns = tableOf<StatefulSet>(
  column('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
  ageColumn,
  containers,
  images,
);

export const daemonSetTable: TableColumns = tableOf<DaemonSet>(
  count('Desired', ({ status }) => status?.desiredNumberScheduled),
  count('Current', ({ status }) => status?.currentNumberScheduled),
  count('Ready', ({ status }) => status?.numberReady),
  count('Up-to-date', ({ status }) => status?.updatedNumberScheduled),
  count('Available', ({ status }) => status?.numberAvailable),
  column('Node Selector', ({ spec }) => labelsText(spec?.template?.spec?.nodeSelector)),
  ageColumn,
  containers,
  images,
  selector,
);

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  return (spec?.parallelism ?? 0) > 1 ? `${succeeded}/1 of ${spec?.parallelism}` : `${succeeded}/1`;
}

function jobStatus({ metadata, status }: Job): string {
  const isTrue = (wanted: string): boolean => status?.conditions?.some(({ type, status: value }) => type === wanted && value === 'True') ?? false;
  const ended = ['Complete', 'Failed'].find(isTrue);
  return ended ?? (metadata?.deletionTimestamp ? 'Terminating' : (['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(isTrue) ?? 'Running'));
}

function jobDuration({ status }: Job, now: number): string {
  if (!status?.startTime) return '';
  return humanDuration((status.completionTime ? Date.parse(status.completionTime) : now) - Date.parse(status.startTime));
}

export const jobTable: TableColumns = tableOf<Job>(
  column('Status', jobStatus),
  column('Completions', completions),
  column('Duration', jobDuration),
  ageColumn,
  containers,
  images,
  selector,
);

export const cronJobTable: TableColumns = tableOf<CronJob>(
  column('Schedule', ({ spec }) => spec?.schedule),
  column('Timezone', ({ spec }) => spec?.timeZone ?? '<none>'),
  column('Suspend', ({ spec }) => (spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'), { type: 'boolean' }),
  count('Active', ({ status }) => status?.active?.length),
  column('Last Schedule', ({ status }, now) => (status?.lastScheduleTime ? age(status.lastScheduleTime, now) : '<none>')),
  ageColumn,
  wide('Containers', ({ spec }) => containerNames(spec?.jobTemplate?.spec?.template?.spec?.containers)),
  wide('Images', ({ spec }) => containerImages(spec?.jobTemplate?.spec?.template?.spec?.containers)),
  wide('Selector', ({ spec }) => selectorText(spec?.jobTemplate?.spec?.selector)),
);

export const podDisruptionBudgetTable: TableColumns = tableOf<PodDisruptionBudget>(
  column('Min Available', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
  column('Max Unavailable', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
  count('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed),
  ageColumn,
);

function metricText(spec: MetricSpec, status: MetricStatus | undefined): string {
  const type = `${spec.type.charAt(0).toLowerCase()}${spec.type.slice(1)}` as 'resource';
  const { target, name } = spec[type] ?? { target: undefined, name: '' };
  const current = status?.[type]?.current;
  const prefix = type === 'resource' || spec.type === 'ContainerResource' ? `${name}: ` : '';
  if (target?.averageValue !== undefined) return `${prefix}${current?.averageValue ?? '<unknown>'}/${target.averageValue}${prefix === '' && spec.type !== 'Pods' ? ' (avg)' : ''}`;
  if (prefix === '') return `${current?.value ?? '<unknown>'}/${target?.value ?? ''}`;
  const percent = (value: number | undefined, otherwise: string): string => (value === undefined ? otherwise : `${value}%`);
  return `${prefix}${percent(current?.averageUtilization, '<unknown>')}/${percent(target?.averageUtilization, '<auto>')}`;
}

function metrics({ spec, status }: HorizontalPodAutoscaler): string {
  const all = (spec?.metrics ?? []).map((metric, index) => metricText(metric, status?.currentMetrics?.[index]));
  if (all.length === 0) return '<none>';
  return all.length > 2 ? `${all.slice(0, 2).join(', ')} + ${all.length - 2} more...` : all.join(', ');
}

export const horizontalPodAutoscalerTable: TableColumns = tableOf<HorizontalPodAutoscaler>(
  column('Reference', ({ spec }) => `${spec?.scaleTargetRef?.kind ?? ''}/${spec?.scaleTargetRef?.name ?? ''}`),
  column('Targets', metrics),
  column('MinPods', ({ spec }) => String(spec?.minReplicas ?? '<unset>')),
  column('MaxPods', ({ spec }) => spec?.maxReplicas ?? 0),
  column('Replicas', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
);

/** The scale of whatever can be scaled. */
export const scaleTable: TableColumns = rawTable<Scale>(
  column('Name', ({ metadata }) => metadata?.name),
  count('Desired', ({ spec }) => spec?.replicas),
  count('Available', ({ status }) => status?.replicas),
  ageColumn,
);

function controllerOf({ metadata }: ControllerRevision): string {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return '<none>';
  const { group } = groupVersionOf(owner.apiVersion);
  return `${owner.kind.toLowerCase()}${group && `.${group}`}/${owner.name}`;
}

export const controllerRevisionTable: TableColumns = tableOf<ControllerRevision>(column('Controller', controllerOf), column('Revision', ({ revision }) => revision), ageColumn);
