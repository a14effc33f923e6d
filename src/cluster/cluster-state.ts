import type { DaemonSet } from 'kubernetes-types/apps/v1.js';
import type { Node, Pod } from 'kubernetes-types/core/v1.js';
import { isTrue } from '../api/conditions.js';
import { INITIALIZED_LABEL, INSTANCE_TYPE_LABEL, NODECLASS_LABEL, NODEPOOL_LABEL } from '../api/labels.js';
import type { NodeClaim } from '../api/nodeclaim.js';
import type { NodePool } from '../api/nodepool.js';
import { addResources } from '../api/resources.js';
import type { Resources } from '../api/resources.js';
import type { Clock } from '../operator/clock.js';
import { isTerminal } from '../scheduling/pod-predicates.js';
import type { Snapshot, SnapshotNode, SnapshotPool } from '../scheduling/snapshot.js';
import { daemonSetPod } from './daemon-sets.js';
import type { ClusterLookups } from './lookups.js';
import { NodePoolState } from './node-pool-state.js';
import { snapshotNode } from './state-node.js';

/** What could not be consolidated is looked at again after this long, in milliseconds. */
const CONSOLIDATION_EXPIRY = 5 * 60_000;

/** A claim without an instance that nobody lists any more is forgotten after this long, in milliseconds. */
const VANISHED_EXPIRY = 15_000;

export interface ClusterStateOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly lookups: ClusterLookups;
  /** How long a node stays nominated, in milliseconds. Default 20 s: twice the longest batch window. */
  readonly nominationPeriod?: number;
  /** Labels that only nodes of a node class carry. Default: the EC2NodeClass label. */
  readonly nodeClassLabels?: readonly string[];
}

/** Names of what the API lists. */
export interface Listed {
  readonly nodes: Iterable<string>;
  readonly nodeClaims: Iterable<string>;
}

interface Entry {
  readonly providerID: string;
  node: Node | undefined;
  nodeClaim: NodeClaim | undefined;
  marked: boolean;
  nominatedUntil: number;
  /** Undefined when something changed since it was made. */
  view: SnapshotNode | undefined;
}

const keyOf = ({ metadata }: { metadata?: { namespace?: string; name?: string } }): string => `${metadata?.namespace ?? 'default'}/${metadata?.name ?? ''}`;

/**
 * What the cluster looks like, kept up to date by whoever watches it: machines with their pods, keyed by provider id so that a Node and
 * its NodeClaim are one. Hands out immutable snapshots; a snapshot costs what changed since the last one, and a list of the machines.
 */
export class ClusterState {
  /** Counts and reservations of nodes, by pool. */
  readonly nodePools = new NodePoolState();
  private readonly entries = new Map<string, Entry>();
  private readonly nodeIDs = new Map<string, string>();
  /** Empty for claims that were not launched yet. */
  private readonly claimIDs = new Map<string, string>();
  /** Since when claims that were not launched have not been listed. */
  private readonly vanished = new Map<string, number>();
  private readonly podsByNode = new Map<string, Map<string, Pod>>();
  private readonly podNodes = new Map<string, string>();
  private readonly daemonSets = new Map<string, DaemonSet>();
  /** What a DaemonSet would put on a node, for as long as it and its newest pod stay the same. */
  private readonly daemonSetPods = new WeakMap<DaemonSet, { readonly newest: Pod | undefined; readonly pod: Pod }>();
  private readonly daemonPods = new Map<string, Map<string, Pod>>();
  private readonly poolGenerations = new Map<string, number>();
  /** Virtual pods by machine. */
  private bufferPods: ReadonlyMap<string, number> = new Map();
  private changes = 0;
  private changedAt: number;
  private isComplete = false;

  constructor(private readonly options: ClusterStateOptions) {
    this.changedAt = options.clock.now();
  }

