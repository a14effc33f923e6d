import { expect } from 'chai';
import { kindRefOf } from '../operator/dsl/kind-plan.js';
import type { KindClass } from '../operator/dsl/resource.js';
import { ApiError } from '../operator/kube/errors.js';
import type { KubeObject, ObjectInput } from '../operator/kube/object.js';
import { testBed } from '../operator/testing/index.js';
import type { TestBed } from '../operator/testing/index.js';
import { CapacityBuffer } from './capacitybuffer.js';
import { EC2NodeClass } from './ec2nodeclass.js';
import { NodeClaim } from './nodeclaim.js';
import { NodePool } from './nodepool.js';
import { EC2NodeClassV1Beta1 } from './v1beta1/ec2nodeclass.js';
import { NodeClaimV1Beta1 } from './v1beta1/nodeclaim.js';
import { NodePoolV1Beta1 } from './v1beta1/nodepool.js';

type Json = Record<string, unknown>;
type AnyKind = KindClass;
/** What is at fault: the field, and a piece of the message. */
type Fault = readonly [field: string, message: string];
/** A name, values by path that are fine, values by path that are not, and what the server says about those. */
type Rule = readonly [title: string, valid: Json, invalid: Json, ...fault: Fault];

const REFERENCE = { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: 'default' };
const POOL = { template: { spec: { requirements: [], nodeClassRef: REFERENCE } } };
const CLAIM = { requirements: [], nodeClassRef: REFERENCE };
const SELECTORS = { subnetSelectorTerms: [{ id: 'subnet-1' }], securityGroupSelectorTerms: [{ id: 'sg-1' }] };
const CLASS = { ...SELECTORS, amiSelectorTerms: [{ alias: 'al2023@latest' }], role: 'node' };

/** A copy with the values put in at their dotted paths; undefined takes away. */
function withValues(spec: Json, values: Json): Json {
  const copy = structuredClone(spec);
  for (const [path, value] of Object.entries(values)) {
    const names = path.split('.');
    const last = names.pop() as string;
    let holder = copy;
    for (const name of names) holder = (holder[name] ??= {}) as Json;
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return copy;
}

const requirement = (key: string, operator = 'Exists', values?: string[], minValues?: number): Json => ({ key, operator, ...(values && { values }), ...(minValues && { minValues }) });

const requirementRules = (at: string, forbidNodePool: boolean): Rule[] => {
  const one = (...given: Parameters<typeof requirement>): Json => ({ [at]: [requirement(...given)] });
  const key = `spec.${at}[0].key`;
  return [
    ['In has values', one('a', 'In', ['x']), one('a', 'In', []), `spec.${at}`, "requirements with operator 'In' must have a value defined"],
    ...(['Gt', 'Lt', 'Gte', 'Lte'] as const).flatMap((operator): Rule[] => [
      [`${operator} has one integer`, one('a', operator, ['0']), one('a', operator, ['-1']), `spec.${at}`, "requirements operator 'Gt', 'Lt', 'Gte' or 'Lte' must have a single non-negative integer value"],
      [`${operator} has no second value`, one('a', operator, ['5']), one('a', operator, ['1', '2']), `spec.${at}`, 'must have a single'],
    ]),
    ['minValues are there', one('a', 'In', ['x', 'y'], 2), one('a', 'In', ['x'], 2), `spec.${at}`, "requirements with 'minValues' must have at least that many values"],
    ['minValues is at most 50', one('a', 'Exists', [], 50), one('a', 'Exists', [], 51), `spec.${at}[0].minValues`, 'less than or equal to 50'],
    ['minValues is at least 1', one('a', 'Exists', [], 1), { [at]: [{ key: 'a', operator: 'Exists', minValues: 0 }] }, `spec.${at}[0].minValues`, 'greater than or equal to 1'],
    ['operators are known', one('a', 'NotIn', []), one('a', 'Equals', ['x']), `spec.${at}[0].operator`, 'supported values: "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"'],
    ['keys are qualified names', one('a.example/b'), one('a b'), key, 'should match'],
    ['keys are at most 316 characters', one('a'.repeat(316)), one('a'.repeat(317)), key, 'may not be more than 316 bytes'],
    ['karpenter.sh is restricted', one('karpenter.sh/capacity-type'), one('karpenter.sh/other'), key, 'label domain "karpenter.sh" is restricted'],
    ['so is what ends in it', one('karpenter.example/x'), one('mykarpenter.sh/x'), key, 'label domain "karpenter.sh" is restricted'],
    ['hostnames are restricted', one('kubernetes.io/os'), one('kubernetes.io/hostname'), key, 'label "kubernetes.io/hostname" is restricted'],
    ['karpenter.k8s.aws is restricted', one('karpenter.k8s.aws/instance-family'), one('karpenter.k8s.aws/other'), key, 'label domain "karpenter.k8s.aws" is restricted'],
    ...(forbidNodePool ? [['pools do not name pools', one('a'), one('karpenter.sh/nodepool'), key, 'label "karpenter.sh/nodepool" is restricted'] as Rule] : []),
    ['at most 100', { [at]: Array.from({ length: 100 }, () => requirement('a')) }, { [at]: Array.from({ length: 101 }, () => requirement('a')) }, `spec.${at}`, 'must have at most 100 items'],
    ['values are left to the operator', one('a', 'In', ['no label value!']), { [at]: undefined }, `spec.${at}`, 'Required value'],
  ];
};

const taintRules = (prefix: string): Rule[] => ['taints', 'startupTaints'].flatMap((list): Rule[] => {
  const at = `${prefix}${list}`;
  const taint = (given: Json): Json => ({ [at]: [{ key: 'a', effect: 'NoSchedule', ...given }] });
  return [
    [`${list} have a key`, taint({}), taint({ key: '' }), `spec.${at}[0].key`, 'should be at least 1 chars long'],
    [`keys of ${list} are qualified names`, taint({ key: 'example.com/a' }), taint({ key: '?' }), `spec.${at}[0].key`, 'should match'],
    [`values of ${list} too`, taint({ value: 'yes' }), taint({ value: '?' }), `spec.${at}[0].value`, 'should match'],
    [`effects of ${list} are known`, taint({ effect: 'NoExecute' }), taint({ effect: 'Never' }), `spec.${at}[0].effect`, 'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'],
  ];
});

const referenceRules = (prefix: string): Rule[] => ['group', 'kind', 'name'].map((part): Rule => [
  `the class's ${part} is not empty`, { [`${prefix}nodeClassRef.${part}`]: 'x' }, { [`${prefix}nodeClassRef.${part}`]: '' }, `spec.${prefix}nodeClassRef.${part}`, `${part} may not be empty`,
]);

const DURATIONS = { valid: ['0s', '1h30m', '720h', 'Never'], invalid: ['1d', '1.5h', 'never', '1hNever', ''] };
const durationRules = (path: string, never = true): Rule[] => DURATIONS.invalid.concat(never ? [] : 'Never').map((text, index): Rule =>
  [`${path} is not ${JSON.stringify(text)}`, { [path]: DURATIONS.valid.filter((value) => never || value !== 'Never')[index % 3] }, { [path]: text }, `spec.${path}`, 'should match']);

const LABELS = 'template.metadata.labels';
const TEMPLATE = 'template.spec.';
const budget = (value: Json): Json => ({ 'disruption.budgets': [{ nodes: '1', ...value }] });

const numbered = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, '']));

