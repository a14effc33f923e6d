import type { Pod, Toleration } from 'kubernetes-types/core/v1.js';
import { at, type FieldError, forbidden, invalid } from '../../schema/field-error.js';
import { sameJson } from '../../schema/json.js';
import { validatePodSpec } from './pod-spec.js';

const IMMUTABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const MIRROR = 'kubernetes.io/config.mirror';

export const validatePod = ({ spec, metadata }: Pod): FieldError[] => [
  ...(metadata?.annotations?.[MIRROR] !== undefined && !spec?.nodeName ? [invalid(at('metadata.annotations', MIRROR), metadata.annotations[MIRROR], 'must set spec.nodeName if mirror pod annotation is set')] : []),
  ...validatePodSpec(spec, 'spec'),
];

/** A pod's spec is settled at birth, but for its images, its deadline and more tolerations; scheduling gates may go. */
export function validatePodUpdate(pod: Pod, previous: Pod): FieldError[] {
  if (!pod.spec || !previous.spec) return [];
  const before = structuredClone(previous.spec);
  for (const kind of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (before[kind] ?? []).entries()) {
      const image = pod.spec[kind]?.[index]?.image;
      if (image !== undefined) container.image = image;
    }
  }
  if (pod.spec.activeDeadlineSeconds !== undefined) before.activeDeadlineSeconds = pod.spec.activeDeadlineSeconds;
  const tolerations = pod.spec.tolerations ?? [];
  if ((before.tolerations ?? []).every((toleration) => tolerations.some((other) => extendsToleration(other, toleration)))) before.tolerations = tolerations;
  const gates = pod.spec.schedulingGates ?? [];
  const gatesBefore = before.schedulingGates ?? [];
  if (gates.every(({ name }) => gatesBefore.some((gate) => gate.name === name))) {
    if (pod.spec.schedulingGates) before.schedulingGates = gates;
    else delete before.schedulingGates;
    // While it is held back by gates, a pod's place may still be narrowed.
    if (gatesBefore.length > 0) for (const field of ['nodeSelector', 'affinity'] as const) {
      if (pod.spec[field] === undefined) delete before[field];
      else Object.assign(before, { [field]: pod.spec[field] });
    }
  }
  // Binding sets the node, and the pod has no other way to one.
  if (!before.nodeName && pod.spec.nodeName) before.nodeName = pod.spec.nodeName;
  if ((before.tolerations?.length ?? 0) === 0) delete before.tolerations;
  const after = { ...pod.spec };
  if (tolerations.length === 0) delete after.tolerations;
  return sameJson(after, before) ? [] : [forbidden('spec', IMMUTABLE)];
}

/** The same toleration, possibly for another time. */
const extendsToleration = ({ tolerationSeconds: _new, ...a }: Toleration, { tolerationSeconds: _old, ...b }: Toleration): boolean => sameJson(a, b);
