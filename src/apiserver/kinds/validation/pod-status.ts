import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js';
import { at, child, type FieldError, forbidden, internal, invalid } from '../../schema/field-error.js';
import { ipErrors, ipFamily } from '../../schema/ip-address.js';
import { dns1123Subdomain, qualifiedName } from '../../schema/names.js';
import { eachOf, problemsAsErrors, unchanged } from './common.js';

/** Conditions of Kubernetes itself, whose names are not looked at. */
const SYSTEM_CONDITIONS = new Set(['PodScheduled', 'Ready', 'Initialized']);

type Status = NonNullable<Pod['status']> & { observedGeneration?: number; hostIPs?: { ip?: string }[]; resourceClaimStatuses?: { name: string; resourceClaimName?: string }[] };

/** What a kubelet, or whoever reports a pod's status, may not say. */
export function validatePodStatus({ spec, status = {} }: Pod, { spec: specBefore, status: before = {} }: Pod): FieldError[] {
  const { nominatedNodeName = '', observedGeneration = 0, qosClass, hostIP = '', hostIPs = [], podIPs = [], resourceClaimStatuses } = status as Status;
  const nominates = nominatedNodeName !== '' && nominatedNodeName !== before.nominatedNodeName;
  const claims = new Set(((spec as { resourceClaims?: { name: string }[] } | undefined)?.resourceClaims ?? []).map(({ name }) => name));
  return [
    ...eachOf('status.conditions', status.conditions, (condition, place) => [
      ...(((condition as { observedGeneration?: number }).observedGeneration ?? 0) < 0 ? [invalid(child(place, 'observedGeneration'), (condition as { observedGeneration?: number }).observedGeneration, 'must be a non-negative integer')] : []),
      ...(SYSTEM_CONDITIONS.has(condition.type) ? [] : problemsAsErrors(child(place, 'Type'), condition.type, qualifiedName(condition.type))),
    ]),
    ...(nominates ? problemsAsErrors('status.nominatedNodeName', nominatedNodeName, dns1123Subdomain(nominatedNodeName)) : []),
    ...(nominates && specBefore?.nodeName ? [forbidden('status.nominatedNodeName', 'may not be set on pods that are already bound to a node')] : []),
    ...(observedGeneration < 0 ? [invalid('status.observedGeneration', observedGeneration, 'must be a non-negative integer')] : []),
    ...unchanged('status.qosClass', qosClass, before.qosClass),
    ...revivals('status.containerStatuses', status.containerStatuses, before.containerStatuses, restartsOf(spec?.restartPolicy, spec?.containers)),
    ...revivals('status.initContainerStatuses', status.initContainerStatuses, before.initContainerStatuses, restartsOf(spec?.restartPolicy === 'Never' ? 'Never' : 'OnFailure', spec?.initContainers)),
    ...eachOf('status.resourceClaimStatuses', resourceClaimStatuses, ({ name }, place) => (claims.has(name) ? [] : [invalid(child(place, 'name'), name, 'must match the name of an entry in `spec.resourceClaims`')])),
    ...addresses('status.podIPs', podIPs, before.podIPs),
    ...(hostIPs.length > 0 && hostIPs[0]!.ip !== hostIP ? [invalid('status.hostIPs[0].ip', hostIPs[0]!.ip, 'must be equal to `hostIP`')] : []),
    ...addresses('status.hostIPs', hostIPs, (before as Status).hostIPs),
  ];
}

/** Whether a container that ended with a code is started again. */
type Restarts = (container: string, exitCode: number) => boolean;

const restartsOf = (policy: string | undefined, containers: readonly { name: string }[] = []): Restarts => (name, exitCode) => {
  const own = (containers.find((container) => container.name === name) as { restartPolicy?: string } | undefined)?.restartPolicy ?? policy;
  return own === 'Always' || (own === 'OnFailure' && exitCode !== 0);
};

/** What has ended for good stays so. */
function revivals(path: string, statuses: readonly ContainerStatus[] = [], before: readonly ContainerStatus[] = [], restarts: Restarts): FieldError[] {
  return before.flatMap(({ name, state }, index) => {
    const now = statuses.find((status) => status.name === name);
    const revived = state?.terminated && now && !now.state?.terminated && !restarts(name, state.terminated.exitCode);
    return revived ? [forbidden(child(at(path, index), 'state'), 'may not be transitioned to non-terminated state')] : [];
  });
}

/** At most one address of each family; those that were there before may be wrong. */
function addresses(path: string, list: readonly { ip?: string }[], before: readonly { ip?: string }[] = []): FieldError[] {
  const ips = list.map(({ ip = '' }) => ip);
  const errors = ips.flatMap((ip, index) => (before.some((old) => old.ip === ip) ? [] : ipErrors(at(path, index), ip)));
  if (ips.length < 2) return errors;
  const broken = ips.findIndex((ip) => ipFamily(ip) === 0);
  if (broken >= 0) errors.push(internal(path, `failed to check for dual stack with error:invalid IP[${broken}]: ${ips[broken]}`));
  if (broken >= 0 || ips.length > 2 || new Set(ips.map(ipFamily)).size < 2) errors.push(invalid(path, ips.map((ip) => ({ IP: ip })), 'may specify no more than one IP for each IP family'));
  return errors;
}
