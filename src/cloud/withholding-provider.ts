import type { ExternalCalls } from '../operator/shadow/external-calls.js';
import type { CloudProvider } from './provider.js';

/**
 * The same provider for an operator that runs as a shadow: nothing is launched or ended, and the wish for it is noted in the name of who has it. What the
 * running operator has ended already is told as ended.
 */
export function withholding<Provider extends CloudProvider>(provider: Provider, calls: ExternalCalls): Provider {
  const ended = async (providerID: string | undefined, operation: string, options: { signal?: AbortSignal }, end: () => Promise<'terminating' | 'gone'>): Promise<'terminating' | 'gone'> => {
    const instance = providerID ? await provider.get(providerID, options) : undefined;
    if (!instance) return 'gone';
    return instance.deletionTimestamp === undefined ? calls.make('CloudProvider', operation, end) : 'terminating';
  };
  const replaced: Pick<CloudProvider, 'create' | 'delete' | 'terminate'> = {
    create: (claim, options) => calls.make('CloudProvider', 'Create', () => provider.create(claim, options)),
    delete: (claim, options = {}) => ended(claim.status.providerID, 'Delete', options, () => provider.delete(claim, options)),
    terminate: (providerID, options = {}) => ended(providerID, 'Delete', options, () => provider.terminate(providerID, options)),
  };
  return new Proxy(provider, {
    get(target, property) {
      const value: unknown = Reflect.get(property in replaced ? replaced : target, property);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