const templateRules: Rule[] = [
  ...requirementRules(`${TEMPLATE}requirements`, true),
  ...taintRules(TEMPLATE),
  ['labels are not of karpenter.sh', { [LABELS]: { 'karpenter.sh/capacity-type': 'spot' } }, { [LABELS]: { 'karpenter.sh/x': '' } }, `spec.${LABELS}`, 'label domain "karpenter.sh" is restricted'],
  ['labels name no pool', { [LABELS]: { a: '' } }, { [LABELS]: { 'karpenter.sh/nodepool': 'x' } }, `spec.${LABELS}`, 'label "karpenter.sh/nodepool" is restricted'],
  ['labels name no host', { [LABELS]: { a: '' } }, { [LABELS]: { 'kubernetes.io/hostname': 'x' } }, `spec.${LABELS}`, 'label "kubernetes.io/hostname" is restricted'],
  ['labels are not of karpenter.k8s.aws', { [LABELS]: { 'karpenter.k8s.aws/instance-size': 'large' } }, { [LABELS]: { 'karpenter.k8s.aws/x': '' } }, `spec.${LABELS}`, 'label domain "karpenter.k8s.aws" is restricted'],
  ['label values are label values', { [LABELS]: { a: 'x'.repeat(63) } }, { [LABELS]: { a: '!' } }, `spec.${LABELS}.a`, 'should match'],
  ['label values are short', { [LABELS]: { a: '' } }, { [LABELS]: { a: 'x'.repeat(64) } }, `spec.${LABELS}.a`, 'may not be more than 63 bytes'],
  ['labels are at most 100', { [LABELS]: numbered(100) }, { [LABELS]: numbered(101) }, `spec.${LABELS}`, 'must have at most 100 items'],
  ['weights are at least 1', { weight: 1 }, { weight: 0 }, 'spec.weight', 'greater than or equal to 1'],
  ['weights are at most 100', { weight: 100 }, { weight: 101 }, 'spec.weight', 'less than or equal to 100'],
  ['limits are quantities', { limits: { cpu: 10, memory: '1.5Gi' } }, { limits: { cpu: 'many' } }, 'spec.limits.cpu', 'should match'],
  ['budgets are numbers or percentages', budget({ nodes: '100%' }), budget({ nodes: '101%' }), 'spec.disruption.budgets[0].nodes', 'should match'],
  ['budgets are not negative', budget({ nodes: '0' }), budget({ nodes: '-1' }), 'spec.disruption.budgets[0].nodes', 'should match'],
  ['schedules have durations', budget({ schedule: '@daily', duration: '1h30m' }), budget({ schedule: '@daily' }), 'spec.disruption.budgets', "'schedule' must be set with 'duration'"],
  ['durations have schedules', budget({ schedule: '0 9 * * mon-fri', duration: '8h0m0s' }), budget({ duration: '8h' }), 'spec.disruption.budgets', "'schedule' must be set with 'duration'"],
  ['schedules are cron lines', budget({ schedule: '@hourly', duration: '1m' }), budget({ schedule: 'noon', duration: '1m' }), 'spec.disruption.budgets[0].schedule', 'should match'],
  ['durations are hours and minutes', budget({ schedule: '@hourly', duration: '10m0s' }), budget({ schedule: '@hourly', duration: '30s' }), 'spec.disruption.budgets[0].duration', 'should match'],
  ['at most 50 budgets', { 'disruption.budgets': Array.from({ length: 50 }, () => ({ nodes: '1' })) }, { 'disruption.budgets': Array.from({ length: 51 }, () => ({ nodes: '1' })) }, 'spec.disruption.budgets', 'must have at most 50 items'],
  ...durationRules('disruption.consolidateAfter'),
];

