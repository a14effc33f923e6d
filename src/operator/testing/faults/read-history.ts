import type { Informers } from '../../kube/informers.js';
import type { KubeObject } from '../../kube/object.js';
import { keyOfObject } from '../../kube/object.js';
import { compareResourceVersions } from '../../kube/resource-version.js';

/** What readers of one process's caches have seen so far: no object may go back to an older state, nor come back once it was gone. */
export class ReadHistory {
  readonly #seen = new Map<string, string>();
  readonly #gone = new Set<string>();

  /** Looks at everything that is in the caches now, and says what has gone back. */
  look(informers: Informers): string | undefined {
    let problem: string | undefined;
    const present = new Set<string>();
    for (const { kind, store } of informers.all()) {
      for (const object of store.list()) problem ??= this.#see(`${kind.plural} ${object.metadata.uid}`, object, present);
    }
    for (const id of this.#seen.keys()) {
      if (present.has(id)) continue;
      this.#seen.delete(id);
      this.#gone.add(id);
    }
    return problem;
  }

  #see(id: string, object: KubeObject, present: Set<string>): string | undefined {
    const { resourceVersion } = object.metadata;
    const before = this.#seen.get(id);
    const name = `${object.kind} ${keyOfObject(object)}`;
    present.add(id);
    this.#seen.set(id, resourceVersion);
    if (this.#gone.has(id)) return `${name} is in the cache again, although it was gone`;
    return before !== undefined && (compareResourceVersions(resourceVersion, before) ?? 0) < 0 ? `${name} went back from resourceVersion ${before} to ${resourceVersion}` : undefined;
  }
}
