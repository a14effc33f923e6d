import { s } from '../../operator/dsl/schema.js';
import type { AMISelectorTerm, BlockDeviceMapping, CapacityReservationSelectorTerm, SecurityGroupSelectorTerm, SubnetSelectorTerm } from '../ec2nodeclass.js';
import type { Requirement } from '../requirement.js';

const NO_EMPTY_TAGS = { rule: "self.all(k, k != '' && self[k] != '')", message: "empty tag keys or values aren't supported" };
const selectorTags = s.record(s.string()).maxProperties(20).validation(NO_EMPTY_TAGS.rule, NO_EMPTY_TAGS.message).optional().describe('Tags that it must have; the value "*" means any.');
const id = (prefix: string) => s.string().pattern(`${prefix}-[0-9a-z]+`).optional().describe('Its ID; excludes the other fields.');

export const subnetSelectorTerms = s.array<SubnetSelectorTerm>(s.object({ tags: selectorTags, id: id('subnet') })).maxItems(30)
  .describe('Subnets to launch into: those that match any term; all fields of a term have to match.')
  .validation('self.size() != 0', 'subnetSelectorTerms cannot be empty')
  .validation('self.all(x, has(x.tags) || has(x.id))', "expected at least one, got none, ['tags', 'id']")
  .validation('!self.all(x, has(x.id) && has(x.tags))', "'id' is mutually exclusive, cannot be set with a combination of other fields in a subnet selector term");

export const securityGroupSelectorTerms = s.array<SecurityGroupSelectorTerm>(s.object({
  tags: selectorTags,
  id: id('sg'),
  name: s.string().optional().describe('Its group name (not its Name tag).'),
})).maxItems(30)
  .describe('Security groups of the nodes: all that match any term.')
  .validation('self.size() != 0', 'securityGroupSelectorTerms cannot be empty')
  .validation('self.all(x, has(x.tags) || has(x.id) || has(x.name))', "expected at least one, got none, ['tags', 'id', 'name']")
  .validation('!self.all(x, has(x.id) && (has(x.tags) || has(x.name)))', "'id' is mutually exclusive, cannot be set with a combination of other fields in a security group selector term")
  .validation('!self.all(x, has(x.name) && (has(x.tags) || has(x.id)))', "'name' is mutually exclusive, cannot be set with a combination of other fields in a security group selector term");

const ALIASES = "['al2','al2023','bottlerocket','windows2019','windows2022','windows2025']";
const alias = s.string().maxLength(30).optional()
  .describe('Images of an AMI family by version: "al2023@latest", "bottlerocket@v1.20.0".')
  .validation("self.matches('^[a-zA-Z0-9]+@.+$')", "'alias' is improperly formatted, must match the format 'family@version'")
  .validation(`self.split('@')[0] in ${ALIASES}`, "family is not supported, must be one of the following: 'al2', 'al2023', 'bottlerocket', 'windows2019', 'windows2022', 'windows2025'")
  .validation("self.split('@')[0] in ['windows2019','windows2022','windows2025'] ? self.split('@')[1] == 'latest' : true", "windows families may only specify version 'latest'");

const imageTerm = {
  tags: selectorTags,
  id: id('ami'),
  name: s.string().optional().describe('Its name; wildcards are allowed.'),
  owner: s.string().optional().describe('Its owner: an account ID, "self", "amazon" or "aws-marketplace".'),
};

export const amiSelectorTerms = s.array<AMISelectorTerm>(s.object({
  ...imageTerm,
  alias,
  ssmParameter: s.string().optional().describe('An SSM parameter, by name or ARN, that holds its ID.'),
})).minItems(1).maxItems(30).optional()
  .describe('Images of the nodes: the newest that matches any term and fits the instance type. Only an amiFamily means its newest images.')
  .validation('self.all(x, has(x.tags) || has(x.id) || has(x.name) || has(x.alias) || has(x.ssmParameter))', "expected at least one, got none, ['tags', 'id', 'name', 'alias', 'ssmParameter']")
  .validation('!self.exists(x, has(x.id) && (has(x.alias) || has(x.tags) || has(x.name) || has(x.owner)))', "'id' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms")
  .validation('!self.exists(x, has(x.alias) && (has(x.id) || has(x.tags) || has(x.name) || has(x.owner)))', "'alias' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms")
  .validation('!(self.exists(x, has(x.alias)) && self.size() != 1)', "'alias' is mutually exclusive, cannot be set with a combination of other amiSelectorTerms");

