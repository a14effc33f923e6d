import type { Pod } from 'kubernetes-types/core/v1.js';

/** A port of the machine that a pod occupies. */
export interface HostPort {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

/** The ports that a pod's containers take on its node; init containers do not count (karpenter-core §4.16). */
export function hostPorts(pod: Pod): HostPort[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).filter(({ hostPort }) => hostPort)
      .map(({ hostIP, hostPort, protocol }) => ({ ip: hostIP || '0.0.0.0', port: hostPort as number, protocol: protocol ?? 'TCP' })));
}

const isUnspecified = (ip: string): boolean => ip === '0.0.0.0' || ip === '::';

const conflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || isUnspecified(a.ip) || isUnspecified(b.ip));

/** The first of the wanted ports that is taken. */
export const takenPort = (wanted: readonly HostPort[], taken: readonly HostPort[]): HostPort | undefined =>
  wanted.find((port) => taken.some((other) => conflict(port, other)));
