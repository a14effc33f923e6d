import type { PodSecurityContext, PodSpec } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, invalid, required } from '../../schema/field-error.js';

const LONGEST_SYSCTL = 253;
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
/** Kernel parameters that belong to a namespace which a pod may share with its host. */
const OF_NETWORK = /^net[./]/;
const OF_IPC = /^(?:kernel[./](?:shm.*|msg.*|sem)|fs[./]mqueue[./].*)$/;
const LARGEST_ID = 2 ** 31 - 1;

/** What is wrong with the security context of a pod. */
export function validateSecurityContext(spec: PodSpec, path: string): FieldError[] {
  const { securityContext } = spec;
  if (!securityContext) return [];
  const ids = (['runAsUser', 'runAsGroup', 'fsGroup'] as const).filter((field) => !isId(securityContext[field])).map((field) => [field, securityContext[field]] as const);
  return [...ids.map(([field, value]) => invalid(child(path, field), value, `must be between 0 and ${LARGEST_ID}, inclusive`)), ...sysctlErrors(securityContext, spec, child(path, 'sysctls'))];
}

const isId = (value: number | undefined): boolean => value === undefined || (value >= 0 && value <= LARGEST_ID);

function sysctlErrors({ sysctls = [] }: PodSecurityContext, { hostNetwork, hostIPC }: PodSpec, path: string): FieldError[] {
  const taken = new Set<string>();
  return sysctls.flatMap(({ name }, index) => {
    const field = child(at(path, index), 'name');
    const errors: FieldError[] = [];
    if (!name) errors.push(required(field));
    else if (name.length > LONGEST_SYSCTL || !SYSCTL.test(name)) errors.push(invalid(field, name, `must have at most ${LONGEST_SYSCTL} characters and match regex ${SYSCTL.source.replaceAll('[./]', '[\\./]')}`));
    else if (taken.has(name)) errors.push(duplicate(field, name));
    if (hostNetwork && OF_NETWORK.test(name)) errors.push(invalid(field, name, "may not be specified when 'hostNetwork' is true"));
    if (hostIPC && OF_IPC.test(name)) errors.push(invalid(field, name, "may not be specified when 'hostIPC' is true"));
    taken.add(name);
    return errors;
  });
}