  updateNode(node: Node): void {
    const name = node.metadata?.name ?? '';
    const labels = node.metadata?.labels ?? {};
    const isManaged = (this.options.nodeClassLabels ?? [NODECLASS_LABEL]).some((label) => label in labels);
    if (isManaged && labels[INITIALIZED_LABEL] !== 'true' && labels[INSTANCE_TYPE_LABEL] === undefined) return;
    const providerID = node.spec?.providerID || (labels[NODEPOOL_LABEL] === undefined ? name : undefined);
    if (providerID === undefined) return;
    const previous = this.nodeIDs.get(name);
    if (previous !== undefined && previous !== providerID) this.deleteNode(name);
    this.nodeIDs.set(name, providerID);
    this.change(providerID, (entry) => {
      entry.node = node;
    });
  }

  deleteNode(name: string): void {
    this.forget(this.nodeIDs, name, (entry) => {
      entry.node = undefined;
    });
  }

  updateNodeClaim(nodeClaim: NodeClaim): void {
    const { name } = nodeClaim.metadata;
    const providerID = nodeClaim.status.providerID ?? '';
    const previous = this.claimIDs.get(name);
    if (previous !== undefined && previous !== '' && previous !== providerID) this.deleteNodeClaim(name);
    this.claimIDs.set(name, providerID);
    this.nodePools.update(nodeClaim);
    if (providerID === '') return;
    this.change(providerID, (entry) => {
      entry.nodeClaim = nodeClaim;
    });
  }

  deleteNodeClaim(name: string): void {
    this.vanished.delete(name);
    this.nodePools.forget(name);
    this.forget(this.claimIDs, name, (entry) => {
      entry.nodeClaim = undefined;
    });
  }

  updatePod(pod: Pod): void {
    const key = keyOf(pod);
    const nodeName = isTerminal(pod) ? undefined : pod.spec?.nodeName || undefined;
    const previous = this.podNodes.get(key);
    if (previous !== undefined && previous !== nodeName) this.removePod(key, previous);
    this.trackDaemonPod(key, pod);
    if (nodeName === undefined) return;
    const pods = this.podsByNode.get(nodeName) ?? new Map<string, Pod>();
    pods.set(key, pod);
    this.podsByNode.set(nodeName, pods);
    this.podNodes.set(key, nodeName);
    this.stale(nodeName);
    if (previous !== nodeName) this.markUnconsolidated();
  }

  deletePod(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    for (const [uid, pods] of this.daemonPods) if (pods.delete(key) && pods.size === 0) this.daemonPods.delete(uid);
    const nodeName = this.podNodes.get(key);
    if (nodeName === undefined) return;
    this.removePod(key, nodeName);
    this.markUnconsolidated();
  }

  private removePod(key: string, nodeName: string): void {
    const pods = this.podsByNode.get(nodeName);
    pods?.delete(key);
    if (pods?.size === 0) this.podsByNode.delete(nodeName);
    this.podNodes.delete(key);
    this.stale(nodeName);
  }

  private trackDaemonPod(key: string, pod: Pod): void {
    const owner = pod.metadata?.ownerReferences?.find(({ apiVersion, kind }) => apiVersion === 'apps/v1' && kind === 'DaemonSet');
    if (owner === undefined) return;
    const pods = this.daemonPods.get(owner.uid) ?? new Map<string, Pod>();
    pods.set(key, pod);
    this.daemonPods.set(owner.uid, pods);
  }

  updateDaemonSet(daemonSet: DaemonSet): void {
    this.daemonSets.set(keyOf(daemonSet), daemonSet);
  }

  deleteDaemonSet(namespace: string, name: string): void {
    const key = `${namespace}/${name}`;
    this.daemonPods.delete(this.daemonSets.get(key)?.metadata?.uid ?? '');
    this.daemonSets.delete(key);
  }

  /** A changed pool can make consolidation possible. */
  updateNodePool({ metadata: { name, generation = 0 } }: NodePool): void {
    if (this.poolGenerations.get(name) !== generation) this.markUnconsolidated();
    this.poolGenerations.set(name, generation);
  }

