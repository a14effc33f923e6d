import type { AMIFamily, KubeletConfiguration } from '../../../api/ec2nodeclass.js';
import type { Taint } from '../../../api/taints.js';
import { LaunchError } from '../../errors.js';

/** What an instance must know to join the cluster as the node that was planned. */
export interface Bootstrap {
  clusterName: string;
  clusterEndpoint: string;
  /** Base64; empty when unknown. */
  caBundle: string;
  /** Addresses of services; only AL2023 needs it. */
  clusterCIDR: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  /** With `maxPods`, and `clusterDNS` when it is known. */
  kubelet: KubeletConfiguration;
  /** The node class's own user data. */
  custom: string;
  instanceStorePolicy?: 'RAID0';
  /** Of Bottlerocket's AMI: `1.46.0`, or `latest`; undefined when it cannot be told. */
  bottlerocketVersion?: string;
}

/** The node class's own user data cannot be merged with Karpenter's. */
export class InvalidUserData extends LaunchError {
  constructor(family: AMIFamily, why: string, options?: ErrorOptions) {
    super('InvalidUserData', `spec.userData is not what AMI family ${family} takes: ${why}`, options);
  }
}
