import type { Pod } from 'kubernetes-types/core/v1.js';
import { HOSTNAME_LABEL } from '../api/labels.js';
import { Requirements } from '../api/requirements.js';
import { addResources } from '../api/resources.js';
import { untolerated } from '../api/taints.js';
import { hostPorts, takenPort } from './host-ports.js';
import type { HostPort } from './host-ports.js';
import type { NodeRequirements, PodClass } from './pod-class.js';
import { podConstraints, toleratingPreferences } from './pod-constraints.js';
import { runningRequests } from './pod-requests.js';
import type { ResourceVector } from './resource-vector.js';
import type { ObjectLookup, SnapshotNode } from './snapshot.js';
import { attachedVolumes } from './volumes.js';
import type { AttachedVolume } from './volumes.js';
import { hostnameOf } from './topology.js';

/** What a run works with to fill nodes. */
export interface NodeContext {
  readonly resources: readonly string[];
  readonly daemonSetPods: readonly Pod[];
  readonly lookup: ObjectLookup;
}

/** By node, for the DaemonSet pods of the snapshot in which it was last looked at. */
const pendingByNode = new WeakMap<SnapshotNode, { readonly daemonSetPods: readonly Pod[]; readonly pending: Record<string, number> }>();

/** Whether two lists have the same pods in the same order. */
export const samePods = (a: readonly Pod[], b: readonly Pod[]): boolean => a === b || (a.length === b.length && a.every((pod, index) => pod === b[index]));

/** Requests of the DaemonSet pods that belong on the node and do not run there yet. */
function pendingDaemons(node: SnapshotNode, daemonSetPods: readonly Pod[]): Record<string, number> {
  let known = pendingByNode.get(node);
  if (known === undefined || !samePods(known.daemonSetPods, daemonSetPods)) {
    known = { daemonSetPods, pending: findPendingDaemons(node, daemonSetPods) };
    pendingByNode.set(node, known);
  }
  return known.pending;
}

function findPendingDaemons({ labels, name, taints, daemonRequests }: SnapshotNode, daemonSetPods: readonly Pod[]): Record<string, number> {
  const own = Requirements.fromLabels({ [HOSTNAME_LABEL]: name, ...labels });
  const expected = addResources(...daemonSetPods.filter((pod) => {
    const { nodeSelector, required, tolerations } = podConstraints(pod, []);
    return untolerated(taints, toleratingPreferences(tolerations)) === undefined
      && (required.length > 0 ? required : [[]]).some((term) => own.compatible(Requirements.of(...nodeSelector, ...term), new Set()));
  }).map(runningRequests));
  const pending: Record<string, number> = {};
  for (const resource in expected) pending[resource] = Math.max(0, (expected[resource] as number) - (daemonRequests[resource] ?? 0));
  return pending;
}

/** A machine of the snapshot while a run fills it. What a run never asks about is never worked out. */
export class ExistingNode {
  readonly pods: Pod[] = [];
  readonly hostname: string;
  private room: Float64Array | undefined;
  private isOverfull = false;
  private ports: HostPort[] | undefined;
  private volumes: Map<string, Set<string>> | undefined;

  constructor(
    readonly source: SnapshotNode,
    /** Its number as a topology domain: its index in the snapshot. */
    readonly host: number,
    private readonly context: NodeContext,
  ) {
    this.hostname = hostnameOf(source);
  }

  private get remaining(): Float64Array {
    if (this.room === undefined) {
      const { available } = this.source;
      const daemons = pendingDaemons(this.source, this.context.daemonSetPods);
      this.room = Float64Array.from(this.context.resources, (name) => (available[name] ?? 0) - (daemons[name] ?? 0));
      this.isOverfull = Object.keys(available).some((name) => (available[name] as number) - (daemons[name] ?? 0) < 0);
    }
    return this.room;
  }

  /** Whether the requests fit beside what is there; if not now, then never, since nodes only fill up. */
  hasRoom({ indexes, amounts }: ResourceVector): boolean {
    const { remaining } = this;
    if (this.isOverfull) return false;
    for (let each = 0; each < indexes.length; each += 1) {
      if ((amounts[each] as number) > (remaining[indexes[each] as number] as number)) return false;
    }
    return true;
  }

  /** Whether taints, ports and labels admit the class. */
  admits(podClass: PodClass): boolean {
    return this.refusalOf(podClass) === undefined;
  }

  /** What keeps the class off, whatever else is here; undefined when nothing does. */
  refusalOf(podClass: PodClass): 'taints' | 'host ports' | 'requirements' | 'volumes' | undefined {
    const { source } = this;
    if (untolerated(source.taints, podClass.tolerations) !== undefined) return 'taints';
    if (podClass.shape.ports.length > 0) {
      this.ports ??= source.pods.flatMap(hostPorts);
      if (takenPort(podClass.shape.ports, this.ports) !== undefined) return 'host ports';
    }
    if (!this.meets(podClass.node)) return 'requirements';
    return podClass.volumes.some((alternative) => this.meets(alternative)) ? undefined : 'volumes';
  }

  /** What there is too little of, and how much is missing: by index of the run's resources. */
  shortOf({ indexes, amounts }: ResourceVector): { readonly resource: number; readonly missing: number }[] {
    const { remaining } = this;
    return indexes.flatMap((resource, each) => {
      const missing = (amounts[each] as number) - (remaining[resource] as number);
      return missing > 0 ? [{ resource, missing }] : [];
    });
  }

  private meets({ requirements, hostname }: NodeRequirements): boolean {
    return requirements.conflictOfLabels(this.source.labels, this.hostname) === undefined && hostname?.hasText(this.hostname) !== false;
  }

  /** Whether the drivers can attach the pod's volumes too. */
  canAttach(volumes: readonly AttachedVolume[]): boolean {
    const { volumeLimits } = this.source;
    const limited = volumes.filter(({ driver }) => volumeLimits[driver] !== undefined);
    if (limited.length === 0) return true;
    const attached = this.attached();
    return [...new Set(limited.map(({ driver }) => driver))].every((driver) => {
      const ids = new Set([...(attached.get(driver) ?? []), ...limited.filter((each) => each.driver === driver).map(({ id }) => id)]);
      return ids.size <= (volumeLimits[driver] as number);
    });
  }

  private attached(): Map<string, Set<string>> {
    if (this.volumes === undefined) {
      this.volumes = new Map();
      this.attach(this.source.pods.flatMap((pod) => attachedVolumes(pod, this.context.lookup)));
    }
    return this.volumes;
  }

  private attach(volumes: readonly AttachedVolume[]): void {
    const attached = this.attached();
    for (const { driver, id } of volumes) attached.set(driver, (attached.get(driver) ?? new Set()).add(id));
  }

  commit(pod: Pod, podClass: PodClass, { indexes, amounts }: ResourceVector, volumes: readonly AttachedVolume[]): void {
    const { remaining } = this;
    for (let each = 0; each < indexes.length; each += 1) {
      remaining[indexes[each] as number] = (remaining[indexes[each] as number] as number) - (amounts[each] as number);
    }
    if (podClass.shape.ports.length > 0) this.ports = [...(this.ports ?? this.source.pods.flatMap(hostPorts)), ...podClass.shape.ports];
    if (volumes.length > 0) this.attach(volumes);
    this.pods.push(pod);
  }
}
