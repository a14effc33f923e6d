import type { Clock } from '../clock.js';
import type { Random } from '../random.js';
import type { KubeClient } from './client.js';
import type { InformerObserver, InformerScope } from './informer.js';
import { Informer } from './informer.js';
import { ListBudget } from './list-budget.js';
import type { ListLimits } from './list-budget.js';
import type { KindRef, KubeObject } from './object.js';
import { kindKey } from './paths.js';
import type { ReflectorShared } from './reflector.js';
import type { WatchTimes } from './watch-times.js';

/** How the informers of a process follow the server. */
export interface InformerTuning {
  /** Objects a page of a list. Default 500. */
  pageSize?: number;
  /** Stream lists over watches (WatchList, Kubernetes 1.34) where the server can; a refusal is remembered. Default false: lists in pages. */
  streaming?: boolean;
  /** Default: 4 lists at a time, and no more than 2 a second (10 at once) beside each informer's first. */
  lists?: ListLimits;
  times?: Partial<WatchTimes>;
}

export interface InformersOptions extends InformerTuning {
  client: KubeClient;
  clock: Clock;
  random: Random;
  freeze?: boolean;
  /** Ends all informers. */
  signal: AbortSignal;
  /** What is told about the informer of a kind. */
  observe?: (kind: KindRef) => InformerObserver;
}

interface Shared {
  readonly informer: Informer<KubeObject>;
  readonly stop: AbortController;
  users: number;
}

/** How long an informer that nobody uses lives on, so that a short gap between two users costs no relist. */
const LINGER = 30_000;

/** A share of an informer; releasing it is the user's duty. */
export interface InformerLease<T extends KubeObject> {
  readonly informer: Informer<T>;
  release(): void;
}

/** The informers of a process, one for each kind and scope, shared by all who ask and stopped when nobody does. */
export class Informers {
  readonly #shared = new Map<string, Shared>();

  readonly #common: ReflectorShared;
  /** Functions that make objects smaller: who keeps all of an object shares no informer with who keeps less. */
  readonly #keeps: InformerScope['keep'][] = [undefined];

  constructor(private readonly options: InformersOptions) {
    this.#common = { budget: new ListBudget(options.clock, options.lists), streaming: options.streaming ?? false };
  }

  /** A running informer of the kind and scope. */
  acquire<T extends KubeObject>(kind: KindRef, scope: InformerScope = {}): InformerLease<T> {
    const id = `${kindKey(kind)} ${JSON.stringify([scope.namespace, scope.labelSelector, scope.fieldSelector, scope.metadataOnly ?? false, this.#placeOf(scope.keep)])}`;
    const shared = this.#shared.get(id) ?? this.#start(id, kind, scope);
    shared.users += 1;
    let released = false;
    return {
      informer: shared.informer as unknown as Informer<T>,
      release: () => {
        if (released) return;
        released = true;
        shared.users -= 1;
        if (shared.users === 0) this.#stopUnlessUsed(id, shared);
      },
    };
  }

  #placeOf(keep: InformerScope['keep']): number {
    const place = this.#keeps.indexOf(keep);
    return place >= 0 ? place : this.#keeps.push(keep) - 1;
  }

  /** All informers that run. */
  all(): readonly Informer<KubeObject>[] {
    return [...this.#shared.values()].map(({ informer }) => informer);
  }

  /** The informers that could hold an object of this kind. */
  of(kind: KindRef): readonly Informer<KubeObject>[] {
    const id = kindKey(kind);
    return this.all().filter((informer) => kindKey(informer.kind) === id);
  }

  #start(id: string, kind: KindRef, scope: InformerScope): Shared {
    const { client, clock, random, freeze = false, pageSize, times = {}, observe, signal } = this.options;
    const observer = observe?.(kind);
    const informer = new Informer<KubeObject>(kind, client, {
      ...scope, clock, random, freeze, times, shared: this.#common, ...(pageSize ? { pageSize } : {}), ...(observer ? { observer } : {}),
    });
    const shared = { informer, stop: new AbortController(), users: 0 };
    this.#shared.set(id, shared);
    void informer.run(AbortSignal.any([signal, shared.stop.signal]));
    return shared;
  }

  #stopUnlessUsed(id: string, shared: Shared): void {
    this.options.clock.schedule(LINGER, () => {
      if (shared.users > 0 || this.#shared.get(id) !== shared) return;
      this.#shared.delete(id);
      shared.stop.abort(new Error(`nobody uses the informer of ${shared.informer.kind.plural}`));
    });
  }
}