const block = (ebs: Json): Json => ({ blockDeviceMappings: [{ deviceName: '/dev/xvda', ebs: { volumeSize: '20Gi', ...ebs } }] });
const EBS = 'spec.blockDeviceMappings[0].ebs';
const ONE_OF = 'expected at least one, got none, ';
const SIGNALS = ['evictionHard', 'evictionSoft', 'evictionSoftGracePeriod'] as const;

const kubeletRules = (at: string): Rule[] => [
  ...(['kubeReserved', 'systemReserved'] as const).flatMap((field): Rule[] => [
    [`${field} has known keys`, { [`${at}.${field}`]: { pid: '100' } }, { [`${at}.${field}`]: { pods: '1' } }, `spec.${at}.${field}`, `valid keys for ${field} are ['cpu','memory','ephemeral-storage','pid']`],
    [`${field} is not negative`, { [`${at}.${field}`]: { cpu: '0' } }, { [`${at}.${field}`]: { cpu: '-1' } }, `spec.${at}.${field}`, `${field} value cannot be a negative resource quantity`],
    [`${field} has quantities`, { [`${at}.${field}`]: { cpu: '100m' } }, { [`${at}.${field}`]: { cpu: 'some' } }, `spec.${at}.${field}.cpu`, 'should match'],
  ]),
  ...SIGNALS.map((field): Rule => [`${field} has known signals`, { [`${at}.evictionHard`]: { 'memory.available': '5%' } }, { [`${at}.${field}`]: { 'memory.free': '1Gi' } }, `spec.${at}.${field}`, `valid keys for ${field} are ['memory.available'`]),
  ['thresholds are amounts or percentages', { [`${at}.evictionHard`]: { 'nodefs.available': '500Mi' } }, { [`${at}.evictionHard`]: { 'nodefs.available': '101%' } }, `spec.${at}.evictionHard.nodefs.available`, 'should match'],
  ['soft thresholds have grace periods', { [`${at}.evictionSoft`]: { 'pid.available': '5%' }, [`${at}.evictionSoftGracePeriod`]: { 'pid.available': '1m' } }, { [`${at}.evictionSoft`]: { 'pid.available': '5%' }, [`${at}.evictionSoftGracePeriod`]: {} }, `spec.${at}`, 'evictionSoft OwnerKey does not have a matching evictionSoftGracePeriod'],
  ['grace periods have soft thresholds', { [`${at}.maxPods`]: 0 }, { [`${at}.evictionSoft`]: {}, [`${at}.evictionSoftGracePeriod`]: { 'pid.available': '1m' } }, `spec.${at}`, 'evictionSoftGracePeriod OwnerKey does not have a matching evictionSoft'],
  ['images are removed from high to low', { [`${at}.imageGCHighThresholdPercent`]: 80, [`${at}.imageGCLowThresholdPercent`]: 70 }, { [`${at}.imageGCHighThresholdPercent`]: 70, [`${at}.imageGCLowThresholdPercent`]: 70 }, `spec.${at}`, 'imageGCHighThresholdPercent must be greater than imageGCLowThresholdPercent'],
  ['thresholds of images are percentages', { [`${at}.imageGCHighThresholdPercent`]: 100 }, { [`${at}.imageGCHighThresholdPercent`]: 101 }, `spec.${at}.imageGCHighThresholdPercent`, 'less than or equal to 100'],
  ['pods are counted from 0', { [`${at}.podsPerCore`]: 0 }, { [`${at}.maxPods`]: -1 }, `spec.${at}.maxPods`, 'greater than or equal to 0'],
];

