import { formatResources } from '../api/resources.js';
import type { Resources } from '../api/resources.js';
import { andBits, eachBit } from './bits.js';
import type { Bits } from './bits.js';
import type { ExistingNode } from './existing-node.js';
import { nearestType } from './near-miss.js';
import type { NearMiss } from './near-miss.js';
import type { PodClass } from './pod-class.js';
import type { Pool } from './pool.js';
import type { Refusal } from './refusal.js';
import { resourceVector } from './resource-vector.js';
import type { ResourceVector } from './resource-vector.js';
import type { Run } from './run.js';
import type { Failure, QueuedPod } from './solver.js';
import { describe, fitting, reasonOf } from './verdict.js';

/** A rule, and how many instance types or nodes were left before and after it. */
export interface VerdictStep {
  readonly rule: string;
  readonly before: number;
  readonly after: number;
}

/** Why a NodePool makes no node for a pod. */
export interface PoolVerdict {
  readonly nodePool: string;
  /** In the order in which rules are looked at, up to the one that left nothing. */
  readonly steps: readonly VerdictStep[];
  /** The last rule, in Karpenter's words. */
  readonly reason: string;
  readonly nearest: NearMiss | undefined;
  /** The smallest change that would let the pod in, as far as this rule goes; undefined when none is plain. */
  readonly remedy: string | undefined;
}

/** Why none of the existing nodes takes a pod. */
export interface NodesVerdict {
  readonly steps: readonly VerdictStep[];
  /** Of the nodes that only lack room, the one that lacks the least. */
  readonly nearest: NearMiss | undefined;
}

/** Why a pod fits nowhere; pods that scheduling cannot tell apart share one. */
export interface Verdict {
  readonly existingNodes: NodesVerdict;
  /** Heaviest first. */
  readonly nodePools: readonly PoolVerdict[];
  /** As lines for people, without a final period. */
  describe(): string[];
}

/** Makes verdicts out of what a run's solver refused, each part when it is looked at. */
export class Verdicts {
  private readonly made = new Map<Failure, Verdict>();

  constructor(private readonly run: Run) {}

  of(failure: Failure, queued: QueuedPod): Verdict {
    let verdict = this.made.get(failure);
    if (verdict === undefined) {
      verdict = new FailureVerdict(failure, queued, this.run);
      this.made.set(failure, verdict);
    }
    return verdict;
  }
}

class FailureVerdict implements Verdict {
  private nodes: NodesVerdict | undefined;
  private pools: readonly PoolVerdict[] | undefined;

  constructor(private readonly failure: Failure, private readonly queued: QueuedPod, private readonly run: Run) {}

  get existingNodes(): NodesVerdict {
    return (this.nodes ??= verdictOfNodes(this.failure.podClass, this.queued, this.run));
  }

  get nodePools(): readonly PoolVerdict[] {
    return (this.pools ??= this.failure.refusals.map((refusal) => verdictOfPool(refusal, this.failure, this.run)));
  }

  describe(): string[] {
    const { existingNodes, nodePools } = this;
    return [
      ...(existingNodes.steps.length > 0 ? [`existing nodes: ${describeSteps(existingNodes.steps)}`, ...describeMiss(existingNodes.nearest)] : []),
      ...nodePools.flatMap(({ nodePool, steps, reason, nearest, remedy }) => [
        `NodePool ${nodePool}: ${describeSteps(steps)}`,
        `  ${reason}`,
        ...describeMiss(nearest),
        ...(remedy ? [`  to let it in: ${remedy}`] : []),
      ]),
    ];
  }
}

const describeSteps = (steps: readonly VerdictStep[]): string => `${steps[0]?.before ?? 0}${steps.map(({ rule, after }) => ` → ${after} by ${rule}`).join('')}`;

const amounts = (resources: Resources): string => Object.entries(formatResources(resources)).map(([name, amount]) => `${amount} ${name}`).join(', ');

function describeMiss(miss: NearMiss | undefined): string[] {
  if (miss === undefined) return [];
  const taken = Object.fromEntries(Object.entries(miss.daemons).filter(([name]) => name in miss.short));
  return [`  nearest: ${miss.name}, ${amounts(miss.short)} short${Object.keys(taken).length > 0 ? `; daemonsets take ${amounts(taken)}` : ''}`];
}

/** Steps that change nothing are left out, but for the one that decides. */
class Funnel {
  readonly steps: VerdictStep[] = [];

  constructor(private left: number) {}

  to(after: number, rule: string): void {
    if (this.left > 0 && after !== this.left) this.steps.push({ rule, before: this.left, after });
    this.left = after;
  }
}

function verdictOfPool(refusal: Refusal, { podClass, within }: Failure, run: Run): PoolVerdict {
  const { pool } = refusal;
  let rows = within.get(pool) as Bits;
  const funnel = new Funnel(new Set(pool.source.instanceTypes).size);
  funnel.to(pool.countTypes(pool.usable), 'the requirements and daemons of the NodePool');
  const keep = (kept: Bits, rule: string): void => {
    rows = andBits(rows, kept);
    funnel.to(pool.countTypes(rows), rule);
  };
  if (refusal.rule === 'nodeLimit') funnel.to(0, 'limits.nodes');
  else {
    keep(rows, 'limits');
    if (refusal.rule === 'taint') funnel.to(0, 'taints');
    else narrowToPod(podClass, refusal, keep, funnel);
  }
  if (refusal.rule === 'types') keep(fitting(pool, rows, refusal.requests, run.resources), 'resources');
  funnel.to(0, LAST_RULES[refusal.rule]);
  const nearest = refusal.rule === 'types'
    ? nearestType(pool, andBits(refusal.rows, pool.compatibleRows(refusal.requirements)), refusal.requests, run.resources) : undefined;
  return { nodePool: pool.name, steps: funnel.steps, reason: reasonOf(refusal, run), nearest, remedy: remedyOf(refusal, podClass, run) };
}

