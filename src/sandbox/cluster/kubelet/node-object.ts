import { kubeTime } from '../../../operator/kube/time.js';
import type { NodeCondition } from 'kubernetes-types/core/v1.js';
import { ARCH_LABEL, HOSTNAME_LABEL, OS_LABEL, WINDOWS_BUILD_LABEL } from '../../../api/labels.js';
import { formatBinary, formatMilli } from '../../../api/quantity.js';
import type { Resources } from '../../../api/resources.js';
import type { SandboxInstance } from '../../aws/instance.js';
import { UNINITIALIZED_TAINT } from '../nodes/cloud-node-controller.js';
import { MACHINE_ANNOTATION } from '../model/machine.js';
import type { KubeletEndpoint } from './kubelet-server.js';
import { BootFailure } from './user-data/boot-config.js';
import type { BootConfig, ImageFamily } from './user-data/boot-config.js';

const KUBELET_VERSION = 'v1.32.3-eks-473151a';

const SYSTEMS: Record<ImageFamily, { osImage: string; kernelVersion: string; containerRuntimeVersion: string }> = {
  AL2: { osImage: 'Amazon Linux 2', kernelVersion: '5.10.234-225.921.amzn2.x86_64', containerRuntimeVersion: 'containerd://1.7.27' },
  AL2023: { osImage: 'Amazon Linux 2023.7.20250414', kernelVersion: '6.1.132-147.221.amzn2023.x86_64', containerRuntimeVersion: 'containerd://1.7.27' },
  Bottlerocket: { osImage: 'Bottlerocket OS 1.36.0 (aws-k8s-1.32)', kernelVersion: '6.1.131', containerRuntimeVersion: 'containerd://1.7.27+bottlerocket' },
  Windows: { osImage: 'Windows Server 2022 Datacenter', kernelVersion: '10.0.20348.3328', containerRuntimeVersion: 'containerd://1.7.27' },
};

/** Labels under kubernetes.io and k8s.io that a kubelet may give its own node. */
const OWN_LABELS = new Set([
  HOSTNAME_LABEL, ARCH_LABEL, OS_LABEL, 'beta.kubernetes.io/arch', 'beta.kubernetes.io/os', 'beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone',
]);
const OWN_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** Throws {@link BootFailure} for labels with which a kubelet refuses to start. */
export function checkOwnLabels(labels: Readonly<Record<string, string>>): void {
  const refused = Object.keys(labels).filter((key) => {
    const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
    const reserved = ['kubernetes.io', 'k8s.io'].some((root) => domain === root || domain.endsWith(`.${root}`));
    return reserved && !OWN_LABELS.has(key) && !OWN_DOMAINS.some((own) => domain === own || domain.endsWith(`.${own}`));
  });
  if (refused.length > 0) throw new BootFailure(`kubelet: unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [${refused.join(' ')}]`);
}

/** Amounts as a kubelet writes them: memory and storage of capacity in KiB. */
export const formatNodeResources = (resources: Resources): Record<string, string> =>
  Object.fromEntries(Object.entries(resources).map(([name, amount]) => {
    if (name === 'cpu') return [name, formatMilli(amount)];
    if (name === 'memory') return [name, `${Math.floor(amount / 1_024)}Ki`];
    return [name, name === 'ephemeral-storage' && amount % 1_024 === 0 ? `${amount / 1_024}Ki` : name.startsWith('hugepages') ? formatBinary(amount) : String(amount)];
  }));

/** The conditions that a kubelet reports. */
export function nodeConditions(ready: { status: 'True' | 'False'; reason: string; message: string }, now: number): NodeCondition[] {
  const lastHeartbeatTime = kubeTime(now);
  const fine = (type: string, reason: string, message: string): NodeCondition => ({ type, status: 'False', reason, message, lastHeartbeatTime });
  return [
    fine('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    fine('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    fine('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    { type: 'Ready', ...ready, lastHeartbeatTime },
  ];
}

export const READY = { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' } as const;
export const NETWORK_NOT_READY = {
  status: 'False', reason: 'KubeletNotReady',
  message: 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized',
} as const;
export const SHUTTING_DOWN = { status: 'False', reason: 'KubeletNotReady', message: 'node is shutting down' } as const;

/** A UUID that belongs to an instance, for the identity fields of `nodeInfo`. */
const idFrom = (instanceId: string): string => {
  const digits = instanceId.replace(/[^0-9a-f]/g, '').padEnd(32, '0').slice(0, 32);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
};

/**
 * The Node that a kubelet registers: the labels and taints that its configuration names, and what it knows by itself. The cloud's
 * facts come from the cloud controller, for which the uninitialized taint waits.
 */
export function nodeObject(machine: SandboxInstance, config: BootConfig, family: ImageFamily, resources: { capacity: Resources; allocatable: Resources }, now: number, endpoint?: KubeletEndpoint) {
  const os = family === 'Windows' ? 'windows' : 'linux';
  const { architecture } = machine.shape;
  const name = machine.privateDnsName;
  const id = idFrom(machine.instanceId);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        ...config.labels,
        [HOSTNAME_LABEL]: name,
        [ARCH_LABEL]: architecture,
        'beta.kubernetes.io/arch': architecture,
        [OS_LABEL]: os,
        'beta.kubernetes.io/os': os,
        ...(os === 'windows' ? { [WINDOWS_BUILD_LABEL]: '10.0.20348' } : {}),
      },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', 'alpha.kubernetes.io/provided-node-ip': machine.privateIp, [MACHINE_ANNOTATION]: machine.instanceId },
    },
    spec: {
      providerID: `aws:///${machine.availabilityZone}/${machine.instanceId}`,
      taints: [...config.taints, UNINITIALIZED_TAINT],
    },
    status: {
      capacity: formatNodeResources(resources.capacity),
      allocatable: formatNodeResources(resources.allocatable),
      addresses: [{ type: 'InternalIP', address: machine.privateIp }, { type: 'Hostname', address: endpoint?.address ?? name }],
      conditions: nodeConditions(NETWORK_NOT_READY, now).map((condition) => ({ ...condition, lastTransitionTime: kubeTime(now) })),
      daemonEndpoints: { kubeletEndpoint: { Port: endpoint?.port ?? 10_250 } },
      nodeInfo: {
        architecture, operatingSystem: os, ...SYSTEMS[family], kubeletVersion: KUBELET_VERSION, kubeProxyVersion: KUBELET_VERSION,
        bootID: id, machineID: id.replaceAll('-', ''), systemUUID: id,
      },
    },
  };
}
