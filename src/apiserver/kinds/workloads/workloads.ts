import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { CronJob } from 'kubernetes-types/batch/v1.js';
import type { PodTemplate, ReplicationController } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../../contracts.js';
import { DecodeError } from '../../schema/decode-error.js';
import { sameJson } from '../../schema/json.js';
import type { KindBehaviour } from '../behaviour.js';
import { statefulSetWarnings } from '../core/object-warnings.js';
import { templateWarnings } from '../core/pod-warnings.js';
import { fieldsAt } from '../selectable-fields.js';
import { defaultCronJobSpec, defaultDaemonSetSpec, defaultDeploymentSpec, defaultReplicaSetSpec, defaultReplicationControllerSpec, defaultStatefulSetSpec, defaultTemplate } from './workload-defaults.js';

export const podTemplateBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: templateWarnings('template', (object) => (object as unknown as PodTemplate).template, { isNamed: false }),
  setDefaults(object) {
    defaultTemplate((object as unknown as PodTemplate).template);
  },
};

/** Of what has its template in its spec. */
export const ofTemplate = templateWarnings('spec.template', (object) => (object as unknown as Deployment).spec?.template);

export const deploymentBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: ofTemplate,
  setDefaults(object) {
    defaultDeploymentSpec((object['spec'] ??= {}) as unknown as NonNullable<Deployment['spec']>);
  },
};

export const replicaSetBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: ofTemplate,
  setDefaults(object) {
    const { spec } = object as unknown as ReplicaSet;
    if (spec) defaultReplicaSetSpec(spec);
  },
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
};

export const replicationControllerBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: ofTemplate,
  selectableFields: fieldsAt('status.replicas'),
  setDefaults(object) {
    const { spec } = object as unknown as ReplicationController;
    if (!spec) return;
    const labels = spec.template?.metadata?.labels;
    if (labels && Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels };
    defaultReplicationControllerSpec(spec);
  },
  prepareForCreate(object) {
    object['status'] = { replicas: 0 };
  },
};

export const statefulSetBehaviour: KindBehaviour = {
  nameFormat: 'dns1123label',
  tracksGeneration: true,
  warnings: (object, previous) => [...ofTemplate(object, previous), ...statefulSetWarnings(object, previous)],
  setDefaults(object) {
    defaultStatefulSetSpec((object['spec'] ??= {}) as unknown as NonNullable<StatefulSet['spec']>);
  },
  prepareForCreate(object) {
    object['status'] = { replicas: 0, availableReplicas: 0 };
  },
};

/** Counts changes of a DaemonSet's template, for clients of its first version. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';
const MOST = 2n ** 63n;

/** @throws {DecodeError} unless it is a number of 64 bits. */
function templateGeneration({ metadata }: ApiObject): bigint {
  const text = metadata.annotations?.[TEMPLATE_GENERATION];
  if (text === undefined) return 0n;
  if (!/^[-+]?\d+$/.test(text)) throw new DecodeError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const count = BigInt(text.replace('+', ''));
  if (count >= MOST || count < -MOST) throw new DecodeError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return count;
}

function countTemplate({ metadata }: ApiObject, count: bigint): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(count) };
}

export const daemonSetBehaviour: KindBehaviour = {
  tracksGeneration: true,
  checkDecoded: templateGeneration,
  warnings: templateWarnings('spec.template', (object) => (object as unknown as DaemonSet).spec?.template, { isNamed: false }),
  setDefaults(object) {
    defaultDaemonSetSpec((object['spec'] ??= {}) as unknown as NonNullable<DaemonSet['spec']>);
    countTemplate(object, templateGeneration(object));
  },
  prepareForUpdate(object, previous) {
    const [template, before] = [object, previous].map((set) => (set as unknown as DaemonSet).spec?.template);
    countTemplate(object, templateGeneration(previous) + (sameJson(template, before) ? 0n : 1n));
  },
  prepareForCreate(object) {
    const count = templateGeneration(object);
    countTemplate(object, count < 1n ? 1n : count);
    object['status'] = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
  },
};

export const cronJobBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: templateWarnings('spec.jobTemplate.spec.template', (object) => (object as unknown as CronJob).spec?.jobTemplate.spec?.template),
  setDefaults(object) {
    const { spec } = object as unknown as CronJob;
    if (spec) defaultCronJobSpec(spec);
  },
};
