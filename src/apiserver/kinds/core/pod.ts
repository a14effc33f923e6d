import type { Pod } from 'kubernetes-types/core/v1.js';
import type { ApiObject } from '../../contracts.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { admitPod } from './pod-admission.js';
import { defaultPod } from './pod-defaults.js';
import { qosClass } from './pod-qos.js';

const asPod = (object: ApiObject): Pod => object as unknown as Pod;

export const podBehaviour: KindBehaviour = {
  selectableFields: fieldsAt(
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ),
  setDefaults(object) {
    const { spec } = asPod(object);
    if (spec) defaultPod(spec);
  },
  prepareForCreate(object, { storage }) {
    const pod = asPod(object);
    admitPod(pod, storage);
    object['status'] = { phase: 'Pending', ...(pod.spec && { qosClass: qosClass(pod.spec) }) };
  },
};
