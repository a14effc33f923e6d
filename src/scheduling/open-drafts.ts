import type { DraftNode } from './draft-node.js';

/** Once as many drafts have been passed over for their hosts' pods, those that remain are kept apart. */
const MANY = 128;
/** Keys are pods × WIDTH + index: exact for as many drafts, and millions of pods on each. */
const WIDTH = 2 ** 32;

const keyOf = (draft: DraftNode): number => draft.pods.length * WIDTH + draft.index;

/**
 * Drafts that may have room, in the order in which pods are offered to them: those with the fewest pods first, the older of those that
 * have as many.
 */
export class OpenDrafts {
  /** Indexes of drafts, in order; the first `length` count. */
  private order = new Int32Array(64);
  private length = 0;
  /** By the host topologies that the drafts in it are left by. */
  private readonly uncrowded = new Map<string, Uncrowded>();

  constructor(
    /** All that the run has made so far. */
    private readonly drafts: readonly DraftNode[],
    /** What a draft must have room for to stay. */
    private readonly smallestRequest: Float64Array,
  ) {}

  /** Takes in the newest draft, which has its first pod. */
  add(draft: DraftNode): void {
    if (draft.isFull(this.smallestRequest)) return;
    if (this.length === this.order.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.order);
      this.order = larger;
    }
    const position = this.positionOf(keyOf(draft), 0);
    this.order.copyWithin(position + 1, position, this.length);
    this.order[position] = draft.index;
    this.length += 1;
  }

  /**
   * Offers a pod to draft after draft until one takes it. `hosts` names the host topologies that restrict the pod, if any do, and
   * `isCrowded` says which drafts have too many pods for them: those never become possible again.
   */
  offer(hosts: string | undefined, isCrowded: (draft: DraftNode) => boolean, takes: (draft: DraftNode) => boolean): boolean {
    const uncrowded = hosts === undefined ? undefined : this.uncrowded.get(hosts);
    if (uncrowded !== undefined) {
      const taken = uncrowded.offer((draft) => draft.isFull(this.smallestRequest) || isCrowded(draft), takes);
      if (taken !== undefined) this.settle(taken, taken.pods.length - 1);
      return taken !== undefined;
    }
    let crowded = 0;
    let taken: DraftNode | undefined;
    for (let position = 0; position < this.length && taken === undefined; position += 1) {
      const draft = this.drafts[this.order[position] as number] as DraftNode;
      if (hosts !== undefined && isCrowded(draft)) crowded += 1;
      else if (takes(draft)) taken = draft;
    }
    if (taken !== undefined) this.settle(taken, taken.pods.length - 1);
    if (hosts !== undefined && crowded > MANY) this.uncrowded.set(hosts, new Uncrowded(this.drafts));
    return taken !== undefined;
  }

  /** Puts a draft that took a pod where it belongs now; drops it when it is full. */
  private settle(draft: DraftNode, before: number): void {
    const { order } = this;
    const from = this.positionOf(before * WIDTH + draft.index, 0, draft, before);
    if (draft.isFull(this.smallestRequest)) {
      order.copyWithin(from, from + 1, this.length);
      this.length -= 1;
      return;
    }
    const to = this.positionOf(keyOf(draft), from + 1) - 1;
    order.copyWithin(from, from + 1, to + 1);
    order[to] = draft.index;
  }

  /** The first position from `low` on of a draft that does not come before the key. `moving` still stands where it was with `before` pods. */
  private positionOf(key: number, low: number, moving?: DraftNode, before = 0): number {
    let [first, end] = [low, this.length];
    while (first < end) {
      const middle = (first + end) >>> 1;
      const draft = this.drafts[this.order[middle] as number] as DraftNode;
      if ((draft === moving ? before * WIDTH + draft.index : keyOf(draft)) < key) first = middle + 1;
      else end = middle;
    }
    return first;
  }
}

/** Drafts that are not crowded for some pods, in a heap by their keys, which only grow: they are brought up to date when they surface. */
class Uncrowded {
  private readonly heap: number[] = [];
  private seen = 0;

  constructor(private readonly drafts: readonly DraftNode[]) {}

  /** Offers as {@link OpenDrafts.offer} does; those that are `out` are forgotten. Returns the draft that took the pod. */
  offer(out: (draft: DraftNode) => boolean, takes: (draft: DraftNode) => boolean): DraftNode | undefined {
    for (; this.seen < this.drafts.length; this.seen += 1) this.push(keyOf(this.drafts[this.seen] as DraftNode));
    const offered: DraftNode[] = [];
    let taken: DraftNode | undefined;
    while (taken === undefined && this.heap.length > 0) {
      const key = this.pop();
      const draft = this.drafts[key % WIDTH] as DraftNode;
      if (out(draft)) continue;
      if (key === keyOf(draft)) {
        if (takes(draft)) taken = draft;
        offered.push(draft);
      } else this.push(keyOf(draft));
    }
    for (const draft of offered) this.push(keyOf(draft));
    return taken;
  }

  private push(key: number): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(key);
    for (let parent = (at - 1) >> 1; at > 0 && (heap[parent] as number) > key; at = parent, parent = (at - 1) >> 1) heap[at] = heap[parent] as number;
    heap[at] = key;
  }

  private pop(): number {
    const { heap } = this;
    const top = heap[0] as number;
    const last = heap.pop() as number;
    const size = heap.length;
    if (size === 0) return top;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= last) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
