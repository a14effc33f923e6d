import { s } from '../../operator/dsl/schema.js';
import { DURATION_OR_NEVER, requirements } from './common.js';
import { kubelet, metadataOptions, olderImageTerms, sharedFields } from './ec2nodeclass.js';
import { claimTaints, requests } from './nodeclaim.js';
import { budgets, limits, templateMetadata, weight } from './nodepool.js';

const nodeClassRef = s.object({
  apiVersion: s.string().optional().describe('API version of the node class.'),
  kind: s.string().optional().describe('Kind of the node class.'),
  name: s.string().describe('Name of the node class.'),
}).describe('The node class that nodes are launched from. EC2NodeClass "default" unless given.');

/** More than v1beta1 itself took: `consolidateAfter` may stand with every policy, and the node class may be left out (DESIGN §9). */
export const nodePoolV1Beta1Spec = s.object({
  template: s.object({
    metadata: templateMetadata,
    spec: s.object({
      ...claimTaints,
      requirements: requirements({ nodePoolKey: 'forbidden' }),
      nodeClassRef: nodeClassRef.optional(),
      kubelet: kubelet.optional(),
    }).describe('What the nodes are.'),
  }).describe('What every NodeClaim of the pool starts from.'),
  disruption: s.object({
    consolidateAfter: s.string().pattern(DURATION_OR_NEVER).optional().describe('How long a node must have seen no pod come or go before it may be consolidated: a duration, or "Never".'),
    consolidationPolicy: s.enum('WhenEmpty', 'WhenUnderutilized').default('WhenUnderutilized').optional().describe('Which nodes may be consolidated.'),
    expireAfter: s.string().pattern(DURATION_OR_NEVER).default('720h').optional().describe('How long a node lives before it is replaced: a duration, or "Never".'),
    budgets: budgets(false),
  }).default({ consolidationPolicy: 'WhenUnderutilized', expireAfter: '720h' }).optional().describe('When nodes may be taken away or replaced.'),
  limits,
  weight,
}).describe('What kind of nodes, how many, and when they may go.');

export const nodeClaimV1Beta1Spec = s.object({
  ...claimTaints,
  requirements: requirements({ nodePoolKey: 'allowed' }),
  resources: requests,
  nodeClassRef,
  kubelet: kubelet.optional(),
}).validation('self == oldSelf', 'spec is immutable').describe('What is asked for. Immutable.');

/** A class may leave out both role and instance profile: the operator's setting `nodeRole` stands in (DESIGN §9). */
export const ec2NodeClassV1Beta1Spec = s.object({
  ...sharedFields,
  amiFamily: s.enum('AL2', 'AL2023', 'Bottlerocket', 'Ubuntu', 'Custom', 'Windows2019', 'Windows2022', 'Windows2025').describe('Family of the images: format of user data and default disks.'),
  amiSelectorTerms: olderImageTerms,
  metadataOptions: metadataOptions(2),
})
  .validation('!(has(self.role) && has(self.instanceProfile))', "'role' and 'instanceProfile' are mutually exclusive")
  .validation("self.amiFamily == 'Custom' ? has(self.amiSelectorTerms) && self.amiSelectorTerms.size() != 0 : true", "amiSelectorTerms is required when amiFamily == 'Custom'")
  .describe('How nodes are launched.');