  deleteNodePool(name: string): void {
    this.poolGenerations.delete(name);
    this.markUnconsolidated();
  }

  /** Expects pods on a machine soon, which protects it from disruption. Unknown names are ignored. */
  nominate(name: string): void {
    const entry = this.entryNamed(name);
    if (entry === undefined) return;
    entry.nominatedUntil = this.options.clock.now() + (this.options.nominationPeriod ?? 20_000);
    entry.view = undefined;
  }

  /** Says how many virtual pods of capacity buffers have their room on which machine, by provider id: these are not empty. */
  holdBufferPods(counts: ReadonlyMap<string, number>): void {
    const known = this.bufferPods;
    this.bufferPods = counts;
    if (known.size !== counts.size || [...counts].some(([providerID, count]) => known.get(providerID) !== count)) this.markUnconsolidated();
  }

  /** Names of the machines on which virtual pods have their room. */
  bufferedNodes(): Set<string> {
    return new Set([...this.bufferPods.keys()].flatMap((providerID) => {
      const entry = this.entries.get(providerID);
      return entry ? [this.viewOf(entry).name] : [];
    }));
  }

  /** Decides that machines go: their pods are planned elsewhere, and nothing new is placed there. */
  markForDeletion(...providerIDs: readonly string[]): void {
    this.setMarked(providerIDs, true);
  }

  unmarkForDeletion(...providerIDs: readonly string[]): void {
    this.setMarked(providerIDs, false);
  }

  private setMarked(providerIDs: readonly string[], marked: boolean): void {
    for (const providerID of providerIDs) {
      if (!this.entries.has(providerID)) continue;
      this.change(providerID, (entry) => {
        entry.marked = marked;
      });
    }
  }

  /**
   * Whether everything that the API lists has arrived here, and every claim was launched. Once it was true, only the latter counts
   * (karpenter-core §5.2).
   */
  synced(listed: Listed): boolean {
    const unlaunched = this.unlaunched();
    if (unlaunched.length === 0) return this.complete(listed);
    this.forgetVanished(unlaunched, listed);
    return false;
  }

  /** Names of claims that have no instance yet. */
  unlaunched(): string[] {
    return [...this.claimIDs].filter(([, providerID]) => providerID === '').map(([name]) => name);
  }

  /** A claim that was deleted before anybody heard that it was created would otherwise be waited for for ever. */
  private forgetVanished(unlaunched: readonly string[], { nodeClaims }: Listed): void {
    const present = new Set(nodeClaims);
    const now = this.options.clock.now();
    for (const name of unlaunched) {
      const since = this.vanished.get(name) ?? now;
      if (present.has(name)) this.vanished.delete(name);
      else if (now - since >= VANISHED_EXPIRY) this.deleteNodeClaim(name);
      else this.vanished.set(name, since);
    }
  }

  /** Whether everything that the API lists has arrived here; once it was true it stays. */
  complete(listed: Listed): boolean {
    if (this.isComplete) return true;
    for (const name of listed.nodeClaims) if (!this.claimIDs.has(name)) return false;
    for (const name of listed.nodes) if (!this.nodeIDs.has(name)) return false;
    this.isComplete = true;
    return true;
  }

  /** Another number after every change that can make consolidation possible, and at least every five minutes. */
  consolidationVersion(): number {
    if (this.options.clock.now() - this.changedAt >= CONSOLIDATION_EXPIRY) this.markUnconsolidated();
    return this.changes;
  }

  /** Says that something changed which the state does not see itself, for example the evaluation of overlays. */
  markUnconsolidated(): void {
    this.changes += 1;
    this.changedAt = this.options.clock.now();
  }

  /** What each pool's machines have together, with their number as `nodes`; machines that are on their way out do not count. */
  poolResources(pool: string): Resources {
    return addResources(...this.views().filter(({ nodePool, markedForDeletion }) => nodePool === pool && !markedForDeletion).map(({ capacity }) => capacity));
  }

