import type { Backoff } from './backoff.js';
import type { KeyState } from './work-queue.js';

/** What is known of a key. */
interface Wish {
  priority: number;
  /** When it is to run; for a ready key, since when it is ready. */
  due: number;
  /** First come, first served among equals. */
  order: number;
  state: 'ready' | 'waiting' | 'running';
  /** Of a running key: whether, when and with which priority it runs again. */
  again: { due: number; priority: number } | undefined;
  failures: number;
  notBefore: number;
}

/** One point of priority is worth so many milliseconds of waiting. */
const POINT = 1_000;

/** The queue's contract in the simplest terms: a list of wishes, sorted anew each time; no heaps, timers or turns of the event loop. */
export class NaiveQueue {
  /** `key#failures@time` of every run that was started. */
  readonly started: string[] = [];
  readonly #wishes = new Map<string, Wish>();
  /** Whose turn is next, by priority. */
  readonly #turns = new Map<number, string[]>();
  #order = 0;

  constructor(private readonly slots: number, private readonly backoff: Backoff, private readonly tenantOf?: (key: string) => string) {}

  get size(): number {
    return this.#wishes.size;
  }

  get running(): string[] {
    return [...this.#wishes].filter(([, { state }]) => state === 'running').map(([key]) => key);
  }

  /** How many keys are ready, by priority. */
  get depths(): Record<number, number> {
    const depths: Record<number, number> = {};
    for (const [, { priority }] of this.#ready()) depths[priority] = (depths[priority] ?? 0) + 1;
    return depths;
  }

  inspect(key: string): KeyState | undefined {
    const wish = this.#wishes.get(key);
    return wish && { state: wish.state, priority: wish.priority, failures: wish.failures, due: wish.state === 'running' ? wish.again?.due : wish.due };
  }

  add(key: string, { priority, after, despiteBackoff }: { priority: number; after: number; despiteBackoff: boolean }, now: number): void {
    const due = now + after;
    const wish = this.#wishes.get(key);
    if (wish && despiteBackoff) wish.notBefore = Math.min(wish.notBefore, due);
    this.#want(key, priority, due, now);
  }

  retry(key: string, now: number): void {
    const wish = this.#wishes.get(key) ?? this.#create(key, 0);
    wish.failures += 1;
    wish.notBefore = now + Math.min(this.backoff.max, this.backoff.base * 2 ** (wish.failures - 1));
    if (wish.state === 'ready') {
      this.#leave(key, wish);
      wish.due = Infinity;
    }
    this.#want(key, 0, wish.notBefore, now);
  }

  forget(key: string): void {
    const wish = this.#wishes.get(key);
    if (wish) Object.assign(wish, { failures: 0, notBefore: 0 });
  }

  done(key: string, now: number): void {
    const wish = this.#wishes.get(key) as Wish;
    const { again } = wish;
    if (!again) this.#wishes.delete(key);
    else {
      Object.assign(wish, { priority: again.priority, again: undefined });
      this.#place(key, wish, Math.max(again.due, wish.notBefore), now);
    }
  }

  /** When something happens next without anybody doing anything. */
  nextDue(): number {
    return Math.min(...[...this.#wishes.values()].filter(({ state }) => state === 'waiting').map(({ due }) => due));
  }

  /** Starts what can be started at this time. */
  start(now: number): void {
    const dueNow = [...this.#wishes].filter(([, { state, due }]) => state === 'waiting' && due <= now);
    for (const [key, wish] of dueNow.sort(([, a], [, b]) => a.due - b.due || a.order - b.order)) this.#enter(key, wish);
    while (this.running.length < this.slots) {
      const next = this.#next();
      if (!next) return;
      const [key, wish] = next;
      const turns = this.#turns.get(wish.priority) as string[];
      this.#leave(key, wish);
      if (turns[0] === this.#tenant(key)) turns.push(turns.shift() as string);
      wish.state = 'running';
      this.started.push(`${key}#${wish.failures}@${now}`);
    }
  }

  #want(key: string, priority: number, due: number, now: number): void {
    const wish = this.#wishes.get(key);
    if (!wish) {
      this.#place(key, this.#create(key, priority), due, now);
      return;
    }
    if (wish.state === 'running') {
      wish.again = { due: Math.min(wish.again?.due ?? Infinity, due), priority: Math.max(wish.again?.priority ?? priority, priority) };
      return;
    }
    const raised = Math.max(wish.priority, priority);
    if (wish.state === 'ready') {
      if (raised === wish.priority) return;
      this.#leave(key, wish);
      wish.priority = raised;
      this.#enter(key, wish);
      return;
    }
    wish.priority = raised;
    const earlier = Math.max(Math.min(wish.due, due), wish.notBefore);
    if (earlier !== wish.due) this.#place(key, wish, earlier, now);
  }

  #create(key: string, priority: number): Wish {
    const wish: Wish = { priority, due: Infinity, order: 0, state: 'waiting', again: undefined, failures: 0, notBefore: 0 };
    this.#wishes.set(key, wish);
    return wish;
  }

  #place(key: string, wish: Wish, due: number, now: number): void {
    Object.assign(wish, { due, order: (this.#order += 1), state: 'waiting' });
    if (due <= now) this.#enter(key, wish);
  }

  #enter(key: string, wish: Wish): void {
    wish.state = 'ready';
    const turns = this.#turns.get(wish.priority) ?? [];
    this.#turns.set(wish.priority, turns);
    if (!turns.includes(this.#tenant(key))) turns.push(this.#tenant(key));
  }

  /** Takes a key out of those that are ready; its tenant keeps its turn as long as it has others. */
  #leave(key: string, wish: Wish): void {
    wish.state = 'waiting';
    const others = this.#ready().some(([other, { priority }]) => priority === wish.priority && this.#tenant(other) === this.#tenant(key));
    const turns = this.#turns.get(wish.priority) as string[];
    if (!others) turns.splice(turns.indexOf(this.#tenant(key)), 1);
  }

  /** Of each priority the oldest key of the tenant whose turn it is; of these, the first by priority and age. */
  #next(): [string, Wish] | undefined {
    const rank = ({ due, priority }: Wish): number => due - priority * POINT;
    const sorted = this.#ready().sort(([, a], [, b]) => rank(a) - rank(b) || a.order - b.order);
    return sorted.find(([key, { priority }]) => this.#turns.get(priority)?.[0] === this.#tenant(key));
  }

  #ready(): [string, Wish][] {
    return [...this.#wishes].filter(([, { state }]) => state === 'ready');
  }

  #tenant(key: string): string {
    return this.tenantOf?.(key) ?? '';
  }
}
