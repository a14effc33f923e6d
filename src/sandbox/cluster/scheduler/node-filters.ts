import type { Taint } from 'kubernetes-types/core/v1.js';
import { tolerates, untolerated } from '../../../api/taints.js';
import { portsCollide } from '../model/pods.js';
import { matchesNodeAffinity, pinnedNodeNames } from '../model/selectors.js';
import { reject } from './filter.js';
import type { FilterPlugin, Rejection } from './filter.js';

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Cordoned nodes take only pods that tolerate the cordon. */
export const nodeUnschedulable: FilterPlugin = ({ pod }) => {
  if ((pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, UNSCHEDULABLE))) return undefined;
  return ({ node }) => (node.spec.unschedulable ? reject('NodeUnschedulable', 'node(s) were unschedulable') : undefined);
};

/** Taints with PreferNoSchedule only weigh in the score. */
export const taintToleration: FilterPlugin = ({ pod }) => {
  const tolerations = pod.spec.tolerations ?? [];
  return ({ node }) => {
    const taint = untolerated((node.spec.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule'), tolerations);
    return taint && reject('TaintToleration', `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
  };
};

/** Node selector and required node affinity; a pod pinned to names by `matchFields` names the plugin for every other node. */
export const nodeAffinity: FilterPlugin = ({ pod: { spec } }) => {
  if (!spec.nodeSelector && !spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) return undefined;
  const pinned = pinnedNodeNames(spec);
  return ({ node }) => {
    if (pinned && !pinned.has(node.metadata.name)) return reject('NodeAffinity', "node(s) didn't satisfy plugin(s) [NodeAffinity]");
    return matchesNodeAffinity(spec, node) ? undefined : reject('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  };
};

/** Host ports of the pods that are there. */
export const nodePorts: FilterPlugin = ({ ports }) => {
  if (ports.length === 0) return undefined;
  return ({ pods }) => {
    for (const other of pods.values()) {
      if (other.ports.some((taken) => ports.some((port) => portsCollide(port, taken)))) {
        return reject('NodePorts', "node(s) didn't have free ports for the requested pod ports", true);
      }
    }
    return undefined;
  };
};

/** Free amounts of every requested resource, and a free pod slot. */
export const nodeResourcesFit: FilterPlugin = ({ requests }) => {
  const asked = Object.entries(requests).filter(([, amount]) => amount > 0);
  return ({ pods, allocatable, requested }): Rejection | undefined => {
    const reasons: string[] = [];
    let resolvable = true;
    if (pods.size + 1 > (allocatable['pods'] ?? 0)) reasons.push('Too many pods');
    for (const [name, amount] of asked) {
      const total = allocatable[name] ?? 0;
      if (amount > total - (requested[name] ?? 0)) {
        reasons.push(`Insufficient ${name}`);
        if (amount > total) resolvable = false;
      }
    }
    return reasons.length === 0 ? undefined : { plugin: 'NodeResourcesFit', reasons, resolvable };
  };
};