export const olderImageTerms = s.array<AMISelectorTerm>(s.object(imageTerm)).maxItems(30).optional()
  .describe("Images of the nodes. The family's newest unless given.")
  .validation('self.all(x, has(x.tags) || has(x.id) || has(x.name))', "expected at least one, got none, ['tags', 'id', 'name']")
  .validation('!self.all(x, has(x.id) && (has(x.tags) || has(x.name) || has(x.owner)))', "'id' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms");

const reservationTerms = s.array<CapacityReservationSelectorTerm>(s.object({
  tags: selectorTags,
  id: s.string().pattern('^cr-[0-9a-z]+$').optional().describe('Its ID; excludes the other fields.'),
  ownerID: s.string().pattern('^[0-9]{12}$').optional().describe('The account that owns it.'),
  instanceMatchCriteria: s.enum('open', 'targeted').optional().describe('Which launches it takes.'),
})).maxItems(30).optional()
  .describe('Capacity reservations to use first (gate ReservedCapacity).')
  .validation('self.all(x, has(x.tags) || has(x.id) || has(x.instanceMatchCriteria))', "expected at least one, got none, ['tags', 'id', 'instanceMatchCriteria']")
  .validation('!self.exists(x, has(x.id) && (has(x.tags) || has(x.ownerID) || has(x.instanceMatchCriteria)))', "'id' is mutually exclusive, cannot be set along with other fields in a capacity reservation selector term");

const SIZE = '^((?:[1-9][0-9]{0,3}|[1-4][0-9]{4}|[5][0-8][0-9]{3}|59000)Gi|(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|[6][0-3][0-9]{3}|64000)G|([1-9]|[1-5][0-7]|58)Ti|([1-9]|[1-5][0-9]|6[0-3]|64)T)$';

export const blockDeviceMappings = s.array<BlockDeviceMapping>(s.object({
  deviceName: s.string().optional().describe('The device, such as /dev/xvda.'),
  rootVolume: s.boolean().optional().describe('Whether this is the volume that pods use.'),
  ebs: s.object({
    deleteOnTermination: s.boolean().optional().describe('Whether the volume goes with the instance.'),
    encrypted: s.boolean().optional().describe('Whether the volume is encrypted.'),
    iops: s.int('int64').optional().describe('I/O operations per second, for types that let one choose.'),
    kmsKeyID: s.string().optional().describe('The KMS key of an encrypted volume: ID, alias or ARN.'),
    kmsKeyId: s.string().optional().describe('The same as kmsKeyID.'),
    snapshotID: s.string().optional().describe('The snapshot that the volume starts from.'),
    throughput: s.int('int64').optional().describe('MiB/s, for gp3.'),
    volumeInitializationRate: s.int('int32').min(100).max(300).optional().describe('MiB/s at which the snapshot is copied in.'),
    volumeSize: s.string().pattern(SIZE).optional().describe('Size in Gi, G, Ti or T.'),
    volumeType: s.enum('standard', 'io1', 'io2', 'gp2', 'sc1', 'st1', 'gp3').optional().describe('Type of the EBS volume.'),
  }).optional().describe('The EBS volume.')
    .validation('has(self.snapshotID) || has(self.volumeSize)', 'snapshotID or volumeSize must be defined')
    .validation("!has(self.volumeInitializationRate) || (has(self.snapshotID) && self.snapshotID != '')", 'snapshotID must be set when volumeInitializationRate is set'),
})).maxItems(50).optional()
  .describe("Disks of the nodes. The family's own unless given.")
  .validation('self.filter(x, has(x.rootVolume)?x.rootVolume==true:false).size() <= 1', 'must have only one blockDeviceMappings with rootVolume');

