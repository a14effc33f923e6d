import { AWS_GROUP } from '../../../api/labels.js';

/** The labels under karpenter.k8s.aws that types and offerings carry. */
export const AWS_LABELS = {
  hypervisor: `${AWS_GROUP}/instance-hypervisor`,
  encryptionInTransit: `${AWS_GROUP}/instance-encryption-in-transit-supported`,
  category: `${AWS_GROUP}/instance-category`,
  capabilityFlex: `${AWS_GROUP}/instance-capability-flex`,
  family: `${AWS_GROUP}/instance-family`,
  generation: `${AWS_GROUP}/instance-generation`,
  size: `${AWS_GROUP}/instance-size`,
  localNvme: `${AWS_GROUP}/instance-local-nvme`,
  cpu: `${AWS_GROUP}/instance-cpu`,
  cpuManufacturer: `${AWS_GROUP}/instance-cpu-manufacturer`,
  cpuClockSpeed: `${AWS_GROUP}/instance-cpu-sustained-clock-speed-mhz`,
  memory: `${AWS_GROUP}/instance-memory`,
  ebsBandwidth: `${AWS_GROUP}/instance-ebs-bandwidth`,
  networkBandwidth: `${AWS_GROUP}/instance-network-bandwidth`,
  gpuName: `${AWS_GROUP}/instance-gpu-name`,
  gpuManufacturer: `${AWS_GROUP}/instance-gpu-manufacturer`,
  gpuCount: `${AWS_GROUP}/instance-gpu-count`,
  gpuMemory: `${AWS_GROUP}/instance-gpu-memory`,
  acceleratorName: `${AWS_GROUP}/instance-accelerator-name`,
  acceleratorManufacturer: `${AWS_GROUP}/instance-accelerator-manufacturer`,
  acceleratorCount: `${AWS_GROUP}/instance-accelerator-count`,
  tenancy: `${AWS_GROUP}/instance-tenancy`,
  nitroSandbox: `${AWS_GROUP}/nitro-sandbox`,
  reservationID: `${AWS_GROUP}/capacity-reservation-id`,
  reservationType: `${AWS_GROUP}/capacity-reservation-type`,
  reservationInterruptible: `${AWS_GROUP}/capacity-reservation-interruptible`,
  placementGroupID: `${AWS_GROUP}/placement-group-id`,
  placementGroupPartition: `${AWS_GROUP}/placement-group-partition`,
} as const;

/** Resources beyond Kubernetes' own. */
export const AWS_RESOURCES = {
  podENI: 'vpc.amazonaws.com/pod-eni',
  privateIPv4: 'vpc.amazonaws.com/PrivateIPv4Address',
  efa: 'vpc.amazonaws.com/efa',
  nvidiaGPU: 'nvidia.com/gpu',
  amdGPU: 'amd.com/gpu',
  habanaGaudi: 'habana.ai/gaudi',
  neuron: 'aws.amazon.com/neuron',
  neuronCore: 'aws.amazon.com/neuroncore',
  /** Only ever requested: the instance gets Nitro Enclaves. */
  nitroSandbox: 'eks.amazonaws.com/nitro-sandbox',
} as const;
