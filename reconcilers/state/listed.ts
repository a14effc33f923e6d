import { NodeClaim } from 'karpenter-ts/api';
import type { Listed } from 'karpenter-ts/cluster';
import { Node } from 'karpenter-ts/operator';
import type { RunContext } from 'karpenter-ts/operator';
import { isManagedReference } from '../shared/indexes.js';

/** What the cluster state has to know of before it can be trusted. */
export const listed = ({ cache }: Pick<RunContext, 'cache'>): Listed => ({
  nodes: cache.list(Node).map(({ metadata }) => metadata.name),
  nodeClaims: cache.list(NodeClaim).filter(({ spec }) => isManagedReference(spec.nodeClassRef)).map(({ metadata }) => metadata.name),
});
