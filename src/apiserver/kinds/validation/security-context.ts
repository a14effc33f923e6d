import type { PodSecurityContext, PodSpec, SecurityContext } from 'kubernetes-types/core/v1.js';
import { at, child, duplicate, type FieldError, invalid, notSupported, required } from '../../schema/field-error.js';
import { oneOf } from './common.js';

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
  const { hostPID, shareProcessNamespace } = spec;
  return [
    ...ids(securityContext, ['runAsUser', 'runAsGroup', 'fsGroup'], path),
    ...(securityContext.supplementalGroups ?? []).flatMap((group, index) => (isId(group) ? [] : [invalid(at(child(path, 'supplementalGroups'), index), group, ID_PROBLEM)])),
    ...(hostPID && shareProcessNamespace ? [invalid(child(path, 'shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled')] : []),
    ...sysctlErrors(securityContext, spec, child(path, 'sysctls')),
    ...oneOf(child(path, 'fsGroupChangePolicy'), securityContext.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...profiles(securityContext as Profiles, path),
  ];
}

interface Profile { type?: string; localhostProfile?: string }
interface Profiles { seccompProfile?: Profile; appArmorProfile?: Profile }

const PROFILE_TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const profiles = ({ seccompProfile, appArmorProfile }: Profiles, path: string): FieldError[] => [
  ...(seccompProfile ? profile(seccompProfile, child(path, 'seccompProfile'), 'seccomp') : []),
  ...(appArmorProfile ? profile(appArmorProfile, child(path, 'appArmorProfile'), 'AppArmor') : []),
];

function profile({ type = '', localhostProfile }: Profile, path: string, of: string): FieldError[] {
  const local = child(path, 'localhostProfile');
  const errors = type === '' && of === 'AppArmor' ? [required(child(path, 'type'), `type is required when appArmorProfile is set`)] : PROFILE_TYPES.includes(type) ? [] : [notSupported(child(path, 'type'), type, PROFILE_TYPES)];
  if (type === 'Localhost' && localhostProfile === undefined) return [...errors, required(local, `must be set when ${of} type is Localhost`)];
  if (type !== 'Localhost' && localhostProfile !== undefined) return [...errors, invalid(local, of === 'seccomp' ? { Type: type, LocalhostProfile: localhostProfile } : localhostProfile, `can only be set when ${of} type is Localhost`)];
  return errors;
}

/** A security context as Kubernetes prints it. */
const printed = (context: SecurityContext): object =>
  Object.fromEntries(['capabilities', 'privileged', 'seLinuxOptions', 'windowsOptions', 'runAsUser', 'runAsGroup', 'runAsNonRoot', 'readOnlyRootFilesystem', 'allowPrivilegeEscalation', 'procMount', 'seccompProfile', 'appArmorProfile'].map((field) => {
    const value = (context as Record<string, unknown>)[field] ?? null;
    return [field === 'seLinuxOptions' ? 'SELinuxOptions' : field[0]!.toUpperCase() + field.slice(1), field === 'capabilities' && value ? { Add: context.capabilities?.add ?? null, Drop: context.capabilities?.drop ?? null } : value];
  }));

/** What is wrong with the security context of a container. */
export function validateContainerSecurity(context: SecurityContext | undefined, path: string): FieldError[] {
  if (!context) return [];
  const { allowPrivilegeEscalation, privileged, capabilities, procMount } = context;
  const escalates = (how: string): FieldError => invalid(path, printed(context), `cannot set \`allowPrivilegeEscalation\` to false and ${how}`);
  return [
    ...ids(context, ['runAsUser', 'runAsGroup'], path),
    ...oneOf(child(path, 'procMount'), procMount, ['Default', 'Unmasked']),
    ...(allowPrivilegeEscalation === false && privileged ? [escalates('`privileged` to true')] : []),
    ...(allowPrivilegeEscalation === false && capabilities?.add?.includes('CAP_SYS_ADMIN') ? [escalates('`capabilities.Add` CAP_SYS_ADMIN')] : []),
    ...profiles(context as Profiles, path),
  ];
}

const ID_PROBLEM = `must be between 0 and ${LARGEST_ID}, inclusive`;

const ids = <T extends PodSecurityContext | SecurityContext>(context: T, fields: readonly (keyof T & string)[], path: string): FieldError[] =>
  fields.filter((field) => !isId(context[field] as number | undefined)).map((field) => invalid(child(path, field), context[field], ID_PROBLEM));

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
