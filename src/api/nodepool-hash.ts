import { parseDuration } from '../operator/duration.js';
import { go, hashOf } from './hashstructure.js';
import type { GoValue } from './hashstructure.js';
import type { NodePool } from './nodepool.js';
import type { Taint } from './taints.js';

/** Changes whenever the meaning of the hash does; only hashes of equal versions are compared. */
export const NODEPOOL_HASH_VERSION = 'v3';

const taints = (list: readonly Taint[] | undefined): GoValue | undefined =>
  go.slice(list?.map((taint) => go.struct('Taint', [['Key', go.string(taint.key)], ['Value', go.string(taint.value)], ['Effect', go.string(taint.effect)]])));

const nanoseconds = (duration: string): GoValue => ({ type: 'int', bits: 64, value: BigInt(Math.round((parseDuration(duration) ?? 0) * 1e6)) });

/**
 * The hash of what makes nodes of a pool drift when it changes: the template's labels, annotations, taints, node class and
 * lifetimes; not its requirements, which drift by comparison (karpenter-core §2.7).
 */
export function nodePoolHash({ spec: { template } }: Pick<NodePool, 'spec'>): string {
  const { metadata, spec } = template;
  const expireAfter = spec.expireAfter === undefined || spec.expireAfter === 'Never' ? undefined : nanoseconds(spec.expireAfter);
  const hashed = go.struct('NodeClaimTemplate', [
    ['ObjectMeta', go.struct('ObjectMeta', [['Labels', go.stringMap(metadata?.labels)], ['Annotations', go.stringMap(metadata?.annotations)]])],
    ['Spec', go.struct('NodeClaimTemplateSpec', [
      ['Taints', taints(spec.taints)],
      ['StartupTaints', taints(spec.startupTaints)],
      ['NodeClassRef', go.pointer(go.struct('NodeClassReference', [
        ['Kind', go.string(spec.nodeClassRef.kind)],
        ['Name', go.string(spec.nodeClassRef.name)],
        ['Group', go.string(spec.nodeClassRef.group)],
      ]))],
      ['TerminationGracePeriod', spec.terminationGracePeriod === undefined ? undefined
        : go.pointer(go.struct('Duration', [['Duration', nanoseconds(spec.terminationGracePeriod)]]))],
      ['ExpireAfter', expireAfter && go.struct('NillableDuration', [['Duration', go.pointer(expireAfter)]])],
    ])],
  ]);
  return hashOf(hashed).toString();
}
