import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cache, CacheListOptions } from '../context.js';
import type { ObjectChange } from '../dsl/predicate.js';
import type { KindClass } from '../dsl/resource.js';
import type { Subscribable } from '../dsl/token.js';
import type { KubeObject } from '../kube/object.js';

/**
 * The cache in the container, for services. What a service reads while a run calls it counts as read by the run, so that it is tracked like
 * what the run reads through its context; what it reads at other times is nobody's.
 */
export class ServiceCache implements Cache {
  readonly #scope = new AsyncLocalStorage<{ reads: Cache }>();
  #injected = false;

  constructor(private readonly inner: Cache) {}

  /** Itself, for the container. Until somebody asks for it, runs are spared the cost of being followed. */
  injected(): this {
    this.#injected = true;
    return this;
  }

  /** Does the work of a run, whose reads services join. What the work left behind that goes on later (timers, batches) no longer reads for it. */
  during<R>(reads: Cache, work: () => Promise<R>): Promise<R> {
    return this.#injected ? this.#follow({ reads }, work) : work();
  }

  async #follow<R>(scope: { reads: Cache }, work: () => Promise<R>): Promise<R> {
    try {
      return await this.#scope.run(scope, work);
    } finally {
      scope.reads = this.inner;
    }
  }

  get<T extends KubeObject>(type: KindClass<T>, name: string, namespace?: string): T | undefined {
    return this.#current.get(type, name, namespace);
  }

  list<T extends KubeObject>(type: KindClass<T>, options?: CacheListOptions<T>): readonly T[] {
    return this.#current.list(type, options);
  }

  get peek(): Cache['peek'] {
    return this.inner.peek;
  }

  get live(): Cache['live'] {
    return this.inner.live;
  }

  changes<T extends KubeObject>(type: KindClass<T>): Subscribable<ObjectChange<T>> {
    return this.inner.changes(type);
  }

  get #current(): Cache {
    return this.#scope.getStore()?.reads ?? this.inner;
  }
}
