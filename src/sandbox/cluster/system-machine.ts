import type { Machines, SandboxInstance } from '../aws/instance.js';
import type { ClusterIdentity } from './sandbox-cluster.js';

const NODE_GROUP = 'system';
/** In none of the account's subnets. */
const ADDRESS = '10.0.255.10';

/**
 * The machine of a managed node group for the cluster's own pods. It belongs to the cluster and not to the account's EC2, so that an
 * empty cloud is empty; its taint keeps users' pods off it.
 */
export function systemMachine({ name, endpoint, certificateAuthority = 'LS0tLQ==' }: ClusterIdentity, region: string, launchTime: number): SandboxInstance {
  const labels = `eks.amazonaws.com/nodegroup=${NODE_GROUP},eks.amazonaws.com/capacityType=ON_DEMAND`;
  return {
    instanceId: 'i-05a1d0b0c5c1e57e2',
    instanceType: 'm5.large',
    availabilityZone: `${region}a`,
    privateIp: ADDRESS,
    privateDnsName: `ip-${ADDRESS.replaceAll('.', '-')}.${region}.compute.internal`,
    imageId: 'ami-0a1b2c3d4e5f60718',
    imageFamily: 'AL2023',
    userData: [
      'apiVersion: node.eks.aws/v1alpha1',
      'kind: NodeConfig',
      'spec:',
      `  cluster: { name: ${JSON.stringify(name)}, apiServerEndpoint: ${JSON.stringify(endpoint)}, certificateAuthority: ${JSON.stringify(certificateAuthority)}, cidr: 10.100.0.0/16 }`,
      '  kubelet:',
      `    flags: ['--node-labels=${labels}', '--register-with-taints=CriticalAddonsOnly=true:NoSchedule']`,
    ].join('\n'),
    lifecycle: 'on-demand',
    instanceProfile: undefined,
    launchTime,
    state: 'running',
    tags: { 'eks:nodegroup-name': NODE_GROUP },
    pricePerHour: 0.096,
    shape: { vcpus: 2, memoryMiB: 8_192, architecture: 'amd64', gpus: 0, gpuManufacturer: '', maxEnis: 3, ipv4PerEni: 10, localNvmeGB: 0 },
  };
}

/** Machines with one more that is always there. */
export const withMachine = (machines: Machines, extra: SandboxInstance): Machines => ({
  list: () => [extra, ...machines.list()],
  subscribe(listener) {
    listener(extra);
    return machines.subscribe(listener);
  },
});