  /** The machine of a Node or NodeClaim, as it is now. */
  node(name: string): SnapshotNode | undefined {
    const entry = this.entryNamed(name);
    return entry && this.viewOf(entry);
  }

  /** Everything as of now. `pools`: those that may launch. */
  snapshot(pools: readonly SnapshotPool[]): Snapshot {
    const { lookups } = this.options;
    return {
      nodes: this.views(),
      pools,
      daemonSetPods: [...this.daemonSets.values()].map((daemonSet) => this.podOf(daemonSet)),
      namespaces: [...lookups.namespaces()],
      podDisruptionBudgets: [...lookups.podDisruptionBudgets()],
      lookup: lookups,
    };
  }

  private podOf(daemonSet: DaemonSet): Pod {
    const newest = this.newestPodOf(daemonSet);
    let known = this.daemonSetPods.get(daemonSet);
    if (known === undefined || known.newest !== newest) {
      known = { newest, pod: daemonSetPod(daemonSet, newest) };
      this.daemonSetPods.set(daemonSet, known);
    }
    return known.pod;
  }

  private newestPodOf({ metadata }: DaemonSet): Pod | undefined {
    let newest: Pod | undefined;
    for (const pod of this.daemonPods.get(metadata?.uid ?? '')?.values() ?? []) {
      if (newest === undefined || String(pod.metadata?.creationTimestamp) > String(newest.metadata?.creationTimestamp)) newest = pod;
    }
    return newest;
  }

  private views(): SnapshotNode[] {
    return [...this.entries.values()].map((entry) => this.viewOf(entry)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private viewOf(entry: Entry): SnapshotNode {
    if (entry.view === undefined) {
      const nodeName = entry.node?.metadata?.name;
      const pods = nodeName === undefined ? [] : [...this.podsByNode.get(nodeName)?.values() ?? []];
      entry.view = snapshotNode({ ...entry, pods, csiNode: nodeName === undefined ? undefined : this.options.lookups.csiNode(nodeName) });
    }
    return entry.view;
  }

  private entryNamed(name: string): Entry | undefined {
    return this.entries.get(this.nodeIDs.get(name) ?? this.claimIDs.get(name) ?? '');
  }

  /** Says that a CSINode changed: how many volumes a node can attach is read with the rest of it. */
  updateCSINode(nodeName: string): void {
    this.stale(nodeName);
  }

  private stale(nodeName: string): void {
    const entry = this.entries.get(this.nodeIDs.get(nodeName) ?? '');
    if (entry) entry.view = undefined;
  }

  private change(providerID: string, apply: (entry: Entry) => void): void {
    const known = this.entries.get(providerID);
    const before = known && this.viewOf(known);
    const entry = known ?? { providerID, node: undefined, nodeClaim: undefined, marked: false, nominatedUntil: 0, view: undefined };
    apply(entry);
    entry.view = undefined;
    this.entries.set(providerID, entry);
    const after = this.viewOf(entry);
    const isNews = before === undefined || Boolean(before.node) !== Boolean(after.node) || Boolean(before.nodeClaim) !== Boolean(after.nodeClaim)
      || before.initialized !== after.initialized || before.markedForDeletion !== after.markedForDeletion || isConsolidatable(before) !== isConsolidatable(after);
    if (isNews) this.markUnconsolidated();
  }

  private forget(ids: Map<string, string>, name: string, clear: (entry: Entry) => void): void {
    const providerID = ids.get(name);
    ids.delete(name);
    const entry = this.entries.get(providerID ?? '');
    if (entry === undefined) return;
    clear(entry);
    entry.view = undefined;
    if (entry.node === undefined && entry.nodeClaim === undefined) this.entries.delete(entry.providerID);
    this.markUnconsolidated();
  }
}

const isConsolidatable = ({ nodeClaim }: SnapshotNode): boolean => nodeClaim !== undefined && isTrue(nodeClaim, 'Consolidatable');
