import { Column, Version } from '../../operator/dsl/kind-decorators.js';
import { Resource } from '../../operator/dsl/resource.js';
import type { KubeletConfiguration } from '../ec2nodeclass.js';
import type { NodeClaimSpec } from '../nodeclaim.js';
import { NodePool } from '../nodepool.js';
import type { Budget, DisruptionReason, NodePoolDisruption, NodePoolSpec, NodePoolStatus } from '../nodepool.js';
import type { ResourceList } from '../resources.js';
import { nodePoolStatus } from '../schema/nodepool.js';
import { nodePoolV1Beta1Spec } from '../schema/v1beta1.js';
import { carried, carrying, defined } from './carry.js';
import { referenceFromV1, referenceToV1 } from './nodeclass-reference.js';
import type { V1Beta1NodeClassReference } from './nodeclass-reference.js';

export interface V1Beta1NodePoolSpec {
  template: {
    metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
    spec: Pick<NodeClaimSpec, 'taints' | 'startupTaints' | 'requirements'> & { nodeClassRef?: V1Beta1NodeClassReference; kubelet?: KubeletConfiguration };
  };
  disruption?: {
    consolidateAfter?: string;
    consolidationPolicy?: 'WhenEmpty' | 'WhenUnderutilized';
    expireAfter?: string;
    budgets?: Omit<Budget, 'reasons'>[];
  };
  limits?: ResourceList;
  weight?: number;
}

/** NodePool as Karpenter 0.3x had it; the guide is written in it. */
@Version({
  of: () => NodePool,
  version: 'v1beta1',
  deprecated: true,
  deprecationWarning: 'karpenter.sh/v1beta1 NodePool is deprecated; use karpenter.sh/v1 NodePool',
  spec: () => nodePoolV1Beta1Spec,
  status: () => nodePoolStatus,
  specRequired: true,
})
@Column({ name: 'NodeClass', type: 'string', jsonPath: '.spec.template.spec.nodeClassRef.name' })
@Column({ name: 'Weight', type: 'string', jsonPath: '.spec.weight', priority: 1 })
export class NodePoolV1Beta1 extends Resource<V1Beta1NodePoolSpec, NodePoolStatus> {}

/** What only v1 can say. */
interface V1Only {
  terminationGracePeriod: string;
  budgetReasons: (DisruptionReason[] | null)[];
  consolidationPolicy: NodePoolDisruption['consolidationPolicy'];
  /** Set where v1beta1 would have left the field out, and reading it back must not. */
  consolidateAfter: string;
  replicas: number;
}

/** What only v1beta1 can say. */
interface V1Beta1Only {
  nodeClassRef: V1Beta1NodeClassReference | null;
  consolidateAfter: null;
}

const V1_FIELDS = 'compatibility.karpenter.sh/v1-fields';
const V1BETA1_FIELDS = 'compatibility.karpenter.sh/v1beta1-fields';
/** Upstream's own name for the kubelet configuration that moved to the node class. */
export const KUBELET_ANNOTATION = 'compatibility.karpenter.sh/v1beta1-kubelet-conversion';

/**
 * v1beta1 → v1. The guide combines `WhenUnderutilized` with `consolidateAfter`, which v1beta1 itself refused: it means in v1
 * what it says (DESIGN §9).
 */