const sharedClassRules: Rule[] = [
  ['one subnet term at least', {}, { subnetSelectorTerms: [] }, 'spec.subnetSelectorTerms', 'subnetSelectorTerms cannot be empty'],
  ['subnet terms say something', { subnetSelectorTerms: [{ tags: { a: '*' } }] }, { subnetSelectorTerms: [{}] }, 'spec.subnetSelectorTerms', `${ONE_OF}['tags', 'id']`],
  ['subnet IDs stand alone', {}, { subnetSelectorTerms: [{ id: 'subnet-1', tags: { a: 'b' } }] }, 'spec.subnetSelectorTerms', "'id' is mutually exclusive"],
  ['subnet IDs are IDs', { subnetSelectorTerms: [{ id: 'subnet-0a' }] }, { subnetSelectorTerms: [{ id: 'vpc-1' }] }, 'spec.subnetSelectorTerms[0].id', 'should match'],
  ['at most 30 subnet terms', { subnetSelectorTerms: Array.from({ length: 30 }, () => ({ id: 'subnet-1' })) }, { subnetSelectorTerms: Array.from({ length: 31 }, () => ({ id: 'subnet-1' })) }, 'spec.subnetSelectorTerms', 'must have at most 30 items'],
  ['tags that select are not empty', { subnetSelectorTerms: [{ tags: { a: 'b' } }] }, { subnetSelectorTerms: [{ tags: { a: '' } }] }, 'spec.subnetSelectorTerms[0].tags', "empty tag keys or values aren't supported"],
  ['one security group term at least', {}, { securityGroupSelectorTerms: [] }, 'spec.securityGroupSelectorTerms', 'securityGroupSelectorTerms cannot be empty'],
  ['security group terms say something', { securityGroupSelectorTerms: [{ name: 'x' }] }, { securityGroupSelectorTerms: [{}] }, 'spec.securityGroupSelectorTerms', `${ONE_OF}['tags', 'id', 'name']`],
  ['security group IDs stand alone', {}, { securityGroupSelectorTerms: [{ id: 'sg-1', tags: { a: 'b' } }] }, 'spec.securityGroupSelectorTerms', "'id' is mutually exclusive"],
  ['security group names stand alone', {}, { securityGroupSelectorTerms: [{ name: 'x', tags: { a: 'b' } }] }, 'spec.securityGroupSelectorTerms', "'name' is mutually exclusive"],
  ['role and profile exclude each other', { role: undefined, instanceProfile: 'p' }, { instanceProfile: 'p' }, 'spec', "'role' and 'instanceProfile' are mutually exclusive"],
  ['roles are not empty', { role: undefined }, { role: '' }, 'spec.role', 'role cannot be empty'],
  ['profiles are not empty', {}, { role: undefined, instanceProfile: '' }, 'spec.instanceProfile', 'instanceProfile cannot be empty'],
  ['tags have keys', { tags: { Name: '' } }, { tags: { '': 'x' } }, 'spec.tags', "empty tag keys aren't supported"],
  ...['eks:eks-cluster-name', 'kubernetes.io/cluster/', 'karpenter.sh/nodepool', 'karpenter.sh/nodeclaim', 'karpenter.k8s.aws/ec2nodeclass'].map((tag): Rule =>
    [`the tag ${tag} is taken`, { tags: { team: 'a' } }, { tags: { [tag]: 'x' } }, 'spec.tags', `tag contains a restricted tag matching ${tag}`]),
  ['volumes have a size or snapshot', block({ volumeSize: undefined, snapshotID: 'snap-1' }), block({ volumeSize: undefined }), EBS, 'snapshotID or volumeSize must be defined'],
  ['initialization rates need snapshots', block({ snapshotID: 'snap-1', volumeInitializationRate: 100 }), block({ volumeInitializationRate: 100 }), EBS, 'snapshotID must be set when volumeInitializationRate is set'],
  ['initialization rates are bounded', block({ snapshotID: 'snap-1', volumeInitializationRate: 300 }), block({ snapshotID: 'snap-1', volumeInitializationRate: 301 }), `${EBS}.volumeInitializationRate`, 'less than or equal to 300'],
  ...[['59000Gi', '59001Gi'], ['64000G', '64001G'], ['58Ti', '59Ti'], ['64T', '65T'], ['1Gi', '0Gi'], ['1T', 'T'], ['20Gi', '20Mi']].map(([valid, invalid]): Rule =>
    [`volumes may have ${valid}, not ${invalid}`, block({ volumeSize: valid }), block({ volumeSize: invalid }), `${EBS}.volumeSize`, 'should match']),
  ['volume types are known', block({ volumeType: 'io2' }), block({ volumeType: 'gp4' }), `${EBS}.volumeType`, 'supported values'],
  ['one root volume', { blockDeviceMappings: [{ rootVolume: true }, { rootVolume: false }] }, { blockDeviceMappings: [{ rootVolume: true }, { rootVolume: true }] }, 'spec.blockDeviceMappings', 'must have only one blockDeviceMappings with rootVolume'],
  ['hops are at most 64', { 'metadataOptions.httpPutResponseHopLimit': 64 }, { 'metadataOptions.httpPutResponseHopLimit': 65 }, 'spec.metadataOptions.httpPutResponseHopLimit', 'less than or equal to 64'],
  ['tokens are required or optional', { 'metadataOptions.httpTokens': 'optional' }, { 'metadataOptions.httpTokens': 'no' }, 'spec.metadataOptions.httpTokens', 'supported values: "required", "optional"'],
  ['disks are made RAID0', { instanceStorePolicy: 'RAID0' }, { instanceStorePolicy: 'RAID1' }, 'spec.instanceStorePolicy', 'supported values: "RAID0"'],
];

