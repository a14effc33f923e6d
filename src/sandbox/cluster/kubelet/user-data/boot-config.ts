import type { Taint } from 'kubernetes-types/core/v1.js';

/** What a machine's user data tells its kubelet, whatever the notation. Absent fields leave the image's default. */
export interface BootConfig {
  clusterName: string;
  /** Absent where the image looks it up by the cluster's name. */
  endpoint?: string;
  certificateAuthority?: string;
  labels: Record<string, string>;
  taints: Taint[];
  maxPods?: number;
  podsPerCore?: number;
  kubeReserved?: Record<string, string>;
  systemReserved?: Record<string, string>;
  evictionHard?: Record<string, string>;
  clusterDNS?: string[];
  /** The instance's own disks are one RAID0 for pods. */
  localDisks?: boolean;
}

/** The families whose images behave differently; `Custom` runs whatever the user data says. */
export type ImageFamily = 'AL2' | 'AL2023' | 'Bottlerocket' | 'Windows';

/** The user data keeps a machine from joining; the message is what its console shows. */
export class BootFailure extends Error {
  readonly reason = 'BootFailure';
}

/** `a=b,c=d` as a map. */
export function parsePairs(text: string, what: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part !== '')) {
    const at = pair.indexOf('=');
    if (at < 0) throw new BootFailure(`kubelet: invalid ${what}: ${pair} is missing "="`);
    pairs[pair.slice(0, at).trim()] = pair.slice(at + 1);
  }
  return pairs;
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** `key=value:Effect` or `key:Effect`. */
export function parseTaint(text: string): Taint {
  const match = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(text);
  const effect = match?.[3] ?? '';
  if (!match || !EFFECTS.includes(effect)) throw new BootFailure(`kubelet: invalid taint spec: ${text}; want key=value:${EFFECTS.join('|')}`);
  return { key: match[1] as string, effect, ...(match[2] ? { value: match[2] } : {}) };
}

/** `signal<amount` list of the eviction flags, as a map. */
export function parseThresholds(text: string): Record<string, string> {
  const thresholds: Record<string, string> = {};
  for (const part of text.split(',').filter((item) => item !== '')) {
    const at = part.indexOf('<');
    if (at < 0) throw new BootFailure(`kubelet: invalid eviction threshold: ${part}; want signal<amount`);
    thresholds[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return thresholds;
}
