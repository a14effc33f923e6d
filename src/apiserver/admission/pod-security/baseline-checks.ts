import type { LifecycleHandler, PodSpec, Probe, SELinuxOptions } from 'kubernetes-types/core/v1.js';
import { containersOf, hasOwnUsers, named, plural, quoted, setters, sorted, type AnyContainer, type PodCheck, type Subject, type Violation } from './pod-check.js';

const APP_ARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';
const SECCOMP_ANNOTATIONS = { pod: 'seccomp.security.alpha.kubernetes.io/pod', container: 'container.seccomp.security.alpha.kubernetes.io/' };
const PROFILES = ['RuntimeDefault', 'Localhost'];
const CAPABILITIES = ['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'];
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
/** By the minor version that first allowed them. */
const SYSCTLS: readonly (readonly [since: number, names: readonly string[]])[] = [
  [0, ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start']],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [29, ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
];

export const isProfile = (type: string | undefined): boolean => PROFILES.includes(type ?? '');

/** What pods and containers set of something that has a few allowed values. */
function profiles(spec: PodSpec, field: 'appArmorProfile' | 'seccompProfile'): { pod: boolean; containers: AnyContainer[]; values: string[] } {
  const of = (context: { appArmorProfile?: { type: string }; seccompProfile?: { type: string } } | undefined): string | undefined => context?.[field]?.type;
  const isBad = (type: string | undefined): boolean => type !== undefined && !isProfile(type);
  const containers = containersOf(spec).filter(({ securityContext }) => isBad(of(securityContext)));
  const pod = isBad(of(spec.securityContext));
  return { pod, containers, values: sorted([...(pod ? [of(spec.securityContext)!] : []), ...containers.map(({ securityContext }) => of(securityContext)!)]) };
}

/** Profiles of system calls that are none of the two. */
export function seccompViolation({ spec }: Subject): Violation | undefined {
  const { pod, containers, values } = profiles(spec, 'seccompProfile');
  return values.length === 0 ? undefined : { reason: 'seccompProfile', detail: `${setters(pod, containers)} must not set securityContext.seccompProfile.type to ${quoted(values)}` };
}

function seccompAnnotations({ spec, annotations }: Subject): Violation | undefined {
  const isBad = (value: string | undefined): boolean => value !== undefined && value !== 'runtime/default' && value !== 'docker/default' && !value.startsWith('localhost/');
  const bad = sorted([SECCOMP_ANNOTATIONS.pod, ...containersOf(spec).map(({ name }) => SECCOMP_ANNOTATIONS.container + name)].filter((key) => isBad(annotations[key])).map((key) => `${key}=${JSON.stringify(annotations[key])}`));
  return bad.length === 0 ? undefined : { reason: 'seccompProfile', detail: `forbidden ${plural(bad.length, 'annotation')} ${bad.join(', ')}` };
}

/** Ways to mount /proc that show more of it. */
export function procMountViolation({ spec }: Subject): Violation | undefined {
  const bad = containersOf(spec).filter(({ securityContext }) => (securityContext?.procMount ?? 'Default') !== 'Default');
  return bad.length === 0 ? undefined : { reason: 'procMount', detail: `${named(bad)} must not set securityContext.procMount to ${quoted(sorted(bad.map(({ securityContext }) => securityContext!.procMount!)))}` };
}

const hostsOf = (handler: Probe | LifecycleHandler | undefined): string[] => [handler?.httpGet?.host, handler?.tcpSocket?.host].filter((host): host is string => Boolean(host));
const hostsAsked = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: AnyContainer): string[] => [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap(hostsOf);

/** What no pod may that has not been given more: nothing here is known to lead from a container to its node. */
export const BASELINE_CHECKS: readonly PodCheck[] = [
  {
    id: 'appArmorProfile',
    check({ spec, annotations }) {
      const { pod, containers, values } = profiles(spec, 'appArmorProfile');
      const bad = Object.entries(annotations).filter(([key, value]) => key.startsWith(APP_ARMOR_ANNOTATION) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/')).map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort();
      const all = [...values, ...bad];
      if (all.length === 0) return undefined;
      const who = [setters(pod, containers), bad.length > 0 ? plural(bad.length, 'annotation') : ''].filter(Boolean).join(' and ');
      return { reason: plural(all.length, 'forbidden AppArmor profile'), detail: `${who} must not set AppArmor profile type to ${quoted(all)}` };
    },
  },
  {
    id: 'capabilities_baseline',
    check({ spec }) {
      const extra = ({ securityContext }: AnyContainer): string[] => (securityContext?.capabilities?.add ?? []).filter((name) => !CAPABILITIES.includes(name));
      const bad = containersOf(spec).filter((container) => extra(container).length > 0);
      return bad.length === 0 ? undefined : { reason: 'non-default capabilities', detail: `${named(bad)} must not include ${quoted(sorted(bad.flatMap(extra)))} in securityContext.capabilities.add` };
    },
  },
  {
    id: 'hostNamespaces',
    check({ spec }) {
      const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]).map((field) => `${field}=true`);
      return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.join(', ') };
    },
  },
  {
    id: 'hostPathVolumes',
    check({ spec }) {
      const bad = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
      return bad.length === 0 ? undefined : { reason: 'hostPath volumes', detail: `${plural(bad.length, 'volume')} ${quoted(bad)}` };
    },
  },
  {
    id: 'hostPorts',
    check({ spec }) {
      const portsOf = ({ ports = [] }: AnyContainer): string[] => ports.filter(({ hostPort }) => hostPort).map(({ hostPort }) => String(hostPort));
      const bad = containersOf(spec).filter((container) => portsOf(container).length > 0);
      const ports = sorted(bad.flatMap(portsOf));
      return bad.length === 0 ? undefined : { reason: 'hostPort', detail: `${named(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}` };
    },
  },
  {
    id: 'hostProbesAndHostLifecycle',
    since: 34,
    check({ spec }) {
      const bad = containersOf(spec).filter((container) => hostsAsked(container).length > 0).sort((one, other) => (one.name < other.name ? -1 : 1));
      const hosts = sorted(bad.flatMap(hostsAsked));
      return bad.length === 0 ? undefined : { reason: 'probe or lifecycle host', detail: `${named(bad)} ${plural(bad.length, 'uses', 'use')} ${plural(hosts.length, 'probe or lifecycle host')} ${quoted(hosts)}` };
    },
  },
  {
    id: 'privileged',
    check({ spec }) {
      const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.privileged);
      return bad.length === 0 ? undefined : { reason: 'privileged', detail: `${named(bad)} must not set securityContext.privileged=true` };
    },
  },
  { id: 'procMount', check: (subject, minor) => (minor >= 35 && hasOwnUsers(subject.spec) ? undefined : procMountViolation(subject)) },
  {
    id: 'seLinuxOptions',
    check({ spec }, minor) {
      const types = minor >= 31 ? [...SELINUX_TYPES, 'container_engine_t'] : SELINUX_TYPES;
      const isBad = (options: SELinuxOptions | undefined): boolean => options !== undefined && (!types.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role));
      const pod = isBad(spec.securityContext?.seLinuxOptions);
      const containers = containersOf(spec).filter(({ securityContext }) => isBad(securityContext?.seLinuxOptions));
      const set = [...(pod ? [spec.securityContext] : []), ...containers.map(({ securityContext }) => securityContext)].map((context) => context!.seLinuxOptions!);
      const badTypes = sorted(set.map(({ type = '' }) => type).filter((type) => !types.includes(type)));
      const what = [
        ...(badTypes.length > 0 ? [`${plural(badTypes.length, 'type')} ${quoted(badTypes)}`] : []), ...(set.some(({ user }) => user) ? ['user may not be set'] : []), ...(set.some(({ role }) => role) ? ['role may not be set'] : []),
      ];
      return what.length === 0 ? undefined : { reason: 'seLinuxOptions', detail: `${setters(pod, containers)} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}` };
    },
  },
  { id: 'seccompProfile_baseline', check: (subject, minor) => (minor >= 19 ? seccompViolation(subject) : seccompAnnotations(subject)) },
  {
    id: 'sysctls',
    check({ spec }, minor) {
      const allowed = SYSCTLS.flatMap(([since, names]) => (minor >= since ? names : []));
      const bad = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !allowed.includes(name));
      return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') };
    },
  },
  {
    id: 'windowsHostProcess',
    check({ spec }) {
      const pod = spec.securityContext?.windowsOptions?.hostProcess === true;
      const containers = containersOf(spec).filter(({ securityContext }) => securityContext?.windowsOptions?.hostProcess);
      return pod || containers.length > 0 ? { reason: 'hostProcess', detail: `${setters(pod, containers)} must not set securityContext.windowsOptions.hostProcess=true` } : undefined;
    },
  },
];
