import type { AMIFamily, AMISelectorTerm, EC2NodeClass } from '../../api/ec2nodeclass.js';

type WithSpec = Pick<EC2NodeClass, 'spec'>;

/** `al2023@v20240807`: a family and a version, or `latest`. */
export interface AMIAlias {
  family: Exclude<AMIFamily, 'Custom'>;
  version: string;
}

const ALIAS_FAMILIES: Readonly<Record<string, AMIAlias['family']>> = {
  al2: 'AL2',
  al2023: 'AL2023',
  bottlerocket: 'Bottlerocket',
  windows2019: 'Windows2019',
  windows2022: 'Windows2022',
  windows2025: 'Windows2025',
};

/** The alias in its parts; undefined when the text is not `family@version` of a family that has aliases. */
export function parseAlias(alias: string): AMIAlias | undefined {
  const [name = '', version = ''] = alias.split('@');
  const family = ALIAS_FAMILIES[name.toLowerCase()];
  return family === undefined || version === '' ? undefined : { family, version };
}

/**
 * The AMI selector terms, or the family's latest alias when there are none: classes that name only a family (DESIGN §9).
 * Empty for Custom without terms.
 */
export function effectiveAMITerms({ spec }: WithSpec): readonly AMISelectorTerm[] {
  if (spec.amiSelectorTerms?.length) return spec.amiSelectorTerms;
  return spec.amiFamily === undefined || spec.amiFamily === 'Custom' ? [] : [{ alias: `${spec.amiFamily.toLowerCase()}@latest` }];
}

/** The alias that the class launches from, if it uses one. */
export function aliasOf(nodeClass: WithSpec): AMIAlias | undefined {
  for (const { alias } of effectiveAMITerms(nodeClass)) if (alias !== undefined) return parseAlias(alias);
  return undefined;
}

/** The family that decides user data and defaults: the named one, else the alias's, else Custom. */
export const resolvedAMIFamily = (nodeClass: WithSpec): AMIFamily => nodeClass.spec.amiFamily ?? aliasOf(nodeClass)?.family ?? 'Custom';

/** What families differ in when pods and overhead are computed (karpenter-aws §3.5). */
export interface AMIFamilyFeatures {
  /** Memory for the kubelet grows with the ENI pod limit, whatever `maxPods` says. */
  eniLimitedMemoryOverhead: boolean;
  podsPerCore: boolean;
  /** Pods are limited by network interfaces; otherwise by 110. */
  eniLimitedPodDensity: boolean;
  /** Kubelet fields beyond the twelve that Karpenter reads. */
  anyKubeletField: boolean;
  /** The device whose size is the node's ephemeral storage; undefined: the AMI decides. */
  ephemeralDevice: string | undefined;
}

const windows: AMIFamilyFeatures = { eniLimitedMemoryOverhead: false, podsPerCore: true, eniLimitedPodDensity: false, anyKubeletField: false, ephemeralDevice: '/dev/sda1' };

const FEATURES: Readonly<Record<AMIFamily, AMIFamilyFeatures>> = {
  AL2: { eniLimitedMemoryOverhead: true, podsPerCore: true, eniLimitedPodDensity: true, anyKubeletField: false, ephemeralDevice: '/dev/xvda' },
  AL2023: { eniLimitedMemoryOverhead: true, podsPerCore: true, eniLimitedPodDensity: true, anyKubeletField: true, ephemeralDevice: '/dev/xvda' },
  Bottlerocket: { eniLimitedMemoryOverhead: false, podsPerCore: false, eniLimitedPodDensity: true, anyKubeletField: false, ephemeralDevice: '/dev/xvdb' },
  Custom: { eniLimitedMemoryOverhead: true, podsPerCore: true, eniLimitedPodDensity: true, anyKubeletField: false, ephemeralDevice: undefined },
  Windows2019: windows,
  Windows2022: windows,
  Windows2025: windows,
};

export const familyFeatures = (family: AMIFamily): AMIFamilyFeatures => FEATURES[family];

const WINDOWS_BUILDS: Partial<Record<AMIFamily, string>> = { Windows2019: '10.0.17763', Windows2022: '10.0.20348', Windows2025: '10.0.26100' };

/** Build number of a Windows family; undefined for Linux. */
export const windowsBuild = (family: AMIFamily): string | undefined => WINDOWS_BUILDS[family];
