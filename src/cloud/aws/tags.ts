import type { Tag } from '@aws-sdk/client-ec2';
import type { EC2NodeClass } from '../../api/ec2nodeclass.js';
import { NODECLASS_LABEL, NODEPOOL_LABEL, REGION_LABEL } from '../../api/labels.js';
import type { NodeClaim } from '../../api/nodeclaim.js';
import type { AwsSettings } from './settings.js';

/** Amazon's tag for "belongs to this EKS cluster"; ownership is decided by it. */
export const CLUSTER_NAME_TAG = 'eks:eks-cluster-name';
/** The guide's tag for the same, set beside it (DESIGN §9). */
export const CLUSTER_TAG = 'karpenter.sh/cluster';
export const NODECLAIM_TAG = 'karpenter.sh/nodeclaim';
/** By which an instance is found again when its launch was not seen to end (docs/decisions, exactly-once launches). */
export const NODECLAIM_UID_TAG = 'karpenter.sh/nodeclaim-uid';
export const NAME_TAG = 'Name';

export type Tags = Readonly<Record<string, string>>;

/** A map as EC2 and IAM take it, sorted by key so that equal maps make equal requests. */
export const tagList = (tags: Tags): { Key: string; Value: string }[] =>
  Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1)).map(([Key, Value]) => ({ Key, Value }));

export const tagMap = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));

const RESTRICTED = new Set([CLUSTER_NAME_TAG, NODEPOOL_LABEL, NODECLAIM_TAG, NODECLASS_LABEL]);
const CLUSTER_OWNERSHIP = /^kubernetes\.io\/cluster\/[0-9A-Za-z][A-Za-z0-9\-_]*$/;

/** Keys of a node class's tags that only Karpenter may set, sorted. */
export const restrictedTags = (tags: Tags = {}): string[] => Object.keys(tags).filter((key) => RESTRICTED.has(key) || CLUSTER_OWNERSHIP.test(key)).sort();

const clusterTags = ({ clusterName }: AwsSettings): Tags => ({
  [`kubernetes.io/cluster/${clusterName}`]: 'owned',
  [CLUSTER_NAME_TAG]: clusterName,
  [CLUSTER_TAG]: clusterName,
});

/** Tags of launch templates, and of the network interfaces and spot requests that they make. */
export const launchTemplateTags = (settings: AwsSettings, nodeClass: EC2NodeClass, nodePool: string): Tags => ({
  ...nodeClass.spec.tags,
  ...clusterTags(settings),
  [NODEPOOL_LABEL]: nodePool,
  [NODECLASS_LABEL]: nodeClass.metadata.name,
});

/** Tags of the fleet, and of its instance and volumes. */
export const instanceTags = (settings: AwsSettings, nodeClass: EC2NodeClass, claim: NodeClaim): Tags => ({
  ...launchTemplateTags(settings, nodeClass, claim.metadata.labels[NODEPOOL_LABEL] ?? ''),
  [NODECLAIM_UID_TAG]: claim.metadata.uid,
});

/** Tags of instance profiles. */
export const instanceProfileTags = (settings: AwsSettings, nodeClass: EC2NodeClass): Tags => ({
  ...nodeClass.spec.tags,
  ...clusterTags(settings),
  [NODECLASS_LABEL]: nodeClass.metadata.name,
  [REGION_LABEL]: settings.region,
});
