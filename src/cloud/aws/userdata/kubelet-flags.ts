import { formatDuration, parseDuration } from '../../../operator/duration.js';
import type { KubeletConfiguration } from '../../../api/ec2nodeclass.js';
import type { Taint } from '../../../api/taints.js';

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const joined = (map: Readonly<Record<string, string>> | undefined, separator: string, value = (text: string): string => text): string | undefined =>
  map && Object.keys(map).length > 0 ? Object.entries(map).sort(byKey).map(([key, text]) => `${key}${separator}${value(text)}`).join(',') : undefined;

/** `key=value:Effect`, or `key:Effect`, as the kubelet's flag takes it. */
export const taintText = ({ key, value, effect }: Taint): string => `${key}${value ? `=${value}` : ''}:${effect}`;

/** `2m0s`: a duration as Go prints it; unparsable text unchanged, for the kubelet to refuse. */
const goDuration = (text: string): string => {
  const length = parseDuration(text);
  return length === undefined ? text : formatDuration(length);
};

const quoted = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [`--${flag}="${value}"`]);
const plain = (flag: string, value: number | boolean | undefined): string[] => (value === undefined ? [] : [`--${flag}=${value}`]);

export const nodeLabelsFlag = (labels: Readonly<Record<string, string>>): string[] => quoted('node-labels', joined(labels, '='));

/** The kubelet's command line arguments, for families that are configured by them (karpenter-aws §2.7). */
export function kubeletFlags(kubelet: KubeletConfiguration, labels: Readonly<Record<string, string>>, taints: readonly Taint[]): string {
  return [
    ...nodeLabelsFlag(labels),
    ...quoted('register-with-taints', taints.length > 0 ? taints.map(taintText).join(',') : undefined),
    ...plain('max-pods', kubelet.maxPods),
    ...plain('pods-per-core', kubelet.podsPerCore),
    ...quoted('system-reserved', joined(kubelet.systemReserved, '=')),
    ...quoted('kube-reserved', joined(kubelet.kubeReserved, '=')),
    ...quoted('eviction-hard', joined(kubelet.evictionHard, '<')),
    ...quoted('eviction-soft', joined(kubelet.evictionSoft, '<')),
    ...quoted('eviction-soft-grace-period', joined(kubelet.evictionSoftGracePeriod, '=', goDuration)),
    ...plain('eviction-max-pod-grace-period', kubelet.evictionMaxPodGracePeriod),
    ...plain('image-gc-high-threshold', kubelet.imageGCHighThresholdPercent),
    ...plain('image-gc-low-threshold', kubelet.imageGCLowThresholdPercent),
    ...plain('cpu-cfs-quota', kubelet.cpuCFSQuota),
  ].join(' ');
}