const alias = (name: string): Json => ({ amiSelectorTerms: [{ alias: name }] });
const card = (networkCardIndex: number, deviceIndex: number, interfaceType: string): Json => ({ networkCardIndex, deviceIndex, interfaceType });
const classRules: Rule[] = [
  ...sharedClassRules,
  ...kubeletRules('kubelet'),
  ['image terms say something', { amiSelectorTerms: [{ ssmParameter: '/x' }], amiFamily: 'AL2023' }, { amiSelectorTerms: [{ owner: 'self' }], amiFamily: 'AL2023' }, 'spec.amiSelectorTerms', `${ONE_OF}['tags', 'id', 'name', 'alias', 'ssmParameter']`],
  ['image IDs stand alone', { amiSelectorTerms: [{ id: 'ami-1' }], amiFamily: 'AL2023' }, { amiSelectorTerms: [{ id: 'ami-1', owner: 'self' }], amiFamily: 'AL2023' }, 'spec.amiSelectorTerms', "'id' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms"],
  ['aliases stand alone in their term', alias('al2@latest'), { amiSelectorTerms: [{ alias: 'al2@latest', name: 'x' }] }, 'spec.amiSelectorTerms', "'alias' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms"],
  ['aliases are the only term', alias('al2@latest'), { amiSelectorTerms: [{ alias: 'al2@latest' }, { id: 'ami-1' }] }, 'spec.amiSelectorTerms', "'alias' is mutually exclusive, cannot be set with a combination of other amiSelectorTerms"],
  ['aliases have a version', alias('bottlerocket@v1.20.0'), alias('al2023'), 'spec.amiSelectorTerms[0].alias', "'alias' is improperly formatted, must match the format 'family@version'"],
  ['aliases have a known family', alias('al2@latest'), alias('ubuntu@latest'), 'spec.amiSelectorTerms[0].alias', 'family is not supported, must be one of the following'],
  ['Windows is not pinned', alias('windows2022@latest'), alias('windows2022@v1'), 'spec.amiSelectorTerms[0].alias', "windows families may only specify version 'latest'"],
  ['aliases are at most 30 characters', alias(`al2023@${'v'.repeat(23)}`), alias(`al2023@${'v'.repeat(24)}`), 'spec.amiSelectorTerms[0].alias', 'may not be more than 30 bytes'],
  ['lists of images are not empty', { amiSelectorTerms: undefined, amiFamily: 'AL2' }, { amiSelectorTerms: [], amiFamily: 'AL2' }, 'spec.amiSelectorTerms', 'should have at least 1 items'],
  ['images without alias need a family', { amiSelectorTerms: [{ id: 'ami-1' }], amiFamily: 'Custom' }, { amiSelectorTerms: [{ id: 'ami-1' }] }, 'spec', 'must specify amiFamily if amiSelectorTerms does not contain an alias'],
  ['Custom needs images', { amiFamily: 'Custom' }, { amiSelectorTerms: undefined, amiFamily: 'Custom' }, 'spec', "amiSelectorTerms is required with amiFamily 'Custom'"],
  ...['AL2', 'AL2023', 'Bottlerocket', 'Windows2019', 'Windows2022', 'Windows2025'].map((family): Rule =>
    [`${family}'s alias goes with it`, { ...alias(`${family.toLowerCase()}@latest`), amiFamily: family }, { ...alias(`${family.toLowerCase()}@latest`), amiFamily: family === 'AL2' ? 'AL2023' : 'AL2' }, 'spec', `if set, amiFamily must be '${family}' or 'Custom' when using`]),
  ['reservation terms say something', { capacityReservationSelectorTerms: [] }, { capacityReservationSelectorTerms: [{ ownerID: '123456789012' }] }, 'spec.capacityReservationSelectorTerms', ONE_OF],
  ['reservation IDs stand alone', { capacityReservationSelectorTerms: [{ id: 'cr-1' }] }, { capacityReservationSelectorTerms: [{ instanceMatchCriteria: 'open' }, { id: 'cr-1', tags: { a: 'b' } }] }, 'spec.capacityReservationSelectorTerms', "'id' is mutually exclusive"],
  ['reservation IDs are IDs', { capacityReservationSelectorTerms: [{ id: 'cr-0' }] }, { capacityReservationSelectorTerms: [{ id: 'xcr-0' }] }, 'spec.capacityReservationSelectorTerms[0].id', 'should match'],
  ['owners are accounts', { capacityReservationSelectorTerms: [{ tags: { a: 'b' }, ownerID: '123456789012' }] }, { capacityReservationSelectorTerms: [{ tags: { a: 'b' }, ownerID: 'self' }] }, 'spec.capacityReservationSelectorTerms[0].ownerID', 'should match'],
  ['placement groups have a name or ID', { placementGroupSelector: { name: 'x' } }, { placementGroupSelector: {} }, 'spec.placementGroupSelector', 'one of name or id must be set'],
  ['placement groups do not have both', { placementGroupSelector: { id: 'pg-1' } }, { placementGroupSelector: { name: 'x', id: 'pg-1' } }, 'spec.placementGroupSelector', 'name and id are mutually exclusive'],
  ['prefixes are counted from 0', { ipPrefixCount: 0 }, { ipPrefixCount: -1 }, 'spec.ipPrefixCount', 'greater than or equal to 0'],
  ['there is a first interface', { networkInterfaces: [card(0, 0, 'interface')] }, { networkInterfaces: [card(1, 0, 'interface')] }, 'spec.networkInterfaces', "must have an interface of type 'interface'"],
  ['interfaces are told apart', { networkInterfaces: [] }, { networkInterfaces: [card(0, 0, 'interface'), card(0, 0, 'efa-only')] }, 'spec.networkInterfaces', 'must be unique together'],
  ['one EFA a card', { networkInterfaces: [card(0, 0, 'interface'), card(0, 1, 'efa-only')] }, { networkInterfaces: [card(0, 0, 'interface'), card(0, 1, 'efa-only'), card(0, 2, 'efa-only')] }, 'spec.networkInterfaces', "at most one 'efa-only'"],
  ['tracking has a timeout', { connectionTracking: { udpTimeout: 30 } }, { connectionTracking: {} }, 'spec.connectionTracking', 'at least one of tcpEstablishedTimeout, udpStreamTimeout or udpTimeout must be set'],
  ['timeouts are bounded', { connectionTracking: { tcpEstablishedTimeout: 432_000 } }, { connectionTracking: { udpStreamTimeout: 181 } }, 'spec.connectionTracking.udpStreamTimeout', 'less than or equal to 180'],
  ['nested virtualization is on or off', { cpuOptions: { nestedVirtualization: 'enabled' } }, { cpuOptions: { nestedVirtualization: 'yes' } }, 'spec.cpuOptions.nestedVirtualization', 'supported values'],
];

