import type { NodePool } from '../../api/nodepool.js';
import type { CloudProvider } from '../provider.js';
import type { InstanceTypeOverlays } from './overlay-store.js';

const sources = new WeakMap<CloudProvider, CloudProvider>();

/** The same provider, its instance types as overlays have them. */
export function overlaid(provider: CloudProvider, overlays: InstanceTypeOverlays): CloudProvider {
  const proxy = new Proxy(provider, {
    get(target, property) {
      if (property === 'getInstanceTypes') return async (pool: NodePool) => overlays.apply(pool, await target.getInstanceTypes(pool));
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  sources.set(proxy, provider);
  return proxy;
}

/** The provider without overlays, to evaluate them. */
export const undecorated = (provider: CloudProvider): CloudProvider => sources.get(provider) ?? provider;