const LAST_RULES: Readonly<Record<Refusal['rule'], string>> = {
  nodeLimit: 'limits.nodes', limits: 'limits', taint: 'taints', hostname: 'a hostname', requirements: 'requirements that exclude each other', volumes: 'volumes',
  topology: 'topology', ports: 'host ports', types: 'resources', minValues: 'minValues', reserved: 'reservations that are all held', resources: 'resources',
};

/** What the pod itself asks of the node, key by key, then what topology leaves. */
function narrowToPod(podClass: PodClass, refusal: Refusal, keep: (rows: Bits, rule: string) => void, funnel: Funnel): void {
  const { pool } = refusal;
  let requirements = pool.template;
  for (const set of podClass.node.requirements.sets) {
    const narrowed = requirements.narrow(set);
    if (narrowed.get(set.key)?.isNone ?? false) {
      funnel.to(0, `requirement ${describe(set)}`);
      return;
    }
    requirements = narrowed;
    keep(pool.compatibleRows(requirements), `requirement ${describe(set)}`);
  }
  if (refusal.rule === 'types') keep(pool.compatibleRows(refusal.requirements), 'volumes and topology');
}

/** What would have to change, if that is plain. */
function remedyOf(refusal: Refusal, podClass: PodClass, run: Run): string | undefined {
  switch (refusal.rule) {
    case 'taint': {
      const { key, value, effect } = refusal.taint;
      return `tolerate ${key}${value ? `=${value}` : ''}:${effect}`;
    }
    case 'nodeLimit':
      return `raise limits.nodes of NodePool ${refusal.pool.name} by 1`;
    case 'limits':
      return raisedLimits(refusal.pool, refusal.remaining, podClass, run);
    default:
      return undefined;
  }
}

/** The least by which limits must be raised for some type that could carry the pod alone. */
function raisedLimits(pool: Pool, remaining: Readonly<Record<string, number>>, podClass: PodClass, run: Run): string | undefined {
  const merged = pool.template.admits(podClass.node.requirements) ? pool.template.merge(podClass.node.requirements) : undefined;
  if (merged === undefined) return undefined;
  const requests = Float64Array.from(run.resources, (name) => podClass.shape.requests[name] ?? 0);
  const rows = fitting(pool, andBits(pool.usable, pool.compatibleRows(merged)), requests, run.resources);
  let least: { share: number; raise: Record<string, number> } | undefined;
  eachBit(rows, (row) => {
    const capacity = pool.rows[row]?.type.capacity ?? {};
    const raise = Object.fromEntries(Object.keys(remaining).flatMap((name) => {
      const missing = (capacity[name] ?? 0) - (remaining[name] as number);
      return name !== 'nodes' && missing > 0 ? [[name, missing]] : [];
    }));
    const share = Object.entries(raise).reduce((sum, [name, missing]) => sum + missing / (capacity[name] as number), 0);
    if (least === undefined || share < least.share) least = { share, raise };
  });
  return least && `raise limits of NodePool ${pool.name} by ${amounts(least.raise)}`;
}

function verdictOfNodes(podClass: PodClass, { volumes }: QueuedPod, { nodes, closedNodes, topology, resources }: Run): NodesVerdict {
  const vector = resourceVector(podClass.shape.requests, resources);
  const rules: readonly [string, (node: ExistingNode) => boolean][] = [
    ['a move that is not for them', ({ source }) => !podClass.shape.moved || !closedNodes.has(source.name)],
    ['taints', (node) => node.refusalOf(podClass) !== 'taints'],
    ['host ports', (node) => node.refusalOf(podClass) !== 'host ports'],
    ['requirements', (node) => node.refusalOf(podClass) !== 'requirements'],
    ['volumes', (node) => node.refusalOf(podClass) !== 'volumes' && node.canAttach(volumes)],
    ['topology', (node) => topology.refusalOfNode(podClass, node.source, node.host) === undefined],
  ];
  const funnel = new Funnel(nodes.length);
  let left = nodes;
  for (const [rule, passes] of rules) {
    left = left.filter(passes);
    funnel.to(left.length, rule);
  }
  funnel.to(left.filter((node) => node.hasRoom(vector)).length, 'resources');
  return { steps: funnel.steps, nearest: nearestNode(left, vector, podClass.shape.requests, resources) };
}

function nearestNode(nodes: readonly ExistingNode[], vector: ResourceVector, requests: Resources, resources: readonly string[]): NearMiss | undefined {
  let best: { share: number; miss: NearMiss } | undefined;
  for (const node of nodes) {
    const short = Object.fromEntries(node.shortOf(vector).map(({ resource, missing }) => [resources[resource] as string, missing]));
    const share = Object.entries(short).reduce((sum, [name, missing]) => sum + missing / (requests[name] as number), 0);
    if (share > 0 && (best === undefined || share < best.share)) best = { share, miss: { name: node.source.name, short, daemons: node.source.daemonRequests } };
  }
  return best?.miss;
}
