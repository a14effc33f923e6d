import { ARCH_LABEL, AWS_GROUP, OS_LABEL, WINDOWS_BUILD_LABEL } from '../../api/labels.js';
import type { Requirement } from '../../api/requirement.js';
import { windowsBuild } from './ami-family.js';
import type { AMIAlias } from './ami-family.js';
import type { SsmParameter } from './ssm-provider.js';

/** An alias that cannot be used with this cluster's version. It stays so until someone edits the class or upgrades. */
export class UnsupportedAlias extends Error {
  readonly reason = 'UnsupportedAlias';
  constructor(readonly alias: string, readonly kubernetesVersion: string, why: string) {
    super(`AMI alias "${alias}" cannot be used with Kubernetes ${kubernetesVersion}: ${why}`);
  }
}

/** What kind of machine an AMI is for, beyond its architecture. */
export type AmiVariant = 'standard' | 'nvidia' | 'neuron' | 'windows';

/** A public parameter that holds an AMI, and what the AMI is for. */
export interface AliasParameter extends SsmParameter {
  /** One AMI is offered once a variant. */
  variants: readonly AmiVariant[];
  /** Windows' build number. */
  windowsBuild?: string;
}

const GPU_COUNT = `${AWS_GROUP}/instance-gpu-count`;
const ACCELERATOR_COUNT = `${AWS_GROUP}/instance-accelerator-count`;

/** What a type must be to launch from an AMI of the variant. */
export function variantRequirements(variant: AmiVariant, build?: string): Requirement[] {
  switch (variant) {
    case 'standard':
      return [{ key: ACCELERATOR_COUNT, operator: 'DoesNotExist' }, { key: GPU_COUNT, operator: 'DoesNotExist' }];
    case 'nvidia':
      return [{ key: GPU_COUNT, operator: 'Exists' }];
    case 'neuron':
      return [{ key: ACCELERATOR_COUNT, operator: 'Exists' }];
    case 'windows':
      return [{ key: OS_LABEL, operator: 'In', values: ['windows'] }, { key: WINDOWS_BUILD_LABEL, operator: 'In', values: build === undefined ? [] : [build] }];
  }
}

export const architectureRequirement = (architecture: string): Requirement => ({ key: ARCH_LABEL, operator: 'In', values: [architecture] });

const minorOf = (kubernetesVersion: string): number => Number(kubernetesVersion.split('.')[1] ?? 0);

/**
 * The public parameters behind an alias (karpenter-aws §4.1.1). A pinned version does not pin the Kubernetes version in the
 * path. Throws {@link UnsupportedAlias}.
 */
export function aliasParameters({ family, version }: AMIAlias, kubernetesVersion: string): AliasParameter[] {
  const alias = `${family.toLowerCase()}@${version}`;
  const minor = minorOf(kubernetesVersion);
  const latest = version === 'latest';
  const eks = `/aws/service/eks/optimized-ami/${kubernetesVersion}`;
  switch (family) {
    case 'AL2': {
      if (minor >= 33) throw new UnsupportedAlias(alias, kubernetesVersion, 'Amazon Linux 2 AMIs end with Kubernetes 1.32; use al2023@latest');
      const parameter = (suffix: string, node: string, variants: AmiVariant[]): AliasParameter => ({
        name: `${eks}/amazon-linux-2${suffix}/${latest ? 'recommended' : `amazon-eks-${node}node-${kubernetesVersion}-${version}`}/image_id`, mutable: latest, variants,
      });
      return [parameter('', '', ['standard']), parameter('-arm64', 'arm64-', ['standard']), parameter('-gpu', 'gpu-', ['neuron', 'nvidia'])];
    }
    case 'AL2023': {
      const parameter = (architecture: string, variant: AmiVariant): AliasParameter => ({
        name: `${eks}/amazon-linux-2023/${architecture}/${variant}/${latest ? 'recommended' : `amazon-eks-node-al2023-${architecture}-${variant}-${kubernetesVersion}-${version}`}/image_id`,
        mutable: latest,
        variants: [variant],
      });
      return [parameter('x86_64', 'standard'), parameter('x86_64', 'nvidia'), parameter('x86_64', 'neuron'), parameter('arm64', 'standard'), parameter('arm64', 'nvidia')];
    }
    case 'Bottlerocket': {
      const parameter = (flavour: string, architecture: string, variants: AmiVariant[]): AliasParameter => ({
        name: `/aws/service/bottlerocket/aws-k8s-${kubernetesVersion}${flavour}/${architecture}/${version.replace(/^v/, '')}/image_id`, mutable: latest, variants,
      });
      return [
        parameter('', 'x86_64', ['standard', 'neuron']),
        parameter('', 'arm64', ['standard']),
        parameter('-nvidia', 'x86_64', ['nvidia']),
        parameter('-nvidia', 'arm64', ['nvidia']),
      ];
    }
    case 'Windows2019':
    case 'Windows2022':
    case 'Windows2025': {
      if (family === 'Windows2025' && minor < 35) throw new UnsupportedAlias(alias, kubernetesVersion, 'Windows Server 2025 AMIs begin with Kubernetes 1.35');
      const build = windowsBuild(family);
      return [{
        name: `/aws/service/ami-windows-latest/Windows_Server-${family.slice('Windows'.length)}-English-Core-EKS_Optimized-${kubernetesVersion}/image_id`,
        mutable: true,
        variants: ['windows'],
        ...(build === undefined ? {} : { windowsBuild: build }),
      }];
    }
  }
}
