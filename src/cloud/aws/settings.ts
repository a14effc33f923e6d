/** The AWS provider's settings under upstream's flag names (karpenter-aws §6.1). Durations are milliseconds. */
export interface AwsSettings {
  /** Names the cluster in tags, user data and `eks:DescribeCluster`. */
  clusterName: string;
  /** The API server's URL as nodes reach it. Empty: asked of `eks:DescribeCluster`. */
  clusterEndpoint: string;
  /** Base64. Empty: the Kubernetes client's own certificate authority. */
  clusterCABundle: string;
  region: string;
  /** Where all AWS services are instead of their public endpoints, for the sandbox and for tests. */
  endpoint?: string;
  /** No route to the Pricing and IAM endpoints: prices stay at the seed, and profiles are not garbage collected. */
  isolatedVPC: boolean;
  /** The Kubernetes version comes from `eks:DescribeCluster` instead of the API server. */
  eksControlPlane: boolean;
  /** The share of memory that the hypervisor keeps, until a node has shown the real number. */
  vmMemoryOverheadPercent: number;
  /** Name of the SQS queue with interruption messages. Empty: none. */
  interruptionQueue: string;
  /** Network interfaces that are not for pods. */
  reservedENIs: number;
  /** Node classes are valid without trying their permissions. */
  disableDryRun: boolean;
  amiRefreshInterval: number;
  subnetRefreshInterval: number;
  /** The role of node classes that name neither a role nor an instance profile (DESIGN §9). */
  nodeRole?: string;
  /** Gate ReservedCapacity: capacity reservations are offered, and other launches opt out of open ones. */
  reservedCapacity: boolean;
  /** Leave zones alone that ARC Zonal Shift has shifted the cluster away from. */
  zonalShift: boolean;
  /** Goes into the user agent. */
  version: string;
}

/** Upstream's defaults; the cluster's name and the region have none. */
export const DEFAULT_AWS_SETTINGS: Omit<AwsSettings, 'clusterName' | 'region'> = {
  clusterEndpoint: '',
  clusterCABundle: '',
  isolatedVPC: false,
  eksControlPlane: false,
  vmMemoryOverheadPercent: 0.075,
  interruptionQueue: '',
  reservedENIs: 0,
  disableDryRun: false,
  amiRefreshInterval: 60_000,
  subnetRefreshInterval: 60_000,
  reservedCapacity: true,
  zonalShift: false,
  version: '0.1.0',
};

/** A setting that cannot be used. */
export class InvalidAwsSetting extends Error {
  readonly reason = 'InvalidAwsSetting';
  constructor(readonly setting: keyof AwsSettings, readonly value: unknown, expected: string) {
    super(`setting ${setting} is ${JSON.stringify(value)}; it must be ${expected}`);
  }
}

/** Settings with defaults filled in. Throws {@link InvalidAwsSetting} for the first that cannot be used. */
export function awsSettings(given: Partial<AwsSettings>): AwsSettings {
  const { clusterName, region } = given;
  if (!clusterName) throw new InvalidAwsSetting('clusterName', clusterName, "the cluster's name (--cluster-name, CLUSTER_NAME)");
  if (!region) throw new InvalidAwsSetting('region', region, 'an AWS region (AWS_REGION)');
  const settings: AwsSettings = { ...DEFAULT_AWS_SETTINGS, ...given, clusterName, region };
  if (settings.clusterEndpoint !== '' && !(URL.canParse(settings.clusterEndpoint) && new URL(settings.clusterEndpoint).host !== '')) {
    throw new InvalidAwsSetting('clusterEndpoint', settings.clusterEndpoint, 'an absolute URL with a host');
  }
  for (const name of ['vmMemoryOverheadPercent', 'reservedENIs'] as const) {
    if (!(settings[name] >= 0)) throw new InvalidAwsSetting(name, settings[name], '0 or more');
  }
  for (const name of ['amiRefreshInterval', 'subnetRefreshInterval'] as const) {
    if (!(settings[name] >= 60_000)) throw new InvalidAwsSetting(name, settings[name], 'at least 1m (60000)');
  }
  return settings;
}