/** Instead of a template. */
const scalable = (): Json => ({ podTemplateRef: undefined, scalableRef: { kind: 'Deployment', name: 'web' } });

describe('The CRDs of Karpenter\'s kinds', () => {
  let bed: TestBed;
  let named = 0;
  before(async () => {
    bed = await testBed({ kinds: [NodePool, NodeClaim, EC2NodeClass, CapacityBuffer] });
  });
  after(() => bed.close());

  const create = (type: AnyKind, spec: Json, { dryRun = true, name = `object-${++named}`, fieldValidation = 'Strict' as const } = {}): Promise<KubeObject & { spec: Json }> =>
    bed.api.client.create(kindRefOf(type), { metadata: { name, ...(kindRefOf(type).namespaced ? { namespace: 'default' } : {}) }, spec } as unknown as ObjectInput<KubeObject & { spec: Json }>, { dryRun, fieldValidation });
  async function refused(call: Promise<unknown>): Promise<ApiError> {
    const error = await call.then(() => undefined, (reason: unknown) => reason);
    expect(error, 'the server accepted it').to.be.instanceOf(ApiError);
    return error as ApiError;
  }
  async function expectFault(call: Promise<unknown>, [field, message]: Fault): Promise<void> {
    const error = await refused(call);
    expect(error.reason).to.equal('Invalid');
    expect(error.causes.filter((cause) => cause.field === field && cause.message?.includes(message)), JSON.stringify(error.causes)).to.have.length.at.least(1);
  }

  const suites: [string, AnyKind, Json, Rule[]][] = [
    ['v1 NodePool', NodePool, POOL, [
      ...templateRules, ...referenceRules(TEMPLATE), ...durationRules(`${TEMPLATE}expireAfter`), ...durationRules(`${TEMPLATE}terminationGracePeriod`, false),
      ['groups have no version', {}, { [`${TEMPLATE}nodeClassRef.group`]: 'a/v1' }, `spec.${TEMPLATE}nodeClassRef.group`, 'should match'],
      ['policies are known', { 'disruption.consolidationPolicy': 'Balanced' }, { 'disruption.consolidationPolicy': 'WhenUnderutilized' }, 'spec.disruption.consolidationPolicy', 'supported values: "WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"'],
      ['reasons are known', budget({ reasons: ['Empty', 'Drifted', 'Underutilized'] }), budget({ reasons: ['Expired'] }), 'spec.disruption.budgets[0].reasons[0]', 'supported values'],
      ['reasons are told once', budget({ reasons: ['Empty'] }), budget({ reasons: ['Empty', 'Empty'] }), 'spec.disruption.budgets[0].reasons[1]', 'Duplicate value'],
      ['replicas are counted from 0', { replicas: 0 }, { replicas: -1 }, 'spec.replicas', 'greater than or equal to 0'],
      ['static pools limit only nodes', { replicas: 2, limits: { nodes: 3 } }, { replicas: 2, limits: { cpu: 3 } }, 'spec', "only 'limits.nodes' is supported on static NodePools"],
      ['static pools have no weight', { replicas: 2, limits: {} }, { replicas: 2, weight: 1 }, 'spec', "'weight' is not supported on static NodePools"],
    ]],
    ['v1beta1 NodePool', NodePoolV1Beta1, { template: { spec: { requirements: [] } } }, [
      ...templateRules, ...kubeletRules(`${TEMPLATE}kubelet`), ...durationRules('disruption.expireAfter'),
      ['policies are known', { 'disruption.consolidationPolicy': 'WhenUnderutilized' }, { 'disruption.consolidationPolicy': 'Balanced' }, 'spec.disruption.consolidationPolicy', 'supported values: "WhenEmpty", "WhenUnderutilized"'],
    ]],
    ['v1 NodeClaim', NodeClaim, CLAIM, [
      ...requirementRules('requirements', false), ...taintRules(''), ...referenceRules(''), ...durationRules('expireAfter'), ...durationRules('terminationGracePeriod', false),
      ['claims name their class', { requirements: [requirement('karpenter.sh/nodepool', 'In', ['a'])] }, { nodeClassRef: undefined }, 'spec.nodeClassRef', 'Required value'],
      ['requests are quantities', { 'resources.requests': { cpu: '100m' } }, { 'resources.requests': { cpu: 'x' } }, 'spec.resources.requests.cpu', 'should match'],
    ]],
    ['v1beta1 NodeClaim', NodeClaimV1Beta1, { requirements: [], nodeClassRef: { name: 'default' } }, [...requirementRules('requirements', false), ...taintRules(''), ...kubeletRules('kubelet')]],
    ['v1 EC2NodeClass', EC2NodeClass, CLASS, classRules],
    ['v1beta1 EC2NodeClass', EC2NodeClassV1Beta1, { ...SELECTORS, amiFamily: 'AL2023', role: 'node' }, [
      ...sharedClassRules,
      ['Custom needs images', { amiFamily: 'Custom', amiSelectorTerms: [{ id: 'ami-1' }] }, { amiFamily: 'Custom' }, 'spec', "amiSelectorTerms is required when amiFamily == 'Custom'"],
      ['the family is named', { amiFamily: 'Ubuntu' }, { amiFamily: undefined }, 'spec.amiFamily', 'Required value'],
    ]],
    ['v1beta1 CapacityBuffer', CapacityBuffer, { podTemplateRef: { name: 'chunk' }, replicas: 1 }, [
      ['templates come with a number', { replicas: undefined, limits: { cpu: 4 } }, { replicas: undefined, percentage: 20 }, 'spec', 'If podTemplateRef is set, replicas or limits must also be set'],
      ['either a template or a workload', scalable(), { ...scalable(), podTemplateRef: { name: 'chunk' } }, 'spec', 'You must define either PodTemplateRef or ScalableRef, but not both'],
      ['templates are named', {}, { podTemplateRef: { name: '' } }, 'spec.podTemplateRef.name', 'should be at least 1 chars long'],
      ['workloads are named', scalable(), { ...scalable(), 'scalableRef.name': '' }, 'spec.scalableRef.name', 'should be at least 1 chars long'],
      ['workloads have a kind', { ...scalable(), 'scalableRef.apiGroup': 'apps' }, { ...scalable(), 'scalableRef.kind': undefined }, 'spec.scalableRef.kind', 'Required value'],
      ['replicas are counted from 0', { replicas: 0 }, { replicas: -1 }, 'spec.replicas', 'greater than or equal to 0'],
      ['percentages may exceed 100', { ...scalable(), percentage: 250 }, { ...scalable(), percentage: -1 }, 'spec.percentage', 'greater than or equal to 0'],
      ['limits are quantities', { limits: { cpu: 10, memory: '1.5Gi' } }, { limits: { cpu: 'many' } }, 'spec.limits.cpu', 'should match'],
      ['strategies are anything', { provisioningStrategy: 'example.com/other' }, { provisioningStrategy: 1 }, 'spec.provisioningStrategy', 'must be of type string'],
    ]],
  ];
  for (const [kind, type, base, rules] of suites) {
    describe(kind, () => {
      for (const [title, valid, invalid, ...fault] of rules) {
        it(title, async () => {
          await create(type, withValues(base, valid));
          await expectFault(create(type, withValues(base, invalid)), fault);
        });
      }
    });
  }

  describe('updates', () => {
    it('do not turn dynamic pools into static ones', async () => {
      await create(NodePool, POOL, { dryRun: false, name: 'dynamic' });
      await expectFault(bed.api.client.mergePatch(kindRefOf(NodePool), { name: 'dynamic' }, { spec: { replicas: 1 } }), ['spec', 'Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes']);
    });

    it('do not change the group or kind of a pool\'s class, but its name', async () => {
      await create(NodePool, POOL, { dryRun: false, name: 'referring' });
      const change = (nodeClassRef: Json): Promise<KubeObject> => bed.api.client.mergePatch(kindRefOf(NodePool), { name: 'referring' }, { spec: { template: { spec: { nodeClassRef } } } });
      await expectFault(change({ group: 'x' }), ['spec.template.spec.nodeClassRef', 'nodeClassRef.group is immutable']);
      await expectFault(change({ kind: 'X' }), ['spec.template.spec.nodeClassRef', 'nodeClassRef.kind is immutable']);
      await change({ name: 'other' });
    });

    it('do not change claims, in either version', async () => {
      await create(NodeClaim, CLAIM, { dryRun: false, name: 'fixed' });
      await expectFault(bed.api.client.mergePatch(kindRefOf(NodeClaim), { name: 'fixed' }, { spec: { expireAfter: '1h' } }), ['spec', 'spec is immutable']);
      await expectFault(bed.api.client.mergePatch(kindRefOf(NodeClaimV1Beta1), { name: 'fixed' }, { spec: { nodeClassRef: { name: 'x' } } }), ['spec', 'spec is immutable']);
    });

    it('may switch a class between role and instance profile', async () => {
      await create(EC2NodeClass, CLASS, { dryRun: false, name: 'switching' });
      const patched = await bed.api.client.mergePatch<EC2NodeClass>(kindRefOf(EC2NodeClass), { name: 'switching' }, { spec: { role: null, instanceProfile: 'p' } });
      expect(patched.spec).to.include({ instanceProfile: 'p' }).and.not.have.property('role');
    });
  });

  describe('defaults', () => {
    it('of a v1 NodePool', async () => {
      const { spec } = await create(NodePool, { template: { spec: { requirements: [] } } });
      expect(spec).to.deep.equal({
        template: { spec: { requirements: [], nodeClassRef: REFERENCE, expireAfter: '720h' } },
        disruption: { consolidateAfter: '0s', consolidationPolicy: 'WhenEmptyOrUnderutilized', budgets: [{ nodes: '10%' }] },
      });
    });

    it('of a v1beta1 NodePool', async () => {
      const { spec } = await create(NodePoolV1Beta1, { template: { spec: { requirements: [] } } });
      expect(spec['disruption']).to.deep.equal({ consolidationPolicy: 'WhenUnderutilized', expireAfter: '720h', budgets: [{ nodes: '10%' }] });
    });

    it('of a v1 NodeClaim', async () => {
      expect((await create(NodeClaim, CLAIM)).spec).to.deep.equal({ ...CLAIM, expireAfter: '720h' });
    });

    it('of a CapacityBuffer', async () => {
      expect((await create(CapacityBuffer, { scalableRef: { kind: 'Deployment', name: 'web' } })).spec['provisioningStrategy']).to.equal('buffer.x-k8s.io/active-capacity');
    });

    it('of the metadata options, whole and field by field', async () => {
      const all = { httpEndpoint: 'enabled', httpProtocolIPv6: 'disabled', httpPutResponseHopLimit: 1, httpTokens: 'required' };
      expect((await create(EC2NodeClass, CLASS)).spec['metadataOptions']).to.deep.equal(all);
      expect((await create(EC2NodeClass, { ...CLASS, metadataOptions: { httpTokens: 'optional' } })).spec['metadataOptions']).to.deep.equal({ ...all, httpTokens: 'optional' });
      const old = { ...SELECTORS, amiFamily: 'AL2023', role: 'node' };
      expect((await create(EC2NodeClassV1Beta1, old)).spec['metadataOptions']).to.deep.equal(all);
      expect((await create(EC2NodeClassV1Beta1, { ...old, metadataOptions: {} })).spec['metadataOptions']).to.deep.equal({ ...all, httpPutResponseHopLimit: 2 });
    });
  });

  describe('unknown fields', () => {
    const strays: [string, AnyKind, Json, string][] = [
      ['in a v1 pool', NodePool, withValues(POOL, { 'disruption.consolidateAftr': '1m' }), 'unknown field "spec.disruption.consolidateAftr" (did you mean "consolidateAfter"?)'],
      ['in a v1beta1 pool', NodePoolV1Beta1, withValues(POOL, { 'template.spec.nodeClassRef': { name: 'a' }, 'template.spec.requirments': [] }), 'unknown field "spec.template.spec.requirments" (did you mean "requirements"?)'],
      ['in a v1 class', EC2NodeClass, { ...CLASS, ...block({ kmsKeyid: 'x' }) }, 'unknown field "spec.blockDeviceMappings[0].ebs.kmsKeyid" (did you mean "kmsKeyI'],
      ['in a v1beta1 class', EC2NodeClassV1Beta1, { ...SELECTORS, amiFamily: 'AL2', subnetSelectorTerm: [] }, 'unknown field "spec.subnetSelectorTerm" (did you mean "subnetSelectorTerms"?)'],
    ];
    for (const [where, type, spec, message] of strays) {
      it(`${where} are refused with what was meant`, async () => {
        const error = await refused(create(type, spec));
        expect(error.code).to.equal(400);
        expect(error.message).to.include(message);
      });
    }
  });

  describe('v1beta1 through the API', () => {
    const old = { template: { spec: { requirements: [], nodeClassRef: { name: 'gpu' }, kubelet: { maxPods: 20 } } }, disruption: { consolidationPolicy: 'WhenUnderutilized', consolidateAfter: '30s', expireAfter: '48h' } };
    const v1 = kindRefOf(NodePool);
    const v1beta1 = kindRefOf(NodePoolV1Beta1);

    it('is what v1 reads, and keeps what only one of them can say across updates in both', async () => {
      await create(NodePoolV1Beta1, old, { dryRun: false, name: 'both' });
      const now = await bed.api.client.get<NodePool>(v1, { name: 'both' });
      expect(now.spec.disruption).to.deep.equal({ consolidateAfter: '30s', consolidationPolicy: 'WhenEmptyOrUnderutilized', budgets: [{ nodes: '10%' }] });
      expect(now.spec.template.spec).to.deep.include({ expireAfter: '48h', nodeClassRef: { ...REFERENCE, name: 'gpu' } });

      now.spec.template.spec.terminationGracePeriod = '1h';
      await bed.api.client.replace(v1, now);
      const patched = await bed.api.client.mergePatch<NodePoolV1Beta1>(v1beta1, { name: 'both' }, { spec: { weight: 7 } });
      expect(patched.spec.template.spec.kubelet).to.deep.equal({ maxPods: 20 });
      expect(patched.spec.template.spec.nodeClassRef).to.deep.equal({ name: 'gpu' });
      const { spec } = await bed.api.client.get<NodePool>(v1, { name: 'both' });
      expect(spec.weight).to.equal(7);
      expect(spec.template.spec.terminationGracePeriod).to.equal('1h');
    });

    it('takes server-side apply, and no other version sees a conflict with itself', async () => {
      const manifest = (weight: number): Json => ({ apiVersion: 'karpenter.sh/v1beta1', kind: 'NodePool', metadata: { name: 'applied' }, spec: { ...old, weight } });
      await bed.api.client.apply(v1beta1, manifest(1), { fieldManager: 'team' });
      await bed.api.client.apply(v1beta1, manifest(2), { fieldManager: 'team' });
      expect((await bed.api.client.get<NodePool>(v1, { name: 'applied' })).spec.weight).to.equal(2);
      const conflict = await refused(bed.api.client.apply(v1beta1, manifest(3), { fieldManager: 'other' }));
      expect(conflict.reason).to.equal('Conflict');
    });

    it('reads a v1 class as the family and back', async () => {
      await create(EC2NodeClass, { ...CLASS, amiSelectorTerms: [{ alias: 'bottlerocket@v1.20.0' }], kubelet: { maxPods: 9 } }, { dryRun: false, name: 'pinned' });
      const view = await bed.api.client.get<EC2NodeClassV1Beta1>(kindRefOf(EC2NodeClassV1Beta1), { name: 'pinned' });
      expect(view.spec.amiFamily).to.equal('Bottlerocket');
      await bed.api.client.mergePatch(kindRefOf(EC2NodeClassV1Beta1), { name: 'pinned' }, { spec: { tags: { team: 'a' } } });
      const { spec } = await bed.api.client.get<EC2NodeClass>(kindRefOf(EC2NodeClass), { name: 'pinned' });
      expect(spec).to.deep.include({ amiSelectorTerms: [{ alias: 'bottlerocket@v1.20.0' }], kubelet: { maxPods: 9 }, tags: { team: 'a' } });
    });
  });
});
