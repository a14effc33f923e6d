import type { PodSpec, PodTemplateSpec, ResourceRequirements } from 'kubernetes-types/core/v1.js';
import { child, duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../schema/field-error.js';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../schema/names.js';
import { eachOf, labels, oneOf, problemsAsErrors } from './common.js';
import { type PodSurroundings, validateContainers } from './containers.js';
import { validatePodNetwork } from './pod-network.js';
import { validateResources } from './resources.js';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.js';
import { validateSecurityContext } from './security-context.js';
import { validateVolumes } from './volumes.js';

export const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const LONGEST_DEADLINE = 2 ** 31 - 1;
const DEFAULT_GRACE_PERIOD = 30;

/** What is wrong with a pod spec, in a pod or in a template. */
export function validatePodSpec(spec: PodSpec | undefined, path: string): FieldError[] {
  const { containers, initContainers, volumes } = spec ?? ({} as PodSpec);
  const surroundings: PodSurroundings = {
    volumes: new Map((volumes ?? []).map(({ name, persistentVolumeClaim, ephemeral }) => [name, Boolean(persistentVolumeClaim ?? ephemeral)])),
    claims: new Set(((spec as Claiming | undefined)?.resourceClaims ?? []).map(({ name }) => name)),
    gracePeriod: spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_PERIOD,
  };
  const taken = new Set<string>();
  const errors = [...validateVolumes(volumes, child(path, 'volumes'))];
  if ((containers ?? []).length === 0) errors.push(required(child(path, 'containers')));
  errors.push(...validateContainers(containers, child(path, 'containers'), surroundings, taken));
  errors.push(...validateContainers(initContainers, child(path, 'initContainers'), surroundings, taken, true));
  if (!spec) return errors;
  errors.push(...oneOf(child(path, 'restartPolicy'), spec.restartPolicy, RESTART_POLICIES));
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
  errors.push(...validateSecurityContext(spec, child(path, 'securityContext')), ...validatePodNetwork(spec, path), ...gates(spec, path), ...claims(spec, child(path, 'resourceClaims')), ...system(spec, path));
  errors.push(...validateResources((spec as { resources?: ResourceRequirements }).resources, child(path, 'resources')));
  errors.push(...validateAffinity(spec.affinity, child(path, 'affinity')));
  errors.push(...validateTolerations(spec.tolerations, child(path, 'tolerations')));
  errors.push(...validateTopologySpread(spec.topologySpreadConstraints, child(path, 'topologySpreadConstraints')));
  return errors;
}

/** What has to come true before a pod is scheduled, or ready. */
function gates(spec: PodSpec, path: string): FieldError[] {
  const { schedulingGates = [], readinessGates } = spec as PodSpec & { schedulingGates?: { name: string }[] };
  const seen = new Set<string>();
  return [
    ...eachOf(child(path, 'readinessGates'), readinessGates, ({ conditionType }, place) => problemsAsErrors(child(place, 'conditionType'), conditionType, qualifiedName(conditionType))),
    ...eachOf(child(path, 'schedulingGates'), schedulingGates, ({ name }, place) => {
      const errors = [...problemsAsErrors(place, name, qualifiedName(name)), ...(seen.has(name) ? [duplicate(place, name)] : [])];
      seen.add(name);
      return errors;
    }),
    ...(schedulingGates.length > 0 && spec.nodeName ? [forbidden(child(path, 'nodeName'), 'cannot be set until all schedulingGates have been cleared')] : []),
  ];
}

interface Claiming { resourceClaims?: { name: string; resourceClaimName?: string; resourceClaimTemplateName?: string }[] }

const claims = (spec: Claiming, path: string): FieldError[] => {
  const names = new Set<string>();
  return eachOf(path, spec.resourceClaims, ({ name = '', resourceClaimName = null, resourceClaimTemplateName = null }: { name?: string; resourceClaimName?: string | null; resourceClaimTemplateName?: string | null }, place) => {
    const errors = name === '' ? [required(child(place, 'name'))] : names.has(name) ? [duplicate(child(place, 'name'), name)] : problemsAsErrors(child(place, 'name'), name, dns1123Label(name));
    names.add(name);
    const printed = { Name: name, ResourceClaimName: resourceClaimName, ResourceClaimTemplateName: resourceClaimTemplateName };
    if (resourceClaimName === null && resourceClaimTemplateName === null) errors.push(invalid(place, printed, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    if (resourceClaimName !== null && resourceClaimTemplateName !== null) errors.push(invalid(place, printed, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'));
    return errors;
  });
};

/** The operating system, and what is shared with that of the host. */
function system(spec: PodSpec & { os?: { name?: string }; hostUsers?: boolean }, path: string): FieldError[] {
  const { os, hostUsers, securityContext = {} } = spec;
  const errors = !os ? [] : !os.name ? [required(child(path, 'os', 'name'))] : oneOf(child(path, 'os'), os.name, ['linux', 'windows']);
  if (os?.name === 'windows') for (const field of LINUX_ONLY) if ((securityContext as Record<string, unknown>)[field] !== undefined) errors.push(forbidden(child(path, 'securityContext', field), 'cannot be set for a windows pod'));
  if (hostUsers === false) for (const field of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (spec[field]) errors.push(forbidden(child(path, field), 'when `hostUsers` is false'));
  return errors;
}

const LINUX_ONLY = ['seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls', 'runAsUser', 'runAsGroup', 'supplementalGroups'];

/** What is wrong with a template; controllers that keep pods alive allow only some restart policies. */
export function validatePodTemplate(template: PodTemplateSpec | undefined, path: string, restartPolicies: readonly string[]): FieldError[] {
  // Where there is no template at all, nothing was defaulted either.
  const { restartPolicy: policy = 'Always', ephemeralContainers } = template?.spec ?? ({} as Partial<PodSpec>);
  const field = child(path, 'spec', 'restartPolicy');
  // What must be chosen, for the usual policy is none of the choices, is asked for.
  const wrongPolicy = restartPolicies === RESTART_POLICIES || restartPolicies.includes(policy) ? [] : policy === 'Always' ? [required(field, `valid values: ${restartPolicies.map((each) => JSON.stringify(each)).join(', ')}`)] : [notSupported(field, policy, restartPolicies)];
  return [
    ...labels(child(path, 'metadata', 'labels'), template?.metadata?.labels),
    ...validatePodSpec(template?.spec, child(path, 'spec')),
    ...wrongPolicy,
    ...(ephemeralContainers?.length ? [forbidden(child(path, 'spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template')] : []),
  ];
}