export const metadataOptions = (hopLimit: number) => s.object({
  httpEndpoint: s.enum('enabled', 'disabled').default('enabled').optional().describe('Whether the metadata service answers.'),
  httpProtocolIPv6: s.enum('enabled', 'disabled').default('disabled').optional().describe('Whether it answers over IPv6.'),
  httpPutResponseHopLimit: s.int('int64').min(1).max(64).default(hopLimit).optional().describe('How many hops an answer with a token may travel.'),
  httpTokens: s.enum('required', 'optional').default('required').optional().describe('Whether requests need a token (IMDSv2).'),
}).default({ httpEndpoint: 'enabled', httpProtocolIPv6: 'disabled', httpPutResponseHopLimit: 1, httpTokens: 'required' }).optional()
  .describe('The instance metadata service of the nodes.');

const RESTRICTED_TAGS: readonly [string, string][] = [
  ["self.all(k, k != '')", "empty tag keys aren't supported"],
  ["self.all(k, k !='eks:eks-cluster-name')", 'tag contains a restricted tag matching eks:eks-cluster-name'],
  ["self.all(k, !k.startsWith('kubernetes.io/cluster') )", 'tag contains a restricted tag matching kubernetes.io/cluster/'],
  ["self.all(k, k != 'karpenter.sh/nodepool')", 'tag contains a restricted tag matching karpenter.sh/nodepool'],
  ["self.all(k, k !='karpenter.sh/nodeclaim')", 'tag contains a restricted tag matching karpenter.sh/nodeclaim'],
  ["self.all(k, k !='karpenter.k8s.aws/ec2nodeclass')", 'tag contains a restricted tag matching karpenter.k8s.aws/ec2nodeclass'],
];

export const tags = RESTRICTED_TAGS.reduce((map, [rule, message]) => map.validation(rule, message), s.record(s.string())).optional()
  .describe('Tags of everything that is created on EC2, beside those that Karpenter sets.');

const EVICTION_SIGNALS = "['memory.available','nodefs.available','nodefs.inodesFree','imagefs.available','imagefs.inodesFree','pid.available']";
const QUANTITY = '(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?';
const PERCENTAGE = '(\\d{1,2}(\\.\\d{1,2})?|100(\\.0{1,2})?)%';
const bySignal = (field: string, values: ReturnType<typeof s.string>, description: string) => s.record(values).optional().describe(description)
  .validation(`self.all(x, x in ${EVICTION_SIGNALS})`, `valid keys for ${field} are ${EVICTION_SIGNALS}`);
const thresholds = (field: string, description: string) => bySignal(field, s.string().pattern(`^(${PERCENTAGE}|${QUANTITY})$`), description);
const reserved = (field: string, description: string) => s.record(s.string().pattern(`^${QUANTITY}$`)).optional().describe(description)
  .validation("self.all(x, x=='cpu' || x=='memory' || x=='ephemeral-storage' || x=='pid')", `valid keys for ${field} are ['cpu','memory','ephemeral-storage','pid']`)
  .validation("self.all(x, !self[x].startsWith('-'))", `${field} value cannot be a negative resource quantity`);
const atLeastZero = (description: string) => s.int('int32').min(0).optional().describe(description);
const percentage = (description: string) => s.int('int32').min(0).max(100).optional().describe(description);

