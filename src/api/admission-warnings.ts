import type { KubeObject } from '../operator/kube/object.js';
import { AWS_GROUP, KARPENTER_GROUP } from './labels.js';

interface LooseNodeClassSpec {
  amiFamily?: string;
  amiSelectorTerms?: { alias?: string }[];
  role?: string;
  instanceProfile?: string;
  userData?: string;
  blockDeviceMappings?: { ebs?: { kmsKeyId?: string } }[];
}

/**
 * What a user should know about an accepted object, in any version: where defaults stand in, and what of it is on its way out
 * (DESIGN §9). For the `Warning` headers that kubectl prints.
 */
export function admissionWarnings(object: KubeObject): string[] {
  const [group] = object.apiVersion.split('/');
  const spec = (object as { spec?: object }).spec ?? {};
  if (group === KARPENTER_GROUP && object.kind === 'NodePool') return nodePoolWarnings(spec);
  if (group === AWS_GROUP && object.kind === 'EC2NodeClass') return nodeClassWarnings(spec);
  return [];
}

function nodePoolWarnings(spec: { template?: { spec?: { nodeClassRef?: unknown } } }): string[] {
  return spec.template?.spec?.nodeClassRef === undefined ? ['spec.template.spec.nodeClassRef is not set: nodes are launched from EC2NodeClass "default"'] : [];
}

function nodeClassWarnings({ amiFamily, amiSelectorTerms = [], role, instanceProfile, userData = '', blockDeviceMappings = [] }: LooseNodeClassSpec): string[] {
  const isAL2 = amiFamily === 'AL2' || amiSelectorTerms.some(({ alias }) => alias?.startsWith('al2@'));
  return [
    ...(isAL2 ? ['Amazon Linux 2 images for EKS have had no updates since 2025-11-26, and none exist from Kubernetes 1.33 on: move to AL2023'] : []),
    ...(role || instanceProfile ? [] : ['spec.role and spec.instanceProfile are not set: the operator\'s setting nodeRole is used']),
    ...(amiFamily !== 'Custom' && userData.includes('/etc/eks/bootstrap.sh')
      ? ['spec.userData calls /etc/eks/bootstrap.sh itself: Karpenter\'s own call comes after it and decides labels, taints and kubelet arguments'] : []),
    ...blockDeviceMappings.flatMap(({ ebs }, index) => (ebs?.kmsKeyId === undefined ? [] : [`spec.blockDeviceMappings[${index}].ebs.kmsKeyId is read as kmsKeyID`])),
  ];
}
