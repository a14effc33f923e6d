/** What a {@link Heap} keeps in each of its items so that it can be taken out from the middle; -1 when it is in none. */
export interface HeapItem {
  heapIndex: number;
}

/** A binary heap whose items know their places: the first by `before` is read in O(1), any is added, moved or removed in O(log n). */
export class Heap<T extends HeapItem> {
  readonly #items: T[] = [];

  constructor(private readonly before: (left: T, right: T) => boolean) {}

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** How many items there are of a kind; looks at all of them. */
  count(matches: (item: T) => boolean): number {
    let count = 0;
    for (const item of this.#items) if (matches(item)) count += 1;
    return count;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#up(this.#items.length - 1, item);
  }

  pop(): T | undefined {
    const top = this.#items[0];
    if (top) this.remove(top);
    return top;
  }

  remove(item: T): void {
    const at = item.heapIndex;
    if (at < 0) return;
    item.heapIndex = -1;
    const last = this.#items.pop() as T;
    if (last !== item) this.#place(at, last);
  }

  /** Puts an item that has changed where it belongs now. */
  moved(item: T): void {
    if (item.heapIndex >= 0) this.#place(item.heapIndex, item);
  }

  #place(at: number, item: T): void {
    const parent = (at - 1) >> 1;
    if (at > 0 && this.before(item, this.#items[parent] as T)) this.#up(at, item);
    else this.#down(at, item);
  }

  #up(from: number, item: T): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#items[parent] as T;
      if (!this.before(item, above)) break;
      this.#put(at, above);
      at = parent;
    }
    this.#put(at, item);
  }

  #down(from: number, item: T): void {
    const { length } = this.#items;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.before(this.#items[child + 1] as T, this.#items[child] as T)) child += 1;
      const below = this.#items[child] as T;
      if (!this.before(below, item)) break;
      this.#put(at, below);
      at = child;
    }
    this.#put(at, item);
  }

  #put(at: number, item: T): void {
    this.#items[at] = item;
    item.heapIndex = at;
  }
}
