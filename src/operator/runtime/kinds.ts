import { kindRefOf } from '../dsl/kind-plan.js';
import type { KindPlan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { KindRef, KubeObject } from '../kube/object.js';
import { apiVersionOf } from '../kube/paths.js';

/** A kind on the wire, and how its status is written. */
export interface KnownKind extends KindRef {
  readonly type: KindClass;
  readonly statusSubresource: boolean;
}

/** An object came in whose kind nobody named. */
export class UnknownKindError extends Error {
  override readonly name = 'UnknownKindError';
  readonly reason = 'KindUnknown';
}

/** The kinds that this operator has to do with, by class and by what objects say. */
export class Kinds {
  readonly #byType = new Map<KindClass, KnownKind>();
  readonly #byName = new Map<string, KnownKind>();

  /** Takes over the kinds of a plan. */
  know(plans: readonly KindPlan[]): void {
    for (const plan of plans) this.#add(plan);
  }

  /** The kind of a class. */
  of(type: KindClass): KnownKind {
    return this.#byType.get(type) ?? this.#add({ ...kindRefOf(type), type, statusSubresource: true });
  }

  /** The kind of an object that was read or made through this operator. */
  ofObject({ apiVersion, kind, metadata }: KubeObject): KnownKind {
    const known = this.#byName.get(`${apiVersion}/${kind}`);
    if (known) return known;
    throw new UnknownKindError(`${apiVersion} ${kind} "${metadata.name}": no reconciler names this kind (for, @Watches, @Owns, reads); known are ${[...this.#byName.keys()].sort().join(', ')}`);
  }

  #add(kind: KnownKind): KnownKind {
    this.#byType.set(kind.type, kind);
    this.#byName.set(`${apiVersionOf(kind)}/${kind.kind}`, kind);
    return kind;
  }
}
