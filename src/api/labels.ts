/** Groups, and the names that Karpenter puts on objects (karpenter-core §2, karpenter-aws §1.8). */
export const KARPENTER_GROUP = 'karpenter.sh';
export const AWS_GROUP = 'karpenter.k8s.aws';

export const NODEPOOL_LABEL = 'karpenter.sh/nodepool';
export const CAPACITY_TYPE_LABEL = 'karpenter.sh/capacity-type';
export const REGISTERED_LABEL = 'karpenter.sh/registered';
export const INITIALIZED_LABEL = 'karpenter.sh/initialized';
export const DO_NOT_SYNC_TAINTS_LABEL = 'karpenter.sh/do-not-sync-taints';
export const NODECLASS_LABEL = 'karpenter.k8s.aws/ec2nodeclass';
export const EXCLUDE_FROM_BALANCERS_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';

export const HOSTNAME_LABEL = 'kubernetes.io/hostname';
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
export const ZONE_ID_LABEL = 'topology.k8s.aws/zone-id';
export const REGION_LABEL = 'topology.kubernetes.io/region';
export const INSTANCE_TYPE_LABEL = 'node.kubernetes.io/instance-type';
export const ARCH_LABEL = 'kubernetes.io/arch';
export const OS_LABEL = 'kubernetes.io/os';
export const WINDOWS_BUILD_LABEL = 'node.kubernetes.io/windows-build';

export const DO_NOT_DISRUPT_ANNOTATION = 'karpenter.sh/do-not-disrupt';
/** The guide's older name of {@link DO_NOT_DISRUPT_ANNOTATION}; an alias of it here (DESIGN §9). */
export const DO_NOT_EVICT_ANNOTATION = 'karpenter.sh/do-not-evict';
export const NODEPOOL_HASH_ANNOTATION = 'karpenter.sh/nodepool-hash';
export const NODEPOOL_HASH_VERSION_ANNOTATION = 'karpenter.sh/nodepool-hash-version';
export const NODECLASS_HASH_ANNOTATION = 'karpenter.k8s.aws/ec2nodeclass-hash';
export const NODECLASS_HASH_VERSION_ANNOTATION = 'karpenter.k8s.aws/ec2nodeclass-hash-version';
export const TERMINATION_TIMESTAMP_ANNOTATION = 'karpenter.sh/nodeclaim-termination-timestamp';
export const MIN_VALUES_RELAXED_ANNOTATION = 'karpenter.sh/nodeclaim-min-values-relaxed';
export const PRICE_OVERLAY_ANNOTATION = 'karpenter.sh/price-overlay-applied';
export const CAPACITY_OVERLAY_ANNOTATION = 'karpenter.sh/capacity-overlay-applied';
/** On objects that were stored anew in the version that is stored now. */
export const STORED_VERSION_MIGRATED_ANNOTATION = 'karpenter.sh/stored-version-migrated';
export const INSTANCE_PROFILE_ANNOTATION = 'karpenter.k8s.aws/instance-profile-name';
export const TAGGED_ANNOTATION = 'karpenter.k8s.aws/tagged';
export const CLUSTER_NAME_TAGGED_ANNOTATION = 'compatibility.karpenter.k8s.aws/cluster-name-tagged';
export const CAPACITY_BUFFER_FAKE_POD_ANNOTATION = 'karpenter.sh/capacity-buffer-fake-pod';
export const CAPACITY_BUFFER_NAME_ANNOTATION = 'karpenter.sh/capacity-buffer-name';
export const CAPACITY_BUFFER_NAMESPACE_ANNOTATION = 'karpenter.sh/capacity-buffer-namespace';
export const POD_DELETION_COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';

export const TERMINATION_FINALIZER = 'karpenter.sh/termination';
export const NODECLASS_TERMINATION_FINALIZER = 'karpenter.k8s.aws/termination';

export const CAPACITY_TYPE_SPOT = 'spot';
export const CAPACITY_TYPE_ON_DEMAND = 'on-demand';
export const CAPACITY_TYPE_RESERVED = 'reserved';

/** Labels under karpenter.k8s.aws that instance types carry (karpenter-aws §1.8). */
export const AWS_INSTANCE_LABELS = [
  'capacity-reservation-id', 'capacity-reservation-type', 'capacity-reservation-interruptible', 'instance-hypervisor',
  'instance-encryption-in-transit-supported', 'instance-category', 'instance-capability-flex', 'instance-family',
  'instance-generation', 'instance-size', 'instance-local-nvme', 'instance-cpu', 'instance-cpu-manufacturer',
  'instance-cpu-sustained-clock-speed-mhz', 'instance-memory', 'instance-ebs-bandwidth', 'instance-network-bandwidth',
  'instance-gpu-name', 'instance-gpu-manufacturer', 'instance-gpu-count', 'instance-gpu-memory', 'instance-accelerator-name',
  'instance-accelerator-manufacturer', 'instance-accelerator-count', 'instance-tenancy', 'nitro-sandbox', 'placement-group-id',
  'placement-group-partition',
].map((name) => `${AWS_GROUP}/${name}`);

/** Labels that a requirement may name although nothing defines them yet: every node will carry them (karpenter-core §2.1). */
export const WELL_KNOWN_LABELS: ReadonlySet<string> = new Set([
  NODEPOOL_LABEL, ZONE_LABEL, REGION_LABEL, INSTANCE_TYPE_LABEL, ARCH_LABEL, OS_LABEL, CAPACITY_TYPE_LABEL, WINDOWS_BUILD_LABEL,
  ZONE_ID_LABEL, ...AWS_INSTANCE_LABELS,
]);

const NORMALIZED: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': ZONE_LABEL,
  'failure-domain.beta.kubernetes.io/region': REGION_LABEL,
  'beta.kubernetes.io/arch': ARCH_LABEL,
  'beta.kubernetes.io/os': OS_LABEL,
  'beta.kubernetes.io/instance-type': INSTANCE_TYPE_LABEL,
  'topology.ebs.csi.aws.com/zone': ZONE_LABEL,
};

/** The current name of a label key that has older names; other keys unchanged. */
export const normalizeLabel = (key: string): string => NORMALIZED[key] ?? key;

/**
 * Values of labels that mean another value, by the label's current key. Empty: a provider whose storage driver and nodes call a domain
 * by different names adds them before anything is read, as requirements are remembered.
 */
export const NORMALIZED_LABEL_VALUES: Record<string, Readonly<Record<string, string>> | undefined> = {};

/** What values of a label mean, of which `key` is the current name. */
export function normalizeLabelValues(key: string, values: readonly string[]): readonly string[] {
  const meanings = NORMALIZED_LABEL_VALUES[key];
  return meanings === undefined ? values : values.map((value) => meanings[value] ?? value);
}

/** Whether users may not set this label: Karpenter's own domains, except well-known keys, and the hostname (karpenter-core §2.3). */
export function isRestrictedLabel(key: string, wellKnown: ReadonlySet<string> = WELL_KNOWN_LABELS): boolean {
  if (wellKnown.has(key)) return false;
  if (key === HOSTNAME_LABEL) return true;
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  return [KARPENTER_GROUP, AWS_GROUP].some((reserved) => domain === reserved || domain.endsWith(`.${reserved}`));
}
