import type { ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Pod, ReplicationController, Service } from 'kubernetes-types/core/v1.js';
import type { LabelSelector, LabelSelectorRequirement } from 'kubernetes-types/meta/v1.js';
import { Selector } from './selector.js';

/** What selects pods, and what made them. */
export interface WorkloadLookup {
  services(namespace: string): Iterable<Service>;
  replicationController(namespace: string, name: string): ReplicationController | undefined;
  replicaSet(namespace: string, name: string): ReplicaSet | undefined;
  statefulSet(namespace: string, name: string): StatefulSet | undefined;
}

type Labels = Record<string, string>;

const asExpressions = ({ matchLabels, matchExpressions }: LabelSelector = {}): LabelSelectorRequirement[] =>
  [...Object.entries(matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] })), ...(matchExpressions ?? [])];

/** The labels and expressions by which a pod's controller selects it; nothing for controllers that kube-scheduler does not look at. */
function ofController({ metadata }: Pod, namespace: string, lookup: WorkloadLookup): { labels?: Labels; expressions?: LabelSelectorRequirement[] } {
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller);
  switch (owner && `${owner.apiVersion} ${owner.kind}`) {
    case 'v1 ReplicationController':
      return { labels: lookup.replicationController(namespace, owner?.name ?? '')?.spec?.selector ?? {} };
    case 'apps/v1 ReplicaSet':
      return { expressions: asExpressions(lookup.replicaSet(namespace, owner?.name ?? '')?.spec?.selector) };
    case 'apps/v1 StatefulSet':
      return { expressions: asExpressions(lookup.statefulSet(namespace, owner?.name ?? '')?.spec?.selector) };
    default:
      return {};
  }
}

function selectorOf(pod: Pod, namespace: string, lookup: WorkloadLookup): LabelSelector | undefined {
  const matchLabels: Labels = {};
  for (const { spec } of lookup.services(namespace)) {
    if (spec?.selector && Selector.of({ matchLabels: spec.selector }).matches(pod.metadata?.labels ?? {})) Object.assign(matchLabels, spec.selector);
  }
  const { labels = {}, expressions = [] } = ofController(pod, namespace, lookup);
  Object.assign(matchLabels, labels);
  // An empty selector would count every pod of the namespace.
  if (Object.keys(matchLabels).length === 0 && expressions.length === 0) return undefined;
  return { matchLabels, matchExpressions: expressions };
}

/**
 * By which selector the default spread constraints of a pod count its siblings, deduced as kube-scheduler does: everything by which
 * Services and the pod's ReplicationController, ReplicaSet or StatefulSet select it; undefined when nothing does (karpenter-core
 * §4.14). Answers are remembered for as long as the returned function is kept, so make one for each solve.
 */
export function workloadSelectors(lookup: WorkloadLookup): (pod: Pod) => LabelSelector | undefined {
  const known = new Map<string, LabelSelector | undefined>();
  return (pod) => {
    const { namespace = 'default', labels, ownerReferences } = pod.metadata ?? {};
    const key = JSON.stringify([namespace, ownerReferences?.find(({ controller }) => controller)?.uid, labels]);
    if (!known.has(key)) known.set(key, selectorOf(pod, namespace, lookup));
    return known.get(key);
  };
}