export const kubelet = s.object({
  clusterDNS: s.array(s.string()).optional().describe('Addresses of the cluster DNS.'),
  maxPods: atLeastZero('How many pods a node takes.'),
  podsPerCore: atLeastZero('How many pods a node takes for each core; 0 is no limit.'),
  systemReserved: reserved('systemReserved', 'What is kept for the system.'),
  kubeReserved: reserved('kubeReserved', 'What is kept for Kubernetes.'),
  evictionHard: thresholds('evictionHard', 'Thresholds at which the kubelet evicts at once.'),
  evictionSoft: thresholds('evictionSoft', 'Thresholds at which the kubelet evicts after a grace period.'),
  evictionSoftGracePeriod: bySignal('evictionSoftGracePeriod', s.string(), 'The grace period of each soft threshold.'),
  evictionMaxPodGracePeriod: s.int('int32').optional().describe('Longest grace period, in seconds, of pods that a soft threshold evicts.'),
  imageGCHighThresholdPercent: percentage('Disk use at which images are always removed.'),
  imageGCLowThresholdPercent: percentage('Disk use below which images are never removed.'),
  cpuCFSQuota: s.boolean().optional().describe('Whether CPU limits are enforced.'),
})
  .validation('has(self.imageGCHighThresholdPercent) && has(self.imageGCLowThresholdPercent) ? self.imageGCHighThresholdPercent > self.imageGCLowThresholdPercent : true', 'imageGCHighThresholdPercent must be greater than imageGCLowThresholdPercent')
  .validation('has(self.evictionSoft) ? self.evictionSoft.all(e, (e in self.evictionSoftGracePeriod)):true', 'evictionSoft OwnerKey does not have a matching evictionSoftGracePeriod')
  .validation('has(self.evictionSoftGracePeriod) ? self.evictionSoftGracePeriod.all(e, (e in self.evictionSoft)):true', 'evictionSoftGracePeriod OwnerKey does not have a matching evictionSoft')
  .describe('Configuration of the kubelet.');

const seconds = (low: number, high: number, what: string) => s.int('int32').min(low).max(high).optional().describe(`${what}, in seconds.`);

/** Fields that both versions have. */
export const sharedFields = {
  subnetSelectorTerms,
  securityGroupSelectorTerms,
  associatePublicIPAddress: s.boolean().optional().describe("Whether nodes get a public address. The subnet's own setting unless given."),
  userData: s.string().optional().describe("Configuration of the node in the format of its family; merged with Karpenter's."),
  role: s.string().optional().validation("self != ''", 'role cannot be empty').describe("The nodes' IAM role; its instance profile is created and removed with the class."),
  instanceProfile: s.string().optional().validation("self != ''", 'instanceProfile cannot be empty').describe("The nodes' instance profile, instead of a role."),
  tags,
  blockDeviceMappings,
  instanceStorePolicy: s.enum('RAID0').optional().describe('What to do with local disks: RAID0 makes them the ephemeral storage.'),
  detailedMonitoring: s.boolean().optional().describe('Whether EC2 monitors every minute.'),
  context: s.string().optional().describe('Passed on to CreateFleet.'),
};

const FAMILIES = ['AL2', 'AL2023', 'Bottlerocket', 'Windows2019', 'Windows2022', 'Windows2025'] as const;

const v1Spec = s.object({
  ...sharedFields,
  capacityReservationSelectorTerms: reservationTerms,
  placementGroupSelector: s.object({
    name: s.string().minLength(1).optional().describe('Its name.'),
    id: s.string().pattern('^pg-[0-9a-z]+$').optional().describe('Its ID.'),
  }).optional().describe('The placement group that nodes join.')
    .validation('has(self.name) || has(self.id)', 'one of name or id must be set')
    .validation('!(has(self.name) && has(self.id))', 'name and id are mutually exclusive'),
  ipPrefixCount: s.int('int32').min(0).optional().describe('How many address prefixes the network interface gets.'),
  amiSelectorTerms,
  amiFamily: s.enum('AL2', 'AL2023', 'Bottlerocket', 'Custom', 'Windows2019', 'Windows2022', 'Windows2025').optional().describe('Format of user data and default disks. That of the alias unless given.'),
  kubelet: kubelet.optional(),
  networkInterfaces: s.array(s.object({
    networkCardIndex: s.int('int32').min(0).describe('The network card.'),
    deviceIndex: s.int('int32').min(0).describe('The device on the card.'),
    interfaceType: s.enum('interface', 'efa-only').describe('What it is for.'),
  })).maxItems(150).optional().describe('Network interfaces of the nodes. One unless given.')
    .validation("self.size() == 0 || self.exists(x, x.deviceIndex == 0 && x.networkCardIndex == 0 && x.interfaceType == 'interface')", "must have an interface of type 'interface' at networkCardIndex 0 and deviceIndex 0")
    .validation('self.all(x, self.filter(y, x.networkCardIndex == y.networkCardIndex && x.deviceIndex == y.deviceIndex).size() == 1)', 'networkCardIndex and deviceIndex must be unique together')
    .validation("self.all(x, x.interfaceType != 'efa-only' || self.filter(y, x.networkCardIndex == y.networkCardIndex && y.interfaceType == 'efa-only').size() == 1)", "at most one 'efa-only' interface is allowed on a network card"),
  metadataOptions: metadataOptions(1),
  connectionTracking: s.object({
    tcpEstablishedTimeout: seconds(60, 432_000, 'Timeout of idle established TCP connections'),
    udpStreamTimeout: seconds(60, 180, 'Timeout of idle UDP streams'),
    udpTimeout: seconds(30, 60, 'Timeout of idle UDP flows'),
  }).optional().describe('Idle timeouts of tracked connections; needs Nitro instances.')
    .validation('has(self.tcpEstablishedTimeout) || has(self.udpStreamTimeout) || has(self.udpTimeout)', 'at least one of tcpEstablishedTimeout, udpStreamTimeout or udpTimeout must be set'),
  cpuOptions: s.object({ nestedVirtualization: s.enum('enabled', 'disabled').optional().describe('Whether nodes can run virtual machines.') }).optional().describe('CPU options of the nodes.'),
});

