import { Column, Version } from '../../operator/dsl/kind-decorators.js';
import { Resource } from '../../operator/dsl/resource.js';
import type { KubeletConfiguration } from '../ec2nodeclass.js';
import { NodeClaim } from '../nodeclaim.js';
import type { NodeClaimSpec, NodeClaimStatus } from '../nodeclaim.js';
import { nodeClaimStatus } from '../schema/nodeclaim.js';
import { nodeClaimV1Beta1Spec } from '../schema/v1beta1.js';
import { carried, carrying, defined } from './carry.js';
import { referenceFromV1, referenceToV1 } from './nodeclass-reference.js';
import type { V1Beta1NodeClassReference } from './nodeclass-reference.js';
import { KUBELET_ANNOTATION } from './nodepool.js';

export interface V1Beta1NodeClaimSpec extends Pick<NodeClaimSpec, 'taints' | 'startupTaints' | 'requirements' | 'resources'> {
  nodeClassRef: V1Beta1NodeClassReference;
  kubelet?: KubeletConfiguration;
}

/** NodeClaim as Karpenter 0.3x had it. */
@Version({
  of: () => NodeClaim,
  version: 'v1beta1',
  deprecated: true,
  deprecationWarning: 'karpenter.sh/v1beta1 NodeClaim is deprecated; use karpenter.sh/v1 NodeClaim',
  spec: () => nodeClaimV1Beta1Spec,
  status: () => nodeClaimStatus,
  specRequired: true,
})
@Column({ name: 'Type', type: 'string', jsonPath: '.metadata.labels.node\\.kubernetes\\.io/instance-type' })
@Column({ name: 'Zone', type: 'string', jsonPath: '.metadata.labels.topology\\.kubernetes\\.io/zone' })
@Column({ name: 'Node', type: 'string', jsonPath: '.status.nodeName' })
@Column({ name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' })
@Column({ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' })
@Column({ name: 'Capacity', type: 'string', jsonPath: '.metadata.labels.karpenter\\.sh/capacity-type', priority: 1 })
@Column({ name: 'NodePool', type: 'string', jsonPath: '.metadata.labels.karpenter\\.sh/nodepool', priority: 1 })
@Column({ name: 'NodeClass', type: 'string', jsonPath: '.spec.nodeClassRef.name', priority: 1 })
export class NodeClaimV1Beta1 extends Resource<V1Beta1NodeClaimSpec, NodeClaimStatus> {}

const V1_FIELDS = 'compatibility.karpenter.sh/v1-fields';
const V1BETA1_FIELDS = 'compatibility.karpenter.sh/v1beta1-fields';

/** v1beta1 → v1. Without a carried lifetime the CRD's default applies, as upstream does when the pool is gone. */
export function nodeClaimToV1(old: NodeClaimV1Beta1): NodeClaim {
  const { kubelet, nodeClassRef, ...spec } = old.spec;
  const reference = referenceToV1(nodeClassRef);
  const metadata = carrying(carrying(old.metadata, V1_FIELDS, {}), V1BETA1_FIELDS, {
    nodeClassRef: JSON.stringify(referenceFromV1(reference)) === JSON.stringify(nodeClassRef) ? undefined : nodeClassRef,
  });
  if (kubelet) metadata.annotations[KUBELET_ANNOTATION] = JSON.stringify(kubelet);
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: old.kind,
    status: old.status,
    metadata,
    spec: defined<NodeClaimSpec>({ ...spec, nodeClassRef: reference, ...carried<Pick<NodeClaimSpec, 'expireAfter' | 'terminationGracePeriod'>>(old.metadata, V1_FIELDS) }),
  };
}

/** v1 → v1beta1. */
export function nodeClaimFromV1(claim: NodeClaim): NodeClaimV1Beta1 {
  const { nodeClassRef, expireAfter, terminationGracePeriod, ...spec } = claim.spec;
  const extra = carried<{ nodeClassRef: V1Beta1NodeClassReference }>(claim.metadata, V1BETA1_FIELDS);
  const kubelet = claim.metadata.annotations?.[KUBELET_ANNOTATION];
  const metadata = carrying(carrying(claim.metadata, V1BETA1_FIELDS, {}), V1_FIELDS, { expireAfter, terminationGracePeriod });
  delete metadata.annotations[KUBELET_ANNOTATION];
  return {
    apiVersion: 'karpenter.sh/v1beta1',
    kind: claim.kind,
    status: claim.status,
    metadata,
    spec: defined<V1Beta1NodeClaimSpec>({
      ...spec,
      nodeClassRef: extra.nodeClassRef ?? referenceFromV1(nodeClassRef),
      kubelet: kubelet === undefined ? undefined : (JSON.parse(kubelet) as KubeletConfiguration),
    }),
  };
}
