import { EBS_DRIVER } from './controllers/volume-plan.js';

/** Where EKS has its services' addresses, so that the DNS service may have one of them. */
const SERVICE_RANGE: object = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: 'eks' }, spec: { cidrs: ['10.100.0.0/16'] } };

/** The cluster's DNS service, from which the operator learns what to tell kubelets. */
const dnsService = (clusterIp: string): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' } },
  spec: {
    ...(clusterIp === 'any' ? {} : { clusterIP: clusterIp, clusterIPs: [clusterIp] }),
    selector: { 'k8s-app': 'kube-dns' },
    ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }, { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 }],
  },
});

/** The default class: EBS volumes of type gp3, made where their first consumer goes. */
const GP3: object = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'gp3', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: EBS_DRIVER,
  parameters: { type: 'gp3' },
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};

const CSI_DRIVER: object = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: EBS_DRIVER },
  spec: { attachRequired: true, podInfoOnMount: false },
};

/** Where an operator keeps its lease unless it is told otherwise, the one of this process or another. */
const KARPENTER: object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'karpenter' } };

/** What a sandbox's cluster has from birth. */
export const clusterSeed = (dnsClusterIp: string): object[] => [KARPENTER, ...(dnsClusterIp === 'any' ? [] : [SERVICE_RANGE]), dnsService(dnsClusterIp), GP3, CSI_DRIVER];

/**
 * What the guide's account has beside its manifests: user-service reads its database's address from this secret, which the guide
 * takes for granted.
 */
export const GUIDE_SEED: readonly object[] = [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db-credentials', namespace: 'default' },
    type: 'Opaque',
    data: { url: Buffer.from('postgresql://app:app@postgresql.default.svc.cluster.local:5432/app').toString('base64') },
  },
];
