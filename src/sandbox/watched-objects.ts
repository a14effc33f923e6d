import { setMaxListeners } from 'node:events';
import { Reflector, Store } from '../operator/index.js';
import type { Clock, KindRef, KubeClient, KubeObject, Random } from '../operator/index.js';
import type { ClusterObjects, ObjectChange } from './cluster-objects.js';

interface Watched {
  store: Store<KubeObject>;
  reflector: Reflector<KubeObject>;
}

/** `plural.group`, as API servers name their resources. */
const resourceOf = ({ plural, group }: KindRef): string => (group === '' ? plural : `${plural}.${group}`);

/** The objects of some kinds on an API server that others run. */
export class WatchedObjects implements ClusterObjects {
  #revision = 0;
  readonly #watched = new Map<string, Watched>();
  readonly #listeners = new Set<(change: ObjectChange) => void>();
  readonly #life = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(kinds: readonly KindRef[], client: KubeClient, { clock, random }: { clock: Clock; random: Random }) {
    // Every reflector listens to it.
    setMaxListeners(0, this.#life.signal);
    for (const kind of kinds) {
      const store = new Store<KubeObject>();
      const resource = resourceOf(kind);
      const mirror = {
        get: (key: string) => store.get(key),
        keys: () => store.keys(),
        set: (object: KubeObject) => {
          this.#tell({ type: store.set(object) ? 'MODIFIED' : 'ADDED', resource, object });
          return false;
        },
        delete: (key: string, object: KubeObject) => {
          store.delete(key);
          this.#tell({ type: 'DELETED', resource, object });
          return false;
        },
        listed: () => undefined,
      };
      const reflector = new Reflector(kind, client, mirror, () => undefined, { clock, random });
      this.#watched.set(resource, { store, reflector });
    }
  }

  get revision(): number {
    return this.#revision;
  }

  /** Resolves when all that was there is known. */
  async start(): Promise<void> {
    const reflectors = [...this.#watched.values()].map(({ reflector }) => reflector);
    this.#running = Promise.all(reflectors.map((reflector) => reflector.run(this.#life.signal)));
    await Promise.all(reflectors.map((reflector) => reflector.whenSynced()));
  }

  async stop(): Promise<void> {
    this.#life.abort(new Error('nobody looks any more'));
    await this.#running;
  }

  /** Throws a TypeError for a resource that is not watched. */
  list(resource: string, namespace?: string): readonly KubeObject[] {
    const watched = this.#watched.get(resource);
    if (!watched) throw new TypeError(`${resource} is not watched; watched are ${[...this.#watched.keys()].join(', ')}`);
    return namespace === undefined ? watched.store.list() : watched.store.list().filter(({ metadata }) => metadata.namespace === namespace);
  }

  subscribe(listener: (change: ObjectChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: ObjectChange): void {
    this.#revision += 1;
    for (const listener of this.#listeners) listener(change);
  }
}
