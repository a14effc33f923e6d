import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { CronJob } from 'kubernetes-types/batch/v1.js';
import type { PodTemplate, ReplicationController } from 'kubernetes-types/core/v1.js';
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

export const daemonSetBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: templateWarnings('spec.template', (object) => (object as unknown as DaemonSet).spec?.template, { isNamed: false }),
  setDefaults(object) {
    defaultDaemonSetSpec((object['spec'] ??= {}) as unknown as NonNullable<DaemonSet['spec']>);
  },
  prepareForCreate(object) {
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