export function nodePoolToV1(old: NodePoolV1Beta1): NodePool {
  const extra = carried<V1Only>(old.metadata, V1_FIELDS);
  const { template, disruption = {}, limits, weight } = old.spec;
  const { kubelet, nodeClassRef, ...claim } = template.spec;
  const underutilized = disruption.consolidationPolicy !== 'WhenEmpty';
  const metadata = carrying(
    carrying(old.metadata, V1_FIELDS, {}),
    V1BETA1_FIELDS,
    {
      nodeClassRef: sameReference(nodeClassRef) ? undefined : (nodeClassRef ?? null),
      consolidateAfter: disruption.consolidateAfter === undefined ? null : undefined,
    } satisfies { [K in keyof V1Beta1Only]: V1Beta1Only[K] | undefined },
  );
  if (kubelet) metadata.annotations[KUBELET_ANNOTATION] = JSON.stringify(kubelet);
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: old.kind,
    status: old.status,
    metadata,
    spec: defined<NodePoolSpec>({
      template: defined<NodePoolSpec['template']>({
        metadata: template.metadata,
        spec: defined<NodePoolSpec['template']['spec']>({
          ...claim,
          nodeClassRef: referenceToV1(nodeClassRef),
          expireAfter: disruption.expireAfter,
          terminationGracePeriod: extra.terminationGracePeriod,
        }),
      }),
      disruption: defined<NodePoolDisruption>({
        consolidationPolicy: extra.consolidationPolicy ?? (underutilized ? 'WhenEmptyOrUnderutilized' : 'WhenEmpty'),
        consolidateAfter: disruption.consolidateAfter ?? extra.consolidateAfter ?? '0s',
        budgets: disruption.budgets?.map((budget, index) => defined<Budget>({ ...budget, reasons: extra.budgetReasons?.[index] ?? undefined })),
      }),
      limits,
      weight,
      replicas: extra.replicas,
    }),
  };
}

/** v1 → v1beta1. */
export function nodePoolFromV1(pool: NodePool): NodePoolV1Beta1 {
  const extra = carried<V1Beta1Only>(pool.metadata, V1BETA1_FIELDS);
  const { template, disruption = {}, limits, weight, replicas } = pool.spec;
  const { nodeClassRef, expireAfter, terminationGracePeriod, ...claim } = template.spec;
  const { budgets, consolidationPolicy } = disruption;
  const kubelet = pool.metadata.annotations?.[KUBELET_ANNOTATION];
  const leaveOutAfter = extra.consolidateAfter === null && disruption.consolidateAfter === '0s';
  const metadata = carrying(
    carrying(pool.metadata, V1BETA1_FIELDS, {}),
    V1_FIELDS,
    {
      terminationGracePeriod,
      budgetReasons: budgets?.some(({ reasons }) => reasons) ? budgets.map(({ reasons }) => reasons ?? null) : undefined,
      consolidationPolicy: consolidationPolicy === 'Balanced' ? consolidationPolicy : undefined,
      consolidateAfter: undefined,
      replicas,
    } satisfies { [K in keyof V1Only]: V1Only[K] | undefined },
  );
  delete metadata.annotations[KUBELET_ANNOTATION];
  return {
    apiVersion: 'karpenter.sh/v1beta1',
    kind: pool.kind,
    status: pool.status,
    metadata,
    spec: defined<V1Beta1NodePoolSpec>({
      template: defined<V1Beta1NodePoolSpec['template']>({
        metadata: template.metadata,
        spec: defined<V1Beta1NodePoolSpec['template']['spec']>({
          ...claim,
          nodeClassRef: 'nodeClassRef' in extra ? (extra.nodeClassRef ?? undefined) : referenceFromV1(nodeClassRef),
          kubelet: kubelet === undefined ? undefined : (JSON.parse(kubelet) as KubeletConfiguration),
        }),
      }),
      disruption: defined<NonNullable<V1Beta1NodePoolSpec['disruption']>>({
        consolidationPolicy: consolidationPolicy === 'WhenEmpty' ? 'WhenEmpty' : 'WhenUnderutilized',
        consolidateAfter: leaveOutAfter ? undefined : disruption.consolidateAfter,
        expireAfter,
        budgets: budgets?.map(({ reasons: _, ...budget }) => budget),
      }),
      limits,
      weight,
    }),
  };
}

/** Whether converting the reference to v1 and back gives exactly it. */
function sameReference(reference: V1Beta1NodeClassReference | undefined): boolean {
  if (!reference) return false;
  const back = referenceFromV1(referenceToV1(reference));
  return reference.apiVersion === back.apiVersion && reference.kind === back.kind;
}
