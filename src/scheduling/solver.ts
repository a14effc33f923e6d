import type { Pod } from 'kubernetes-types/core/v1.js';
import { untolerated } from '../api/taints.js';
import type { Taint } from '../api/taints.js';
import { Answers } from './answers.js';
import { isEmpty } from './bits.js';
import type { Bits } from './bits.js';
import { DraftNode } from './draft-node.js';
import type { DraftContext } from './draft-node.js';
import type { ExistingNode } from './existing-node.js';
import { OpenDrafts } from './open-drafts.js';
import type { PodClass } from './pod-class.js';
import type { Pool } from './pool.js';
import type { Refusal } from './refusal.js';
import type { RequirementSet } from './requirement-set.js';
import { resourceVector } from './resource-vector.js';
import type { ResourceVector } from './resource-vector.js';
import type { Run } from './run.js';
import type { AttachedVolume } from './volumes.js';

/** A pod in the queue. */
export interface QueuedPod {
  readonly pod: Pod;
  readonly podClass: PodClass;
  readonly volumes: readonly AttachedVolume[];
  /** Where an earlier answer put it. */
  readonly earlier: ExistingNode | undefined;
}

/** Why a pod was not placed: what each pool said to the last of its class's relaxations. */
export interface Failure {
  readonly podClass: PodClass;
  readonly refusals: readonly Refusal[];
  /** Types that each pool could still launch within its limits, as rows. */
  readonly within: ReadonlyMap<Pool, Bits>;
}

/** Refusals that other pods' placements can lift, if the class has topology terms. */
const CAN_PASS: ReadonlySet<Refusal['rule']> = new Set(['topology', 'types', 'minValues']);

/** What is remembered of a class, so that the next pod of it need not ask again. */
interface Memory {
  readonly vector: ResourceVector;
  /** Existing nodes, in order; those before `firstNode` will never take the class. */
  readonly nodes: readonly ExistingNode[];
  firstNode: number;
  /** By host number. */
  readonly nodeAnswers: Answers;
  /** By draft index. */
  readonly draftAnswers: Answers;
  /** Requirements of drafts for which topologies of labels left no domain, at the topology version `refusedAt`. */
  readonly refusedSets: Set<RequirementSet>;
  refusedAt: number;
  /** Tolerated taints by pool. */
  readonly poolTaint: Map<Pool, Taint | undefined>;
  failure: Failure | undefined;
  /** The run's version at which `failure` was found. */
  failedAt: number;
  poolsRefusedAt: number;
}

/** Fills existing nodes and plans new ones, pod by pod, asking each node at most once for pods that are alike. */
export class Solver {
  readonly drafts: DraftNode[] = [];
  private readonly open: OpenDrafts;
  private readonly remaining = new Map<Pool, Record<string, number>>();
  private readonly memories = new Map<PodClass, Memory>();
  private readonly vectors = new Map<unknown, ResourceVector>();
  private readonly context: DraftContext;
  /** Changes with every placement. */
  private version = 0;

  constructor(private readonly run: Run) {
    this.open = new OpenDrafts(this.drafts, run.smallestRequest);
    this.context = {
      topology: run.topology,
      reservations: run.reservations,
      resources: run.resources,
      relaxMinValues: run.relaxMinValues,
    };
    for (const pool of run.pools) this.remaining.set(pool, run.remainingLimits(pool));
  }

  private vectorOf({ shape }: PodClass): ResourceVector {
    let vector = this.vectors.get(shape);
    if (vector === undefined) {
      vector = resourceVector(shape.requests, this.run.resources);
      this.vectors.set(shape, vector);
    }
    return vector;
  }

  private memoryOf(podClass: PodClass): Memory {
    let memory = this.memories.get(podClass);
    if (memory === undefined) {
      const { closedNodes } = this.run;
      memory = {
        vector: this.vectorOf(podClass),
        nodes: podClass.shape.moved && closedNodes.size > 0 ? this.run.nodes.filter(({ source }) => !closedNodes.has(source.name)) : this.run.nodes,
        firstNode: 0,
        nodeAnswers: new Answers(),
        draftAnswers: new Answers(),
        refusedSets: new Set(),
        refusedAt: -1,
        poolTaint: new Map(),
        failure: undefined,
        failedAt: -1,
        poolsRefusedAt: -1,
      };
      this.memories.set(podClass, memory);
    }
    return memory;
  }

  /** Places a pod, giving up preferences one by one; or says why it cannot be placed. */
  place(queued: QueuedPod): Failure | undefined {
    let failure: Failure | undefined;
    for (let podClass: PodClass | undefined = queued.podClass; podClass !== undefined; podClass = podClass.relaxed()) {
      failure = this.placeAs(queued, podClass);
      if (failure === undefined || failure.refusals.some(({ rule }) => rule === 'reserved')) return failure;
    }
    return failure;
  }

  private placeAs(queued: QueuedPod, podClass: PodClass): Failure | undefined {
    const memory = this.memoryOf(podClass);
    if (memory.failedAt === this.version && queued.volumes.length === 0) return memory.failure;
    if (this.placeOnNode(queued, podClass, memory) || this.placeOnDraft(queued, podClass, memory)) return undefined;
    memory.failure = this.placeOnNewDraft(queued, podClass, memory);
    memory.failedAt = memory.failure ? this.version : -1;
    return memory.failure;
  }

