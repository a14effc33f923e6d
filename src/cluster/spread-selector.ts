import type { ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Pod, ReplicationController, Service } from 'kubernetes-types/core/v1.js';
import type { LabelSelector, LabelSelectorRequirement } from 'kubernetes-types/meta/v1.js';

/** What decides which pods belong together when none of them says so. */
export interface SpreadLookups {
  services(namespace: string): Iterable<Service>;
  replicationController(namespace: string, name: string): ReplicationController | undefined;
  replicaSet(namespace: string, name: string): ReplicaSet | undefined;
  statefulSet(namespace: string, name: string): StatefulSet | undefined;
}

/**
 * The selector that default spread constraints get for a pod: what its Services and its controller select, as kube-scheduler works it
 * out; undefined when that is nothing, and the pod is not spread (karpenter-core §4.14).
 */
export function spreadSelector({ metadata }: Pod, lookups: SpreadLookups): LabelSelector | undefined {
  const namespace = metadata?.namespace ?? 'default';
  const labels = metadata?.labels ?? {};
  const matchLabels: Record<string, string> = {};
  for (const { spec } of lookups.services(namespace)) {
    const selector = spec?.selector;
    if (selector && Object.entries(selector).every(([key, value]) => labels[key] === value)) Object.assign(matchLabels, selector);
  }
  const { apiVersion, kind, name = '' } = metadata?.ownerReferences?.find(({ controller }) => controller) ?? {};
  let matchExpressions: LabelSelectorRequirement[] = [];
  if (apiVersion === 'v1' && kind === 'ReplicationController') Object.assign(matchLabels, lookups.replicationController(namespace, name)?.spec?.selector);
  if (apiVersion === 'apps/v1' && kind === 'ReplicaSet') matchExpressions = expressionsOf(lookups.replicaSet(namespace, name)?.spec?.selector);
  if (apiVersion === 'apps/v1' && kind === 'StatefulSet') matchExpressions = expressionsOf(lookups.statefulSet(namespace, name)?.spec?.selector);
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return { matchLabels, matchExpressions };
}

const expressionsOf = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): LabelSelectorRequirement[] =>
  [...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In', values: [value] })), ...matchExpressions];
