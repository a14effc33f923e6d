import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { child, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1123Label, dns1123Subdomain } from '../../schema/names.js';
import { labels, oneOf, problemsAsErrors } from './common.js';
import { validateContainers } from './containers.js';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.js';
import { validateSecurityContext } from './security-context.js';
import { validateVolumes } from './volumes.js';

export const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];
const LONGEST_DEADLINE = 2 ** 31 - 1;

/** What is wrong with a pod spec, in a pod or in a template. */
export function validatePodSpec(spec: PodSpec | undefined, path: string): FieldError[] {
  const { containers, initContainers, volumes } = spec ?? ({} as PodSpec);
  const volumeNames = new Set((volumes ?? []).map(({ name }) => name));
  const taken = new Set<string>();
  const errors = [...validateVolumes(volumes, child(path, 'volumes'))];
  if ((containers ?? []).length === 0) errors.push(required(child(path, 'containers')));
  errors.push(...validateContainers(containers, child(path, 'containers'), volumeNames, taken));
  errors.push(...validateContainers(initContainers, child(path, 'initContainers'), volumeNames, taken));
  if (!spec) return errors;
  if (!spec.restartPolicy) errors.push(required(child(path, 'restartPolicy')));
  else errors.push(...oneOf(child(path, 'restartPolicy'), spec.restartPolicy, RESTART_POLICIES));
  errors.push(...oneOf(child(path, 'dnsPolicy'), spec.dnsPolicy, DNS_POLICIES));
  errors.push(...labels(child(path, 'nodeSelector'), spec.nodeSelector));
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > LONGEST_DEADLINE)) errors.push(invalid(child(path, 'activeDeadlineSeconds'), deadline, `must be between 1 and ${LONGEST_DEADLINE}, inclusive`));
  for (const [field, check] of [
    ['serviceAccountName', dns1123Subdomain],
    ['nodeName', dns1123Subdomain],
    ['priorityClassName', dns1123Subdomain],
    ['hostname', dns1123Label],
    ['subdomain', dns1123Label],
  ] as const) {
    const value = spec[field];
    if (value) errors.push(...problemsAsErrors(child(path, field), value, check(value)));
  }
  errors.push(...validateSecurityContext(spec, child(path, 'securityContext')));
  errors.push(...validateAffinity(spec.affinity, child(path, 'affinity')));
  errors.push(...validateTolerations(spec.tolerations, child(path, 'tolerations')));
  errors.push(...validateTopologySpread(spec.topologySpreadConstraints, child(path, 'topologySpreadConstraints')));
  return errors;
}

/** What is wrong with a template; controllers that keep pods alive allow only some restart policies. */
export function validatePodTemplate(template: PodTemplateSpec | undefined, path: string, restartPolicies: readonly string[]): FieldError[] {
  const policy = template?.spec?.restartPolicy;
  const wrongPolicy = policy && RESTART_POLICIES.includes(policy) && !restartPolicies.includes(policy);
  return [
    ...labels(child(path, 'metadata', 'labels'), template?.metadata?.labels),
    ...validatePodSpec(template?.spec, child(path, 'spec')),
    ...(wrongPolicy ? [notSupported(child(path, 'spec', 'restartPolicy'), policy, restartPolicies)] : []),
  ];
}