  private placeOnNode(queued: QueuedPod, podClass: PodClass, memory: Memory): boolean {
    const { nodes, nodeAnswers: answers } = memory;
    const version = this.run.topology.versionFor(podClass);
    if (queued.earlier && this.takes(queued.earlier, queued, podClass, memory, version)) return true;
    while (memory.firstNode < nodes.length && answers.isNever((nodes[memory.firstNode] as ExistingNode).host)) memory.firstNode += 1;
    for (let index = memory.firstNode; index < nodes.length; index += 1) {
      if (this.takes(nodes[index] as ExistingNode, queued, podClass, memory, version)) return true;
    }
    return false;
  }

  private takes(node: ExistingNode, { pod, volumes }: QueuedPod, podClass: PodClass, { vector, nodeAnswers: answers }: Memory, version: number): boolean {
    const { topology } = this.run;
    if (answers.isNo(node.host, version)) return false;
    if (!node.hasRoom(vector) || !node.admits(podClass)) {
      answers.never(node.host);
      return false;
    }
    if (!node.canAttach(volumes)) return false;
    if (topology.refusalOfNode(podClass, node.source, node.host) !== undefined) {
      answers.notNow(node.host, version);
      return false;
    }
    node.commit(pod, podClass, vector, volumes);
    topology.recordOnNode(podClass, node.source, node.host);
    this.version += 1;
    return true;
  }

  private placeOnDraft({ pod }: QueuedPod, podClass: PodClass, memory: Memory): boolean {
    const { topology } = this.run;
    const version = topology.versionFor(podClass);
    if (memory.refusedAt !== version) {
      memory.refusedSets.clear();
      memory.refusedAt = version;
    }
    return this.open.offer(topology.of(podClass).hosts, (draft) => topology.hasTooMany(podClass, draft.host), (draft) => this.joins(draft, pod, podClass, memory));
  }

  private joins(draft: DraftNode, pod: Pod, podClass: PodClass, memory: Memory): boolean {
    const { draftAnswers: answers, refusedAt: version } = memory;
    if (answers.isNo(draft.index, version) || memory.refusedSets.has(draft.requirements)) return false;
    if (this.taintOf(draft.pool, podClass, memory) !== undefined) {
      answers.never(draft.index);
      return false;
    }
    const joining = draft.join(podClass, memory.vector);
    if ('rule' in joining) {
      if (joining.rule === 'topology' && !joining.group.ofHosts && podClass.volumes.length === 1) memory.refusedSets.add(draft.requirements);
      else if (CAN_PASS.has(joining.rule)) answers.notNow(draft.index, version);
      else if (joining.rule !== 'reserved') answers.never(draft.index);
      return false;
    }
    draft.commit(pod, podClass, memory.vector, joining);
    this.version += 1;
    return true;
  }

  private taintOf(pool: Pool, podClass: PodClass, memory: Memory): Taint | undefined {
    if (!memory.poolTaint.has(pool)) memory.poolTaint.set(pool, untolerated(pool.taints, podClass.tolerations));
    return memory.poolTaint.get(pool);
  }

  private placeOnNewDraft({ pod }: QueuedPod, podClass: PodClass, memory: Memory): Failure | undefined {
    const stamp = this.run.topology.versionFor(podClass) + this.run.reservations.version;
    if (memory.failure !== undefined && memory.poolsRefusedAt === stamp) return memory.failure;
    const refusals: Refusal[] = [];
    const within = new Map<Pool, Bits>();
    for (const pool of this.run.pools) {
      const rows = pool.rowsWithin(pool.usable, this.remaining.get(pool) as Record<string, number>);
      within.set(pool, rows);
      const outcome = this.tryPool(pod, podClass, memory, pool, rows);
      if (outcome === undefined) return undefined;
      refusals.push(outcome);
      if (outcome.rule === 'reserved') break;
    }
    memory.poolsRefusedAt = stamp;
    return { podClass, refusals, within };
  }

  private tryPool(pod: Pod, podClass: PodClass, memory: Memory, pool: Pool, rows: Bits): Refusal | undefined {
    const remaining = this.remaining.get(pool) as Record<string, number>;
    if (remaining['nodes'] !== undefined && remaining['nodes'] <= 0) return { rule: 'nodeLimit', pool };
    if (isEmpty(rows)) return { rule: 'limits', pool, remaining: { ...remaining } };
    const taint = this.taintOf(pool, podClass, memory);
    if (taint !== undefined) return { rule: 'taint', pool, taint };
    const draft = new DraftNode(pool, this.drafts.length, this.run.firstDraftHost + this.drafts.length, rows, this.context);
    const joining = draft.join(podClass, memory.vector);
    if ('rule' in joining) return joining;
    draft.commit(pod, podClass, memory.vector, joining);
    this.version += 1;
    this.drafts.push(draft);
    this.open.add(draft);
    for (const name in remaining) remaining[name] = (remaining[name] as number) - (name === 'nodes' ? 1 : pool.largestCapacity(draft.rows, name));
    return undefined;
  }
}
