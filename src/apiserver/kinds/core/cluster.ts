import type { LimitRange, Namespace, Node } from 'kubernetes-types/core/v1.js';
import type { KindBehaviour } from '../behaviour.js';
import { fieldsAt } from '../selectable-fields.js';
import { nodeWarnings } from './object-warnings.js';

export const namespaceBehaviour: KindBehaviour = {
  nameFormat: 'dns1123label',
  selectableFields: fieldsAt('status.phase'),
  setDefaults(object) {
    const { metadata } = object;
    if (metadata.name) metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  },
  prepareForCreate(object) {
    const namespace = object as unknown as Namespace;
    namespace.spec = { ...namespace.spec, finalizers: [...new Set([...(namespace.spec?.finalizers ?? []), 'kubernetes'])] };
    object['status'] = { phase: 'Active' };
  },
  prepareForUpdate(object, previous, subresource) {
    // Only the finalize subresource may change what keeps a namespace alive.
    if (subresource !== 'finalize') object['spec'] = previous['spec'];
  },
};

export const nodeBehaviour: KindBehaviour = {
  keepsInitialStatus: true,
  warnings: nodeWarnings,
  selectableFields: fieldsAt('spec.unschedulable'),
  setDefaults(object) {
    const { spec, status } = object as unknown as Node;
    // The older field has the last word.
    if (spec?.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
    else if (spec?.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
    if (spec?.configSource) delete spec.configSource;
    if (status?.capacity) status.allocatable ??= { ...status.capacity };
  },
};

export const limitRangeBehaviour: KindBehaviour = {
  setDefaults(object) {
    for (const item of (object as unknown as LimitRange).spec?.limits ?? []) {
      if (item.type !== 'Container') continue;
      item.default = { ...item.max, ...item.default };
      item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
    }
  },
};
