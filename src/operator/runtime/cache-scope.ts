import type { Plan } from '../dsl/plan.js';
import type { KindClass } from '../dsl/resource.js';
import type { InformerScope } from '../kube/informer.js';
import type { KubeObject } from '../kube/object.js';

/** Which objects of a kind an operator keeps in memory, and what of them. */
export interface ScopeOptions<T extends KubeObject> {
  /** Only objects of this namespace. */
  readonly namespace?: string;
  /** Only objects that this matches, as for `kubectl get -l`: `app=web,tier!=cache`. */
  readonly labelSelector?: string;
  /** Only objects that this matches, as for `kubectl get --field-selector`: `spec.nodeName=a`. */
  readonly fieldSelector?: string;
  /**
   * Makes an object smaller before it is kept; its metadata has to stay. Pure. The trap: what is left out is absent for everybody who reads
   * from the cache, and a step that adds to a list which was left out would write a list that has nothing else.
   */
  readonly keep?: (object: T) => T;
}

/** The scope of a kind's cache; made by {@link cacheScope}. */
export interface CacheScope extends ScopeOptions<KubeObject> {
  readonly kind: KindClass;
}

/**
 * Narrows the cache of a kind, for all reconcilers of the operator: what is outside wakes nobody and is not found, as if it were not there. An
 * object that leaves the selection is a deletion for those who watch. What one's own `create` makes inside a selection is found once the server has shown it.
 */
export const cacheScope = <T extends KubeObject>(kind: KindClass<T>, scope: ScopeOptions<T>): CacheScope => ({ ...(scope as unknown as ScopeOptions<KubeObject>), kind });

/** A scope that no cache can have. */
export class CacheScopeError extends Error {
  override readonly name = 'CacheScopeError';
  readonly reason = 'CacheScopeInvalid';
}

/** The scope of every kind that the plan caches. Throws {@link CacheScopeError} for scopes of others. */
export function scopesOf({ informers }: Plan, scopes: readonly CacheScope[]): ReadonlyMap<KindClass, InformerScope> {
  const byKind = new Map<KindClass, InformerScope>(informers.map(({ kind, optional, metadataOnly }) => [kind.type, { optional, metadataOnly }]));
  const narrowed = new Set<KindClass>();
  for (const { kind: type, ...scope } of scopes) {
    const known = informers.find(({ kind }) => kind.type === type);
    const name = known?.kind.kind ?? type?.name ?? 'undefined';
    if (!known) throw new CacheScopeError(`caches: ${name} is not cached by any reconciler; cached kinds: ${informers.map(({ kind }) => kind.kind).join(', ') || 'none'}`);
    if (narrowed.has(type)) throw new CacheScopeError(`caches: ${name} has two scopes; a kind has one cache`);
    if (scope.namespace !== undefined && !known.kind.namespaced) throw new CacheScopeError(`caches: ${name} is cluster-scoped, so its cache has no namespace ("${scope.namespace}")`);
    if (known.metadataOnly && scope.keep) throw new CacheScopeError(`caches: of ${name} only metadata is kept, as those who watch it ask; leave keep out`);
    narrowed.add(type);
    byKind.set(type, { ...byKind.get(type), ...scope });
  }
  return byKind;
}
