import { AWS_GROUP, NODEPOOL_LABEL, NodeClaim, NodePool } from 'karpenter-ts/api';
import { Node, Pod, VolumeAttachment, index } from 'karpenter-ts/operator';

export const nodeByProviderID = index(Node, 'providerID', (node) => [node.spec.providerID]);
export const claimByProviderID = index(NodeClaim, 'providerID', (claim) => [claim.status.providerID]);
export const claimByNodeClass = index(NodeClaim, 'nodeClass', (claim) => [claim.spec.nodeClassRef.name]);
export const claimByNodePool = index(NodeClaim, 'nodePool', (claim) => [claim.metadata.labels[NODEPOOL_LABEL]]);
export const poolByNodeClass = index(NodePool, 'nodeClass', (pool) => [pool.spec.template.spec.nodeClassRef.name]);
export const podByNode = index(Pod, 'nodeName', (pod) => [pod.spec.nodeName]);
export const attachmentByNode = index(VolumeAttachment, 'nodeName', (attachment) => [attachment.spec.nodeName]);

/** Whether a pool or claim launches from a node class of ours. */
export const isManagedReference = ({ group, kind }: { group: string; kind: string }): boolean =>
  group === AWS_GROUP && kind === 'EC2NodeClass';

/** The last part of a claim's provider ID: `i-0123456789abcdef0`. */
export const instanceIDOf = (claim: NodeClaim): string | undefined => claim.status.providerID?.split('/').at(-1);
export const claimByInstanceID = index(NodeClaim, 'instanceID', (claim) => [instanceIDOf(claim)]);