/** One rule a family: an alias and an amiFamily have to agree, unless the user data is custom. */
const withFamilies = FAMILIES.reduce((spec, family) => spec.validation(
  `!has(self.amiFamily) || !has(self.amiSelectorTerms) || (self.amiSelectorTerms.exists(x, has(x.alias) && x.alias.find('^[^@]+') == '${family.toLowerCase()}') ? (self.amiFamily == 'Custom' || self.amiFamily == '${family}') : true)`,
  `if set, amiFamily must be '${family}' or 'Custom' when using ${family.startsWith('AL') ? 'an' : 'a'} ${family} alias`,
), v1Spec);

export const ec2NodeClassSpec = withFamilies
  .validation('!(has(self.role) && has(self.instanceProfile))', "'role' and 'instanceProfile' are mutually exclusive")
  .validation('has(self.amiFamily) || (has(self.amiSelectorTerms) && self.amiSelectorTerms.exists(x, has(x.alias)))', 'must specify amiFamily if amiSelectorTerms does not contain an alias')
  .validation("(has(self.amiSelectorTerms) && self.amiSelectorTerms.size() != 0) || (has(self.amiFamily) && self.amiFamily != 'Custom')", "amiSelectorTerms is required with amiFamily 'Custom'")
  .describe('How nodes are launched.');

export const ec2NodeClassStatus = s.object({
  subnets: s.array(s.object({ id: s.string(), zone: s.string(), zoneID: s.string().optional() })).optional().describe('Subnets that were found.'),
  securityGroups: s.array(s.object({ id: s.string(), name: s.string().optional() })).optional().describe('Security groups that were found.'),
  amis: s.array(s.object({
    id: s.string(),
    name: s.string().optional(),
    deprecated: s.boolean().optional(),
    requirements: s.array<Requirement>(s.object({
      key: s.string(),
      operator: s.enum('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt', 'Gte', 'Lte'),
      values: s.array(s.string()).listType('atomic').optional(),
    })),
  })).optional().describe('Images that were found, newest first.'),
  capacityReservations: s.array(s.object({
    id: s.string(),
    availabilityZone: s.string(),
    instanceType: s.string(),
    instanceMatchCriteria: s.enum('open', 'targeted') as ReturnType<typeof s.string>,
    ownerID: s.string(),
    reservationType: s.enum('default', 'capacity-block').default('default').required() as ReturnType<typeof s.string>,
    interruptible: s.boolean().optional(),
    state: s.enum('active', 'expiring').default('active').required() as ReturnType<typeof s.string>,
    endTime: s.time().optional(),
  })).optional().describe('Capacity reservations that were found.'),
  instanceProfile: s.string().optional().describe('The instance profile that nodes get.'),
  conditions: s.conditions({ listMap: false }),
}).describe('What the selectors found.');
