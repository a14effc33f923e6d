import type { AMIFamily, KubeletConfiguration } from '../../../api/ec2nodeclass.js';
import { scaledQuantity } from '../../../api/quantity.js';
import { parseDuration } from '../../../operator/duration.js';
import { familyFeatures } from '../ami-family.js';

const SIGNALS = ['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available', 'imagefs.inodesFree', 'pid.available'];
const RESERVED = ['cpu', 'memory', 'ephemeral-storage', 'pid'];

const isAmount = (text: string): boolean => {
  const percent = /^([\d.]+)%$/.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) >= 0 && Number(percent) <= 100;
  const value = scaledQuantity(text, 0);
  return value !== undefined && value >= 0;
};

/** Everything that is wrong with a kubelet configuration, each with its field and what would be accepted (karpenter-aws §1.5.2). */
export function kubeletViolations(kubelet: KubeletConfiguration): string[] {
  const { evictionSoft = {}, evictionSoftGracePeriod = {} } = kubelet;
  const violations: string[] = [];
  if ('registerWithTaints' in kubelet) violations.push('registerWithTaints: is set by Karpenter; use the taints of the NodePool');
  for (const field of ['evictionHard', 'evictionSoft', 'evictionSoftGracePeriod', 'evictionMinimumReclaim'] as const) {
    const signals = (kubelet as Record<string, Record<string, string> | undefined>)[field] ?? {};
    for (const [signal, value] of Object.entries(signals)) {
      if (!SIGNALS.includes(signal)) violations.push(`${field}: "${signal}" is not a signal; use one of ${SIGNALS.join(', ')}`);
      if (field === 'evictionSoftGracePeriod') {
        if ((parseDuration(value) ?? -1) < 0) violations.push(`${field}: "${value}" of ${signal} is not a duration, for example "1m30s"`);
      } else if (!isAmount(value)) violations.push(`${field}: "${value}" of ${signal} is neither a percentage from 0% to 100% nor a quantity`);
    }
  }
  for (const signal of Object.keys(evictionSoft)) if (!Object.hasOwn(evictionSoftGracePeriod, signal)) violations.push(`evictionSoftGracePeriod: ${signal} of evictionSoft is missing`);
  for (const signal of Object.keys(evictionSoftGracePeriod)) if (!Object.hasOwn(evictionSoft, signal)) violations.push(`evictionSoft: ${signal} of evictionSoftGracePeriod is missing`);
  for (const field of ['kubeReserved', 'systemReserved'] as const) {
    for (const [resource, value] of Object.entries(kubelet[field] ?? {})) {
      if (!RESERVED.includes(resource)) violations.push(`${field}: "${resource}" cannot be reserved; use one of ${RESERVED.join(', ')}`);
      const amount = scaledQuantity(value, 3);
      if (amount === undefined || amount < 0 || value.startsWith('-')) violations.push(`${field}: "${value}" of ${resource} is not a quantity of 0 or more`);
    }
  }
  const { imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low } = kubelet;
  for (const [field, value] of Object.entries({ imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low })) {
    if (value !== undefined && !(value >= 0 && value <= 100)) violations.push(`${field}: ${value} is not from 0 to 100`);
  }
  if (high !== undefined && low !== undefined && high <= low) violations.push(`imageGCHighThresholdPercent: ${high} is not above imageGCLowThresholdPercent ${low}`);
  for (const field of ['maxPods', 'podsPerCore', 'evictionMaxPodGracePeriod'] as const) {
    const value = kubelet[field];
    if (value !== undefined && !(value >= 0)) violations.push(`${field}: ${value} is below 0`);
  }
  return violations;
}

const MANAGED = new Set([
  'clusterDNS', 'maxPods', 'podsPerCore', 'systemReserved', 'kubeReserved', 'evictionHard', 'evictionSoft', 'evictionSoftGracePeriod',
  'evictionMaxPodGracePeriod', 'imageGCHighThresholdPercent', 'imageGCLowThresholdPercent', 'cpuCFSQuota',
]);

/** Fields that the family has no way to hand to the kubelet (karpenter-aws §1.5.3). */
export function unsupportedKubeletFields(kubelet: KubeletConfiguration, family: AMIFamily): string[] {
  if (family === 'Custom' || familyFeatures(family).anyKubeletField) return [];
  const fields = Object.keys(kubelet).filter((field) => !MANAGED.has(field));
  if (!familyFeatures(family).podsPerCore && kubelet.podsPerCore !== undefined) fields.push('podsPerCore');
  if ((kubelet.clusterDNS?.length ?? 0) > 1) fields.push('clusterDNS (more than one address)');
  return fields.sort();
}
