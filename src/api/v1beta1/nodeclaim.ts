import type { ObjectMeta } from '../../operator/kube/object.js';
import type { KubeletConfiguration } from '../ec2nodeclass.js';
import type { NodeClaim, NodeClaimSpec, NodeClaimStatus } from '../nodeclaim.js';
import { carried, carrying, defined } from './carry.js';
import { referenceFromV1, referenceToV1 } from './nodeclass-reference.js';
import type { V1Beta1NodeClassReference } from './nodeclass-reference.js';
import { KUBELET_ANNOTATION } from './nodepool.js';

export interface V1Beta1NodeClaimSpec extends Pick<NodeClaimSpec, 'taints' | 'startupTaints' | 'requirements' | 'resources'> {
  nodeClassRef: V1Beta1NodeClassReference;
  kubelet?: KubeletConfiguration;
}

export interface V1Beta1NodeClaim {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: V1Beta1NodeClaimSpec;
  status: NodeClaimStatus;
}

const V1_FIELDS = 'compatibility.karpenter.sh/v1-fields';
const V1BETA1_FIELDS = 'compatibility.karpenter.sh/v1beta1-fields';

/** v1beta1 → v1. Without a carried lifetime the CRD's default applies, as upstream does when the pool is gone. */
export function nodeClaimToV1(old: V1Beta1NodeClaim): NodeClaim {
  const { kubelet, nodeClassRef, ...spec } = old.spec;
  const reference = referenceToV1(nodeClassRef);
  const metadata = carrying(carrying(old.metadata, V1_FIELDS, {}), V1BETA1_FIELDS, {
    nodeClassRef: JSON.stringify(referenceFromV1(reference)) === JSON.stringify(nodeClassRef) ? undefined : nodeClassRef,
  });
  if (kubelet) metadata.annotations[KUBELET_ANNOTATION] = JSON.stringify(kubelet);
  return {
    ...old,
    apiVersion: 'karpenter.sh/v1',
    metadata,
    spec: defined<NodeClaimSpec>({ ...spec, nodeClassRef: reference, ...carried<Pick<NodeClaimSpec, 'expireAfter' | 'terminationGracePeriod'>>(old.metadata, V1_FIELDS) }),
  };
}

/** v1 → v1beta1. */
export function nodeClaimFromV1(claim: NodeClaim): V1Beta1NodeClaim {
  const { nodeClassRef, expireAfter, terminationGracePeriod, ...spec } = claim.spec;
  const extra = carried<{ nodeClassRef: V1Beta1NodeClassReference }>(claim.metadata, V1BETA1_FIELDS);
  const kubelet = claim.metadata.annotations?.[KUBELET_ANNOTATION];
  const metadata = carrying(carrying(claim.metadata, V1BETA1_FIELDS, {}), V1_FIELDS, { expireAfter, terminationGracePeriod });
  delete metadata.annotations[KUBELET_ANNOTATION];
  return {
    ...claim,
    apiVersion: 'karpenter.sh/v1beta1',
    metadata,
    spec: defined<V1Beta1NodeClaimSpec>({
      ...spec,
      nodeClassRef: extra.nodeClassRef ?? referenceFromV1(nodeClassRef),
      kubelet: kubelet === undefined ? undefined : (JSON.parse(kubelet) as KubeletConfiguration),
    }),
  };
}
