import { INITIALIZED_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL, NodeClaim } from 'karpenter-ts/api';
import { Node } from 'karpenter-ts/operator';
import type { KubeObject, ObservedConditions } from 'karpenter-ts/operator';

type Labels = NonNullable<ObservedConditions['labels']>;

/** Object labels as metric labels, named as Prometheus can write them: `karpenter_sh_nodepool`. */
const fromObjectLabels = (...names: readonly string[]): Labels =>
  Object.fromEntries(names.map((name) => [name.replaceAll(/[./-]/g, '_'), ({ metadata }: KubeObject) => metadata.labels?.[name]]));

/** Whose conditions are reported, and with which labels (karpenter-core §6.3). */
export const OBSERVED_NODE_CLAIMS: ObservedConditions<NodeClaim> = { kind: NodeClaim, labels: fromObjectLabels(NODECLASS_LABEL, NODEPOOL_LABEL) };
export const OBSERVED_NODES: ObservedConditions<Node> = { kind: Node, labels: fromObjectLabels(NODECLASS_LABEL, NODEPOOL_LABEL, INITIALIZED_LABEL), generic: false };
