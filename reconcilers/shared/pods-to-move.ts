import type { NodeClaim } from 'karpenter-ts/api';
import { Pod } from 'karpenter-ts/operator';
import type { RunContext } from 'karpenter-ts/operator';
import { isReschedulable } from 'karpenter-ts/scheduling';
import { podByNode } from './indexes.js';

/** How many pods need another node when a claim's goes. The reconciler must read Pods. */
export const podsToMove = ({ status }: NodeClaim, { cache }: Pick<RunContext, 'cache'>): number =>
  cache.list(Pod, { index: podByNode, value: status.nodeName }).filter((pod) => isReschedulable(pod)).length;
