import type { Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../../contracts.js';
import { forbidden } from '../../schema/field-error.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { podStatusWarnings } from './network-warnings.js';
import { admitPod, admitPodUpdate } from './pod-admission.js';
import { defaultPod } from './pod-defaults.js';
import { qosClass } from './pod-qos.js';
import { podWarnings } from './pod-warnings.js';

const asPod = (object: ApiObject): Pod => object as unknown as Pod;

/** Each of these subresources may change its own part of the spec only. */
function narrowed(spec: PodSpec, before: PodSpec, subresource: 'ephemeralcontainers' | 'resize'): PodSpec {
  if (subresource === 'ephemeralcontainers') return { ...before, ...(spec.ephemeralContainers && { ephemeralContainers: spec.ephemeralContainers }) };
  const containers = before.containers.map((container) => {
    const resources = (spec.containers ?? []).find(({ name }) => name === container.name)?.resources;
    return { ...container, ...(resources && { resources }) };
  });
  return { ...before, containers };
}

/** The condition of a pod that begins its life with scheduling gates. */
const GATED = { type: 'PodScheduled', status: 'False', lastProbeTime: null, lastTransitionTime: null, reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' };

export const podBehaviour: KindBehaviour = {
  tracksGeneration: true,
  warnings: (object, previous, subresource) => (subresource === 'status' ? podStatusWarnings(object) : previous ? [] : podWarnings(object)),
  validateCreate: (object) => (asPod(object).spec?.ephemeralContainers?.length ? [forbidden('spec.ephemeralContainers', 'cannot be set on create')] : []),
  selectableFields: {
    ...fieldsAt('spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'),
    'status.podIPs': (object) => (asPod(object).status?.podIPs ?? []).map(({ ip }) => ip).join(),
  },
  setDefaults(object) {
    const { spec } = asPod(object);
    if (spec) defaultPod(spec);
  },
  admit: (object, ctx) => admitPod(asPod(object), ctx),
  prepareForCreate(object) {
    const pod = asPod(object);
    const gated = ((pod.spec as { schedulingGates?: object[] } | undefined)?.schedulingGates ?? []).length > 0;
    object['status'] = { phase: 'Pending', ...(gated && { conditions: [GATED] }), ...(pod.spec && { qosClass: qosClass(pod.spec) }) };
  },
  prepareForUpdate(object, previous, subresource) {
    const pod = asPod(object);
    const before = asPod(previous);
    if (before.spec && pod.spec && (subresource === 'ephemeralcontainers' || subresource === 'resize')) object['spec'] = narrowed(pod.spec, before.spec, subresource);
    if (before.spec && pod.spec && subresource === '') admitPodUpdate(pod.spec, before.spec);
    // The class follows from the spec; kubelets that leave it out do not mean to change it.
    if (subresource === 'status' && before.status?.qosClass && !pod.status?.qosClass) object['status'] = { ...pod.status, qosClass: before.status.qosClass };
  },
};
